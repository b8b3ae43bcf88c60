"""A stack with an image, a template and a pool of two, on each engine, for commands that look at whole stacks."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from stacks import PROJECT, STACK, Stack, environ_for, write_disk

from pulumi_ahv.cli.engines import choose_engine
from pulumi_ahv.simulator.server import Prism, running

PROGRAM = """
from pulumi_ahv import Pool, TemplateVm
image = Image("disk", source={"path": "disk.img"})
golden = TemplateVm(
    "golden", disks=[{"image": image.id}], vcpus=1, memory=1024, networks=["berlin-managed"], cluster="berlin"
)
agents = Pool(
    "agents",
    template=golden.id,
    size=2,
    naming={"pattern": "agent-{n}"},
    cluster="berlin",
    payload={"template": "#cloud-config\\nhostname: {{ name }}\\n", "variables": {"token": pulumi.Output.secret("t0ps3cret")}},
    shutdown_timeout=10,
)
pulumi.export("metrics", agents.metrics)
"""


@pytest.fixture
def prism() -> Iterator[Prism]:
    """An embedded Prism Central."""
    with running() as site:
        yield site


@pytest.fixture(params=["embedded", pytest.param("pulumi", marks=pytest.mark.pulumi)])
def stack(request: pytest.FixtureRequest, prism: Prism, tmp_path: Path) -> Stack:
    """The stack, up, on each engine in turn; the real one where it is asked for."""
    engine = choose_engine(request.param, stack=STACK)
    made = Stack(engine, tmp_path / "program", environ_for(prism, tmp_path))
    made.folder.mkdir()
    (made.folder / "Pulumi.yaml").write_text(PROJECT)
    write_disk(made.folder / "disk.img", b"version 1")
    made.program(PROGRAM)
    if engine.prepare:
        subprocess.run(
            [*engine.command, *engine.prepare], cwd=made.folder, env=made.environ, capture_output=True, check=True
        )
    ended = made.up()
    assert ended.code == 0, ended.text
    return made
