"""A site on a clock that stands still, and a caller that knows plain HTTP only."""

from __future__ import annotations

import functools
import http.server
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests

from pulumi_ahv.simulator.server import Prism, running

IMAGES = "/api/vmm/v4.3/content/images"
TASKS = "/api/prism/v4.4/config/tasks"


@dataclass
class Caller:
    """Calls one site as a client would. The minors are those of the newest release."""

    prism: Prism
    session: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        self.session.trust_env = False
        self.session.verify = str(self.prism.ca_file)
        self.session.auth = (self.prism.username, self.prism.password)

    def call(self, method: str, path: str, **more: Any) -> requests.Response:
        return self.session.request(method, self.prism.url + path, timeout=10, **more)

    def get(self, path: str, **query: Any) -> requests.Response:
        params = {f"${name}": value for name, value in query.items()}
        return self.call("GET", path, params=params)

    def post(self, path: str, body: Any = None, *, etag: str = "", request_id: str = "") -> requests.Response:
        return self._send("POST", path, body, etag, request_id)

    def put(self, path: str, body: Any, *, etag: str = "", request_id: str = "") -> requests.Response:
        return self._send("PUT", path, body, etag, request_id)

    def delete(self, path: str, *, etag: str = "") -> requests.Response:
        return self._send("DELETE", path, None, etag, "")

    def _send(self, method: str, path: str, body: Any, etag: str, request_id: str) -> requests.Response:
        headers = {"NTNX-Request-Id": request_id or str(uuid.uuid4())}
        if etag:
            headers["If-Match"] = etag
        return self.call(method, path, json=body, headers=headers)

    def data(self, path: str, **query: Any) -> Any:
        """The data of a GET that has to succeed."""
        response = self.get(path, **query)
        assert response.status_code == 200, response.text
        return response.json().get("data", [])

    def etag(self, path: str) -> str:
        return self.get(path).headers["ETag"]

    def task(self, task_id: str) -> dict[str, Any]:
        return dict(self.data(f"{TASKS}/{quote(task_id, safe='')}"))

    def ended(self, response: requests.Response, *, within: float = 600) -> dict[str, Any]:
        """The task of a 202 when it has ended; the site's clock is moved on for it."""
        assert response.status_code == 202, response.text
        task_id = response.json()["data"]["extId"]
        for _ in range(60):
            task = self.task(task_id)
            if task["status"] in {"SUCCEEDED", "FAILED", "CANCELED"}:
                return task
            self.prism.control.advance(within / 60)
        raise AssertionError(f"task {task_id} did not end: {task}")

    def done(self, response: requests.Response, rel: str = "") -> str:
        """The id of what a task made, by its rel."""
        task = self.ended(response)
        assert task["status"] == "SUCCEEDED", task
        return next((each["extId"] for each in task.get("entitiesAffected", []) if each["rel"] == rel), "")


@pytest.fixture(scope="session")
def caller() -> type[Caller]:
    """For modules that keep one site for all their tests."""
    return Caller


@pytest.fixture
def start() -> Iterator[Callable[..., Caller]]:
    """Starts sites with settings of their own; their clocks stand still."""
    with ExitStack() as stack:

        def started(**settings: Any) -> Caller:
            prism = stack.enter_context(running(**{"pace": 1.0, **settings}))
            prism.control.freeze()
            caller = Caller(prism)
            stack.callback(caller.session.close)
            return caller

        yield started


@pytest.fixture
def site(start: Callable[..., Caller]) -> Caller:
    return start()


@pytest.fixture
def clusters(site: Caller) -> dict[str, str]:
    """Cluster ids by name."""
    found = site.data("/api/clustermgmt/v4.3/config/clusters")
    return {cluster["name"]: cluster["extId"] for cluster in found}


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Callable[[str, bytes], str]]:
    """Puts content on a web server of this machine and answers its URL."""
    folder = tmp_path / "web"
    folder.mkdir()
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()

        def publish(name: str, content: bytes) -> str:
            (folder / name).write_bytes(content)
            return f"http://127.0.0.1:{server.server_port}/{name}"

        yield publish
        server.shutdown()
        thread.join()


