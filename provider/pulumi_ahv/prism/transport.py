"""HTTPS to one Prism: one session for all threads, one exchange at a time, retries, limits and deadlines.

Knows HTTP and nothing of Prism's JSON: answers of every status come back, and ``central`` or ``element`` say what they
mean. Only "no answer at all" is an error here.

Three facts shape it. Prism sets session cookies; its own SDK sends them *instead of* the password, because checking a
password is slow there, and signs in again on a 401; so does this. A request id makes a POST repeatable, so every call
carries one and keeps it over all its tries. ``requests`` would take proxies, CA files and ``~/.netrc`` credentials
from the environment; ``trust_env`` is off, so that a connection is what its settings say.
"""

from __future__ import annotations

import json
import logging
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Protocol
from urllib.parse import quote, urlencode, urlsplit
from uuid import UUID

import requests
import requests.adapters
import urllib3
import urllib3.exceptions

from pulumi_ahv.kernel.clock import Clock, Deadline
from pulumi_ahv.kernel.secrets import Scrubber
from pulumi_ahv.prism.connection import Connection
from pulumi_ahv.prism.rate import Limits
from pulumi_ahv.prism.reach import Unreachable, explain, unreachable
from pulumi_ahv.prism.retry import TOO_MANY, Patience, retry_after
from pulumi_ahv.prism.server_clock import ServerClock

log = logging.getLogger(__name__)

_SESSION_COOKIES = ("NTNX_IGW_SESSION", "NTNX_IAM_SESSION", "NTNX_MERCURY_IAM_SESSION", "JSESSIONID")
_KEPT_CONNECTIONS = 32


class Pieces(Protocol):
    """Bytes on their way up, piece by piece; the length is theirs in all."""

    def __iter__(self) -> Iterator[bytes]: ...

    def __len__(self) -> int: ...


@dataclass(frozen=True)
class Request:
    """One call. ``doing`` says what it is for, as an error begins with it; ``family`` names its rate limit.

    ``content`` is a body of bytes in place of ``body``: it is asked for once for each try, and has a length.
    """

    method: str
    path: str
    doing: str
    query: Mapping[str, str | int] = field(default_factory=dict)
    body: Any = None
    content: Callable[[], Pieces] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    request_id: str = ""
    family: str = ""


@dataclass(frozen=True)
class Response:
    """One answer of any status; header names are matched in any case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    method: str
    request_id: str

    def json(self) -> Any:
        """The body as JSON; ``None`` where it is none (HTML pages, empty bodies)."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")


