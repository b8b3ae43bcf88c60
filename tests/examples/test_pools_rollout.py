"""examples/pools-rollout-python, step by step as its text says."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from stacks import STACK, Stack, environ_for, write_disk

from pulumi_ahv.cli.engines import choose_engine
from pulumi_ahv.simulator.server import Prism

EXAMPLE = Path(__file__).parents[2] / "examples" / "pools-rollout-python"


@pytest.fixture(params=["embedded", pytest.param("pulumi", marks=pytest.mark.pulumi)])
def desk(request: pytest.FixtureRequest, prism: Prism, tmp_path: Path) -> Stack:
    """The example in a folder of its own, with two disks, less of its machines and none of its pauses."""
    shutil.copytree(EXAMPLE, tmp_path / "program")
    program = tmp_path / "program" / "__main__.py"
    text = program.read_text()
    for long, short in (('"pause": 30', '"pause": 0'), ("size=4", "size=2"), ("size=3", "size=1")):
        assert long in text
        text = text.replace(long, short)
    program.write_text(text)
    write_disk(tmp_path / "program" / "disk.img", b"version 1")
    write_disk(tmp_path / "program" / "next.img", b"version 2")
    made = Stack(choose_engine(request.param, stack=STACK), tmp_path / "program", environ_for(prism, tmp_path))
    if made.engine.prepare:
        subprocess.run([*made.engine.command, *made.engine.prepare], cwd=made.folder, env=made.environ, check=True)
    return made


def versions(stack: Stack) -> dict[str, set[str]]:
    """The template versions that each pool's members are made of."""
    pools = {told["outputs"]["name"]: told["outputs"] for told in stack.resources("pulumi-python:dynamic/ahv:Pool")}
    return {name: {member["templateVersion"] for member in told["members"].values()} for name, told in pools.items()}


def up(stack: Stack, **config: Any) -> str:
    stack.config |= config
    ended = stack.up()
    assert ended.code == 0, ended.text
    return ended.text


def test_the_canaries_go_first_and_back_when_they_fail_and_the_stable_pool_follows_when_told(
    desk: Stack, prism: Prism
) -> None:
    up(desk)
    first = desk.outputs()["version"]
    assert versions(desk) == {"canaries": {first}, "stable": {first}}

    prism.control.fault("task-failure", operation="power_on_vm", entity="canary-001", code="VMM-34418", count=1)
    desk.config |= {"stableVersion": first, "disk": "next.img"}
    ended = desk.up()
    assert ended.code == 1, ended.text
    assert "VMM-34418" in ended.text
    assert desk.refresh().code == 0
    assert versions(desk) == {"canaries": {first}, "stable": {first}}, "they are back, and nobody followed them"

    up(desk)
    second = desk.outputs()["version"]
    assert second != first
    assert versions(desk) == {"canaries": {second}, "stable": {first}}

    assert "recreate 1" in up(desk, stableVersion=second)
    assert versions(desk) == {"canaries": {second}, "stable": {second}}
    names = sorted(vm["name"] for vm in prism.control.entities("vms"))
    assert names == ["canary-001", "canary-002", "stable-001"]