def image_body(url: str, **more: Any) -> dict[str, Any]:
    source = {"$objectType": "vmm.v4.content.UrlSource", "url": url}
    return {"name": "golden", "type": "DISK_IMAGE", "source": source, **more}


@pytest.fixture
def make_image(site: Caller, web: Callable[[str, bytes], str]) -> Callable[..., str]:
    """Makes an image from bytes and answers its id."""

    def make(content: bytes = b"golden image".ljust(4096, b"\0"), **more: Any) -> str:
        url = web(f"{uuid.uuid4()}.img", content)
        return site.done(site.post(IMAGES, image_body(url, **more)), "vmm:content:image")

    return make


VMS = "/api/vmm/v4.3/ahv/config/vms"


@pytest.fixture
def subnets(site: Caller) -> dict[str, str]:
    """Subnet ids by name."""
    return {subnet["name"]: subnet["extId"] for subnet in site.data("/api/networking/v4.4/config/subnets")}


@pytest.fixture
def image_backing() -> Callable[[str], dict[str, Any]]:
    """A disk or drive backed by an image."""

    def backing(image: str) -> dict[str, Any]:
        reference = {"$objectType": "vmm.v4.ahv.config.ImageReference", "imageExtId": image}
        return {"$objectType": "vmm.v4.ahv.config.VmDisk", "dataSource": {"reference": reference}}

    return backing


@pytest.fixture
def nic_on(subnets: dict[str, str]) -> Callable[..., dict[str, Any]]:
    """A NIC on a subnet, with a fixed address if one is given."""

    def nic(subnet: str, address: str = "") -> dict[str, Any]:
        network: dict[str, Any] = {
            "$objectType": "vmm.v4.ahv.config.VirtualEthernetNicNetworkInfo",
            "subnet": {"extId": subnets[subnet]},
        }
        if address:
            network["ipv4Config"] = {"ipAddress": {"value": address}}
        return {"nicBackingInfo": {"$objectType": "vmm.v4.ahv.config.VirtualEthernetNic"}, "nicNetworkInfo": network}

    return nic


@pytest.fixture
def make_vm(
    site: Caller,
    clusters: dict[str, str],
    make_image: Callable[..., str],
    image_backing: Callable[[str], dict[str, Any]],
    nic_on: Callable[..., dict[str, Any]],
) -> Callable[..., str]:
    """Makes a VM with one disk of an image on ``berlin`` and answers its id."""

    def make(subnet: str = "", **more: Any) -> str:
        disk = {"backingInfo": image_backing(make_image())}
        body = {"name": "vm", "cluster": {"extId": clusters["berlin"]}, "disks": [disk], **more}
        if subnet:
            body["nics"] = [nic_on(subnet)]
        return site.done(site.post(VMS, body), "vmm:ahv:config:vm")

    return make


@pytest.fixture
def power(site: Caller) -> Callable[[str, str], dict[str, Any]]:
    """Does a power action and answers its task when it has ended, one second at a time."""

    def act(path: str, action: str) -> dict[str, Any]:
        body = {} if action.startswith("guest-") else None
        response = site.post(f"{path}/$actions/{action}", body, etag=site.etag(path))
        return site.ended(response, within=60)

    return act


@pytest.fixture
def container(site: Caller, clusters: dict[str, str]) -> str:
    """A storage container of ``berlin``."""
    path, berlin = "/api/clustermgmt/v4.3/config/storage-containers", clusters["berlin"]
    found = site.data(path, filter=f"clusterExtId eq '{berlin}' and name eq 'default-container'")
    return str(found[0]["containerExtId"])


@pytest.fixture
def make_group(site: Caller, clusters: dict[str, str]) -> Callable[..., str]:
    """Makes a volume group on ``berlin`` and answers its path."""
    path = "/api/volumes/v4.3/config/volume-groups"

    def make(**more: Any) -> str:
        body = {"name": "data", "clusterReference": clusters["berlin"], **more}
        return f"{path}/{site.done(site.post(path, body), 'volumes:config:volume-group')}"

    return make
