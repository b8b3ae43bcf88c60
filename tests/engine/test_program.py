"""Programs: their ends, and what is done about those that do not end."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pulumi_ahv.engine.deployment import Deployment, Options, Setting
from pulumi_ahv.engine.inline_stack import InlineHost, InlineStack
from pulumi_ahv.engine.probing import Lifeline, unmoved
from pulumi_ahv.engine.program import ProcessProgram
from pulumi_ahv.engine.reaper import Reaper
from pulumi_ahv.engine.records import Snapshot
from pulumi_ahv.engine.serving import StackConfig
from pulumi_ahv.engine.stack import Messages

CONFORMANCE = Path(__file__).parent / "conformance"

STALL = "import threading; threading.Thread(target=threading.Event().wait).start()\n"
USE = "import stage\nstage.Res('a', x=1)\n"


def _run(directory: Path, text: str | None, **limits: float) -> list[str]:
    """Run a program in a process against providers of this one; what it came to say."""
    from actor import Actor

    if text is not None:
        (directory / "__main__.py").write_text(text)
    messages = Messages()
    host = InlineHost({"actor": Actor}, Lifeline(unmoved))
    reaper = Reaper()
    environ = {**os.environ, "PYTHONPATH": str(CONFORMANCE)}
    program = ProcessProgram(directory, reaper, environ=environ, grace=0.3, **limits)
    try:
        Deployment(Setting("proj", "dev", host, observers=[messages]), Snapshot(), Options()).update(program)
    finally:
        reaper.close()
    return [error.splitlines()[0] for error in messages.errors]


def test_a_program_that_hangs_after_a_failure_is_ended(tmp_path: Path, tell: Callable[[object], None]) -> None:
    tell({"a": {"Create": {"error": "no room"}}})

    errors = _run(tmp_path, STALL + USE)

    assert errors == ["urn:pulumi:dev::proj::actor:index:Res::a: no room", "update failed"]


def test_a_program_that_sits_idle_for_too_long_is_ended_with_an_error(tmp_path: Path) -> None:
    errors = _run(tmp_path, USE + STALL, idle_limit=0.3)

    assert errors[0] == "the program was ended: it had nothing to do for 0 s and did not end"


def test_a_program_that_ends_by_itself_has_nothing_to_complain_of(tmp_path: Path) -> None:
    assert _run(tmp_path, USE) == []


def test_a_program_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    assert _run(tmp_path, None) == [f"there is no __main__.py in {tmp_path}"]


@pytest.mark.parametrize(("code", "ok"), [("0", True), ("None", True), ("3", False), ("'text'", False)])
def test_the_exit_code_of_an_inline_program_counts(stack: InlineStack, code: str, ok: bool) -> None:
    assert stack.up(lambda: sys.exit(eval(code))).ok is ok


def test_an_async_inline_program_is_awaited(stack: InlineStack) -> None:
    import pulumi

    async def program() -> None:
        pulumi.export("x", 1)

    assert stack.up(program).ok
    assert stack.outputs == {"x": 1}


def test_runs_in_one_process_do_not_see_each_other(stack: InlineStack) -> None:
    import pulumi

    other = InlineStack(name="other", config=StackConfig({"project:key": "2"}))
    stack.config = StackConfig({"project:key": "1"})

    def program() -> None:
        pulumi.export("key", pulumi.Config().require("key"))
        pulumi.export("stack", pulumi.get_stack())

    stack.up(program)
    other.up(program)

    assert (stack.outputs, other.outputs) == ({"key": "1", "stack": "test"}, {"key": "2", "stack": "other"})
