"""kill -9, then destroy instead of up, then the sweep: nothing is left, on either engine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from stacks import STACK, Ended, Stack, kill_group, provider_pids, wait_until, write_disk

from pulumi_ahv.simulator.server import Prism, running

IMAGE = """
image = Image("disk", source={"path": "disk.img"})
"""
TEMPLATE = f"""{IMAGE}
from pulumi_ahv import TemplateVm
golden = TemplateVm("golden", disks=[{{"image": image.id}}], vcpus=1, memory=1024, cluster="berlin")
"""
POOL = f"""{TEMPLATE}
from pulumi_ahv import Pool
Pool("agents", template=golden.id, size=3, cluster="berlin", networks=["berlin-managed"])
"""
KINDS = ("vms", "templates", "template-versions", "snapshots", "images", "element-images")


def sweep(stack: Stack, *words: str) -> Ended:
    command = [sys.executable, "-m", "pulumi_ahv.cli", "sweep", "--stack", STACK, *words]
    engine = ["--engine", "pulumi" if stack.engine.prepare else "embedded"]
    ended = subprocess.run(
        [*command, *engine], cwd=stack.folder, env=stack.environ, capture_output=True, text=True, check=False
    )
    return Ended(ended.returncode, ended.stdout + ended.stderr)


def left(prism: Prism) -> dict[str, int]:
    """How much there is of everything."""
    found = {kind: len(prism.control.entities(kind)) for kind in KINDS}
    found["objects"] = prism.control.about()["entities"].get("objects", 0)
    return {kind: count for kind, count in found.items() if count}


def cut_off(stack: Stack, prism: Prism, reached: Callable[[], object]) -> None:
    """Kill a run with all its processes when it has come to a point; destroy what its state knows of."""
    process = stack.start("up", "--yes", "--skip-preview")
    try:
        wait_until(reached, seconds=90)
    finally:
        kill_group(process)
    for pid in provider_pids(stack):
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: provider_pids(stack) == [])
    stack.unlock()
    prism.control.latency("*", 0.05)
    wait_until(lambda: all(task["status"] in ("SUCCEEDED", "FAILED") for task in prism.control.entities("tasks")))
    ended = stack.destroy()
    assert ended.code == 0, ended.text


def swept(stack: Stack, prism: Prism, *kinds: str) -> None:
    """List, delete, and find nothing any more."""
    assert left(prism)
    listed = sweep(stack, "--format", "json")
    assert listed.code == 7, listed.text
    found: list[dict[str, Any]] = json.loads(listed.text)["found"]
    assert {each["kind"] for each in found} == set(kinds), listed.text
    assert {each["fate"] for each in found} == {"left over"}
    deleted = sweep(stack, "--delete")
    assert deleted.code == 0, deleted.text
    assert left(prism) == {}
    again = sweep(stack)
    assert (again.code, again.text.strip()) == (0, f"shop/{STACK}: nothing is left over")


def test_an_image_that_was_cut_off_goes_with_its_upload(stack: Stack, prism: Prism, disk: Path) -> None:
    stack.program(IMAGE)
    prism.control.latency("*", 3)
    cut_off(stack, prism, lambda: prism.control.counts().get("create_image"))
    swept(stack, prism, "image", "upload")


def test_the_machine_of_a_template_that_was_cut_off_goes(stack: Stack, prism: Prism, disk: Path) -> None:
    stack.program(TEMPLATE)
    cut_off(stack, prism, lambda: prism.control.entities("vms"))
    swept(stack, prism, "template machine")


def test_members_that_were_cut_off_go(stack: Stack, prism: Prism, disk: Path) -> None:
    stack.program(POOL)

    def marked() -> bool:
        return any("pool-member" in str(vm.get("description")) for vm in prism.control.entities("vms"))

    cut_off(stack, prism, marked)
    swept(stack, prism, "pool member")


def test_a_stack_that_stands_is_never_touched(stack: Stack, prism: Prism, disk: Path) -> None:
    stack.program(POOL)
    ended = stack.up()
    assert ended.code == 0, ended.text
    before = left(prism)
    assert before["vms"] == 3
    ended = sweep(stack, "--delete")
    assert (ended.code, ended.text.strip()) == (0, f"shop/{STACK}: nothing is left over")
    assert left(prism) == before
    assert stack.preview("--refresh", "--expect-no-changes").code == 0


class TestOnAnElement:
    @pytest.fixture
    def prism(self) -> Iterator[Prism]:
        with running(product="element") as site:
            yield site

    def test_an_image_that_was_cut_off_goes(self, stack: Stack, prism: Prism) -> None:
        write_disk(stack.folder / "disk.img", b"big", size=8 << 20)
        stack.program(IMAGE)
        prism.control.latency("*", 3)
        cut_off(stack, prism, lambda: prism.control.counts().get("v2_create_image"))
        swept(stack, prism, "image")
