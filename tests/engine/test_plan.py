"""Previews as JSON. What is expected is what pulumi 3.260 wrote for the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pulumi

from pulumi_ahv.engine.display import Summary
from pulumi_ahv.engine.inline_stack import InlineStack
from pulumi_ahv.engine.plan import Plan


def planned(stack: InlineStack, program: Callable[[], None], **options: Any) -> dict[str, Any]:
    """What a preview writes, without state and project."""
    plan = Plan()
    assert replace(stack, observers=[plan]).preview(program, **options).ok
    return plan.digest(stack.config, Summary())


def ops(plan: dict[str, Any]) -> list[tuple[str, str]]:
    return sorted((step["op"], step["urn"].rsplit("::", 1)[-1]) for step in plan["steps"])


def _program(**props: Any) -> Callable[[], None]:
    def program() -> None:
        from stage import Res

        Res("a", x=1)
        Res("b", **props)

    return program


def test_what_stays_the_same_is_left_out_but_for_the_stack(stack: InlineStack, tell: Callable[[object], None]) -> None:
    stack.up(_program(x=1))
    tell({"b": {"Diff": {"changes": "unknown"}}})
    plan = planned(stack, _program(x=2))
    assert ops(plan) == [("same", "project-test"), ("update", "b")]
    (step,) = (step for step in plan["steps"] if step["op"] == "update")
    assert step["detailedDiff"] == {"x": {"kind": "update", "inputDiff": True}}
    assert (step["oldState"]["inputs"]["x"], step["newState"]["inputs"]["x"]) == (1, 2)


def test_a_replacement_is_one_step(stack: InlineStack, tell: Callable[[object], None]) -> None:
    stack.up(_program(x=1))
    tell({"b": {"Diff": {"changes": "unknown", "replaces": ["x"]}}})
    assert ops(planned(stack, _program(x=2))) == [("replace", "b"), ("same", "project-test")]


def test_a_refresh_shows_the_state_from_before_it_and_the_step_after_it_what_was_found(
    stack: InlineStack, tell: Callable[[object], None]
) -> None:
    stack.up(_program(x=1))
    tell({"b": {"Read": {"outputs": {"x": 5}, "inputs": {"x": 5}}}, "a": {"Read": {"missing": True}}})
    plan = planned(stack, _program(x=1), refresh=True)
    assert ops(plan) == [
        ("create", "a"),
        ("refresh", "a"),
        ("refresh", "b"),
        ("refresh", "project-test"),
        ("same", "project-test"),
        ("update", "b"),
    ]
    steps = {(step["op"], step["urn"].rsplit("::", 1)[-1]): step for step in plan["steps"]}
    halves = [steps["refresh", "b"][half]["inputs"]["x"] for half in ("oldState", "newState")]
    assert halves == [1, 1]
    halves = [steps["update", "b"][half]["inputs"]["x"] for half in ("oldState", "newState")]
    assert halves == [5, 1]
    assert steps["refresh", "b"]["detailedDiff"] is None
    assert "oldState" not in steps["create", "a"]


def test_secrets_are_words(stack: InlineStack) -> None:
    def program() -> None:
        from stage import Res

        Res("a", pw=pulumi.Output.secret("hunter2"))

    plan = planned(stack, program)
    assert "hunter2" not in str(plan)
    assert "'pw': '[secret]'" in str(plan)
