"""Whatever fails at whichever step: the line of the member names it, the step, Prism's code and what to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
from golden import Forge

from pulumi_ahv.kernel.errors import AhvError
from pulumi_ahv.prism.vms import NicSpec, VmSpec

PLAIN = {"template": "#cloud-config\nhostname: {{ name }}\n"}
NEXT = "the next `up` goes on from here."
ADDRESSES = [f"10.42.7.{number}" for number in range(1, 6)]


def task(operation: str, **more: Any) -> Callable[..., None]:
    """Tasks of a kind fail, with a code."""
    rule = {"count": 1, "code": "VMM-77", "message": "It did not work.", **more}
    return lambda desk, _: desk.prism.control.fault("task-failure", operation=operation, **rule)


def call(operation: str, **more: Any) -> Callable[..., None]:
    """Calls of a kind are refused, with a code."""
    rule = {"status": 422, "code": "VMM-77", "message": "It did not work.", **more}
    return lambda desk, _: desk.prism.control.fault("error", operation=operation, **rule)


def squatter(desk: Any, forge: Forge) -> None:
    """Somebody else's machine has an address that a member is to have."""
    cluster = next(each.uuid for each in forge.site.inventory.clusters() if each.name == "berlin")
    subnet = next(each.uuid for each in forge.site.networks.subnets() if each.name == "berlin-managed")
    spec = VmSpec("squatter", "", cluster, 1, 1, 1 << 30, (), (NicSpec(subnet, ADDRESSES[2]),))
    forge.site.vms.create(spec, key=str(uuid4()), doings=forge.doings())


def hanging(desk: Any, forge: Forge) -> None:
    desk.prism.control.guest_rule("agents-002", hangs=True)


class Deleting(list[str]):
    """Listens to what a run says, and deletes a member when it begins to wait."""

    def __init__(self, forge: Forge) -> None:
        super().__init__()
        self._forge = forge

    def append(self, line: str) -> None:
        super().append(line)
        if "waiting for" in line:
            self._forge.delete(self._forge.site.vms.find(names=["agents-002"])[0].uuid)


def deleting(desk: Any, forge: Forge) -> None:
    desk.prism.control.guest_rule("agents-002", hangs=True)
    desk.said = Deleting(forge)


def shutdown_and_cord(desk: Any, forge: Forge) -> None:
    task("kVmShutdown")(desk, forge)
    task("kVmPowerOff")(desk, forge)


def nothing(desk: Any, forge: Forge) -> None:
    """The pool itself asks for too much."""


@dataclass(frozen=True)
class Case:
    """What goes wrong, and what the line of the member has to hold beside its name."""

    cause: Callable[[Any, Forge], None]
    step: str
    code: str = "It did not work. (VMM-77)"
    advice: str = NEXT
    changes: dict[str, Any] = field(default_factory=dict)
    before: dict[str, Any] | None = None