class Transport:
    """Calls of one site."""

    def __init__(self, connection: Connection, limits: Limits, *, clock: Clock, ids: Callable[[], UUID]) -> None:
        self.connection = connection
        self.clock = clock
        self.scrubber = Scrubber(secrets_of(connection))
        self._ids = ids
        self._limits = limits
        self._session = _session(connection)
        self._login = _Login()
        self._server_clock = ServerClock()

    def new_id(self) -> str:
        """A fresh request id."""
        return str(self._ids())

    def server_time(self) -> float:
        """Seconds since the epoch that it is by Prism's clock at least."""
        return self._server_clock.earliest(self.clock.time())

    def send(self, request: Request, deadline: Deadline | None = None, *, reconnect: bool = True) -> Response:
        """Make a call and return its final answer, whatever its status.

        Args:
            request: The call; it is repeated with one and the same request id.
            deadline: No try begins after it, whatever time for retries is left.
            reconnect: Whether "no answer at all" is tried again; the first call of a site is not.

        Raises:
            ConnectionFailed: No answer came.
        """
        request_id = request.request_id or self.new_id()
        limit = self.connection.timeouts.retry if deadline is None else deadline.remaining()
        budget = Deadline(self.clock, min(self.connection.timeouts.retry, limit))
        patience = Patience(budget, clock=self.clock, jitter=self._jitter, reconnect=reconnect)
        try:
            return patience.run(lambda: self._try(request, request_id, deadline))
        except Unreachable as failure:
            raise explain(failure, self.connection, request.doing) from None

    def close(self) -> None:
        """Give the kept connections back."""
        self._session.close()

    def _try(self, request: Request, request_id: str, deadline: Deadline | None) -> Response:
        self._limits.wait_for(request.family)
        cookies = {} if self.connection.api_key else self._login.cookies()
        response = self._exchange(request, request_id, deadline, cookies=cookies)
        if response.status == 401 and cookies:
            self._login.forget(cookies)
            response = self._exchange(request, request_id, deadline, cookies={})
        self._limits.learn(request.family, response.headers)
        if response.status == TOO_MANY:
            self._limits.refused(request.family, retry_after(response, self.clock) or 1.0)
        return response

    def _exchange(
        self, request: Request, request_id: str, deadline: Deadline | None, *, cookies: Mapping[str, str]
    ) -> Response:
        timeouts = self.connection.timeouts
        patience = timeouts.request if deadline is None else min(timeouts.request, max(1.0, deadline.remaining()))
        sent = self.clock.time()
        try:
            answer = self._session.request(
                request.method,
                self._url(request),
                data=_data(request),
                headers=self._headers(request, request_id, cookies),
                timeout=(min(timeouts.connect, patience), patience),
                allow_redirects=False,
            )
        except requests.RequestException as error:
            failure = unreachable(error)
            log.info("%s %s: %s (%s)", request.method, request.path, failure.reason.name, failure.detail)
            raise failure from error
        log.debug("%s %s: %d, request %s", request.method, request.path, answer.status_code, request_id)
        self._server_clock.note(answer.headers.get("Date", ""), sent=sent, received=self.clock.time())
        self._login.note({cookie.name: cookie.value or "" for cookie in answer.cookies})
        return Response(answer.status_code, answer.headers, answer.content, request.method, request_id)

    def _url(self, request: Request) -> str:
        query = f"?{urlencode(request.query, quote_via=quote)}" if request.query else ""
        return f"{self.connection.url}{request.path}{query}"

    def _headers(self, request: Request, request_id: str, cookies: Mapping[str, str]) -> dict[str, str]:
        connection = self.connection
        headers = {"Accept": "application/json", "Content-Type": "application/json", "NTNX-Request-Id": request_id}
        if connection.api_key:
            headers["X-ntnx-api-key"] = connection.api_key.reveal()
        elif cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        else:
            headers["Authorization"] = f"Basic {basic_token(connection)}"
        return headers | dict(request.headers)

    def _jitter(self) -> float:
        return self._ids().time_low / 2**32


class _Login:
    """Prism's session cookies, shared by all threads. The jar of ``requests`` is not safe to share and stays shut."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cookies: dict[str, str] = {}

    def cookies(self) -> dict[str, str]:
        """The cookies that stand for the password; none while no session is open."""
        with self._lock:
            return dict(self._cookies) if any(name in _SESSION_COOKIES for name in self._cookies) else {}

    def note(self, cookies: Mapping[str, str]) -> None:
        """Keep what an answer set."""
        if cookies:
            with self._lock:
                self._cookies.update(cookies)

    def forget(self, cookies: Mapping[str, str]) -> None:
        """Drop a session that Prism refused, unless another thread has opened a new one."""
        with self._lock:
            if self._cookies == dict(cookies):
                self._cookies = {}


def basic_token(connection: Connection) -> str:
    """Base64 of ``user:password``: HTTP's basic credentials, and what Objects Lite takes as its S3 keys."""
    return b64encode(f"{connection.username}:{connection.password.reveal()}".encode()).decode()


def secrets_of(connection: Connection) -> list[str]:
    """Everything that must not show in a message."""
    token = [basic_token(connection)] if connection.username else []
    return [
        connection.password.reveal(),
        connection.api_key.reveal(),
        urlsplit(connection.proxy).password or "",
        *token,
    ]


def _data(request: Request) -> Pieces | bytes | None:
    if request.content is not None:
        return request.content()
    return None if request.body is None else json.dumps(request.body).encode()


def _session(connection: Connection) -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.headers["User-Agent"] = "pulumi-ahv"
    session.verify = not connection.insecure
    if connection.ca_bundle:
        session.verify = connection.ca_bundle
    if connection.insecure:
        # The user asked for it in so many words; a warning for every connection would bury everything else.
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    if connection.proxy:
        session.proxies = {"https": connection.proxy}
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.mount("https://", requests.adapters.HTTPAdapter(pool_maxsize=_KEPT_CONNECTIONS))
    return session
