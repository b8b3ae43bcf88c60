"""Calls of the older APIs: their routes, what a handler is given and what it answers, and how each API says no.

Facts (api-legacy, sections 1.0 and 1.1): v2.0 errors are ``message``, ``detailed_message`` and ``error_code{code,
help_url}``; a slash at the end of a path makes no difference; writes that start work answer 201 and the id of a task.
Assumed: v0.8 and v1 say the same in camelCase; a missing or malformed value is 422, a missing object 404.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request

from pulumi_ahv.simulator.answers import Refusal
from pulumi_ahv.simulator.site import Site
from pulumi_ahv.simulator.work import PREFIX, Order

V2, V1, V08, V3 = "v2.0", "v1", "v0.8", "v3"
_ROOTS = (
    ("/PrismGateway/services/rest/v2.0/", V2),
    ("/api/nutanix/v2.0/", V2),
    ("/PrismGateway/services/rest/v1/", V1),
    ("/api/nutanix/v1/", V1),
    ("/api/nutanix/v0.8/", V08),
    ("/api/nutanix/v3/", V3),
)
NOT_FOUND, INVALID, INTERNAL = 7, 5, 21


class Refused(Exception):
    """The service says no at once; ``code`` is a number of the image or the VM service."""

    def __init__(self, status: int, message: str, *, code: int = INTERNAL) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code

    def body(self, api: str) -> dict[str, Any]:
        """The body in the spelling of an API."""
        link = "http://my.nutanix.com"
        detail = f"com.nutanix.prism.exception.ValidationException: {self.message}"
        if api == V2:
            number = {"code": self.code, "help_url": link}
            return {"message": self.message, "detailed_message": detail, "error_code": number}
        number = {"code": self.code, "helpUrl": link}
        return {"message": self.message, "detailedMessage": detail, "errorCode": number}


@dataclass(frozen=True)
class Element:
    """One cluster's own Prism: the site, seen from there."""

    site: Site
    cluster: str

    @property
    def name(self) -> str:
        """The cluster's name."""
        return str(self.site.find("clusters", self.cluster).body["name"])

    def start(self, order: Order) -> str:
        """Start a task here and answer its id as the older APIs write it."""
        return self.site.engine.submit(order).removeprefix(PREFIX)


@dataclass(frozen=True)
class Call:
    """One request on its way to a handler. ``body`` is parsed JSON; uploads read ``request`` themselves."""

    api: str
    params: dict[str, str]
    query: Mapping[str, str]
    request: Request
    body: dict[str, Any] = field(default_factory=dict)

    def flag(self, name: str) -> bool:
        """A switch of the query string."""
        return self.query.get(name, "").lower() == "true"


@dataclass(frozen=True)
class Reply:
    """What a handler answers."""

    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[Element, Call], Reply | Awaitable[Reply]]


@dataclass(frozen=True)
class Route:
    """One call. ``reads_body`` is off where the handler streams. ``assumed``: what no source settles."""

    method: str
    api: str
    path: str
    operation: str
    handler: Handler
    source: str
    reads_body: bool = True
    assumed: str = ""

    def pattern(self) -> re.Pattern[str]:
        """What a path below the API has to look like."""
        return re.compile(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", self.path) + "/?")


class Routes:
    """All routes of a door."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self.all = [(route, route.pattern()) for route in routes]

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """The route of a whole path with the values of its parameters."""
        api, rest = api_of(path)
        for route, pattern in self.all:
            if (route.method, route.api) == (method, api) and (found := pattern.fullmatch(rest)):
                return route, found.groupdict()
        return None


def api_of(path: str) -> tuple[str, str]:
    """Which API a path belongs to, and what of it lies below; two empty texts for none of them."""
    return next(((api, path.removeprefix(root)) for root, api in _ROOTS if path.startswith(root)), ("", ""))


def started(task: str, status: int = 201) -> Reply:
    """The answer to a write that started work."""
    return Reply({"task_uuid": task}, status)


def required(body: Mapping[str, Any], name: str) -> Any:
    """A value that has to be there.

    Raises:
        Refused: it is not.
    """
    if body.get(name) in (None, ""):
        raise Refused(422, f"{name} is required.", code=INVALID)
    return body[name]


def one_of(value: Any, name: str, allowed: Iterable[str]) -> str:
    """An enumerated value in upper case, in whatever case it came (api-legacy, section 0).

    Raises:
        Refused: it is none of the allowed ones.
    """
    text = str(value).upper()
    if text not in allowed:
        raise Refused(422, f"InvalidArgument: {value} is not a valid value for {name}.", code=INVALID)
    return text


def fails(code: int, message: str) -> Refusal:
    """The end of a task that fails with a number of the older APIs."""
    return Refusal(400, str(code), message)
