from collections.abc import Callable
from typing import Any

import pytest

from pulumi_ahv.kernel.clock import ManualClock
from pulumi_ahv.kernel.errors import AhvError, NotFound, TaskFailed
from pulumi_ahv.prism.central.site import CentralSite
from pulumi_ahv.prism.values import Image
from pulumi_ahv.prism.vm_interface import Doings
from pulumi_ahv.prism.vms import DiscKind, DiskSpec, NicSpec, Vm, VmSpec
from pulumi_ahv.simulator.server import Prism, running

MISSING = "11111111-2222-4333-8444-555555555555"


def test_a_machine_without_tools_says_what_it_could_have(site: CentralSite, vm: Callable[..., Vm]) -> None:
    tools = site.guest_tools.get(vm().uuid)
    assert (tools.installed, tools.enabled, tools.reachable, tools.iso_inserted) == (False, False, False, False)
    assert tools.available_version


def test_the_disc_goes_into_a_free_drive_once_and_out_again(
    site: CentralSite, vm: Callable[..., Vm], doings: Doings
) -> None:
    uuid = vm(cd_rom_bus=("sata",)).uuid
    for _ in range(2):
        site.guest_tools.insert(uuid, ["vssSnapshot"], doings=doings)
    tools = site.guest_tools.get(uuid)
    assert (tools.iso_inserted, tools.enabled, tools.capabilities) == (True, True, ("vssSnapshot",))
    site.vms.eject_disc([uuid], doings=doings)
    assert site.guest_tools.get(uuid).iso_inserted
    for _ in range(2):
        site.guest_tools.eject(uuid, doings=doings)
    machine = site.vms.get(uuid)
    assert machine is not None
    assert [drive.kind for drive in machine.cd_roms] == [DiscKind.EMPTY]


def test_no_free_drive_is_said_before_anything_is_asked_for(
    site: CentralSite, vm: Callable[..., Vm], doings: Doings
) -> None:
    with pytest.raises(AhvError, match=r"the machine has no CD-ROM drive. Eject a disc, or give its template"):
        site.guest_tools.insert(vm().uuid, [], doings=doings)


def test_tools_are_enabled_and_disabled(site: CentralSite, vm: Callable[..., Vm], doings: Doings) -> None:
    uuid = vm().uuid
    site.guest_tools.configure(uuid, enabled=True, capabilities=["selfServiceRestore"], doings=doings)
    tools = site.guest_tools.get(uuid)
    assert (tools.enabled, tools.capabilities) == (True, ("selfServiceRestore",))
    site.guest_tools.configure(uuid, enabled=False, capabilities=[], doings=doings)
    assert not site.guest_tools.get(uuid).enabled


def test_a_failed_installation_shows_prisms_words_and_no_password(
    site: CentralSite, vm: Callable[..., Vm], doings: Doings
) -> None:
    with pytest.raises(TaskFailed, match="No IP address found") as caught:
        site.guest_tools.install(
            vm().uuid, username="root", password="hunter2hunter2", capabilities=[], reboot="skip", doings=doings
        )
    assert "hunter2hunter2" not in str(caught.value)


def test_tools_of_a_missing_machine_are_not_found(site: CentralSite) -> None:
    with pytest.raises(NotFound, match=f"Reading the guest tools of machine {MISSING}"):
        site.guest_tools.get(MISSING)


def test_tools_that_come_without_an_etag_are_changed_under_the_machines_own(
    clock: ManualClock, connect_to: Callable[..., CentralSite], vm_body: Callable[..., VmSpec], doings: Doings
) -> None:
    with running(clock=clock, version="v4.0") as prism:
        site = connect_to(prism)
        uuid = site.vms.create(vm_body(site, cd_rom_bus=("ide",)), key="one", doings=doings).uuid
        site.guest_tools.insert(uuid, [], doings=doings)
        assert site.guest_tools.get(uuid).iso_inserted


@pytest.mark.parametrize("fault", ["drop-before", "drop-after-commit", "late-etag"])
def test_the_disc_is_inserted_through_faults(
    site: CentralSite, vm: Callable[..., Vm], doings: Doings, sim: Prism, fault: Any
) -> None:
    uuid = vm(cd_rom_bus=("sata", "sata")).uuid
    sim.control.fault(fault, operation="insert_vm_guest_tools", count=1)
    site.guest_tools.insert(uuid, [], doings=doings)
    machine = site.vms.get(uuid)
    assert machine is not None
    assert sorted(drive.kind for drive in machine.cd_roms) == [DiscKind.EMPTY, DiscKind.GUEST_TOOLS]


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
    tools = site.guest_tools.get(uuid)
    assert (tools.installed, tools.reachable, tools.capabilities) == (True, True, ("vssSnapshot",))
