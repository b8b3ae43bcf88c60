"""The way of a request through the site: fault rules, credentials, rates, route, preconditions, handler, envelope.

An ASGI application. The order is that of the gates of a real PC as far as it is known (api-v4, section 2); where a
gate says no, the answer has the shape that this gate uses: HTML of the gateway, SchemaValidationError, AppMessage.
Uploads go by ``objects``, controls by ``control``; both are handed in.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.types import Receive, Scope, Send

from pulumi_ahv.simulator.admission import COOKIE, Doorkeeper, RateLimits, too_many
from pulumi_ahv.simulator.answers import GatewayError, Refusal, Reply, Violation, envelope, error_body, violation_body
from pulumi_ahv.simulator.framing import dress, undress
from pulumi_ahv.simulator.injection import TASK_KINDS, TASK_RULE, Rule, Target
from pulumi_ahv.simulator.preconditions import RequestIds, check_etag
from pulumi_ahv.simulator.routing import Call, Inner, Principal, Route, Routes
from pulumi_ahv.simulator.site import Site

Serve = Callable[[Site, Request], Awaitable[Response]]
_ELEMENTS = ("/PrismGateway/", "/api/nutanix/v2", "/api/nutanix/v1", "/api/nutanix/v0.8")
_MOST_BODY = 32 * 1024 * 1024


@dataclass(frozen=True)
class Side:
    """A part of the site that speaks another protocol than v4: where it lies, how its calls are called, who serves.

    ``headers`` are on every answer of it in place of the v4 service's own; ``refuse`` says no in its words.
    """

    prefix: str
    operation: Callable[[Request], str]
    serve: Serve
    headers: Mapping[str, str] = field(default_factory=dict)
    refuse: Callable[[Request, Refusal], Response] | None = None


class Gateway:
    """The site's front door."""

    def __init__(self, site: Site, routes: Routes, *, control: Serve, sides: Sequence[Side] = ()) -> None:
        self.site = site
        self.routes = routes
        self._control = control
        self._sides = sides
        self._doorkeeper = Doorkeeper(site)
        self.rates = RateLimits(site)
        self._request_ids = RequestIds(site)
        if routes.all:
            site.perform = self.perform_inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        request = Request(scope, receive)
        if scope["path"].startswith("/_sim"):
            response: Response | None = await self._control(self.site, request)
        else:
            response = await self._visited(request)
        self.site.store.flush()
        if response is not None:
            await response(scope, receive, send)

    async def _visited(self, request: Request) -> Response | None:
        await self._settled()
        return await Visit(self, request).answer()

    async def _settled(self) -> None:
        """Do what is due. Under a manual clock slow work takes no time of the site's, so it is waited for."""
        self.site.settle()
        while self.site.timeline.is_manual and (work := self.site.engine.waiting()):
            await asyncio.gather(*(asyncio.wrap_future(each) for each in work), return_exceptions=True)
            self.site.settle()

    def side_of(self, path: str) -> Side | None:
        """Who else serves a path, if not the routes."""
        return next((side for side in self._sides if path.startswith(side.prefix)), None)

    def identify(self, request: Request) -> tuple[Principal, str]:
        """Who calls."""
        return self._doorkeeper.identify(request.headers)

    def perform_inner(self, inner: Inner) -> tuple[int, Any]:
        """Run a call of the site to itself: status and body of the answer."""
        _, _, namespace, version, path = [*inner.path.split("/", 4), "", "", "", ""][:5]
        minor = version.removeprefix("v4.")
        found = self.routes.find(inner.method, namespace, path)
        if found is None or not minor.isdecimal() or int(minor) > self.site.settings.release.minors[namespace]:
            refusal = Refusal(404, "PRISM-10004", f"{inner.method} {inner.path} is not served.")
            return 404, error_body("prism", "prism.v4.error.ErrorResponse", 0, refusal)
        route, params = found
        call = Call(inner.method, inner.path, params, {}, inner.headers, int(minor), inner.user, inner.body)
        status, answer, _ = self.perform(route, call)
        return status, answer

    def perform(self, route: Route, call: Call) -> tuple[int, Any, Reply | None]:
        """Run a handler behind its preconditions: status and body of the answer."""
        site = self.site
        try:
            self._request_ids.check(route, call)
            replayed = self._request_ids.replay(route, call)
            if replayed is not None:
                return replayed[0], replayed[1], None
            if route.body:
                call = replace(call, body=undress(route.body, call.body, call.minor))
            check_etag(site, route, call)
            reply = route.handler(site, call)
            status, body = reply.status, self._enveloped(route, call, reply)
        except Refusal as refusal:
            status, reply = refusal.status, None
            body = error_body(route.namespace, route.answer, call.minor, refusal)
        except Violation as violation:
            status, reply = 400, None
            at = site.timeline.stamp()
            body = violation_body(route.namespace, route.answer, call.minor, violation, path=call.path, at=at)
        self._request_ids.remember(route, call, status, body)
        return status, body, reply

    @staticmethod
    def _enveloped(route: Route, call: Call, reply: Reply) -> Any:
        if reply.file is not None or reply.status == 204:
            return None
        data = reply.data
        if isinstance(data, list):
            data = [dress(reply.type, item, call.minor) for item in data]
        elif isinstance(data, dict):
            data = dress(reply.type, data, call.minor)
        return envelope(route.answer, data, call.minor, total=reply.total, links=_links(call, reply))


