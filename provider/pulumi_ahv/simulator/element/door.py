"""The way of a request through an Element: credentials, route, body, handler, answer in the API's own spelling.

Fault rules, the journal and the time are the site's and come before (``gateway``). What belongs to Prism Central (v4)
is answered as by a web server that knows no such page; a call of the older APIs that this simulator does not have is
a 501 that names it.
"""

from __future__ import annotations

import inspect
import json
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from pulumi_ahv.simulator.answers import GatewayError, Refusal
from pulumi_ahv.simulator.element import access
from pulumi_ahv.simulator.element.calls import INVALID, Call, Element, Refused, Reply, Routes, api_of
from pulumi_ahv.simulator.injection import TASK_RULE
from pulumi_ahv.simulator.site import Site

HEADERS = {"Server": "Nutanix Prism", "X-Ntnx-Env": "pe"}


class Door:
    """The Element of one cluster."""

    def __init__(self, cluster: str, routes: Routes) -> None:
        self._cluster = cluster
        self._routes = routes

    def operation(self, request: Request) -> str:
        """The name of a call for rules and journal; empty for one that is not served."""
        found = self._routes.find(request.method, request.url.path)
        return found[0].operation if found else ""

    async def serve(self, site: Site, request: Request) -> Response:
        """Serve one call."""
        element = Element(site, self._cluster)
        try:
            if request.url.path == access.LOGIN:
                return _answer(await access.login(element, request), {})
            headers = access.admit(element, request)
            return _answer(await self._routed(element, request), headers)
        except Refused as refused:
            return _json(refused.status, refused.body(api_of(request.url.path)[0]))
        except Refusal as refusal:
            return refuse(request, refusal)

    async def _routed(self, element: Element, request: Request) -> Reply:
        path = request.url.path
        if not api_of(path)[0]:
            raise GatewayError(404, "<html><head><title>404 Not Found</title></head><body>Not Found</body></html>")
        found = self._routes.find(request.method, path)
        if found is None:
            return Reply({"simulator": "not implemented", "call": f"{request.method} {path}"}, 501)
        route, params = found
        body = await _body(request) if route.reads_body else {}
        call = Call(route.api, params, request.query_params, request, body)
        injector = element.site.injector
        injector.current = request.scope.get(TASK_RULE)
        try:  # an upload awaits its content, and goes on when others are served: its task is hit by its own name only
            reply = route.handler(element, call)
        finally:
            injector.current = None
        return await reply if inspect.isawaitable(reply) else reply


def refuse(request: Request, refusal: Refusal) -> Response:
    """A refusal of the site's core, in the spelling of the API that was called."""
    code = int(refusal.code) if refusal.code.isdecimal() else 0
    body = Refused(refusal.status, refusal.message, **({"code": code} if code else {})).body(
        api_of(request.url.path)[0]
    )
    return _json(refusal.status, body)


async def _body(request: Request) -> dict[str, Any]:
    raw = await request.body()
    try:
        body = json.loads(raw) if raw.strip() else {}
    except ValueError as error:
        raise Refused(400, f"The request is not JSON: {error}", code=INVALID) from error
    if not isinstance(body, dict):
        raise Refused(400, "The request is not an object.", code=INVALID)
    return body


def _answer(reply: Reply, headers: dict[str, str]) -> Response:
    if reply.body is None:
        return Response(status_code=reply.status, headers={**headers, **reply.headers})
    response = _json(reply.status, reply.body)
    response.headers.update({**headers, **reply.headers})
    return response


def _json(status: int, body: Any) -> Response:
    return Response(json.dumps(body, ensure_ascii=False), status, media_type="application/json")
