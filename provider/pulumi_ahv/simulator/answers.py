"""What a handler can answer: a reply, or a refusal in one of the shapes in which Prism says no.

Owns the envelope and the error bodies (api-v4, sections 2.2 and 2.8). Framing of entities is ``framing``'s. A
``Refusal`` raised in a handler becomes the HTTP answer; raised while a task runs it becomes the task's
``errorMessages``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


class Refusal(Exception):
    """The service says no: an AppMessage with its code and group, and the HTTP status for a synchronous answer."""

    def __init__(
        self, status: int, code: str, message: str, *, group: str = "", arguments: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.group = group
        self.arguments = arguments or {}

    def app_message(self) -> dict[str, Any]:
        """The AppMessage without its framing."""
        fields = {
            "message": self.message,
            "severity": "ERROR",
            "code": self.code,
            "locale": "en_US",
            "errorGroup": self.group,
            "argumentsMap": self.arguments,
        }
        return {name: value for name, value in fields.items() if value}


class Violation(Exception):
    """A request that the gateway refuses before the service sees it: SchemaValidationError, status 400."""

    def __init__(self, findings: list[tuple[str, str]], location: str = "body") -> None:
        super().__init__("; ".join(f"{path}: {message}" for path, message in findings))
        self.findings = findings
        self.location = location


class GatewayError(Exception):
    """An answer that never reached a service and has no envelope: plain text, HTML or nothing at all."""

    def __init__(self, status: int, body: str = "", content_type: str = "text/html", **headers: str) -> None:
        super().__init__(body or str(status))
        self.status = status
        self.body = body
        self.content_type = content_type
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


@dataclass
class Reply:
    """What a handler answers. ``data`` is undressed; ``type`` is its object type, of each item for lists."""

    data: Any = None
    type: str = ""
    status: int = 200
    total: int | None = None
    revision: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    file: Path | None = None


def envelope(answer: str, data: Any, minor: int, *, total: int | None = None, links: list[Any] | None = None) -> Any:
    """The body around ``data``: flags always three, the total only on lists."""
    flags = {"hasError": False, "isPaginated": total is not None, "isTruncated": False}
    metadata: dict[str, Any] = {
        "flags": _framed_first("common.v1.config.Flag", [{"name": name, "value": on} for name, on in flags.items()]),
        "$objectType": "common.v1.response.ApiResponseMetadata",
        "$reserved": {"$fv": "v1.r0"},
    }
    if links:
        metadata["links"] = _framed_first("common.v1.response.ApiLink", links)
    if total is not None:
        metadata["totalAvailableResults"] = total
    body = {"$objectType": answer, "$reserved": {"$fv": f"v4.r{minor}"}, "metadata": metadata}
    return body if data is None else {"data": data, **body}


def _framed_first(kind: str, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A nested list as it is sent: only its first element says what it is (api-v4, section 2.1)."""
    return [{"$objectType": kind, "$reserved": {"$fv": "v1.r0"}, **items[0]}, *items[1:]]


def error_body(namespace: str, answer: str, minor: int, refusal: Refusal) -> dict[str, Any]:
    """The envelope of an AppMessage error."""
    version = {"$fv": f"v4.r{minor}"}
    message = {"$reserved": version, "$objectType": f"{namespace}.v4.error.AppMessage", **refusal.app_message()}
    return _error_envelope(namespace, answer, version, [message])


def violation_body(
    namespace: str, answer: str, minor: int, violation: Violation, *, path: str, at: str
) -> dict[str, Any]:
    """The envelope of a SchemaValidationError."""
    version = {"$fv": f"v4.r{minor}"}
    findings = [
        {
            "$reserved": version,
            "$objectType": f"{namespace}.v4.error.SchemaValidationErrorMessage",
            "location": violation.location,
            "message": f"{attribute} {message}",
            "attributePath": attribute,
        }
        for attribute, message in violation.findings
    ]
    error = {
        "$reserved": version,
        "$objectType": f"{namespace}.v4.error.SchemaValidationError",
        "timestamp": at,
        "statusCode": 400,
        "error": "Request validation failed.",
        "path": path,
        "validationErrorMessages": findings,
    }
    return _error_envelope(namespace, answer, version, error)


def _error_envelope(namespace: str, answer: str, version: dict[str, str], error: Any) -> dict[str, Any]:
    data = {"$reserved": version, "$objectType": f"{namespace}.v4.error.ErrorResponse", "error": error}
    return {"data": data, "$reserved": version, "$objectType": answer}
