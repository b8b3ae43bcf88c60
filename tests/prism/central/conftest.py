"""An embedded Prism Central on a manual clock, and clients that are closed before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from uuid import uuid4

import pytest

from pulumi_ahv.kernel.clock import Deadline, ManualClock
from pulumi_ahv.kernel.progress import silent
from pulumi_ahv.kernel.secrets import Secret
from pulumi_ahv.prism.central.site import CentralSite
from pulumi_ahv.prism.connection import Connection, Timeouts, connect
from pulumi_ahv.prism.values import Image, ImageSpec, ImageType, UrlSource
from pulumi_ahv.prism.vm_interface import Doings
from pulumi_ahv.prism.vms import DiskSpec, Vm, VmSpec
from pulumi_ahv.simulator.server import Prism, running

START = 1_800_000_000.0


@pytest.fixture
def clock() -> ManualClock:
    """The clock of the site and of its clients: who sleeps on it moves both."""
    return ManualClock(START)


@pytest.fixture
def sim(clock: ManualClock) -> Iterator[Prism]:
    """A Prism Central of this process."""
    with running(clock=clock) as prism:
        yield prism


@pytest.fixture
def connect_to(clock: ManualClock) -> Iterator[Callable[..., CentralSite]]:
    """Connects a client to a running site; each is as good as another process."""
    sites: list[Any] = []

    def make(prism: Prism, **changes: Any) -> CentralSite:
        usual: dict[str, Any] = {
            "name": "default",
            "host": "127.0.0.1",
            "port": prism.port,
            "username": prism.username,
            "password": Secret(prism.password),
            "ca_bundle": str(prism.ca_file),
            "timeouts": Timeouts(connect=5, request=10, retry=120),
        }
        sites.append(connect(Connection(**(usual | changes)), clock=clock, ids=uuid4))
        return sites[-1]  # type: ignore[no-any-return]  # connect answers the protocol, the simulator is a Central

    yield make
    for site in sites:
        site.close()


@pytest.fixture
def join(sim: Prism, connect_to: Callable[..., CentralSite]) -> Callable[..., CentralSite]:
    """Connects one more client to the Prism Central of this test."""
    return partial(connect_to, sim)


@pytest.fixture
def site(join: Callable[..., CentralSite]) -> CentralSite:
    """One client."""
    return join()


@pytest.fixture
def soon(clock: ManualClock) -> Callable[[], Deadline]:
    """A deadline that is far enough."""
    return lambda: Deadline(clock, 900)


class _Files(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"
    content = bytes(1024 * 1024)

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.content)))
        self.end_headers()
        self.wfile.write(self.content)

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def web() -> Iterator[str]:
    """A URL under which a raw disk of 1 MiB lies."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Files)
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/disk.raw"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def spec(web: str) -> Callable[..., ImageSpec]:
    """What a small image from a URL is to be."""
    return lambda name="golden", **changes: ImageSpec(
        **({"name": name, "description": f"mark [{name}]", "type": ImageType.DISK, "source": UrlSource(web)} | changes)
    )


@pytest.fixture
def create(soon: Callable[[], Deadline], spec: Callable[..., ImageSpec]) -> Callable[..., Image]:
    """Create an image through a client."""

    def make(site: CentralSite, name: str = "golden", **changes: Any) -> Image:
        key = changes.pop("key", f"stack/{name}")
        deadline = changes.pop("deadline", None) or soon()
        progress = changes.pop("progress", silent)
        return site.images.create(spec(name, **changes), key=key, deadline=deadline, progress=progress)

    return make


@pytest.fixture
def doings(soon: Callable[[], Deadline]) -> Doings:
    """Surroundings of a long call: time enough, and nobody who looks."""
    return Doings(soon(), silent)


@pytest.fixture
def vm_body() -> Callable[..., VmSpec]:
    """What a small machine of a site is to be: one disk, and no card."""

    def make(site: CentralSite, name: str = "master", **changes: Any) -> VmSpec:
        usual: dict[str, Any] = {
            "name": name,
            "description": f"mark [{name}]",
            "cluster_uuid": next(cluster.uuid for cluster in site.inventory.clusters() if cluster.name == "berlin"),
            "sockets": 1,
            "cores_per_socket": 1,
            "memory_bytes": 1 << 30,
            "disks": (DiskSpec(size_bytes=1 << 30),),
        }
        return VmSpec(**(usual | changes))

    return make


@pytest.fixture
def vm_spec(site: CentralSite, vm_body: Callable[..., VmSpec]) -> Callable[..., VmSpec]:
    """The same, on the site of the test."""
    return partial(vm_body, site)


@pytest.fixture
def vm(site: CentralSite, vm_spec: Callable[..., VmSpec], doings: Doings) -> Callable[..., Vm]:
    """Makes a machine."""
    return lambda name="master", **changes: site.vms.create(
        vm_spec(name, **changes), key=f"stack/{name}", doings=doings
    )
