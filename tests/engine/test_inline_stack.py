"""Stacks whose programs and providers are objects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pulumi

from pulumi_ahv.engine.inline_stack import InlineStack
from pulumi_ahv.engine.probing import Moment
from pulumi_ahv.engine.serving import StackConfig


def _program() -> None:
    from stage import Res, export

    a = Res("a", name="a")
    Res("b", note=a.uid)
    export("uid", a.uid)


def test_a_life_cycle(stack: InlineStack, calls: Callable[[], list[str]]) -> None:
    made = stack.up(_program)
    assert made.summary.counts == {"create": 3}
    assert made.outputs == stack.outputs == {"uid": "a-1-uid"}
    assert [record.id for record in stack.resources] == ["a-1", "b-1"]
    calls()

    assert stack.refresh().summary.counts == {"same": 3}
    assert sorted(calls()) == ["Configure default", "Diff a", "Diff b", "Read a", "Read b"]

    assert stack.destroy().summary.counts == {"delete": 3}
    assert [call for call in calls() if call.startswith("Delete")] == ["Delete b", "Delete a"]
    assert stack.resources == []


def test_a_preview_changes_nothing(stack: InlineStack) -> None:
    assert stack.preview(_program).summary.counts == {"create": 3}
    assert not stack.store.exists()


def test_a_failed_run_says_what_failed(stack: InlineStack, tell: Callable[[object], None]) -> None:
    tell({"b": {"Create": {"error": "no room"}}})

    result = stack.up(_program)

    assert not result.ok
    assert result.errors == ["urn:pulumi:test::project::actor:index:Res::b: no room", "update failed"]
    assert [record.urn[-1] for record in stack.resources] == ["a"]


def test_a_package_that_nobody_serves_is_named() -> None:
    result = InlineStack().up(_program)

    assert "package 'actor'" in result.errors[0]


def test_a_probe_hears_of_every_call_and_write(stack: InlineStack) -> None:
    heard: list[Moment] = []
    stack.probe = heard.append

    stack.up(_program)

    methods = [moment.method for moment in heard if moment.event == "called"]
    assert methods == ["Handshake", "CheckConfig", "Configure", "Check", "Create", "Check", "Create"]
    writes = [moment.snapshot for moment in heard if moment.event == "written"]
    assert [len(write.pending) for write in writes if write][-1] == 0
    assert sum(moment.event == "writing" for moment in heard) == len(writes)


def test_secret_configuration_reaches_program_and_provider(stack: InlineStack) -> None:
    stack.config = StackConfig(
        {"project:pw": "hunter2", "actor:token": "t0ken"}, frozenset({"project:pw", "actor:token"})
    )

    def program() -> None:
        from stage import Res

        Res("a", pw=pulumi.Config().require_secret("pw"))

    assert stack.up(program).ok
    assert repr(stack.resources[0].inputs) == "{'pw': [secret]}"
    provider = next(record for record in stack.store.load().resources if record.type == "pulumi:providers:actor")
    assert repr(provider.inputs) == "{'token': [secret]}"


def test_a_dynamic_provider_of_the_test_itself_is_served(stack: InlineStack) -> None:
    from pulumi import dynamic

    class Provider(dynamic.ResourceProvider):
        def create(self, props: dict[str, Any]) -> dynamic.CreateResult:
            return dynamic.CreateResult("id-1", {**props, "doubled": props["x"] * 2})

    class Double(dynamic.Resource):
        doubled: pulumi.Output[float]

        def __init__(self, name: str, x: int) -> None:
            super().__init__(Provider(), name, {"x": x, "doubled": None})

    stack.up(lambda: pulumi.export("doubled", Double("d", 21).doubled))

    assert stack.outputs == {"doubled": 42}
