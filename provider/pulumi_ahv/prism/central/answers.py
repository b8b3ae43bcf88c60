"""What an answer of Prism Central means: its envelope, and its errors as ours.

Errors are read loosely, because they come in several shapes: the v4 envelope with a list of messages, the schema
validator's own shape, v3's ``message_list`` from old services, HTML and empty bodies from the gateway in front. A 404
is a not-found only in Prism's own words; a gateway that knows no such path answers 404 as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pulumi_ahv.kernel.errors import AccessDenied, Answer, ApiError, Conflict, NotFound, RateLimited
from pulumi_ahv.kernel.secrets import Scrubber
from pulumi_ahv.prism.connection import Connection
from pulumi_ahv.prism.pages import gist
from pulumi_ahv.prism.transport import Request, Response

_STALE_CODES = {"VMM-30303", "PLAT-10005"}
_RATE_GROUPS = {"RATE_LIMIT_EXCEEDED", "RATE_LIMIT_ERROR"}
MISSING_ETAG = "PLAT-10004"


@dataclass(frozen=True)
class Complaint:
    """What Prism said is wrong."""

    message: str = ""
    code: str = ""
    group: str = ""

    @property
    def stale(self) -> bool:
        """Whether somebody else changed the entity since it was read."""
        return self.code in _STALE_CODES or self.group.endswith("ETAG_MISMATCH")


def failure(request: Request, response: Response, connection: Connection, scrubber: Scrubber) -> ApiError:
    """The error for an answer that is none of success."""
    complaint = complaint_of(response.json())
    said = scrubber.scrub(complaint.message or gist(response))
    answer = Answer(response.status, complaint.code, response.request_id)
    kind, advice = _kind(response, complaint, connection)
    return kind(request.doing, answer=answer, said=said, advice=advice)


def complaint_of(body: Any) -> Complaint:
    """The first of the errors in a body, with the texts of all; empty where it holds none that is known."""
    if not isinstance(body, Mapping):
        return Complaint()
    data = body.get("data")
    error = data.get("error") if isinstance(data, Mapping) else None
    if isinstance(error, list):
        return messages(error)
    if isinstance(error, Mapping):
        return _schema_complaint(error)
    listed = body.get("message_list")
    if isinstance(listed, list) and listed and isinstance(listed[0], Mapping):
        return Complaint(str(listed[0].get("message", "")), group=str(listed[0].get("reason", "")))
    return Complaint(str(body.get("message", "")))


def messages(errors: Any) -> Complaint:
    """A list of v4 ``AppMessage``, as answers and failed tasks carry it."""
    known = [error for error in errors or () if isinstance(error, Mapping)]
    if not known:
        return Complaint()
    text = "; ".join(dict.fromkeys(str(error.get("message", "")).strip() for error in known))
    return Complaint(text, str(known[0].get("code", "")), str(known[0].get("errorGroup", "")))


def _schema_complaint(error: Mapping[str, Any]) -> Complaint:
    parts = [
        f"{one.get('attributePath') or one.get('location') or 'body'}: {one.get('message', '')}"
        for one in error.get("validationErrorMessages") or ()
        if isinstance(one, Mapping)
    ]
    return Complaint("; ".join(parts) or str(error.get("error", "")), group="SCHEMA_VALIDATION")


def _kind(response: Response, complaint: Complaint, connection: Connection) -> tuple[type[ApiError], str]:
    """Which error it is, and what the user can change."""
    status = response.status
    if status == 401:
        return AccessDenied, sign_in_advice(connection)
    if status == 429 or complaint.group in _RATE_GROUPS:
        return RateLimited, "Prism Central is busy: run again later, or with fewer resources at a time."
    if response.method != "GET" and (status in {409, 412} or complaint.stale):
        return Conflict, "Somebody else changed it at the same time; run again."
    if status == 404 and (complaint.code or complaint.group):
        return NotFound, ""
    who = "The service account of the API key" if connection.api_key else f"User '{connection.username}'"
    advice = {
        403: f"{who} needs a role in Prism Central that allows this.",
        404: "This Prism Central does not serve the call; it may be too old for it.",
    }
    return (AccessDenied if status == 403 else ApiError), advice.get(status, "")


def sign_in_advice(connection: Connection) -> str:
    """What to check after a 401: it names who tried, and never what with."""
    if connection.api_key:
        return f"Check {connection.key('apiKey')}: it may be expired, revoked, or belong to another Prism Central."
    return (
        f"Check {connection.key('username')} ('{connection.username}') and its password at {connection.url}; "
        "users of a directory sign in as user@domain."
    )
