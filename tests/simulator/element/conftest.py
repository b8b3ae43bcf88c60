"""An Element beside its Central on a clock that stands still, and a caller that knows plain HTTP only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from pulumi_ahv.kernel.clock import ManualClock
from pulumi_ahv.simulator.server import Prism, running

V2 = "/PrismGateway/services/rest/v2.0"


class ElementCaller:
    """Calls an Element as a client would."""

    def __init__(self, prism: Prism, clock: ManualClock) -> None:
        self.prism = prism
        self.clock = clock
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = str(prism.ca_file)
        self.session.auth = (prism.username, prism.password)

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> requests.Response:
        """One call; a path without a leading API is one of v2.0."""
        url = self.prism.url + (path if path.startswith(("/api", "/Prism")) else V2 + path)
        return self.session.request(method, url, json=body, timeout=10, **more)

    def get(self, path: str, **query: Any) -> Any:
        """The body of a GET that has to succeed."""
        response = self.call("GET", path, params=query)
        assert response.status_code == 200, response.text
        return response.json()

    def task(self, uuid: str) -> dict[str, Any]:
        """A task when it is over."""
        for _ in range(60):
            task = dict(self.get(f"/tasks/{uuid}"))
            if task["progress_status"] in {"Succeeded", "Failed", "Aborted"}:
                return task
            self.clock.advance(1)
        raise AssertionError(task)

    def done(self, method: str, path: str, body: Any = None, **more: Any) -> dict[str, Any]:
        """The task of a call that starts one, when it is over."""
        response = self.call(method, path, body, **more)
        assert response.status_code in {200, 201}, response.text
        return self.task(response.json()["task_uuid"])

    def made(self, path: str, body: Any) -> str:
        """The id of what a POST made: the last entity of its task."""
        task = self.done("POST", path, body)
        assert task["progress_status"] == "Succeeded", task
        return str(task["entity_list"][-1]["entity_id"])


@pytest.fixture
def clock() -> ManualClock:
    """The time of the site."""
    return ManualClock(1_800_000_000.0)


@pytest.fixture
def central(clock: ManualClock) -> Iterator[Prism]:
    """A Central with an Element for each cluster."""
    with running(clock=clock, elements=True, pace=1.0) as prism:
        yield prism


@pytest.fixture
def berlin(central: Prism, clock: ManualClock) -> Iterator[ElementCaller]:
    """The Element of cluster berlin."""
    caller = ElementCaller(central.elements["berlin"], clock)
    yield caller
    caller.session.close()


@pytest.fixture
def hamburg(central: Prism, clock: ManualClock) -> Iterator[ElementCaller]:
    """The Element of cluster hamburg."""
    caller = ElementCaller(central.elements["hamburg"], clock)
    yield caller
    caller.session.close()


@pytest.fixture
def container(berlin: ElementCaller) -> str:
    """UUID of a storage container."""
    return str(berlin.get("/storage_containers")["entities"][0]["storage_container_uuid"])


@pytest.fixture
def image(berlin: ElementCaller, container: str) -> str:
    """An active image of 1 MiB that was uploaded."""
    uuid = berlin.made("/images", {"name": "golden", "annotation": "hello"})
    headers = {"X-Nutanix-Destination-Container": container, "Content-Type": "application/octet-stream"}
    path = f"/api/nutanix/v0.8/images/{uuid}/upload"
    task = berlin.done("PUT", path, data=b"disk".ljust(1 << 20, b"\0"), headers=headers)
    assert task["progress_status"] == "Succeeded", task
    berlin.clock.advance(10)
    return uuid