CASES = {
    "clone": Case(task("kVmTemplateDeployVm"), "cloning the template: Deploying 'ahv-", advice="Make room on the clus"),
    "clone-refused": Case(
        call("deploy_template"),
        "cloning the template: Deploying 4 machines",
        code="It did not work. (HTTP 422, VMM-77",
        before={"size": 1},
        changes={"size": 5},
    ),
    "address-used": Case(
        squatter,
        "cloning the template",
        code="(VMM-30608)",
        advice="correct networks and addresses",
        changes={"networks": ["berlin-managed"], "addresses": ADDRESSES},
    ),
    "mark": Case(task("kVmUpdate"), "giving it its name and mark: Changing machine 'ahv-"),
    "mark-refused": Case(
        call("update_vm_by_id", count=1),
        "giving it its name and mark",
        code="It did not work. (HTTP 422, VMM-77",
        changes={"size": 3},
    ),
    "cards": Case(
        task("CreateNic"),
        "giving it its network cards: Setting the network cards of machine 'agents-",
        advice="Free the address, or correct networks and addresses",
        before={},
        changes={"networks": ["berlin-managed", "berlin-dhcp"]},
    ),
    "image": Case(task("kImageCreate"), "making its disc: Creating image 'ahv-", advice="Make room where"),
    "upload": Case(
        call("s3_put_object", status=403, count=1),
        "making its disc: Uploading the content of image 'ahv-",
        code="403",
        advice="Run again",
    ),
    "insert": Case(task("CreateCdRom"), "inserting its disc", advice="Leave a CD-ROM drive of the template free"),
    "customise": Case(
        task("CustomizeGuest"),
        "handing the payload to Prism's customisation: Customising machine 'agents-",
        advice="payload.delivery",
        changes={"payload": PLAIN},
    ),
    "power-on": Case(task("kVmPowerOn"), "switching it on: Powering on machine 'agents-", advice="Make room on a host"),
    "capacity": Case(
        nothing, "switching it on", code="(VMM-34418)", advice="lower memory", changes={"memory": 4 << 20, "size": 2}
    ),
    "never-ready": Case(
        hanging,
        "waiting for it: it is not ready after 60 s: it is on, with no address",
        code="",
        advice="Look at its console, or raise readiness.timeout",
        changes={"networks": ["berlin-dhcp"], "readiness": {"timeout": 60}},
    ),
    "vanished": Case(
        deleting,
        "waiting for it: machine ",
        code="it is not there any more",
        advice="The next `up` makes it anew.",
        changes={"networks": ["berlin-dhcp"], "readiness": {"timeout": 60}},
    ),
    "eject": Case(task("EjectCdRom"), "taking its disc out: Ejecting the disc of machine 'agents-"),
    "switch-off": Case(
        shutdown_and_cord,
        "switching it off: Powering off machine 'agents-",
        advice="Shut it down by hand",
        changes={"power": "off"},
    ),
    "remove": Case(
        task("kVmDelete"), "removing it: Deleting machine 'agents-", advice="by hand", before={}, changes={"size": 1}
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_line_of_a_failed_member_tells_member_step_code_and_what_to_do(desk: Any, forge: Forge, name: str) -> None:
    case = CASES[name]
    desk.bag = {**desk.bag, "size": 5}
    if case.before is not None:
        desk.up(**case.before)
        assert desk.state["ready"] is True, desk.state["failures"]
    case.cause(desk, forge)
    desk.up(**case.changes)
    names = {f"agents-{number:03}" for number in range(1, 6)}
    lines = [line for line in desk.state["failures"] if line.partition(":")[0] in names]
    assert lines, (desk.state["failures"], desk.status)
    for line in lines:
        assert case.step in line
        assert case.code in line
        assert case.advice in line
        assert line.endswith(".")
        assert "\n" not in line


def test_a_pool_that_cannot_go_tells_which_members_stay_and_why(desk: Any, forge: Forge) -> None:
    desk.up()
    task("kVmDelete")(desk, forge)
    with pytest.raises(AhvError) as raised:
        desk.destroy()
    said = str(raised.value)
    assert said.startswith("Pool 'agents': 1 of 3 members could not be deleted: agents-00")
    assert "Deleting machine 'agents-00" in said
    assert "It did not work. (VMM-77)" in said
    assert said.endswith("run `destroy` again.")
    desk.destroy()
    assert desk.machines() == []


def test_a_disc_that_cannot_go_is_told_with_its_pool(desk: Any, forge: Forge) -> None:
    task("kImageDelete", count=4)(desk, forge)
    desk.up()
    assert any("of a disc is left" in line and "(VMM-77)" in line for line in desk.state["failures"])
    task("kImageDelete")(desk, forge)
    with pytest.raises(AhvError, match=r"1 images of discs could not be deleted: .*VMM-77.* run `destroy` again"):
        desk.destroy()
    desk.destroy()
    assert (desk.machines(), desk.images()) == ([], [])
