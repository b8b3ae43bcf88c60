"""Errors of providers, as they are read off the wire."""

from __future__ import annotations

import grpc
import pytest

from pulumi_ahv.engine.failures import InitFailed, read_failure
from pulumi_ahv.engine.inline import InlineError, ObjectPlugin


def test_the_message_and_the_status_are_kept() -> None:
    failure = read_failure(InlineError(grpc.StatusCode.UNIMPLEMENTED, "no such thing"))

    assert str(failure) == "no such thing"
    assert failure.unimplemented


def test_a_partial_failure_carries_what_exists() -> None:
    from actor import Actor
    from google.protobuf import struct_pb2

    class Context:
        def __init__(self) -> None:
            self.sent: tuple[tuple[str, bytes], ...] = ()

        def set_trailing_metadata(self, metadata: tuple[tuple[str, bytes], ...]) -> None:
            self.sent = metadata

        def abort(self, code: grpc.StatusCode, details: str) -> None:
            raise InlineError(code, details, self.sent)

    with pytest.raises(InlineError) as caught:
        Actor._ill(Context(), ["slow", "very slow"], id="a-1", properties=struct_pb2.Struct())

    failure = read_failure(caught.value)

    assert isinstance(failure, InitFailed)
    assert (failure.reasons, failure.answer.id) == (["slow", "very slow"], "a-1")
    assert str(failure) == "2 errors occurred:\n\t* slow\n\t* very slow"
    assert failure.answer.HasField("properties")
    assert not failure.answer.HasField("inputs")


class Servicer:
    def Raises(self, _request: object, _context: object) -> None:
        raise ValueError("broken")

    def Unimplemented(self, _request: object, _context: object) -> None:
        raise NotImplementedError

    def Sets(self, _request: object, context: grpc.ServicerContext) -> str:
        context.set_code(grpc.StatusCode.NOT_FOUND)
        context.set_details("gone")
        return "ignored"


@pytest.mark.parametrize(
    ("method", "code", "said"),
    [
        ("Raises", grpc.StatusCode.UNKNOWN, "broken"),
        ("Unimplemented", grpc.StatusCode.UNIMPLEMENTED, "^$"),
        ("Sets", grpc.StatusCode.NOT_FOUND, "gone"),
        ("Absent", grpc.StatusCode.UNIMPLEMENTED, "Absent"),
    ],
)
def test_a_servicer_called_directly_fails_as_a_client_would_see_it(
    method: str, code: grpc.StatusCode, said: str
) -> None:
    with pytest.raises(InlineError, match=said) as caught:
        ObjectPlugin(Servicer()).call(method, None)

    assert caught.value.code() is code
