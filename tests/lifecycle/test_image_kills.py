"""kill -9 at the worst moments: the next `up` ends with exactly one image."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from stacks import Stack, kill_group, provider_pids, wait_until, write_disk

from pulumi_ahv.simulator.server import Prism

PROGRAM = 'Image("golden", source={"path": "disk.img"})'


def settled(stack: Stack, prism: Prism) -> None:
    """Run `up` again and find exactly one image, in Prism and in the state."""
    prism.control.clear_faults()
    stack.unlock()
    ended = stack.up()
    assert ended.code == 0, ended.text
    (image,) = prism.control.entities("images")
    assert stack.images()[0]["id"] == image["extId"]
    assert prism.control.about()["entities"].get("objects", 0) == 0
    ended = stack.destroy()
    assert ended.code == 0, ended.text
    assert prism.control.entities("images") == []


@pytest.fixture
def big_disk(stack: Stack) -> Path:
    path = stack.folder / "disk.img"
    write_disk(path, b"big", size=64 << 20)
    return path


@pytest.mark.parametrize("victim", ["provider", "engine"])
@pytest.mark.parametrize("moment", ["upload", "create"])
def test_a_kill_in_the_middle_ends_with_exactly_one_image(
    stack: Stack, prism: Prism, big_disk: Path, victim: str, moment: str
) -> None:
    operation = {"upload": "s3_upload_part", "create": "create_image"}[moment]
    stack.program(PROGRAM)
    prism.control.fault("stall", operation=operation, delay=20, count=1)
    running = stack.start("up", "--yes", "--skip-preview")
    wait_until(lambda: prism.control.faults()[0]["hits"] > 0)
    if victim == "provider":
        for pid in provider_pids(stack):
            os.kill(pid, signal.SIGKILL)
        text, _ = running.communicate(timeout=60)
        assert running.returncode == 1, text
    else:
        kill_group(running)
        wait_until(lambda: provider_pids(stack) == [])
    settled(stack, prism)


def test_a_kill_between_the_creation_and_its_answer_ends_with_exactly_one_image(
    stack: Stack, prism: Prism, big_disk: Path
) -> None:
    stack.program(PROGRAM)
    prism.control.latency("create_image", 600)
    running = stack.start("up", "--yes", "--skip-preview")
    wait_until(lambda: prism.control.entities("tasks"))
    for pid in provider_pids(stack):
        os.kill(pid, signal.SIGKILL)
    text, _ = running.communicate(timeout=60)
    assert running.returncode == 1, text
    prism.control.latency("create_image", 1)
    prism.control.advance(700)
    settled(stack, prism)


def test_a_run_that_starts_while_the_task_of_a_killed_one_goes_on_waits_for_that_task(
    stack: Stack, prism: Prism, big_disk: Path
) -> None:
    stack.program(PROGRAM)
    prism.control.freeze()
    running = stack.start("up", "--yes", "--skip-preview")
    wait_until(lambda: prism.control.entities("tasks"))
    for pid in provider_pids(stack):
        os.kill(pid, signal.SIGKILL)
    running.communicate(timeout=60)
    stack.unlock()
    prism.control.clear_journal()
    second = stack.start("up", "--yes", "--skip-preview")
    wait_until(lambda: prism.control.counts().get("create_image"))
    assert len(prism.control.entities("tasks")) == 1, "the same call, so the same task"
    prism.control.release()
    text, _ = second.communicate(timeout=60)
    assert second.returncode == 0, text
    settled(stack, prism)


def test_the_provider_of_a_killed_engine_goes_away(stack: Stack, prism: Prism, big_disk: Path) -> None:
    stack.program(PROGRAM)
    prism.control.latency("create_image", 600)
    running = stack.start("up", "--yes", "--skip-preview")
    wait_until(lambda: prism.control.entities("tasks"))
    os.kill(running.pid, signal.SIGKILL)
    running.communicate()
    wait_until(lambda: provider_pids(stack) == [])
