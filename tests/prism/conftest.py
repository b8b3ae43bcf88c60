"""A server that answers over real TLS what a test tells it to, and clients that are closed before it."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import UUID, uuid4

import pytest
import trustme

from pulumi_ahv.kernel.clock import ManualClock
from pulumi_ahv.kernel.secrets import Secret
from pulumi_ahv.prism.connection import Connection, Timeouts
from pulumi_ahv.prism.rate import Limits
from pulumi_ahv.prism.transport import Transport


@dataclass(frozen=True)
class Reply:
    """One scripted answer. ``drop`` closes the connection instead; ``wait`` is real seconds before it."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    drop: bool = False
    wait: float = 0.0

    def content(self) -> tuple[bytes, str]:
        if isinstance(self.body, str):
            return self.body.encode(), "text/html"
        return (b"" if self.body is None else json.dumps(self.body).encode()), "application/json"


@dataclass(frozen=True)
class Seen:
    """One request that came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any
    client: tuple[str, int]

    @property
    def request_id(self) -> str:
        return self.headers["ntnx-request-id"]


class Script:
    """What the server answers: a list of replies for each method and path, the last one for ever."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self._replies: dict[tuple[str, str], list[Reply]] = {}
        self._lock = threading.Lock()

    def on(self, method: str, path: str, *replies: Reply) -> None:
        self._replies[method, path] = list(replies)

    def answer(self, seen: Seen) -> Reply:
        with self._lock:
            self.seen.append(seen)
            replies = self._replies.get((seen.method, seen.path))
            if not replies:
                return Reply(404, "<html><title>404 Not Found</title></html>")
            return replies.pop(0) if len(replies) > 1 else replies[0]

    def calls(self, method: str, path: str) -> list[Seen]:
        return [seen for seen in self.seen if (seen.method, seen.path) == (method, path)]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 10
    server: ScriptedServer

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        raw = self.rfile.read(length)
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        came = {name.lower(): value for name, value in self.headers.items()}
        body = json.loads(raw) if raw else None
        reply = self.server.script.answer(Seen(self.command, unquote(url.path), query, came, body, self.client_address))
        time.sleep(reply.wait)
        if reply.drop:
            self.close_connection = True
            self.connection.close()
            return
        content, kind = reply.content()
        self.send_response_only(reply.status)
        own = {"Content-Type": kind, "Content-Length": str(len(content)), "Date": self.date_time_string()}
        headers = own | reply.headers
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self._serve
        raise AttributeError(name)

    def log_message(self, *args: Any) -> None:
        pass


class ScriptedServer(ThreadingHTTPServer):
    """The server; with a certificate it speaks TLS."""

    block_on_close = False

    def __init__(self, script: Script, context: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script = script
        if context:
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass

    def stop(self) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """The authority that signed the servers' certificates."""
    return trustme.CA()


@pytest.fixture(scope="session")
def ca_bundle(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its certificate as a file."""
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


Serve = Callable[..., tuple[Script, int]]


@pytest.fixture
def serve(authority: trustme.CA) -> Iterator[Serve]:
    """Start a scripted server; ``names`` are those of its certificate, none makes it speak plain HTTP."""
    servers: list[ScriptedServer] = []

    def start(*names: str, **certificate: Any) -> tuple[Script, int]:
        context = None
        if names:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            authority.issue_cert(*names, **certificate).configure_cert(context)
        server = ScriptedServer(Script(), context)
        servers.append(server)
        return server.script, int(server.server_port)

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def free_port() -> int:
    """A port at which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def clock() -> ManualClock:
    """A clock that moves when somebody sleeps on it."""
    return ManualClock(1_000.0)


@pytest.fixture
def ids() -> Callable[[], UUID]:
    """Random-looking ids that are the same in every run."""
    numbers = count(1)
    return lambda: UUID(int=next(numbers) * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128)


@pytest.fixture
def connection(ca_bundle: Path) -> Callable[..., Connection]:
    """Settings for a server on this machine."""

    def settings(port: int, **changes: Any) -> Connection:
        usual = {
            "name": "default",
            "host": "127.0.0.1",
            "port": port,
            "username": "admin",
            "password": Secret("hunter22"),
            "ca_bundle": str(ca_bundle),
            "timeouts": Timeouts(connect=5, request=5, retry=60),
        }
        return Connection(**(usual | changes))

    return settings


@pytest.fixture
def script_and_transport(
    serve: Serve, connection: Callable[..., Connection], clock: ManualClock, ids: Callable[[], UUID]
) -> Iterator[tuple[Script, Callable[..., Transport]]]:
    """A scripted server and a maker of transports to it."""
    script, port = serve("127.0.0.1")
    made: list[Transport] = []

    def make(**changes: Any) -> Transport:
        limits = Limits(1000.0, {"slow": 2.0}, clock=clock)
        made.append(Transport(connection(port, **changes), limits, clock=clock, ids=ids))
        return made[-1]

    yield script, make
    for transport in made:
        transport.close()


@pytest.fixture
def script(script_and_transport: tuple[Script, Callable[..., Transport]]) -> Script:
    """What the scripted server answers, and what came."""
    return script_and_transport[0]


@pytest.fixture
def make_transport(script_and_transport: tuple[Script, Callable[..., Transport]]) -> Callable[..., Transport]:
    """Makes transports to the scripted server with changed settings."""
    return script_and_transport[1]


@pytest.fixture
def transport(make_transport: Callable[..., Transport]) -> Transport:
    """A transport to the scripted server."""
    return make_transport()


@pytest.fixture
def reply() -> type[Reply]:
    """Makes scripted answers."""
    return Reply


@pytest.fixture
def fresh_ids() -> Callable[[], UUID]:
    """Ids as the product takes them."""
    return uuid4
