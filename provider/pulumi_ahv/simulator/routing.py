"""The table of routes: what the site can do, where each call is known from, and what it leaves out.

A family (``images``, ``clusters``, …) hands in its ``Route``s. A path that no route matches is answered 501 with
method and path, never with a plausible 404 (``gateway`` does that); calls that are known to exist and are not
served are listed in ``unserved``, so that the coverage page tells both halves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from pulumi_ahv.simulator.answers import Reply
from pulumi_ahv.simulator.listing import Listing

if TYPE_CHECKING:
    from pulumi_ahv.simulator.site import Site

Match = Literal["required", "optional", "ignored"]
# Answers that the official SDKs (4.0.1 to 4.4.2) name otherwise than their operations.
_ANSWERS = {
    "get_file_by_image_id": "GetImageFile",
    "shutdown_guest_vm": "ShutdownVm",
    "reboot_guest_vm": "RebootVm",
    "create_subnet": "TaskReference",
    "update_subnet_by_id": "TaskReference",
    "delete_subnet_by_id": "TaskReference",
    "list_vnics_by_subnet_id": "ListSubnetVnics",
    "create_vm_recovery_point": "CreateVMRecoveryPoint",
    "restore_recovery_point": "RecoveryPointRestore",
}


@dataclass(frozen=True)
class Principal:
    """Who calls."""

    ext_id: str
    name: str


@dataclass
class Call:
    """One request on its way to a handler."""

    method: str
    path: str
    params: dict[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    minor: int
    user: Principal
    body: dict[str, Any] = field(default_factory=dict)

    @property
    def request_id(self) -> str:
        """The caller's NTNX-Request-Id, empty where none was sent."""
        return self.headers.get("ntnx-request-id", "")

    @property
    def if_match(self) -> str:
        """The caller's If-Match, empty where none was sent."""
        return self.headers.get("if-match", "")


Handler = Callable[["Site", Call], Reply]


@dataclass(frozen=True)
class Inner:
    """A call that the site makes to itself: an element of a batch."""

    method: str
    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    user: Principal


@dataclass(frozen=True)
class Route:
    """One call of the API.

    ``path`` is what follows ``/api/<namespace>/v4.N/``. ``guards`` names the table and path parameter of the entity
    whose ETag the call has to carry. ``assumed`` says what of its behaviour no source settles.
    """

    method: str
    namespace: str
    path: str
    operation: str
    handler: Handler
    source: str
    answer: str
    body: str = ""
    listing: Listing | None = None
    match: Match = "ignored"
    guards: tuple[str, str] | None = None
    since: int = 0
    needs_request_id: bool = False
    per_second: int = 0
    assumed: str = ""


def answer_type(package: str, operation: str) -> str:
    """The type of the envelope that an operation of a package, such as ``vmm.v4.content``, answers with."""
    words = operation
    for ending in ("_by_id", "_by_ext_id", "_by_vm_id"):
        words = words.removesuffix(ending)
    return f"{package}.{_ANSWERS.get(operation) or words.title().replace('_', '')}ApiResponse"


class Routes:
    """All routes, found by method and path."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._by_length: dict[tuple[str, str, int], list[tuple[list[str], Route]]] = {}
        self.all = list(routes)
        for route in self.all:
            parts = route.path.split("/")
            self._by_length.setdefault((route.method, route.namespace, len(parts)), []).append((parts, route))

    def find(self, method: str, namespace: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """The route of a path below the version, with the values of its parameters."""
        parts = path.split("/")
        for pattern, route in self._by_length.get((method, namespace, len(parts)), []):
            params = _matched(pattern, parts)
            if params is not None:
                return route, params
        return None


def _matched(pattern: list[str], parts: list[str]) -> dict[str, str] | None:
    params = {}
    for want, have in zip(pattern, parts, strict=True):
        if want.startswith("{"):
            params[want[1:-1]] = have
        elif want != have:
            return None
    return params
