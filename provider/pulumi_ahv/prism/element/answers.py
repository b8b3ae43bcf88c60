"""What an answer of Prism Element means: its errors as ours.

Errors are ``message`` and ``error_code{code}`` in v2.0, the same in camelCase in v0.8 and v1, ``message_list`` in v3; a
401 comes as a page or empty (api-legacy, section 1.1). A 404 is a not-found only in Prism's own words.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_ahv.kernel.errors import AccessDenied, Answer, ApiError, Conflict, NotFound, RateLimited
from pulumi_ahv.kernel.secrets import Scrubber
from pulumi_ahv.prism.connection import Connection
from pulumi_ahv.prism.pages import gist
from pulumi_ahv.prism.transport import Request, Response

STALE = "6"
"""LOGICAL of the image service: the timestamp that was sent is not the current one."""
EXISTS = "9"


def failure(request: Request, response: Response, connection: Connection, scrubber: Scrubber) -> ApiError:
    """The error for an answer that is none of success."""
    message, code = complaint_of(response.json())
    said = scrubber.scrub(message or gist(response))
    answer = Answer(response.status, code, response.request_id)
    kind, advice = _kind(response.status, code, is_prisms=bool(message), connection=connection)
    return kind(request.doing, answer=answer, said=said, advice=advice)


def complaint_of(body: Any) -> tuple[str, str]:
    """Message and number of an error; empty where the body holds none."""
    if not isinstance(body, Mapping):
        return "", ""
    listed = body.get("message_list")
    if isinstance(listed, list) and listed and isinstance(listed[0], Mapping):
        return str(listed[0].get("message", "")), str(listed[0].get("reason", ""))
    number = body.get("error_code") or body.get("errorCode")
    code = number.get("code") if isinstance(number, Mapping) else number
    return str(body.get("message") or ""), "" if code is None else str(code)


def _kind(status: int, code: str, *, is_prisms: bool, connection: Connection) -> tuple[type[ApiError], str]:
    """Which error it is, and what the user can change."""
    if status == 401:
        return AccessDenied, sign_in_advice(connection)
    if status == 403:
        return AccessDenied, f"User '{connection.username}' needs the role Cluster Admin on this Prism Element."
    if status == 429:
        return RateLimited, "Prism Element is busy: run again later, or with fewer resources at a time."
    if status in {409, 412} or code == STALE:
        return Conflict, "Somebody else changed it at the same time; run again."
    if status == 404 and is_prisms:
        return NotFound, ""
    advice = "This Prism Element does not serve the call; it may be too old or too new for it." if status == 404 else ""
    return ApiError, advice


def sign_in_advice(connection: Connection) -> str:
    """What to check after a 401: it names who tried, and never what with."""
    if connection.api_key:
        return (
            f"Prism Element takes no API keys: set {connection.key('username')} and {connection.key('password')} "
            f"in place of {connection.key('apiKey')}."
        )
    return (
        f"Check {connection.key('username')} ('{connection.username}') and its password at {connection.url}: users of "
        "Prism Central do not exist on a Prism Element."
    )
