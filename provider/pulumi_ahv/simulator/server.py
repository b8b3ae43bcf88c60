"""Puts a site on a port of loopback with TLS: in this process for tests, or as the process of ``ahv sim``.

Owns sockets, threads and certificates; nothing of Prism is known here.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from pulumi_ahv.kernel.clock import Clock, SystemClock
from pulumi_ahv.simulator import families, scenario
from pulumi_ahv.simulator.certificates import Certificates, issue
from pulumi_ahv.simulator.clusters import aos_clusters
from pulumi_ahv.simulator.control import control
from pulumi_ahv.simulator.element import families as element
from pulumi_ahv.simulator.gateway import Gateway
from pulumi_ahv.simulator.remote import Control
from pulumi_ahv.simulator.routing import Routes
from pulumi_ahv.simulator.settings import Settings
from pulumi_ahv.simulator.site import Site

_HOST = "127.0.0.1"


@dataclass(frozen=True)
class Prism:
    """A running site, as a client needs to know it; ``elements`` are those of its clusters, by name, where they run."""

    url: str
    port: int
    ca_file: Path
    username: str
    password: str
    api_key: str
    control: Control
    elements: Mapping[str, Prism] = field(default_factory=dict)


class _Doors:
    """One gateway behind each port. They share a site, and so one thread."""

    def __init__(self) -> None:
        self._by_port: dict[int, Gateway] = {}

    def add(self, port: int, gateway: Gateway) -> None:
        self._by_port[port] = gateway

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._by_port[scope["server"][1]](scope, receive, send)


class _Protocol(HttpToolsProtocol):
    """uvicorn's protocol that lets the application cut the connection: ASGI has no word for it."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {"ahv.cut": {"abort": self.transport.abort}}


class _Server(uvicorn.Server):
    when_ready: Callable[[], None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.when_ready is not None:
            self.when_ready()

    async def main_loop(self) -> None:
        """Look for the end five times as often as uvicorn does: tests start and stop a site each."""
        counter = 0
        while not await self.on_tick(counter):
            counter += 1
            await asyncio.sleep(0.02)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Cut what is open at once: a client that keeps its connection alive would hold the end up."""
        for server in self.servers:
            server.close()
        for listener in sockets or []:
            listener.close()
        for connection in list(self.server_state.connections):
            if (transport := getattr(connection, "transport", None)) is not None:
                transport.abort()
        for task in self.server_state.tasks:
            task.cancel()
        await asyncio.sleep(0.001)


@contextmanager
def running(*, clock: Clock | None = None, port: int = 0, pace: float = 0.05, **settings: Any) -> Iterator[Prism]:
    """Run a site in a thread of this process while the block lasts.

    ``settings`` are fields of ``Settings``. Tasks run 20 times as fast as on ``ahv sim`` unless ``pace`` says
    otherwise. A ``ManualClock`` that the caller also sleeps on makes every duration exact and free.
    """
    ready = threading.Event()
    with _hosted(Settings(pace=pace, **settings), clock or SystemClock(), port) as host:
        host.server.when_ready = ready.set
        thread = threading.Thread(target=host.run, name="ahv-sim", daemon=True)
        thread.start()
        try:
            ready.wait(10)
            yield host.prism
        finally:
            host.server.should_exit = True
            thread.join(10)


def serve(settings: Settings, *, port: int, announce: Callable[[Prism], None]) -> None:
    """Run a site in this process until SIGINT or SIGTERM; ``announce`` is called once it listens."""
    with _hosted(settings, SystemClock(), port) as host:
        host.server.when_ready = lambda: announce(host.prism)
        host.run()


@dataclass(frozen=True)
class _Host:
    server: _Server
    listeners: list[socket.socket]
    prism: Prism

    def run(self) -> None:
        self.server.run(sockets=self.listeners)


@contextmanager
def _hosted(settings: Settings, clock: Clock, port: int) -> Iterator[_Host]:
    with ExitStack() as held:
        site = held.enter_context(closing(open_site(settings, clock)))
        certificates = issue(site.store.folder)
        doors, listeners = _Doors(), []

        def door(gateway: Gateway, at: int, elements: Mapping[str, Prism]) -> Prism:
            listener = held.enter_context(closing(_listen(at)))
            listeners.append(listener)
            doors.add(listener.getsockname()[1], gateway)
            return _described(settings, certificates.ca_file, listener.getsockname()[1], elements)

        elements = {
            site.find("clusters", cluster).body["name"]: door(_element(site, cluster), 0, {})
            for cluster in (aos_clusters(site) if settings.elements else ())
        }
        prism = door(_main(site), port, elements)
        yield _Host(_Server(_config(doors, certificates)), listeners, prism)


def _main(site: Site) -> Gateway:
    if site.settings.product == "element":
        return _element(site, aos_clusters(site)[0])
    return Gateway(site, families.routes(), control=control, sides=families.sides())


def _element(site: Site, cluster: str) -> Gateway:
    return Gateway(site, Routes(()), control=control, sides=[element.side(cluster)])


def _described(settings: Settings, ca_file: Path, port: int, elements: Mapping[str, Prism]) -> Prism:
    url = f"https://{_HOST}:{port}"
    remote = Control(url, ca_file)
    return Prism(url, port, ca_file, settings.username, settings.password, settings.api_key, remote, elements)


def _listen(port: int) -> socket.socket:
    """A listening socket. asyncio turns Nagle's delay off only where the protocol is named."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((_HOST, port))
    listener.listen(128)
    return listener


def open_site(settings: Settings, clock: Clock) -> Site:
    """A site with its inventory: the stored one, or the default where nothing is stored."""
    site = Site(settings, clock, families.operations(), families.happenings())
    if not len(site.store.table("clusters")):
        scenario.furnish(site)
        site.store.flush()
    return site


def _config(doors: _Doors, certificates: Certificates) -> uvicorn.Config:
    return uvicorn.Config(
        doors,
        http=_Protocol,
        loop="asyncio",
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,  # the gateway sends the site's own time
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
        ssl_certfile=str(certificates.chain_file),
        ssl_keyfile=str(certificates.key_file),
    )
