"""Who may call, and how often: credentials, sessions, rates.

Facts (api-v4, sections 2.4 and 2.7): Basic or ``X-ntnx-api-key``; the first good answer sets session cookies that
live 15 minutes and are accepted instead; a 401 of the gateway has no JSON; every answer shows two families of rate
headers; the whole PC takes 30 requests a second, listing VMs 2. Assumed: windows are whole seconds, refused calls
count.
"""

from __future__ import annotations

import base64
import binascii
from collections import Counter
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING

from starlette.datastructures import Headers

from pulumi_ahv.simulator.answers import GatewayError, Refusal
from pulumi_ahv.simulator.routing import Principal, Route

if TYPE_CHECKING:
    from pulumi_ahv.simulator.site import Site

COOKIE = "NTNX_IAM_SESSION"
_WHOLE_SITE = 30
_USUAL = 30


class Doorkeeper:
    """Tells who a caller is, and keeps the sessions."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._sessions = site.store.table("sessions")

    def identify(self, headers: Headers) -> tuple[Principal, str]:
        """The caller, and a fresh session token where one is to be set.

        Raises:
            GatewayError: 401, as a page of the gateway.
        """
        if token := SimpleCookie(headers.get("cookie", "")).get(COOKIE):
            session = self._sessions.get(token.value)
            if session is not None and session.body["expires"] > self._site.timeline.now():
                return Principal(self._site.admin_id, session.body["user"]), ""
        settings = self._site.settings
        key = headers.get("x-ntnx-api-key", "")
        if key and key == settings.api_key:
            return Principal(self._site.service_account_id, "service-account"), ""
        if basic_credentials(headers.get("authorization", "")) == (settings.username, settings.password):
            return Principal(self._site.admin_id, settings.username), self._open(settings.username)
        page = (
            "<html><head><title>401 Authorization Required</title></head><body>401 Authorization Required</body></html>"
        )
        raise GatewayError(401, page, WWW_Authenticate='Basic realm="Prism Central"')

    def _open(self, user: str) -> str:
        for session in [each for each in self._sessions if each.body["expires"] <= self._site.timeline.now()]:
            self._sessions.remove(session.ext_id)
        known = next((each for each in self._sessions if each.body["user"] == user), None)
        if known is not None:
            return known.ext_id
        token = self._site.new_id().replace("-", "")
        expires = self._site.timeline.now() + self._site.settings.session_seconds
        self._sessions.add(token, {"user": user, "expires": expires})
        return token


def basic_credentials(header: str) -> tuple[str, str] | None:
    """User and password of an ``Authorization`` header, or ``None``."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, _, password = base64.b64decode(encoded).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return user, password


class RateLimits:
    """Counts calls in whole seconds of the site's time."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._window = 0
        self._counts: Counter[str] = Counter()
        self._exceeded = False

    def count(self, route: Route | None) -> dict[str, str]:
        """Count a call and answer the rate headers, which a refused call has too."""
        second = int(self._site.timeline.now())
        if second != self._window:
            self._window = second
            self._counts.clear()
        name = route.operation if route else ""
        limit = (route.per_second if route else 0) or _USUAL
        self._counts[""] += 1
        self._counts[name] += bool(name)
        left_in_all = max(0, _WHOLE_SITE - self._counts[""])
        left = max(0, limit - self._counts[name])
        self._exceeded = self._counts[""] > _WHOLE_SITE or self._counts[name] > limit
        return {
            "X-Ratelimit-Limit": str(_WHOLE_SITE),
            "X-Ratelimit-Remaining": str(left_in_all),
            "X-Ratelimit-Reset": "1",
            "X-Api-Ratelimit-Limit": str(limit),
            "X-Api-Ratelimit-Remaining": str(left),
            "X-Api-Ratelimit-Reset": "1",
            "X-Api-Ratelimit-Refresh-Period-Seconds": "1",
        }

    def check(self) -> None:
        """See that the call that was counted last may pass.

        Raises:
            Refusal: 429, when the limits are on and one is used up.
        """
        if self._site.settings.rate_limits and self._exceeded:
            raise too_many()


def too_many() -> Refusal:
    """The refusal of a call over the limit."""
    return Refusal(429, "PLAT-10020", "Rate limit exceeded.", group="RATE_LIMIT_EXCEEDED")
