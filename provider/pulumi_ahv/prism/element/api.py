"""The calls of one Prism Element: reads as JSON, writes as the id of the task that they started."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_ahv.kernel.clock import Deadline
from pulumi_ahv.kernel.errors import Answer, ConnectionFailed, NotFound
from pulumi_ahv.prism.element.answers import failure
from pulumi_ahv.prism.transport import Request, Response, Transport

V2 = "/PrismGateway/services/rest/v2.0"
V08 = "/api/nutanix/v0.8"
VERSIONS = {"prism": "v2.0"}

Query = Mapping[str, str | int]


class Api:
    """The older APIs of one cluster."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport

    def get(
        self, path: str, *, doing: str, query: Query | None = None, deadline: Deadline | None = None
    ) -> Mapping[str, Any] | None:
        """One entity, or ``None`` when Prism positively does not know it."""
        request = Request("GET", V2 + path, doing, query=query or {})
        try:
            return _object(request, self.call(request, deadline))
        except NotFound:
            return None

    def entities(
        self, path: str, *, doing: str, query: Query | None = None, deadline: Deadline | None = None
    ) -> list[Mapping[str, Any]]:
        """All entities of a list that is not paged."""
        request = Request("GET", V2 + path, doing, query=query or {})
        return list(_object(request, self.call(request, deadline)).get("entities") or ())

    def post(self, path: str, body: Any, *, doing: str, deadline: Deadline | None = None) -> Mapping[str, Any]:
        """POST that answers an object."""
        request = Request("POST", V2 + path, doing, body=body)
        return _object(request, self.call(request, deadline))

    def start(
        self, method: str, path: str, *, doing: str, deadline: Deadline, body: Any = None, query: Query | None = None
    ) -> str:
        """Make a call that starts work and return the id of its task."""
        request = Request(method, V2 + path, doing, body=body, query=query or {})
        task = task_of(_object(request, self.call(request, deadline)))
        if not task:
            raise ConnectionFailed(doing, said="the answer names no task")
        return task

    def not_found(self, doing: str) -> NotFound:
        """The error for an entity that has to be there and is not."""
        return NotFound(doing, answer=Answer(404), said="it does not exist (any more)", advice="Refresh the state.")

    def call(self, request: Request, deadline: Deadline | None = None, *, reconnect: bool = True) -> Response:
        """Send a request and return its answer if it is one of success."""
        response = self.transport.send(request, deadline, reconnect=reconnect)
        if 200 <= response.status < 300:
            return response
        raise failure(request, response, self.transport.connection, self.transport.scrubber)


def task_of(body: Any) -> str:
    """The id of the task that an answer names, in either spelling; empty where it names none."""
    if not isinstance(body, Mapping):
        return ""
    return str(body.get("task_uuid") or body.get("taskUuid") or "")


def _object(request: Request, response: Response) -> Mapping[str, Any]:
    body = response.json()
    if isinstance(body, Mapping):
        return body
    raise ConnectionFailed(request.doing, said="the answer is not an object of Prism Element's API")
