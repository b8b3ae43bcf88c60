"""The v4 API as entities, lists and tasks: versions in paths, object framing, ETags and paging. Nothing of images yet.

Each namespace has a minor version of its own, asked for once with ``OPTIONS /api/<namespace>/unversioned/info``; a PC
without that endpoint serves v4.0, as every PC with the v4 API does.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from pulumi_ahv.kernel.clock import Deadline
from pulumi_ahv.kernel.errors import Answer, ConnectionFailed, NotFound
from pulumi_ahv.prism.central.answers import failure
from pulumi_ahv.prism.transport import Request, Response, Transport

OLDEST = "v4.0"
NEWEST = {"vmm": 3, "clustermgmt": 3, "volumes": 3, "prism": 4, "networking": 4, "dataprotection": 4}
"""The minor versions that this package was written against."""

_PAGE = 100
_LONGEST_FILTER = 7000
_VERSION = re.compile(r"v4\.(\d+)")


@dataclass(frozen=True)
class Entity:
    """One entity as read, with the ETag that a change of it has to show; empty where Prism sent none."""

    data: Mapping[str, Any]
    etag: str


@dataclass(frozen=True)
class Collection:
    """Where entities of one kind are: ``Collection("vmm", "content/images", "image")``."""

    namespace: str
    path: str
    noun: str

    def below(self, path: str) -> Collection:
        """What lies under it: ``vms.below(f"{uuid}/disks")``."""
        return replace(self, path=f"{self.path}/{path}")

    @property
    def family(self) -> str:
        """The rate-limit family of its lists."""
        return f"{self.namespace}/{self.path}"


class Api:
    """The v4 calls of one Prism Central."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self._versions: dict[str, str] = {}
        self._lock = threading.Lock()

    def versions(self) -> dict[str, str]:
        """Namespaces asked so far and the version that is spoken with each."""
        with self._lock:
            return dict(self._versions)

    def version(self, namespace: str) -> str:
        """The newest version that both sides know; asked for once."""
        with self._lock:
            if namespace not in self._versions:
                self._versions[namespace] = self._ask_version(namespace)
            return self._versions[namespace]

    def framed(self, namespace: str, kind: str, **fields: Any) -> dict[str, Any]:
        """A typed object as v4 wants it: ``$objectType`` and the minor version of its schema beside its fields."""
        minor = self.version(namespace).removeprefix("v4.")
        frame = {"$objectType": f"{namespace}.v4.{kind}", "$reserved": {"$fv": f"v4.r{minor}"}}
        return frame | {name: value for name, value in fields.items() if value is not None}

    def get(self, where: Collection, uuid: str, *, doing: str, deadline: Deadline | None = None) -> Entity | None:
        """One entity, or ``None`` when Prism positively does not know it."""
        request = self._request("GET", where, _item(uuid), doing=doing, family=f"{where.family}/one")
        try:
            response = self.call(request, deadline)
        except NotFound:
            return None
        return Entity(_data(request, response), response.headers.get("ETag") or response.headers.get("X-Ntnx-Etag", ""))

    def entries(
        self, where: Collection, *, doing: str, filter_by: str = "", deadline: Deadline | None = None
    ) -> Iterator[Mapping[str, Any]]:
        """Every entity that the filter lets through, page by page."""
        seen = 0
        for page in range(10_000):
            query: dict[str, str | int] = {"$page": page, "$limit": _PAGE}
            if filter_by:
                query["$filter"] = filter_by
            response = self.call(self._request("GET", where, "", doing=doing, query=query), deadline)
            data, total = _page(doing, response)
            yield from data
            seen += len(data)
            if not data or (len(data) < _PAGE if total is None else seen >= total):
                return

    def start(
        self, where: Collection, *, doing: str, body: Any, request_id: str = "", deadline: Deadline | None = None
    ) -> str:
        """POST to a collection and return the id of the task that makes the entity."""
        return self.submit("POST", where, doing=doing, body=body, request_id=request_id, deadline=deadline)

    def submit(
        self,
        method: str,
        where: Collection,
        *,
        doing: str,
        body: Any = None,
        etag: str = "",
        request_id: str = "",
        deadline: Deadline | None = None,
    ) -> str:
        """Make any other call that starts a task (``where`` holds its whole path) and return the id of the task."""
        headers = {"If-Match": etag} if etag else {}
        request = self._request(method, where, "", doing=doing, body=body, headers=headers, request_id=request_id)
        return _task(request, self.call(request, deadline))

    def replace(self, where: Collection, uuid: str, body: Entity, *, doing: str, deadline: Deadline) -> str:
        """PUT an entity that was read with this ETag and return the id of the task."""
        headers = {"If-Match": body.etag} if body.etag else {}
        request = self._request("PUT", where, _item(uuid), doing=doing, body=body.data, headers=headers)
        return _task(request, self.call(request, deadline))

    def remove(self, where: Collection, uuid: str, *, doing: str, deadline: Deadline, etag: str = "") -> str:
        """DELETE an entity and return the id of the task."""
        headers = {"If-Match": etag} if etag else {}
        request = self._request("DELETE", where, _item(uuid), doing=doing, headers=headers)
        return _task(request, self.call(request, deadline))

    def not_found(self, doing: str) -> NotFound:
        """The error for an entity that has to be there and is not."""
        return NotFound(doing, answer=Answer(404), said="it does not exist (any more)", advice="Refresh the state.")

    def call(self, request: Request, deadline: Deadline | None = None) -> Response:
        """Send a request and return its answer if it is one of success."""
        response = self.transport.send(request, deadline)
        if 200 <= response.status < 300:
            return response
        raise failure(request, response, self.transport.connection, self.transport.scrubber)

    def _request(self, method: str, where: Collection, suffix: str, *, doing: str, **more: Any) -> Request:
        path = f"/api/{where.namespace}/{self.version(where.namespace)}/{where.path}{suffix}"
        return Request(method, path, doing, **({"family": where.family if method == "GET" else ""} | more))

    def _ask_version(self, namespace: str) -> str:
        request = Request("OPTIONS", f"/api/{namespace}/unversioned/info", f"Asking for the version of '{namespace}'")
        response = self.transport.send(request)
        body = response.json() if response.status == 200 else None
        told = _VERSION.fullmatch(str(body.get("data"))) if isinstance(body, Mapping) else None
        return f"v4.{min(int(told.group(1)), NEWEST[namespace])}" if told else OLDEST


