"""What can go wrong between the engine and a provider, and how it is read off the wire."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.protobuf import any_pb2
from pulumi.runtime.proto import provider_pb2, status_pb2

_DETAILS = "grpc-status-details-bin"


class ProviderFailure(Exception):
    """A provider answered a call with an error. ``str()`` is its own message."""

    def __init__(self, message: str, *, code: grpc.StatusCode = grpc.StatusCode.UNKNOWN) -> None:
        super().__init__(message)
        self.code = code

    @property
    def unimplemented(self) -> bool:
        """Whether the provider does not know the method."""
        return self.code is grpc.StatusCode.UNIMPLEMENTED


@dataclass
class PartialAnswer:
    """What a provider says of an object that exists but is not well; shaped like its normal answers."""

    id: str
    properties: Any
    inputs: Any = None
    refresh_before_update: bool = False
    present: Sequence[str] = field(default_factory=list)

    def HasField(self, name: str) -> bool:  # noqa: N802 - the spelling of protobuf messages, whose place it takes
        """Whether the message had that field."""
        return name in self.present


class InitFailed(ProviderFailure):
    """The object exists, but it did not become ready."""

    def __init__(self, message: str, reasons: Sequence[str], answer: PartialAnswer) -> None:
        count = "1 error" if len(reasons) == 1 else f"{len(reasons)} errors"
        listed = "".join(f"\n\t* {reason}" for reason in reasons)
        super().__init__(
            f"{message.rstrip('.')}: {count} occurred:{listed}" if message else f"{count} occurred:{listed}"
        )
        self.reasons = list(reasons)
        self.answer = answer


def read_failure(error: grpc.RpcError) -> ProviderFailure:
    """Turn an error of the wire into one of ours, with the partial answer if it carries one."""
    code = error.code() if callable(getattr(error, "code", None)) else grpc.StatusCode.UNKNOWN
    message = (error.details() if callable(getattr(error, "details", None)) else "") or str(error)
    for detail in _details(error):
        partial = provider_pb2.ErrorResourceInitFailed()
        if detail.Is(partial.DESCRIPTOR):
            detail.Unpack(partial)
            present = [name for name in ("properties", "inputs") if partial.HasField(name)]
            answer = PartialAnswer(
                partial.id, partial.properties, partial.inputs, partial.refresh_before_update, present
            )
            return InitFailed("", list(partial.reasons), answer)
    return ProviderFailure(message, code=code)


def _details(error: grpc.RpcError) -> Sequence[any_pb2.Any]:
    trailing: Any = error.trailing_metadata() if callable(getattr(error, "trailing_metadata", None)) else None
    for key, value in trailing or ():
        if key == _DETAILS:
            return status_pb2.Status.FromString(value).details
    return ()
