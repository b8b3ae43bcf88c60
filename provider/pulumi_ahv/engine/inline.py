"""Providers and programs as objects of this process: no sockets, no interpreters to start.

A servicer written for gRPC is called directly, with a stand-in for the call's context; its exceptions become the errors
that a client would see. Programs in this process are run by ``program``.
"""

from __future__ import annotations

import contextlib
import contextvars
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

import grpc


class InlineError(grpc.RpcError):
    """An error as a gRPC client would see it."""

    def __init__(self, code: grpc.StatusCode, details: str, trailing: Sequence[tuple[str, Any]] = ()) -> None:
        super().__init__(details)
        self._code = code
        self._details = details
        self._trailing = trailing

    def code(self) -> grpc.StatusCode:
        """The status."""
        return self._code

    def details(self) -> str:
        """The message."""
        return self._details

    def trailing_metadata(self) -> Any:
        """Where the details of a partial failure travel."""
        return self._trailing


class InlineContext:
    """What a servicer may do with its context, as far as providers use it."""

    def __init__(self) -> None:
        self._code: grpc.StatusCode | None = None
        self._details = ""
        self._trailing: Sequence[tuple[str, Any]] = ()

    def set_code(self, code: grpc.StatusCode) -> None:
        """Answer with this status."""
        self._code = code

    def set_details(self, details: str) -> None:
        """Answer with this message."""
        self._details = details

    def set_trailing_metadata(self, metadata: Sequence[tuple[str, Any]]) -> None:
        """Send these along."""
        self._trailing = metadata

    def abort(self, code: grpc.StatusCode, details: str) -> NoReturn:
        """End the call with an error."""
        raise InlineError(code, details, self._trailing)

    def abort_with_status(self, status: Any) -> NoReturn:
        """End the call with a status object of grpc-status."""
        raise InlineError(status.code, status.details, status.trailing_metadata or ())

    def is_active(self) -> bool:
        """Whether the caller still waits; it always does."""
        return True

    def invocation_metadata(self) -> Sequence[tuple[str, Any]]:
        """Nothing is sent along."""
        return ()

    @contextlib.contextmanager
    def guarded(self, method: str) -> Iterator[None]:
        """Turn what a servicer raises or sets into what a client sees."""
        try:
            yield
        except grpc.RpcError:
            raise
        except NotImplementedError as error:
            raise InlineError(self._code or grpc.StatusCode.UNIMPLEMENTED, self._details or str(error)) from error
        except Exception as error:
            code = self._code or grpc.StatusCode.UNKNOWN
            raise InlineError(code, self._details or f"Exception calling {method}: {error}", self._trailing) from error
        if self._code not in (None, grpc.StatusCode.OK):
            raise InlineError(self._code, self._details, self._trailing)


class ObjectPlugin:
    """A provider servicer, called directly."""

    def __init__(self, servicer: object) -> None:
        self._servicer = servicer

    def call(self, method: str, request: Any) -> Any:
        """Call one method; a servicer that lacks it does not implement it."""
        function = getattr(self._servicer, method, None)
        if function is None:
            raise InlineError(grpc.StatusCode.UNIMPLEMENTED, f"{method} is not implemented")
        context = InlineContext()
        with context.guarded(method):
            return contextvars.copy_context().run(function, request, context)

    def close(self) -> None:
        """Nothing to end; the servicer belongs to whoever gave it."""
