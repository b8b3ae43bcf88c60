"""What programs and providers may say, and what they are answered."""

from __future__ import annotations

from typing import Any

import grpc
import pulumi
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, resource_pb2, resource_pb2_grpc

from pulumi_ahv.engine.inline_stack import InlineStack
from pulumi_ahv.engine.server import Server
from pulumi_ahv.engine.services import Activity, Direct
from pulumi_ahv.engine.steps import Step
from pulumi_ahv.engine.values import Bag
from pulumi_ahv.kernel.clock import ManualClock


class Heard:
    """Keeps messages: an observer."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, str]] = []

    def begun(self, step: Step) -> None: ...

    def ended(self, step: Step, error: str | None) -> None: ...

    def outputs(self, urn: str, olds: Bag, news: Bag) -> None: ...

    def message(self, severity: str, urn: str, text: str) -> None:
        del urn
        self.messages.append((severity, text))


@pytest.fixture
def heard(stack: InlineStack) -> Heard:
    observer = Heard()
    stack.observers = [observer]
    return observer


def test_logs_are_passed_on_but_debug_lines_are_not(stack: InlineStack, heard: Heard) -> None:
    def program() -> None:
        pulumi.log.debug("quiet")
        pulumi.log.info("told")
        pulumi.log.warn("careful")

    assert stack.up(program).ok
    assert heard.messages == [("info", "told"), ("warning", "careful")]


def _unchanged(arguments: object) -> None:
    del arguments


def _left_out(what: str) -> None:
    from stage import Opts, Res

    if what == "replace_with":
        Res("a", opts=Opts(replace_with=[Res("b")]))
    elif what == "replacement_trigger":
        Res("a", opts=Opts(replacement_trigger=1))
    elif what == "resource transforms":
        Res("a", opts=Opts(transforms=[_unchanged]))
    elif what == "RegisterStackTransform":
        pulumi.runtime.register_resource_transform(_unchanged)
    elif what == "RegisterResourceHook":
        hook = pulumi.ResourceHook("hook", _unchanged)
        Res("a", opts=Opts(hooks=pulumi.ResourceHookBinding(before_create=[hook])))
    elif what == "archives":
        Res("a", x=pulumi.FileArchive("."))
    elif what == "stack references":
        pulumi.StackReference("org/proj/other")


@pytest.mark.parametrize(
    "what",
    [
        "replace_with",
        "replacement_trigger",
        "resource transforms",
        "RegisterStackTransform",
        "RegisterResourceHook",
        "archives",
        "stack references",
    ],
)
def test_what_is_left_out_fails_by_name(stack: InlineStack, what: str) -> None:
    result = stack.up(lambda: _left_out(what))

    assert not result.ok
    assert "not supported by the embedded engine" in result.errors[0]
    assert what in result.errors[0]


def test_an_open_call_is_not_idle() -> None:
    clock = ManualClock()
    activity = Activity(clock.monotonic)
    clock.advance(5)
    assert activity.idle_for() == 5
    with activity.call():
        clock.advance(7)
        assert activity.idle_for() == 0
    clock.advance(1)
    assert activity.idle_for() == 1


class Service:
    """Knows one method."""

    def get_root_resource(self, request: engine_pb2.GetRootResourceRequest) -> engine_pb2.GetRootResourceResponse:
        del request
        return engine_pb2.GetRootResourceResponse(urn="urn:x")


def test_methods_answer_by_their_names_on_the_wire() -> None:
    server = Server(Service(), Service())
    channel: Any = grpc.insecure_channel(server.address)
    try:
        answer = engine_pb2_grpc.EngineStub(channel).GetRootResource(engine_pb2.GetRootResourceRequest())
        with pytest.raises(grpc.RpcError, match="not supported by the embedded engine: Call"):
            resource_pb2_grpc.ResourceMonitorStub(channel).Call(resource_pb2.ResourceCallRequest())
    finally:
        channel.close()
        server.close()

    assert answer.urn == "urn:x"


def test_an_unknown_method_is_unimplemented_without_a_wire_too() -> None:
    with pytest.raises(grpc.RpcError, match="not supported by the embedded engine") as caught:
        Direct(Service()).RegisterPackage(empty_pb2.Empty())

    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED  # type: ignore[attr-defined] # clients' errors have it
