"""Every kind of fault at every call for images, templates and VMs, taken from the table of routes.

A new call joins by itself: its path is filled in from the names before its parameters. What it needs beyond that, a
body or an entity in a certain state, it says in ``BODIES`` and ``ENTITIES``.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, get_args

import pytest
import requests

from pulumi_ahv.simulator import families
from pulumi_ahv.simulator.injection import TASK_KINDS
from pulumi_ahv.simulator.kinds import FaultKind
from pulumi_ahv.simulator.routing import Route
from pulumi_ahv.simulator.server import running

BASE = "/api/vmm/v4.3/"
VMS, IMAGES, TEMPLATES = (BASE + path for path in ("ahv/config/vms", "content/images", "content/templates"))
ROUTES = [
    route for route in families.routes().all if route.namespace == "vmm" and route.path.startswith(("content/", "ahv/"))
]
CHANGES = [route for route in ROUTES if route.method != "GET"]
READS = [route for route in ROUTES if route.method == "GET"]
KINDS = ("images", "templates", "template-versions", "vms", "disks", "vm-recovery-points", "guest-tools")
GUEST = {"credential": {"username": "root", "password": "secret"}}
NEEDS_A_RUNNING_VM = (
    *("power_off_vm", "power_cycle_vm", "reset_vm", "shutdown_vm", "reboot_vm", "shutdown_guest_vm"),
    *("reboot_guest_vm", "install_vm_guest_tools", "uninstall_vm_guest_tools", "upgrade_vm_guest_tools"),
)
# Which entity a call is about, where it is not the usual one of its collection.
ENTITIES: dict[str, dict[str, str]] = {
    **{operation: {"vms": "running"} for operation in NEEDS_A_RUNNING_VM},
    "complete_guest_update": {"templates": "updating"},
    "cancel_guest_update": {"templates": "updating"},
    "insert_cd_rom_by_id": {"cd-roms": "empty-drive"},
}
# The tools of the guest are current, and nothing older can be installed.
FAILS_ANYHOW = {"upgrade_vm_guest_tools"}


def image(ext_id: str) -> dict[str, Any]:
    reference = {"$objectType": "vmm.v4.ahv.config.ImageReference", "imageExtId": ext_id}
    return {"$objectType": "vmm.v4.ahv.config.VmDisk", "dataSource": {"reference": reference}}


def nic(subnet: str) -> dict[str, Any]:
    network = {"$objectType": "vmm.v4.ahv.config.VirtualEthernetNicNetworkInfo", "subnet": {"extId": subnet}}
    return {
        "nicBackingInfo": {"$objectType": "vmm.v4.ahv.config.VirtualEthernetNic"},
        "nicNetworkInfo": network,
    }


def new_image(disk: str) -> dict[str, Any]:
    return {"name": "i", "type": "DISK_IMAGE", "source": {"$objectType": "vmm.v4.content.VmDiskSource", "extId": disk}}


def new_template(vm: str) -> dict[str, Any]:
    source = {"$objectType": "vmm.v4.content.TemplateVmReference", "extId": vm}
    version = {"versionName": "v", "versionDescription": "d", "versionSource": source}
    return {"templateName": "t", "templateVersionSpec": version}


def disk_of(size: int) -> dict[str, Any]:
    return {"backingInfo": {"$objectType": "vmm.v4.ahv.config.VmDisk", "diskSizeBytes": size}}


Ids = dict[str, str]
BODIES: dict[str, Callable[[Ids], dict[str, Any]]] = {
    "create_image": lambda ids: new_image(ids["demo-disk"]),
    "update_image_by_id": lambda _: {"name": "j", "type": "DISK_IMAGE"},
    "create_template": lambda ids: new_template(ids["vms"]),
    "update_template_by_id": lambda ids: new_template(ids["vms"]),
    "publish_template": lambda ids: {"versionId": ids["versions"]},
    "deploy_template": lambda ids: {"numberOfVms": 1, "clusterReference": ids["clusters"]},
    "complete_guest_update": lambda _: {"versionName": "w", "versionDescription": "d"},
    "create_vm": lambda ids: {"name": "n", "cluster": {"extId": ids["clusters"]}},
    "update_vm_by_id": lambda _: {"name": "n"},
    "associate_categories": lambda ids: {"categories": [{"extId": ids["other-category"]}]},
    "disassociate_categories": lambda ids: {"categories": [{"extId": ids["categories"]}]},
    "customize_guest_vm": lambda _: {"config": {"$objectType": "vmm.v4.ahv.config.CloudInit", "metadata": "e30="}},
    "clone_vm": lambda _: {"name": "c"},
    "revert_vm": lambda ids: {"vmRecoveryPointExtId": ids["vm-recovery-points"]},
    "create_vm_recovery_point": lambda ids: {"name": "p", "vmExtId": ids["vms"]},
    "install_vm_guest_tools": lambda _: GUEST,
    "create_disk": lambda _: disk_of(1 << 30),
    "update_disk_by_id": lambda _: disk_of(1 << 30),
    "create_nic": lambda ids: nic(ids["subnets"]),
    "update_nic_by_id": lambda ids: nic(ids["other-subnet"]),
    "create_serial_port": lambda _: {"index": 2},
    "update_serial_port_by_id": lambda _: {"index": 0, "isConnected": False},
    "insert_cd_rom_by_id": lambda ids: {"backingInfo": image(ids["iso"])},
    "assign_ip_by_id": lambda _: {"ipAddress": {"value": "10.42.9.9"}},
}


@dataclass
class World:
    """A site with one of everything, and the ways to look at it. It is put back only when something has changed."""

    site: Any
    ids: Ids = field(default_factory=dict)
    before: dict[str, Any] = field(default_factory=dict)

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """A control over the connection that is open."""
        answer = self.site.call(method, f"/_sim/{path}", json=body or {})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def picture(self) -> dict[str, Any]:
        return {kind: self.control("GET", f"entities/{kind}") for kind in KINDS}

    def keep(self) -> None:
        self.control("PUT", "snapshots/world")
        self.before = self.picture()

    def put_back(self) -> None:
        self.control("POST", "snapshots/world")

    def tasks(self) -> int:
        return int(self.control("GET", "entities")["tasks"])

    def path(self, path: str, operation: str) -> str:
        """A path with the ids of entities in it, each found by the collection that it is in."""
        parts = path.split("/")
        others = ENTITIES.get(operation, {})
        for place, part in enumerate(parts):
            if part.startswith("{"):
                collection = parts[place - 1]
                parts[place] = self.ids[others.get(collection, collection)]
        return BASE + "/".join(parts)

    def etag(self, route: Route) -> str:
        if route.guards is None:
            return ""
        before, param, _ = route.path.partition(f"{{{route.guards[1]}}}")
        return str(self.site.etag(self.path(before + param, route.operation)))

    def last(self) -> dict[str, Any]:
        entry: dict[str, Any] = self.control("GET", "journal")[-1]
        return entry

    def end_of(self, answer: requests.Response) -> dict[str, Any]:
        """A task when it has ended; the first look never shows that."""
        assert answer.status_code == 202, answer.text
        task_id = answer.json()["data"]["extId"]
        self.site.task(task_id)
        return dict(self.site.task(task_id))


@dataclass
class Request:
    """One call as often as it is wanted, always with the same request id."""

    world: World
    route: Route

    def __post_init__(self) -> None:
        self.world.control("DELETE", "journal")
        self.headers = {"NTNX-Request-Id": str(uuid.uuid4())}
        if etag := self.world.etag(self.route):
            self.headers["If-Match"] = etag

    def send(self, *, patience: float = 20) -> requests.Response:
        route, world = self.route, self.world
        made = BODIES.get(route.operation)
        body = (made(world.ids) if made else {}) if route.body else None
        answer: requests.Response = world.site.session.request(
            route.method,
            world.site.prism.url + world.path(route.path, route.operation),
            json=body,
            headers=self.headers,
            timeout=(20, patience),
        )
        return answer

    def succeeds(self) -> None:
        """Send it and see that it does what it does without faults."""
        answer = self.send()
        if self.route.method == "GET":
            assert answer.status_code == 200, answer.text
            return
        task = self.world.end_of(answer)
        wanted = "FAILED" if self.route.operation in FAILS_ANYHOW else "SUCCEEDED"
        assert task["status"] == wanted, task


@pytest.fixture(scope="module")
def world(caller: Any) -> Iterator[World]:
    with running(pace=0.0) as prism:
        prism.control.freeze()
        site = caller(prism)
        made = World(site)
        furnish(made)
        made.keep()
        yield made
        site.session.close()


def furnish(world: World) -> None:
    site, ids = world.site, world.ids
    ids["demo-disk"] = site.prism.control.entities("disks")[0]["extId"]
    named = {each["name"]: each["extId"] for each in site.data("/api/clustermgmt/v4.3/config/clusters")}
    ids["clusters"] = named["berlin"]
    subnets = {each["name"]: each["extId"] for each in site.data("/api/networking/v4.4/config/subnets")}
    ids["subnets"], ids["other-subnet"] = subnets["berlin-managed"], subnets["berlin-dhcp"]
    categories = site.data("/api/prism/v4.4/config/categories")
    ids["categories"], ids["other-category"] = (each["extId"] for each in categories[:2])
    ids["images"] = site.done(site.post(IMAGES, new_image(ids["demo-disk"])), "vmm:content:image")
    iso = {**new_image(ids["demo-disk"]), "type": "ISO_IMAGE"}
    ids["iso"] = site.done(site.post(IMAGES, iso), "vmm:content:image")
    ids["vms"], ids["running"] = (_vm(world, name) for name in ("still", "on"))
    vm = site.data(f"{VMS}/{ids['vms']}")
    ids["disks"], ids["nics"] = vm["disks"][0]["extId"], vm["nics"][0]["extId"]
    ids["serial-ports"] = vm["serialPorts"][0]["extId"]
    ids["cd-roms"], ids["empty-drive"] = (each["extId"] for each in vm["cdRoms"])
    on = f"{VMS}/{ids['running']}"
    site.done(site.post(f"{on}/$actions/power-on", etag=site.etag(on)))
    site.done(site.post(f"{on}/guest-tools/$actions/install", GUEST, etag=site.etag(on)))
    for name in ("templates", "updating"):
        ids[name] = site.done(site.post(TEMPLATES, new_template(ids["vms"])), "vmm:content:template")
    path = f"{TEMPLATES}/{ids['templates']}"
    ids["versions"] = site.data(path)["templateVersionSpec"]["extId"]
    site.done(site.put(path, new_template(ids["vms"]), etag=site.etag(path)))
    site.done(site.post(f"{TEMPLATES}/{ids['updating']}/$actions/initiate-guest-update", {}))
    point = {"name": "p", "vmExtId": ids["vms"]}
    made = site.post(f"{BASE}ahv/config/vm-recovery-points", point)
    ids["vm-recovery-points"] = site.done(made, "dataprotection:config:vm-recovery-point")


def _vm(world: World, name: str) -> str:
    ids = world.ids
    body = {
        "name": name,
        "cluster": {"extId": ids["clusters"]},
        "disks": [{"backingInfo": image(ids["images"])}],
        "cdRoms": [{"backingInfo": image(ids["iso"])}, {}],
        "nics": [nic(ids["subnets"])],
        "serialPorts": [{"index": 0, "isConnected": True}],
        "categories": [{"extId": ids["categories"]}],
    }
    return str(world.site.done(world.site.post(VMS, body), "vmm:ahv:config:vm"))


@pytest.fixture
def strike(world: World) -> Iterator[Callable[..., Request]]:
    """Sets one fault at one call, and sees afterwards that it has hit once."""

    def aimed(route: Route, kind: FaultKind, **rule: Any) -> Request:
        request = Request(world, route)
        world.control("POST", "faults", {"kind": kind, "operation": route.operation, "count": 1, **rule})
        return request

    yield aimed
    rules = world.control("GET", "faults")
    world.control("DELETE", "faults")
    assert [rule["hits"] for rule in rules] == [1]


@pytest.fixture
def put_back(world: World) -> Iterator[None]:
    """For tests that let a call do its work."""
    yield
    world.put_back()


def every(routes: list[Route]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("route", routes, ids=[route.operation for route in routes])


def test_the_kinds_of_fault_are_those_that_are_tried_here() -> None:
    tried = {"error", "rate-limit", "drop-before", "drop-after-commit", "stall", "delay"}
    assert set(get_args(FaultKind)) == tried | TASK_KINDS
    assert {route.operation for route in ROUTES} >= {*BODIES, *ENTITIES, *FAILS_ANYHOW}


@every(ROUTES)
@pytest.mark.parametrize("kind", ["error", "rate-limit"])
def test_a_refusal_says_what_it_was_told_and_does_nothing(
    world: World, strike: Callable[..., Request], route: Route, kind: FaultKind
) -> None:
    told = {"status": 503, "code": "VMM-1", "message": "on purpose"} if kind == "error" else {"retry_after": 7}
    tasks = world.tasks()
    answer = strike(route, kind, **told).send()
    error = answer.json()["data"]["error"][0]
    if kind == "error":
        assert (answer.status_code, error["code"], error["message"]) == (503, "VMM-1", "on purpose")
    else:
        assert (answer.status_code, error["errorGroup"]) == (429, "RATE_LIMIT_EXCEEDED")
        assert (answer.headers["Retry-After"], answer.headers["X-Api-Ratelimit-Remaining"]) == ("7", "0")
        assert answer.headers["X-Ratelimit-Limit"] == "30"
    assert (world.last()["fault"], world.last()["status"]) == (kind, answer.status_code)
    assert (world.tasks(), world.picture()) == (tasks, world.before)


@every(ROUTES)
@pytest.mark.parametrize("kind", ["drop-before", "stall"])
def test_a_call_without_an_answer_did_nothing(
    world: World, strike: Callable[..., Request], route: Route, kind: FaultKind
) -> None:
    tasks = world.tasks()
    request = strike(route, kind)
    with pytest.raises(requests.ReadTimeout if kind == "stall" else requests.ConnectionError):
        request.send(patience=0.05 if kind == "stall" else 20)
    assert world.last()["fault"] == kind
    assert "status" not in world.last()
    assert (world.tasks(), world.picture()) == (tasks, world.before)


@pytest.mark.usefixtures("put_back")
@every(ROUTES)
def test_an_answer_that_is_lost_belongs_to_a_call_that_was_done_once(
    world: World, strike: Callable[..., Request], route: Route
) -> None:
    tasks = world.tasks()
    request = strike(route, "drop-after-commit")
    with pytest.raises(requests.ConnectionError):
        request.send()
    lost = world.last()
    assert lost["fault"] == "drop-after-commit"
    made = world.tasks()
    request.succeeds()
    if route.method == "GET":
        assert lost["status"] == 200
        return
    assert (lost["status"], made > tasks) == (202, True)
    again = next(entry for entry in world.control("GET", "journal") if entry["number"] > lost["number"])
    answers = [entry for entry in world.control("GET", "journal") if entry.get("operation") == route.operation]
    assert again["task"] == lost["task"]
    assert len(answers) == 2


@pytest.mark.usefixtures("put_back")
@every(ROUTES)
def test_a_delayed_call_comes_late_and_whole(world: World, strike: Callable[..., Request], route: Route) -> None:
    request = strike(route, "delay", delay=0.02)
    began = time.monotonic()
    request.succeeds()
    assert time.monotonic() - began >= 0.02


@every(CHANGES)
@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [("task-failure", "FAILED", "VMM-1"), ("late-etag", "FAILED", "VMM-30303"), ("task-canceled", "CANCELED", "")],
)
def test_a_task_ends_badly_and_makes_nothing(
    world: World, strike: Callable[..., Request], route: Route, kind: FaultKind, status: str, code: str
) -> None:
    request = strike(route, kind, code="VMM-1", message="on purpose")
    answer = request.send()
    task = world.end_of(answer)
    assert task["status"] == status
    assert [each["code"] for each in task.get("errorMessages", [])] == ([code] if code else [])
    assert world.picture() == world.before
    assert request.send().json() == answer.json(), "the same request id is the same task, a bad one too"


@every(CHANGES)
def test_a_stuck_task_never_ends_and_makes_nothing(world: World, strike: Callable[..., Request], route: Route) -> None:
    answer = strike(route, "task-stuck").send()
    world.end_of(answer)
    world.control("POST", "clock", {"advance": 1_000_000})
    assert world.end_of(answer)["status"] in {"QUEUED", "RUNNING"}
    assert world.picture() == world.before


@every(READS)
@pytest.mark.parametrize("kind", sorted(TASK_KINDS))
def test_a_fault_of_tasks_leaves_a_call_alone_that_starts_none(
    world: World, strike: Callable[..., Request], route: Route, kind: FaultKind
) -> None:
    strike(route, kind).succeeds()
