"""A program, a stack and an engine: what a user has on his desk, in a temporary folder."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from stacks import PROJECT, STACK, Stack, environ_for, write_disk

from pulumi_ahv.cli.engines import Engine, choose_engine
from pulumi_ahv.simulator.server import Prism, running


@pytest.fixture(params=["embedded", pytest.param("pulumi", marks=pytest.mark.pulumi)])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine in turn; the real one where it is asked for."""
    return choose_engine(request.param, stack=STACK)


@pytest.fixture
def prism() -> Iterator[Prism]:
    """An embedded Prism Central."""
    with running() as site:
        yield site


@pytest.fixture
def stack(engine: Engine, prism: Prism, tmp_path: Path) -> Stack:
    """A stack whose program reaches the embedded Prism by its environment."""
    made = Stack(engine, tmp_path / "program", environ_for(prism, tmp_path))
    made.folder.mkdir()
    (made.folder / "Pulumi.yaml").write_text(PROJECT)
    if engine.prepare:
        subprocess.run(
            [*engine.command, *engine.prepare], cwd=made.folder, env=made.environ, capture_output=True, check=True
        )
    return made


@pytest.fixture
def disk(stack: Stack) -> Path:
    """A small raw disk in the program's folder."""
    path = stack.folder / "disk.img"
    write_disk(path, b"version 1")
    return path
