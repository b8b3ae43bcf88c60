"""Plugins as processes: found, started, ended."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from pulumi.runtime.proto import provider_pb2

from pulumi_ahv.engine.host import ProcessHost, Surroundings
from pulumi_ahv.engine.provider import Subject
from pulumi_ahv.engine.reaper import Reaper
from pulumi_ahv.kernel.errors import ConfigError

SUBJECT = Subject("urn:pulumi:dev::proj::actor:index:Res::a")
PROVIDER = Subject("urn:pulumi:dev::proj::pulumi:providers:actor::default", "id")


@pytest.fixture
def reaper() -> Reaper:
    return Reaper()


def _plugin(directory: Path, body: str) -> Path:
    directory.mkdir(parents=True)
    path = directory / "pulumi-resource-actor"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return directory


def _host(directory: Path, reaper: Reaper, **environ: str) -> ProcessHost:
    host = ProcessHost(Surroundings(directory, environ={**os.environ, **environ}), reaper=reaper)
    host.serve_at(lambda: "127.0.0.1:1")
    return host


ACTOR = f'exec "{sys.executable}" "{Path(__file__).parent / "conformance" / "actor.py"}" "$@"'


def test_a_plugin_on_the_path_is_spoken_to_and_ended(tmp_path: Path, reaper: Reaper) -> None:
    found = _plugin(tmp_path / "bin", ACTOR)
    host = _host(tmp_path, reaper, PATH=f"{found}{os.pathsep}{os.environ['PATH']}", ACTOR_DIR=str(tmp_path))
    provider = host.start("actor", "")
    provider.configure(PROVIDER, {})

    assert provider.check(SUBJECT, {}, {"x": 1.0}, b"").inputs == {"x": 1.0}
    host.close()
    host.close()
    reaper.close()


def test_the_newest_plugin_of_the_cache_is_taken(tmp_path: Path, reaper: Reaper) -> None:
    for version in ("v1.9.0", "v1.10.0"):
        _plugin(tmp_path / "plugins" / f"resource-actor-{version}", f"echo {version}")
    host = _host(tmp_path, reaper, PULUMI_HOME=str(tmp_path))

    with pytest.raises(ConfigError, match=r"v1\.10\.0"):
        host.start("actor", "")
    with pytest.raises(ConfigError, match=r"v1\.9\.0"):
        host.start("actor", "1.9.0")
    reaper.close()


def test_a_plugin_that_is_nowhere_is_named(tmp_path: Path, reaper: Reaper) -> None:
    with pytest.raises(ConfigError, match="pulumi-resource-absent"):
        _host(tmp_path, reaper).start("absent", "")


def test_a_plugin_that_does_not_come_up_is_quoted(tmp_path: Path, reaper: Reaper) -> None:
    found = _plugin(tmp_path / "bin", "echo broken >&2; exit 1")

    with pytest.raises(ConfigError, match="broken"):
        _host(tmp_path, reaper, PATH=f"{found}{os.pathsep}{os.environ['PATH']}").start("actor", "")
    reaper.close()


def test_random_has_a_stand_in(tmp_path: Path, reaper: Reaper) -> None:
    provider = _host(tmp_path, reaper, PATH="/nowhere", PULUMI_HOME=str(tmp_path)).start("random", "4.18.0")
    provider.configure(PROVIDER, {})
    subject = Subject("urn:pulumi:dev::proj::random:index/randomPet:RandomPet::pet")

    assert provider.create(subject, {"length": 2}, timeout=0, preview=False).id.count("-") == 1
    assert provider_pb2  # the protocol itself is pulumi's
