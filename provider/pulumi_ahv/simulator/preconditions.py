"""What a changing call has to bring: a request id that has not been used, and the ETag of what it changes.

Facts (api-v4, sections 2.5 and 2.6): the ETag is ``YXBwbGljYXRpb24vanNvbg==:<hex>``, unquoted, and equal revisions
of different entities may share it; missing is PLAT-10004, ``*`` 412 PLAT-10005, stale VMM-30303; the same request
id gives the same task again, a FAILED one too, and a 400 after a 400. Assumed: the id counts per operation and
path, is kept until reset, and is not kept for calls without a task other than refused ones; namespaces but vmm call
a stale ETag PLAT-10006.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from pulumi_ahv.simulator.answers import Refusal
from pulumi_ahv.simulator.framing import UUID
from pulumi_ahv.simulator.routing import Call, Route
from pulumi_ahv.simulator.store import Record

if TYPE_CHECKING:
    from pulumi_ahv.simulator.site import Site

_ETAG_HEAD = "YXBwbGljYXRpb24vanNvbg=="


def etag(record: Record) -> str:
    """The ETag of an entity as it stands."""
    return f"{_ETAG_HEAD}:{hashlib.sha1(str(record.revision).encode(), usedforsecurity=False).hexdigest()[:16]}"


def check_etag(site: Site, route: Route, call: Call) -> None:
    """Hold ``If-Match`` against the entity that the route guards.

    Raises:
        Refusal: missing, ``*``, or not the one of now.
    """
    if route.guards is None or route.match == "ignored" or not site.settings.if_match:
        return
    sent = call.if_match
    if not sent:
        if route.match == "required":
            status = site.settings.if_match_status
            raise Refusal(status, "PLAT-10004", "Missing eTag header.", group="MISSING_ETAG_HEADER")
        return
    if sent == "*":
        raise Refusal(412, "PLAT-10005", "Invalid eTag header.")
    table, param = route.guards
    record = site.store.table(table).get(call.params[param])
    if record is not None and sent != etag(record):
        raise stale_etag(route.namespace)


def stale_etag(namespace: str) -> Refusal:
    """The refusal of an ETag that is not the present one."""
    text = "If-Match header value passed does not match the current ETag of the entity."
    if namespace == "vmm":
        return Refusal(412, "VMM-30303", text, group="VM_ETAG_MISMATCH")
    return Refusal(412, "PLAT-10006", text, group="ETAG_MISMATCH")


class RequestIds:
    """The request ids that changed something, and what was answered."""

    def __init__(self, site: Site) -> None:
        self._seen = site.store.table("request-ids")

    def check(self, route: Route, call: Call) -> None:
        """See that the id is there and is a UUID, where the route needs one.

        Raises:
            Refusal: it is not.
        """
        if not route.needs_request_id:
            return
        if not call.request_id:
            text = "Missing NTNX-Request-Id header in the request."
            raise Refusal(400, "VMM-30400", text, group="VM_MISSING_REQUEST_ID_HEADER")
        if not UUID.match(call.request_id):
            text = "The NTNX-Request-Id header is not a UUID."
            raise Refusal(400, "VMM-30401", text, group="VM_INVALID_REQUEST_ID_HEADER")

    def replay(self, route: Route, call: Call) -> tuple[int, Any] | None:
        """What was answered to the same call before: status and body."""
        record = self._seen.get(self._key(route, call)) if self._counts(call) else None
        return (record.body["status"], record.body["answer"]) if record is not None else None

    def remember(self, route: Route, call: Call, status: int, answer: Any) -> None:
        """Keep an answer, where the call started a task or was refused as bad."""
        if self._counts(call) and status in {202, 400}:
            self._seen.add(self._key(route, call), {"status": status, "answer": answer})

    @staticmethod
    def _counts(call: Call) -> bool:
        return call.method != "GET" and bool(call.request_id)

    @staticmethod
    def _key(route: Route, call: Call) -> str:
        return f"{call.request_id} {route.operation} {call.path}"
