from collections.abc import Callable
from typing import Any

import pytest

from pulumi_ahv.kernel.clock import ManualClock
from pulumi_ahv.kernel.errors import NotFound, TaskFailed
from pulumi_ahv.prism.central.site import CentralSite
from pulumi_ahv.prism.values import Image, ImageType
from pulumi_ahv.prism.vm_interface import Doings, Outcomes
from pulumi_ahv.prism.vms import DiscKind, DiskSpec, NicSpec, Tools, Vm, VmSpec
from pulumi_ahv.simulator.server import Prism, running

MISSING = "11111111-2222-4333-8444-555555555555"


def known(site: CentralSite, uuid: str) -> Tools:
    tools = site.guest_tools.get(uuid)
    assert tools is not None
    return tools


def fine(outcomes: Outcomes) -> None:
    assert [str(outcome.error) for outcome in outcomes.values() if outcome.error] == []


def drives(site: CentralSite, uuid: str) -> list[DiscKind]:
    machine = site.vms.get(uuid)
    assert machine is not None
    return [drive.kind for drive in machine.cd_roms]


def test_a_machine_without_tools_says_what_it_could_have(site: CentralSite, vm: Callable[..., Vm]) -> None:
    tools = known(site, vm().uuid)
    assert (tools.installed, tools.enabled, tools.reachable, tools.iso_inserted) == (False, False, False, False)
    assert tools.available_version


def test_the_disc_goes_into_a_free_drive_once_and_out_again(
    site: CentralSite, vm: Callable[..., Vm], doings: Doings
) -> None:
    uuid = vm(cd_rom_bus=("sata",)).uuid
    for _ in range(2):
        fine(site.guest_tools.insert([uuid], ["vssSnapshot"], doings=doings))
    tools = known(site, uuid)
    assert (tools.iso_inserted, tools.enabled, tools.capabilities) == (True, True, ("vssSnapshot",))
    site.vms.eject_disc([uuid], doings=doings)
    assert known(site, uuid).iso_inserted
    for _ in range(2):
        fine(site.guest_tools.eject([uuid], doings=doings))
    assert drives(site, uuid) == [DiscKind.EMPTY]


def test_a_machine_that_is_off_gets_the_drive_that_it_lacks(
    site: CentralSite, vm: Callable[..., Vm], doings: Doings
) -> None:
    uuid = vm().uuid
    fine(site.guest_tools.insert([uuid], [], doings=doings))
    assert drives(site, uuid) == [DiscKind.GUEST_TOOLS]


def test_a_running_machine_without_a_free_drive_says_what_its_drives_hold(
    site: CentralSite, vm: Callable[..., Vm], doings: Doings, sim: Prism, create: Callable[..., Image]
) -> None:
    full = vm(cd_rom_bus=("sata",)).uuid
    none = vm("other").uuid
    fine(site.vms.insert_disc({full: create(site, type=ImageType.ISO).uuid}, doings=doings))
    fine(site.vms.power_on([full, none], doings=doings))
    sim.control.clear_journal()
    outcomes = site.guest_tools.insert([full, none], [], doings=doings)
    assert "no CD-ROM drive of machine 'master' is free: sata.0 holds a disc. Take a disc out" in str(
        outcomes[full].error
    )
    assert "machine 'other' has no CD-ROM drive, and none can be added while it runs" in str(outcomes[none].error)
    assert {entry["method"] for entry in sim.control.journal()} == {"GET"}


def test_the_discs_of_many_machines_are_one_batch(
    site: CentralSite, vm: Callable[..., Vm], doings: Doings, sim: Prism
) -> None:
    uuids = [vm(f"member-{number}", cd_rom_bus=("sata",)).uuid for number in range(5)]
    sim.control.clear_journal()
    fine(site.guest_tools.insert(uuids, ["vssSnapshot"], doings=doings))
    posts = [entry for entry in sim.control.journal() if entry["method"] == "POST"]
    assert len(posts) == 1


