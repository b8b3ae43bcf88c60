"""Machines of Prism Element against the embedded one: many at a time, and what goes wrong on the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pulumi_ahv.kernel.clock import Deadline, ManualClock
from pulumi_ahv.kernel.errors import AhvError, InputError
from pulumi_ahv.kernel.progress import silent
from pulumi_ahv.prism.values import Image, ImageType
from pulumi_ahv.prism.vm_interface import Doings
from pulumi_ahv.prism.vms import (
    CloneSpec,
    Customization,
    DiscKind,
    DiskSpec,
    Firmware,
    NicSpec,
    Power,
    Vm,
    VmChange,
    VmSpec,
)
from pulumi_ahv.simulator.server import Prism

MISSING = "11111111-2222-4333-8444-555555555555"
GIB = 1 << 30


@pytest.fixture
def doings(clock: ManualClock) -> Doings:
    """Time enough."""
    return Doings(Deadline(clock, 900), silent)


@pytest.fixture
def image(create: Callable[..., Image]) -> Image:
    """An image to make machines of."""
    return create()


@pytest.fixture
def subnet(site: Any) -> str:
    """A network that hands out addresses."""
    return str(next(one.uuid for one in site.networks.subnets() if one.managed))


@pytest.fixture
def make(site: Any, image: Image, subnet: str, doings: Doings) -> Callable[..., Vm]:
    """Make a machine with a disk, an empty drive and a card."""

    def make_(name: str = "master", **changes: Any) -> Vm:
        usual: dict[str, Any] = {
            "description": f"mark [{name}]",
            "cluster_uuid": site.info.cluster_uuid,
            "sockets": 2,
            "cores_per_socket": 1,
            "memory_bytes": GIB,
            "disks": (DiskSpec(image.uuid, 4 << 20),),
            "nics": (NicSpec(subnet),),
            "cd_rom_bus": ("ide",),
        }
        vm: Vm = site.vms.create(VmSpec(name=name, **(usual | changes)), key=f"stack/{name}", doings=doings)
        return vm

    return make_


@pytest.fixture
def master(make: Callable[..., Vm]) -> Vm:
    """One machine."""
    return make()


def fine(outcomes: Any) -> list[str]:
    assert [one.error for one in outcomes.values()] == [None] * len(outcomes)
    return [one.uuid for one in outcomes.values()]


def test_a_machine_is_made_as_asked_and_read_back(master: Vm, subnet: str) -> None:
    assert (master.name, master.description, master.power) == ("master", "mark [master]", Power.OFF)
    assert (master.sockets, master.memory_bytes, master.bios_uuid) == (2, GIB, master.uuid)
    assert [(one.bus, one.index, one.size_bytes) for one in master.disks] == [("scsi", 0, 4 << 20)]
    assert [(one.bus, one.kind) for one in master.cd_roms] == [("ide", DiscKind.EMPTY)]
    assert [one.subnet_uuid for one in master.nics] == [subnet]
    assert len(master.addresses) == 1


def test_firmware_and_machine_type_are_as_asked(make: Callable[..., Vm]) -> None:
    vm = make(firmware=Firmware.SECURE_BOOT, machine_type="q35")
    assert (vm.firmware, vm.machine_type) == (Firmware.SECURE_BOOT, "q35")


@pytest.mark.parametrize("fault", ["drop-before", "drop-after-commit"])
def test_a_create_that_lost_its_connection_makes_one_machine(
    site: Any, make: Callable[..., Vm], sim: Prism, fault: Any
) -> None:
    sim.control.fault(fault, operation="v2_create_vm", count=1)
    made = make()
    assert [vm.uuid for vm in site.vms.find(names=["master"])] == [made.uuid]


def test_a_machine_of_an_unknown_image_is_refused_by_name(make: Callable[..., Vm]) -> None:
    with pytest.raises(InputError, match=MISSING):
        make(disks=(DiskSpec(MISSING),))


def test_many_clones_take_one_call(site: Any, master: Vm, sim: Prism, doings: Doings) -> None:
    specs = {f"k{n}": CloneSpec(f"agent-{n}", memory_bytes=2 * GIB) for n in range(20)}
    uuids = fine(site.vms.clone(master.uuid, specs, doings=doings))
    assert sim.control.counts()["v2_clone_vm"] == 1
    sim.control.clear_journal()
    clones = site.vms.by_uuid(uuids)
    assert sim.control.counts() == {"v2_list_vms": 1}
    assert {vm.name for vm in clones.values()} == {f"agent-{n}" for n in range(20)}
    assert {vm.memory_bytes for vm in clones.values()} == {2 * GIB}
    assert len({vm.nics[0].mac for vm in clones.values()}) == 20
    assert {vm.name for vm in site.vms.find(prefix="agent-1")} == {"agent-1", *(f"agent-1{n}" for n in range(10))}


def test_clones_with_a_text_of_their_own_take_a_call_each(site: Any, master: Vm, sim: Prism, doings: Doings) -> None:
    specs = {
        f"k{n}": CloneSpec(f"agent-{n}", customization=Customization("cloudInit", f"#cloud-config\n# {n}".encode()))
        for n in range(3)
    }
    uuids = fine(site.vms.clone(master.uuid, specs, doings=doings))
    assert sim.control.counts()["v2_clone_vm"] == 3
    for vm in site.vms.by_uuid(uuids).values():
        assert [one.kind for one in vm.cd_roms] == [DiscKind.EMPTY, DiscKind.CUSTOMIZATION]


@pytest.mark.parametrize("fault", ["drop-before", "drop-after-commit"])
def test_a_clone_call_that_lost_its_connection_makes_each_machine_once(
    site: Any, master: Vm, sim: Prism, doings: Doings, fault: Any
) -> None:
    sim.control.fault(fault, operation="v2_clone_vm", count=1)
    fine(site.vms.clone(master.uuid, {"a": CloneSpec("agent-a"), "b": CloneSpec("agent-b")}, doings=doings))
    assert sorted(vm.name for vm in site.vms.find(prefix="agent")) == ["agent-a", "agent-b"]


def test_what_an_interrupted_run_cloned_is_not_cloned_again(site: Any, master: Vm, doings: Doings) -> None:
    first = site.vms.clone(master.uuid, {"a": CloneSpec("agent-a")}, doings=doings)
    both = site.vms.clone(master.uuid, {"a": CloneSpec("agent-a"), "b": CloneSpec("agent-b")}, doings=doings)
    assert both["a"].uuid == first["a"].uuid
    fine(both)
    assert len(site.vms.find(prefix="agent")) == 2


def test_a_clone_that_cannot_be_says_why_for_each(site: Any, doings: Doings) -> None:
    outcomes = site.vms.clone(MISSING, {"a": CloneSpec("a"), "b": CloneSpec("b")}, doings=doings)
    assert all("does not exist" in str(one.error) for one in outcomes.values())


def test_power_is_switched_and_what_is_so_already_costs_no_call(
    site: Any, master: Vm, sim: Prism, doings: Doings
) -> None:
    for _ in range(2):
        fine(site.vms.power_on([master.uuid], doings=doings))
    assert site.vms.get(master.uuid).power is Power.ON
    assert sim.control.counts()["v2_set_power_state"] == 1
    fine(site.vms.power_off([master.uuid], doings=doings))
    assert site.vms.get(master.uuid).power is Power.OFF


def test_many_are_looked_at_in_one_list_before_and_after(site: Any, master: Vm, sim: Prism, doings: Doings) -> None:
    uuids = fine(site.vms.clone(master.uuid, {str(n): CloneSpec(f"agent-{n}") for n in range(20)}, doings=doings))
    sim.control.clear_journal()
    fine(site.vms.power_on(uuids, doings=doings))
    counts = sim.control.counts()
    assert (counts["v2_list_vms"], counts["v2_set_power_state"]) == (2, 20)
    assert "v2_get_vm" not in counts


def test_a_power_call_that_lost_its_answer_is_done(site: Any, master: Vm, sim: Prism, doings: Doings) -> None:
    sim.control.fault("drop-after-commit", operation="v2_set_power_state", count=1)
    fine(site.vms.power_on([master.uuid], doings=doings))
    assert site.vms.get(master.uuid).power is Power.ON


def test_one_that_fails_does_not_stop_the_others(
    site: Any, master: Vm, make: Callable[..., Vm], doings: Doings
) -> None:
    huge = make("huge", memory_bytes=600 * GIB)
    outcomes = site.vms.power_on([huge.uuid, MISSING, master.uuid], doings=doings)
    assert "NoHostResources" in str(outcomes[huge.uuid].error)
    assert "does not exist" in str(outcomes[MISSING].error)
    assert outcomes[master.uuid].error is None
    assert site.vms.get(master.uuid).power is Power.ON


def test_a_guest_is_asked_and_takes_its_time(site: Any, master: Vm, clock: ManualClock, doings: Doings) -> None:
    fine(site.vms.power_on([master.uuid], doings=doings))
    clock.advance(60)
    fine(site.vms.ask_to_shut_down([master.uuid], doings=doings))
    clock.advance(60)
    assert site.vms.get(master.uuid).power is Power.OFF


def test_many_changes_and_the_one_that_was_stale_is_made_again(
    site: Any, master: Vm, sim: Prism, doings: Doings
) -> None:
    sim.control.fault("task-failure", operation="VmUpdate", code="6", message="Logical timestamp mismatch", count=2)
    fine(site.vms.change({master.uuid: VmChange(name="new", description="d", sockets=4)}, doings=doings))
    vm = site.vms.get(master.uuid)
    assert (vm.name, vm.description, vm.sockets, vm.memory_bytes) == ("new", "d", 4, GIB)
    assert sim.control.counts()["v2_update_vm"] == 3


def test_a_change_that_needs_the_machine_off_fails_with_prisms_words(site: Any, master: Vm, doings: Doings) -> None:
    fine(site.vms.power_on([master.uuid], doings=doings))
    outcomes = site.vms.change({master.uuid: VmChange(sockets=1)}, doings=doings)
    assert "powered off" in str(outcomes[master.uuid].error)


def test_delete_is_done_for_what_is_there_and_for_what_is_not(site: Any, master: Vm, doings: Doings) -> None:
    fine(site.vms.delete([master.uuid, MISSING], doings=doings))
    assert site.vms.get(master.uuid) is None
    assert site.vms.by_uuid([master.uuid]) == {}


def test_a_disc_goes_in_once_and_out_again(site: Any, master: Vm, image: Image, sim: Prism, doings: Doings) -> None:
    for _ in range(2):
        fine(site.vms.insert_disc({master.uuid: image.uuid}, doings=doings))
    assert sim.control.counts()["v2_update_disks"] == 1
    assert [one.kind for one in site.vms.get(master.uuid).cd_roms] == [DiscKind.OTHER]
    fine(site.vms.eject_disc([master.uuid], doings=doings))
    assert [one.kind for one in site.vms.get(master.uuid).cd_roms] == [DiscKind.EMPTY]


def test_images_of_many_discs_are_read_in_one_list(
    site: Any, master: Vm, create: Callable[..., Image], sim: Prism, doings: Doings
) -> None:
    specs = {str(n): CloneSpec(f"agent-{n}") for n in range(5)}
    uuids = fine(site.vms.clone(master.uuid, specs, doings=doings))
    discs = {uuid: create(f"disc-{n}", type=ImageType.ISO).uuid for n, uuid in enumerate(uuids)}
    sim.control.clear_journal()
    fine(site.vms.insert_disc(discs, doings=doings))
    counts = sim.control.counts()
    assert (counts["v2_list_images"], counts.get("v2_get_image", 0)) == (1, 0)
    for uuid, vm in site.vms.by_uuid(uuids).items():
        assert [drive.kind for drive in vm.cd_roms] == [DiscKind.OTHER], uuid


def test_a_drive_is_added_where_none_is_free(site: Any, make: Callable[..., Vm], image: Image, doings: Doings) -> None:
    vm = make(cd_rom_bus=())
    fine(site.vms.insert_disc({vm.uuid: image.uuid}, doings=doings))
    assert [one.kind for one in site.vms.get(vm.uuid).cd_roms] == [DiscKind.OTHER]


def test_cards_that_fit_stay_and_others_are_exchanged(site: Any, master: Vm, subnet: str, doings: Doings) -> None:
    other = next(one.uuid for one in site.networks.subnets() if one.uuid != subnet)
    fine(site.vms.set_nics({master.uuid: [NicSpec(subnet), NicSpec(other)]}, doings=doings))
    both = site.vms.get(master.uuid).nics
    assert both[0] == master.nics[0]
    fine(site.vms.set_nics({master.uuid: [NicSpec(other)]}, doings=doings))
    assert [one.mac for one in site.vms.get(master.uuid).nics] == [both[1].mac]


def test_disks_are_added_behind_the_others(site: Any, master: Vm, image: Image, doings: Doings) -> None:
    site.vms.add_disks(master.uuid, [DiskSpec(size_bytes=GIB), DiskSpec(image.uuid)], doings=doings)
    assert [(one.index, one.size_bytes) for one in site.vms.get(master.uuid).disks] == [
        (0, 4 << 20),
        (1, GIB),
        (2, 2 << 20),
    ]


def test_what_an_element_cannot_do_to_machines_says_so(
    site: Any, master: Vm, make: Callable[..., Vm], doings: Doings
) -> None:
    outcomes = site.vms.customize({master.uuid: Customization("cloudInit", b"x")}, doings=doings)
    assert "only when it is made" in str(outcomes[master.uuid].error)
    with pytest.raises(InputError, match="categories"):
        make("other", category_uuids=(MISSING,))
    outcomes = site.vms.change({master.uuid: VmChange(category_uuids=(MISSING,))}, doings=doings)
    assert "no categories" in str(outcomes[master.uuid].error)


def test_guest_tools_are_inserted_configured_and_ejected(site: Any, master: Vm, sim: Prism, doings: Doings) -> None:
    tools = site.guest_tools
    for _ in range(2):
        fine(tools.insert([master.uuid], ["vssSnapshot"], doings=doings))
    told = tools.get(master.uuid)
    assert (told.iso_inserted, told.enabled, told.installed, told.capabilities) == (True, True, False, ("vssSnapshot",))
    assert sim.control.counts()["v1_mount_guest_tools"] == 1
    assert [one.kind for one in site.vms.get(master.uuid).cd_roms] == [DiscKind.GUEST_TOOLS]
    fine(site.vms.eject_disc([master.uuid], doings=doings))
    assert tools.get(master.uuid).iso_inserted, "the tools' disc is not ours to eject"
    fine(tools.eject([master.uuid], doings=doings))
    assert not tools.get(master.uuid).iso_inserted
    assert tools.get(MISSING) is None


def test_guest_tools_without_a_free_drive_say_so(site: Any, make: Callable[..., Vm], doings: Doings) -> None:
    vm = make(cd_rom_bus=())
    fine(site.vms.power_on([vm.uuid], doings=doings))
    error = site.guest_tools.insert([vm.uuid], [], doings=doings)[vm.uuid].error
    assert "machine 'master' has no CD-ROM drive, and none can be added while it runs. Switch" in str(error)
    fine(site.vms.power_off([vm.uuid], doings=doings))
    fine(site.guest_tools.insert([vm.uuid], [], doings=doings))
    assert [one.kind for one in site.vms.get(vm.uuid).cd_roms] == [DiscKind.GUEST_TOOLS]


def test_guest_tools_of_many_machines_are_one_list(
    site: Any, make: Callable[..., Vm], sim: Prism, doings: Doings
) -> None:
    made = [make(f"member-{number}") for number in range(3)]
    fine(site.guest_tools.configure([vm.uuid for vm in made], enabled=True, capabilities=[], doings=doings))
    sim.control.clear_journal()
    assert [told.enabled for told in site.guest_tools.of(made).values()] == [True] * 3
    assert sim.control.counts() == {"v1_list_guest_tools": 1}


def test_guest_tools_are_not_installed_by_an_element(site: Any, master: Vm, doings: Doings) -> None:
    with pytest.raises(AhvError, match="has no call for it"):
        site.guest_tools.uninstall(master.uuid, doings=doings)
    with pytest.raises(AhvError, match="has no call for it"):
        site.guest_tools.install(master.uuid, username="a", password="b", capabilities=[], reboot="skip", doings=doings)
