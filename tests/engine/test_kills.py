"""What is left when the engine, a provider or a program is killed or interrupted at a bad moment."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pulumi_ahv.engine.inline_stack import InlineStack
from pulumi_ahv.engine.probing import Killed, Moment, unmoved

TWO = 'a = Res("a", name="a")\nb = Res("b", note=a.uid)\nexport("b", b.uid)'
LOCAL = [sys.executable, "-c", "from pulumi_ahv.cli.local import app; app()"]


class Play:
    """A stack in processes whose actor stops in the middle of a call."""

    def __init__(self, directory: Path) -> None:
        from running import Stage

        self.stage = Stage(directory / "stage")
        self.stage.environ["PROGRAM"] = TWO
        self.pipes = {"say": str(directory / "say"), "wait": str(directory / "wait")}
        for path in self.pipes.values():
            os.mkfifo(path)

    def start(self, *arguments: str, stall: str = "a", method: str = "Create") -> subprocess.Popen[str]:
        self.stage.tell({stall: {method: {"stall": self.pipes}}})
        return self.popen("up", "--skip-preview", *arguments)

    def popen(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*LOCAL, *arguments],
            cwd=self.stage.program,
            env=self.stage.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *arguments: str) -> tuple[int, str]:
        self.stage.tell({})
        process = self.popen(*arguments)
        text = process.communicate(timeout=60)[0]
        return process.returncode, text

    def release(self) -> None:
        Path(self.pipes["wait"]).write_text("go\n")

    def state(self) -> dict[str, Any]:
        path = self.stage.program / ".ahv-local" / ".pulumi" / "stacks" / "proj" / "dev.json"
        latest: dict[str, Any] = json.loads(path.read_text())["checkpoint"]["latest"]
        return latest


@pytest.fixture
def play(tmp_path: Path) -> Play:
    return Play(tmp_path)


def _pending(state: dict[str, Any]) -> list[tuple[str, str]]:
    return [(item["resource"]["urn"][-1], item["type"]) for item in state.get("pending_operations", [])]


def test_a_killed_engine_leaves_a_readable_state_and_takes_its_provider_along(play: Play) -> None:
    engine = play.start()
    with Path(play.pipes["say"]).open() as pipe:
        pipe.readline()
        engine.kill()
        engine.communicate()
        assert pipe.read() == ""  # the actor holds its end until it dies

    assert _pending(play.state()) == [("a", "creating")]
    code, text = play.run("up", "--skip-preview")
    assert code == 0
    assert "1 pending operations" in text
    assert _pending(play.state()) == [("a", "creating")]

    assert play.run("refresh", "--skip-preview", "--clear-pending-creates")[0] == 0
    assert _pending(play.state()) == []


def test_a_killed_provider_fails_its_step_and_leaves_nothing_pending(play: Play) -> None:
    engine = play.start()
    with Path(play.pipes["say"]).open() as pipe:
        os.kill(int(pipe.readline()), signal.SIGKILL)
        text = engine.communicate(timeout=60)[0]

    assert engine.returncode == 1
    assert "2 errored" in text
    assert _pending(play.state()) == []
    assert play.run("up", "--skip-preview")[0] == 0


def test_the_first_interrupt_lets_the_running_step_finish(play: Play) -> None:
    engine = play.start()
    with Path(play.pipes["say"]).open() as pipe:
        pipe.readline()
        engine.send_signal(signal.SIGINT)
        play.release()
        text = engine.communicate(timeout=60)[0]

    assert engine.returncode == 1
    assert "update canceled" in text
    assert [entry["urn"][-1] for entry in play.state()["resources"] if "actor:index" in entry["type"]] == ["a"]
    assert _pending(play.state()) == []


def test_the_second_interrupt_ends_the_run_at_once(play: Play) -> None:
    engine = play.start()
    with Path(play.pipes["say"]).open() as pipe:
        pipe.readline()
        engine.send_signal(signal.SIGINT)
        assert engine.stdout is not None
        while "press ^C again" not in engine.stdout.readline():
            pass
        engine.send_signal(signal.SIGINT)
        engine.communicate(timeout=60)
        assert pipe.read() == ""

    assert engine.returncode == 1
    assert _pending(play.state()) == [("a", "creating")]


def test_two_runs_do_not_share_a_stack(play: Play) -> None:
    engine = play.start()
    with Path(play.pipes["say"]).open() as pipe:
        pipe.readline()
        other = play.popen("up", "--skip-preview")
        text = other.communicate(timeout=60)[0]
        play.release()
        engine.communicate(timeout=60)

    assert (other.returncode, engine.returncode) == (1, 0)
    assert "currently locked" in text


class KillAt:
    """Kills at the n-th moment."""

    def __init__(self, number: int) -> None:
        self.left = number

    def __call__(self, moment: Moment) -> None:
        del moment
        self.left -= 1
        if self.left < 0:
            raise Killed


def _program() -> None:
    from stage import Res, export

    a = Res("a", name="a")
    b = Res("b", note=a.uid)
    export("b", b.uid)


def test_whatever_the_moment_of_a_kill_the_next_run_completes(stack: InlineStack) -> None:
    moments = 0
    while True:
        stack.destroy()
        stack.probe = KillAt(moments)
        try:
            stack.up(_program)
        except Killed:
            moments += 1
        else:
            break
        finally:
            stack.probe = unmoved
        assert stack.up(_program).ok
        assert [record.urn[-1] for record in stack.resources] == ["a", "b"]

    assert moments > 15


def test_a_kill_in_the_middle_of_a_call_leaves_the_operation_pending(stack: InlineStack) -> None:
    def kill_in_create(moment: Moment) -> None:
        if (moment.event, moment.method) == ("calling", "Create") and moment.request.name == "b":
            raise Killed

    stack.probe = kill_in_create
    with pytest.raises(Killed):
        stack.up(_program)

    snapshot = stack.store.load()
    assert [record.urn[-1] for record in stack.resources] == ["a"]
    assert [(item.record.urn[-1], item.type) for item in snapshot.pending] == [("b", "creating")]