class Visit:
    """One request while it is served, and what the journal says of it."""

    def __init__(self, gateway: Gateway, request: Request) -> None:
        self._gateway = gateway
        self._site = gateway.site
        self._request = request
        self._route: Route | None = None
        self._side = gateway.side_of(request.url.path)
        self._minor = 0
        self._params: dict[str, str] = {}
        self._headers = {"X-Ntnx-Env": "pc", "X-Ntnx-Product": self._site.settings.release.product}
        if self._side is not None and self._side.headers:
            self._headers = dict(self._side.headers)
        path = request.url.path
        self._entry = self._site.journal.open(
            time=self._site.timeline.stamp(),
            method=request.method,
            path=path,
            query=request.url.query,
            request_id=request.headers.get("ntnx-request-id", ""),
        )

    async def answer(self) -> Response | None:
        """The response, or ``None`` where the connection has been cut."""
        body = b""
        side = self._side
        if side is None:
            body = await self._read()
            self._find_route()
        else:
            self._entry["operation"] = side.operation(self._request)
        rule = self._rule(body)
        if rule is not None and await self._strikes_before(rule):
            return None
        response = self._faulty(rule) if rule else None
        if response is None:
            response = await self._served(body, side, rule)
        if side is not None and rule is not None:
            response.headers["Connection"] = "close"  # the body was not read, and must not pass for the next request
        date = formatdate(self._site.timeline.now(), usegmt=True)
        response.headers.update({"Server": "envoy", "Date": date, **self._headers})
        self._entry["status"] = response.status_code
        if rule is not None and rule.kind == "drop-after-commit":
            self._site.store.flush()
            await self._cut()
            return None
        return response

    async def _read(self) -> bytes:
        parts, size = [], 0
        async for part in self._request.stream():
            size += len(part)
            if size <= _MOST_BODY:
                parts.append(part)
        return b"".join(parts)

    def _find_route(self) -> None:
        parts = self._request.url.path.split("/", 4)
        if len(parts) == 5 and parts[1] == "api":
            path = f"unversioned/{parts[4]}" if parts[3] == "unversioned" else parts[4]
            found = self._gateway.routes.find(self._request.method, parts[2], path)
            if found is not None:
                self._route, self._params = found
                self._entry["operation"] = self._route.operation

    def _rule(self, body: bytes) -> Rule | None:
        if self._site.injector.is_idle:
            return None
        names = [
            str(record.body.get("name", ""))
            for value in self._params.values()
            for kind in self._site.store.kinds()
            if (record := self._site.store.table(kind).get(value)) is not None
        ]
        path = self._request.url.path
        about = " ".join([path, body.decode("utf-8", "replace"), *names])
        operation = str(self._entry.get("operation", ""))
        rule = self._site.injector.match(Target(self._request.method, path, operation, about))
        if rule is not None:
            self._entry["fault"] = rule.kind
        return rule

    async def _strikes_before(self, rule: Rule) -> bool:
        if rule.delay:
            await asyncio.sleep(rule.delay)
        if rule.kind == "stall":
            while (await self._request.receive())["type"] != "http.disconnect":
                pass
            return True
        if rule.kind == "drop-before":
            await self._cut()
            return True
        return False

    async def _cut(self) -> None:
        """Cut the connection as a dying peer does: reset, no answer."""
        self._request.scope["extensions"]["ahv.cut"]["abort"]()
        while (await self._request.receive())["type"] != "http.disconnect":
            pass

    def _faulty(self, rule: Rule) -> Response | None:
        if rule.kind == "rate-limit":
            if self._side is None:
                self._headers.update(self._gateway.rates.count(self._route), **{"X-Api-Ratelimit-Remaining": "0"})
            response = self._refused(too_many())
        elif rule.kind == "error":
            response = self._error(rule)
        else:
            return None
        if rule.retry_after is not None:
            response.headers["Retry-After"] = str(rule.retry_after)
        return response

    def _error(self, rule: Rule) -> Response:
        if rule.body == "envelope":
            return self._refused(Refusal(rule.status, rule.code, rule.message, group=rule.group))
        if rule.body == "schema":
            return self._violated(Violation([("name", rule.message)]), rule.status)
        if rule.body == "string-details":
            told = {"message": rule.message, "reason": "AUTHENTICATION_REQUIRED", "details": rule.message}
            text = {"api_version": "3.1", "code": rule.status, "message_list": [told], "state": "ERROR"}
            return _json(rule.status, text)
        bodies = {"html": f"<html><body><h1>{rule.status}</h1></body></html>", "text": rule.message}
        media = "text/html" if rule.body == "html" else "text/plain"
        return Response(bodies.get(rule.body, ""), rule.status, media_type=media)

    async def _served(self, body: bytes, side: Side | None, rule: Rule | None) -> Response:
        try:
            if side is not None:
                self._request.scope[TASK_RULE] = rule if rule is not None and rule.kind in TASK_KINDS else None
                return await side.serve(self._site, self._request)
            user, token = self._gateway.identify(self._request)
            self._entry["user"] = user.name
            if token:
                self._headers["Set-Cookie"] = f"{COOKIE}={token}; Path=/; Secure; HttpOnly"
            self._headers.update(self._gateway.rates.count(self._route))
            self._gateway.rates.check()
            self._site.injector.current = rule if rule is not None and rule.kind in TASK_KINDS else None
            try:
                return self._routed(user, body)
            finally:
                self._site.injector.current = None
        except GatewayError as error:
            response = Response(error.body, error.status, headers=error.headers, media_type=error.content_type)
        except Refusal as refusal:
            response = self._refused(refusal)
        except Violation as violation:
            response = self._violated(violation, 400)
        return response

    def _routed(self, user: Principal, body: bytes) -> Response:
        self._check_version()
        if self._route is None or self._route.since > self._minor:
            return self._unserved()
        request = self._request
        call = Call(
            request.method,
            request.url.path,
            self._params,
            dict(parse_qsl(request.url.query, keep_blank_values=True)),
            request.headers,
            self._minor,
            user,
            _parsed(body) if self._route.body else {},
        )
        status, answer, reply = self._gateway.perform(self._route, call)
        if reply is not None:
            self._headers.update(reply.headers)
            if reply.revision:
                self._headers["ETag"] = reply.revision
            if reply.file is not None:
                return FileResponse(reply.file, media_type="application/octet-stream")
        if isinstance(answer, dict) and isinstance(answer.get("data"), dict) and status == 202:
            self._entry["task"] = answer["data"].get("extId", "")
        return Response(status_code=status) if answer is None else _json(status, answer)

    def _check_version(self) -> None:
        parts = self._request.url.path.split("/")
        if self._request.url.path.startswith(_ELEMENTS):
            raise GatewayError(404, "<html><body><h1>404 Not Found</h1></body></html>")
        if len(parts) < 4 or parts[1] != "api" or parts[2] not in self._site.settings.release.minors:
            return
        newest = self._site.settings.release.minors[parts[2]]
        version = parts[3]
        if version == "unversioned":
            return
        minor = version.removeprefix("v4.")
        if not minor.isdecimal() or int(minor) > newest:
            raise GatewayError(404, f"no healthy upstream for {version}", "text/plain")
        self._minor = int(minor)

    def _unserved(self) -> Response:
        what = f"{self._request.method} {self._request.url.path}"
        self._entry["unserved"] = True
        return _json(501, {"simulator": "not implemented", "call": what})

    def _refused(self, refusal: Refusal) -> Response:
        if self._side is not None and self._side.refuse is not None:
            return self._side.refuse(self._request, refusal)
        namespace, answer = self._names()
        return _json(refusal.status, error_body(namespace, answer, self._minor, refusal))

    def _violated(self, violation: Violation, status: int) -> Response:
        namespace, answer = self._names()
        path, at = self._request.url.path, self._site.timeline.stamp()
        body = violation_body(namespace, answer, self._minor, violation, path=path, at=at)
        return _json(status, body)

    def _names(self) -> tuple[str, str]:
        if self._route is not None:
            return self._route.namespace, self._route.answer
        return "prism", "prism.v4.error.ErrorResponse"


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body) if body else {}
    except ValueError as error:
        raise Violation([("", f"is not JSON: {error}")]) from error


def _json(status: int, body: Any) -> Response:
    return Response(json.dumps(body, ensure_ascii=False), status, media_type="application/json")


def _links(call: Call, reply: Reply) -> list[dict[str, str]]:
    host = call.headers.get("host", "")
    return [{"href": f"https://{host}{call.path}", "rel": "self"}] if reply.total is not None else []
