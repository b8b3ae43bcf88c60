"""A few of a hundred members fail, each for a reason of its own: the rest stands, and the next run repairs only those."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from golden import Forge
from pools import LOOKS, SECRET, USER_DATA

from pulumi_ahv.kernel.errors import AhvError
from pulumi_ahv.prism.vms import NicSpec, VmSpec
from pulumi_ahv.resources.pool.gate import PoolGateHandler

SIZE = 100
ADDRESSES = [f"10.42.1.{number}" for number in range(1, SIZE + 1)]
ENDS_OFF = USER_DATA + "power_state: {mode: poweroff}\n"
HANGING = ("agents-030", "agents-031", "agents-032")
TAKEN = (49, 50, 51)


def no_host(prism: Any, forge: Forge, asked: int = SIZE) -> None:
    """Of so many machines that are switched on, the last three do not find a host."""
    told = {"code": "VMM-30702", "message": "No host has the memory."}
    prism.control.fault("task-failure", operation="kVmPowerOn", skip=asked - 3, count=3, **told)


def task_failed(prism: Any, forge: Forge, asked: int = SIZE) -> None:
    told = {"code": "VMM-40011", "message": "Deploying failed."}
    prism.control.fault("task-failure", operation="kVmTemplateDeployVm", skip=asked - 3, count=3, **told)


def never_ready(prism: Any, forge: Forge) -> None:
    """Three guests hang at their first boot."""
    for name in HANGING:
        prism.control.guest_rule(name, hangs=True)


def slot_taken(prism: Any, forge: Forge, asked: int = SIZE) -> None:
    told = {"code": "VMM-31207", "message": "IDE index 0 is taken."}
    prism.control.fault("task-failure", operation="CreateCdRom", skip=asked - 3, count=6, **told)


def address_used(prism: Any, forge: Forge) -> None:
    """Machines of somebody else have addresses that three members are to have."""
    cluster = next(each.uuid for each in forge.site.inventory.clusters() if each.name == "berlin")
    subnet = next(each.uuid for each in forge.site.networks.subnets() if each.name == "berlin-managed")
    for slot in TAKEN:
        cards = (NicSpec(subnet, ADDRESSES[slot]),)
        spec = VmSpec(f"squatter-{slot}", "", cluster, 1, 1, 1 << 30, (), cards)
        forge.site.vms.create(spec, key=str(uuid4()), doings=forge.doings())


def everything(prism: Any, forge: Forge) -> None:
    """All of it in one run, each to members that the others have left."""
    task_failed(prism, forge)
    address_used(prism, forge)
    slot_taken(prism, forge, SIZE - 6)
    no_host(prism, forge, SIZE - 9)
    never_ready(prism, forge)


REASONS: dict[str, tuple[Callable[..., None], str, str]] = {
    "no-host": (no_host, "failed", "No host has the memory. (VMM-30702)"),
    "task-failed": (task_failed, "missing", "Deploying failed. (VMM-40011)"),
    "never-ready": (never_ready, "failed", "its guest has not switched itself off after its first boot after 60 s"),
    "slot-taken": (slot_taken, "halfMade", "IDE index 0 is taken. (VMM-31207)"),
    "address-used": (address_used, "missing", "is in use on subnet berlin-managed"),
    "all-at-once": (everything, "", ""),
}


@pytest.fixture
def hundred(desk: Any) -> dict[str, Any]:
    """What a pool of a hundred differs in from that of three: a disc each, a fixed address, ready by its payload."""
    return {
        "size": SIZE,
        "networks": ["berlin-managed"],
        "addresses": ADDRESSES,
        "readiness": {"when": "payload", "timeout": 60},
        "payload": {"template": ENDS_OFF, "secrets": {"token": SECRET}},
    }


@pytest.mark.parametrize(
    "reason", [pytest.param(name, marks=() if name == "all-at-once" else pytest.mark.slow) for name in REASONS]
)
def test_the_next_run_repairs_only_what_failed(
    desk: Any, prism: Any, forge: Forge, hundred: dict[str, Any], reason: str
) -> None:
    cause, state, said = REASONS[reason]
    cause(prism, forge)
    desk.up(**hundred)
    bad = {name: told for name, told in desk.status.items() if told["state"] not in ("ready", "off")}
    assert len(bad) == (15 if reason == "all-at-once" else 3), desk.state["failures"]
    assert all(told["state"] == state and said in told["reason"] for told in bad.values() if state), [
        told["reason"] for told in bad.values()
    ]
    assert all(any(said in told["reason"] for told in bad.values()) for _, _, said in REASONS.values()) or state
    the_gate_tells(desk, set(bad))
    before = seen(prism, without=set(bad))
    assert len(before) == SIZE - len(bad)
    put_right(prism, forge)
    prism.control.clear_journal()
    desk.up()
    assert desk.state["ready"] is True, desk.state["failures"]
    assert desk.machines() == [f"agents-{number:03}" for number in range(1, SIZE + 1)]
    assert desk.images() == []
    assert prism.control.about()["entities"].get("objects", 0) == 0
    assert {name: desk.guest(name)["applied"]["files"]["/etc/member"] for name in bad} == {
        name: f"{name} in slot {desk.status[name]['slot']} knows {SECRET}" for name in bad
    }
    assert seen(prism, without=set(bad)) == before
    good = {uuid for name, uuid in desk.uuids().items() if name not in bad}
    changing = [entry["path"] for entry in prism.control.journal() if entry["method"] not in LOOKS]
    assert [path for path in changing if any(uuid in path for uuid in good)] == []
    assert len(changing) < 12 * len(bad)


def the_gate_tells(desk: Any, bad: set[str]) -> None:
    """The run fails with one line for each member that is not right, and with no other."""
    told = {"pool": desk.pool_id, "name": "agents", "ready": desk.state["ready"], "failures": desk.state["failures"]}
    gate = PoolGateHandler(desk.handler()._context)
    with pytest.raises(AhvError) as raised:
        gate.create(gate.check({}, told).inputs)
    lines = str(raised.value).splitlines()
    assert lines[0].strip() == f"Pool 'agents' is not ready: {len(bad)} to repair:"
    assert {line.split(":")[0].strip() for line in lines[1 : len(bad) + 1]} == bad


def seen(prism: Any, *, without: set[str]) -> dict[str, Any]:
    """Machines and their guests to the last field: whoever touches one of them changes something here."""
    guests = {guest["vm"]: guest for guest in prism.control.entities("guests")}
    machines = {vm["name"]: vm for vm in prism.control.entities("vms") if vm["name"].startswith("agents-")}
    return {name: (vm, guests[name]) for name, vm in machines.items() if name not in without}


def put_right(prism: Any, forge: Forge) -> None:
    """Whatever the reason was, it is no more."""
    prism.control.clear_faults()
    prism.control.clear_guest_rules()
    squatters = [vm["extId"] for vm in prism.control.entities("vms") if vm["name"].startswith("squatter-")]
    assert not any(outcome.error for outcome in forge.site.vms.delete(squatters, doings=forge.doings()).values())
