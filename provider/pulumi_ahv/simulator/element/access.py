"""Who may call an Element: HTTP Basic on every call, or the cookie of a session.

Facts (api-legacy, sections 1.1 and 2.4): the login form gives ``JSESSIONID``; any authenticated v3 GET gives
``NTNX_IGW_SESSION``; sessions live 15 minutes after their last use; a 401 has an HTML body. API keys belong to Prism
Central.
"""

from __future__ import annotations

from http.cookies import SimpleCookie
from urllib.parse import parse_qs

from starlette.requests import Request

from pulumi_ahv.simulator.admission import basic_credentials
from pulumi_ahv.simulator.answers import GatewayError
from pulumi_ahv.simulator.element.calls import V3, Element, Reply, api_of

LOGIN = "/PrismGateway/j_spring_security_check"
COOKIES = ("JSESSIONID", "NTNX_IGW_SESSION")
_PAGE = "<html><head><title>401 Unauthorized</title></head><body><h1>Unauthorized</h1></body></html>"


def admit(element: Element, request: Request) -> dict[str, str]:
    """Let a caller in and answer the headers that open his session, where one is opened.

    Raises:
        GatewayError: 401, as a page.
    """
    if _session(element, request):
        return {}
    settings = element.site.settings
    if basic_credentials(request.headers.get("authorization", "")) != (settings.username, settings.password):
        raise GatewayError(401, _PAGE, WWW_Authenticate='Basic realm="Prism"')
    return _opened(element, COOKIES[1] if api_of(request.url.path)[0] == V3 else COOKIES[0])


async def login(element: Element, request: Request) -> Reply:
    """Serve the form that opens a session."""
    form = parse_qs((await request.body()).decode("utf-8", "replace"))
    settings = element.site.settings
    given = (form.get("j_username", [""])[0], form.get("j_password", [""])[0])
    if given != (settings.username, settings.password):
        raise GatewayError(401, _PAGE)
    return Reply(None, 200, _opened(element, COOKIES[0]))


def _session(element: Element, request: Request) -> bool:
    cookies = SimpleCookie(request.headers.get("cookie", ""))
    now = element.site.timeline.now()
    sessions = element.site.store.table("sessions")
    for name in COOKIES:
        record = sessions.get(cookies[name].value) if name in cookies else None
        if record is not None and record.body["expires"] > now:
            record.body["expires"] = now + element.site.settings.session_seconds
            sessions.save(record)
            return True
    return False


def _opened(element: Element, cookie: str) -> dict[str, str]:
    site, sessions = element.site, element.site.store.table("sessions")
    now = site.timeline.now()
    for ended in [each for each in sessions if each.body["expires"] <= now]:
        sessions.remove(ended.ext_id)
    token = site.new_id().replace("-", "")
    user = f"{site.settings.username}@{element.cluster}"
    sessions.add(token, {"user": user, "expires": now + site.settings.session_seconds})
    return {"Set-Cookie": f"{cookie}={token}; Path=/; Secure; HttpOnly"}