def _item(uuid: str) -> str:
    return f"/{quote(uuid, safe='')}"


def quoted(text: str) -> str:
    """A text as an OData literal."""
    return "'" + text.replace("'", "''") + "'"


def any_of(field: str, values: Iterable[str]) -> Iterator[str]:
    """Filters for a field that equals one of many values, each short enough for the 8 KiB that gateways allow."""
    terms: list[str] = []
    length = 0
    for term in (f"{field} eq {quoted(value)}" for value in values):
        size = len(quote(f" or {term}"))
        if terms and length + size > _LONGEST_FILTER:
            yield " or ".join(terms)
            terms, length = [], 0
        terms.append(term)
        length += size
    if terms:
        yield " or ".join(terms)


def _page(doing: str, response: Response) -> tuple[list[Mapping[str, Any]], int | None]:
    """The entries of a page, and how many there are on all pages where Prism tells it."""
    body = response.json()
    data = (body.get("data") or []) if isinstance(body, Mapping) else None
    if not isinstance(body, Mapping) or not isinstance(data, list):
        raise ConnectionFailed(doing, said="the answer is not a list of the v4 API")
    total = (body.get("metadata") or {}).get("totalAvailableResults")
    return data, total if isinstance(total, int) else None


def _data(request: Request, response: Response) -> Mapping[str, Any]:
    body = response.json()
    data = body.get("data") if isinstance(body, Mapping) else None
    if isinstance(data, Mapping):
        return data
    raise ConnectionFailed(request.doing, said="the answer is not an entity of the v4 API")


def _task(request: Request, response: Response) -> str:
    task = _data(request, response).get("extId")
    if isinstance(task, str) and task:
        return task
    raise ConnectionFailed(request.doing, said="the answer names no task")