@pytest.mark.parametrize(("version", "calls"), [("v4.3", 0), ("v4.0", 10)])
def test_machines_tell_of_their_tools_by_themselves_but_for_the_first_release(
    clock: ManualClock,
    connect_to: Callable[..., CentralSite],
    vm_body: Callable[..., VmSpec],
    doings: Doings,
    version: str,
    calls: int,
) -> None:
    with running(clock=clock, version=version) as prism:
        site = connect_to(prism)
        made = [site.vms.create(vm_body(site, str(n)), key=str(n), doings=doings).uuid for n in range(5)]
        fine(site.guest_tools.configure(made, enabled=True, capabilities=["vssSnapshot"], doings=doings))
        vms = list(site.vms.by_uuid(made).values())
        prism.control.clear_journal()
        tools = site.guest_tools.of(vms)
        assert {(each.enabled, each.capabilities) for each in tools.values()} == {(True, ("vssSnapshot",))}
        assert list(tools) == [vm.uuid for vm in vms]
        assert sum(prism.control.counts().values()) == calls


def test_tools_are_enabled_and_disabled(site: CentralSite, vm: Callable[..., Vm], doings: Doings, sim: Prism) -> None:
    uuid = vm().uuid
    for _ in range(2):
        fine(site.guest_tools.configure([uuid], enabled=True, capabilities=["selfServiceRestore"], doings=doings))
    assert sim.control.counts()["update_guest_tools_by_id"] == 1
    tools = known(site, uuid)
    assert (tools.enabled, tools.capabilities) == (True, ("selfServiceRestore",))
    fine(site.guest_tools.configure([uuid], enabled=False, capabilities=[], doings=doings))
    assert not known(site, uuid).enabled


def test_a_failed_installation_shows_prisms_words_and_no_password(
    site: CentralSite, vm: Callable[..., Vm], doings: Doings
) -> None:
    with pytest.raises(TaskFailed, match="No IP address found") as caught:
        site.guest_tools.install(
            vm().uuid, username="root", password="hunter2hunter2", capabilities=[], reboot="skip", doings=doings
        )
    assert "hunter2hunter2" not in str(caught.value)


def test_tools_of_a_missing_machine_are_not_found(site: CentralSite, doings: Doings) -> None:
    assert site.guest_tools.get(MISSING) is None
    assert isinstance(site.guest_tools.insert([MISSING], [], doings=doings)[MISSING].error, NotFound)
    with pytest.raises(NotFound, match=f"Uninstalling the guest tools of machine {MISSING}"):
        site.guest_tools.uninstall(MISSING, doings=doings)


def test_tools_that_come_without_an_etag_are_changed_under_the_machines_own(
    clock: ManualClock, connect_to: Callable[..., CentralSite], vm_body: Callable[..., VmSpec], doings: Doings
) -> None:
    with running(clock=clock, version="v4.0") as prism:
        site = connect_to(prism)
        uuid = site.vms.create(vm_body(site, cd_rom_bus=("ide",)), key="one", doings=doings).uuid
        fine(site.guest_tools.insert([uuid], [], doings=doings))
        assert known(site, uuid).iso_inserted


@pytest.mark.parametrize("fault", ["drop-before", "drop-after-commit", "late-etag"])
def test_the_disc_is_inserted_through_faults(
    site: CentralSite, vm: Callable[..., Vm], doings: Doings, sim: Prism, fault: Any
) -> None:
    uuid = vm(cd_rom_bus=("sata", "sata")).uuid
    sim.control.fault(fault, operation="insert_vm_guest_tools", count=1)
    fine(site.guest_tools.insert([uuid], [], doings=doings))
    assert sorted(drives(site, uuid)) == [DiscKind.EMPTY, DiscKind.GUEST_TOOLS]


def test_an_installation_makes_the_tools_reachable(
    site: CentralSite, vm: Callable[..., Vm], doings: Doings, clock: ManualClock, create: Callable[..., Image]
) -> None:
    subnet = next(subnet.uuid for subnet in site.networks.subnets() if subnet.name == "berlin-managed")
    uuid = vm(disks=(DiskSpec(create(site).uuid),), nics=(NicSpec(subnet),)).uuid
    site.vms.power_on([uuid], doings=doings)
    clock.advance(60)
    site.guest_tools.install(
        uuid, username="root", password="hunter2hunter2", capabilities=["vssSnapshot"], reboot="skip", doings=doings
    )
    tools = known(site, uuid)
    assert (tools.installed, tools.reachable, tools.capabilities) == (True, True, ("vssSnapshot",))
    site.guest_tools.uninstall(uuid, doings=doings)
    assert not known(site, uuid).installed
