from collections.abc import Callable

import pytest

from pulumi_ahv.kernel.errors import NotFound, TaskFailed
from pulumi_ahv.prism.central.site import CentralSite
from pulumi_ahv.prism.values import Image, ImageType
from pulumi_ahv.prism.vm_interface import Doings, Outcomes
from pulumi_ahv.prism.vms import CloneSpec, DiscKind, NicSpec, Power, Vm, VmChange
from pulumi_ahv.simulator.server import Prism

MISSING = "11111111-2222-4333-8444-555555555555"


def clones(site: CentralSite, source: Vm, count: int, doings: Doings, base: str = "ahv-mark") -> list[str]:
    specs = {f"key-{n}": CloneSpec(f"{base}-{n:03}") for n in range(1, count + 1)}
    outcomes = site.vms.clone(source.uuid, specs, doings=doings)
    assert list(outcomes) == list(specs)
    well(outcomes)
    return [outcome.uuid for outcome in outcomes.values()]


def well(outcomes: Outcomes) -> None:
    assert [outcome.error for outcome in outcomes.values() if outcome.error] == []


def test_a_machine_is_read_back_as_asked(site: CentralSite, vm: Callable[..., Vm]) -> None:
    made = vm(sockets=2, cd_rom_bus=("sata",))
    assert (made.name, made.description, made.power) == ("master", "mark [master]", Power.OFF)
    assert (made.sockets, made.cores_per_socket, made.memory_bytes) == (2, 1, 1 << 30)
    assert [(disk.bus, disk.index, disk.size_bytes) for disk in made.disks] == [("scsi", 0, 1 << 30)]
    assert [(drive.bus, drive.kind) for drive in made.cd_roms] == [("sata", DiscKind.EMPTY)]
    assert made.bios_uuid == made.uuid
    assert site.vms.get(made.uuid) == made


@pytest.mark.parametrize("count", [1, 3, 12])
def test_clones_are_answered_by_key(site: CentralSite, vm: Callable[..., Vm], doings: Doings, count: int) -> None:
    uuids = clones(site, vm(), count, doings)
    found = site.vms.by_uuid(uuids)
    assert [found[uuid].name for uuid in uuids] == [f"ahv-mark-{n:03}" for n in range(1, count + 1)]
    assert {machine.power for machine in found.values()} == {Power.OFF}


def test_many_are_renamed_described_and_categorised(site: CentralSite, vm: Callable[..., Vm], doings: Doings) -> None:
    uuids = clones(site, vm(), 6, doings)
    category = site.inventory.category("Environment", "Testing")
    changes = {
        uuid: VmChange(name=f"agent-{n}", description=f"mark {n}", category_uuids=(category.uuid,))
        for n, uuid in enumerate(uuids)
    }
    well(site.vms.change(changes, doings=doings))
    found = site.vms.by_uuid(uuids)
    assert [found[uuid].name for uuid in uuids] == [f"agent-{n}" for n in range(6)]
    assert found[uuids[2]].description == "mark 2"
    assert {machine.category_uuids for machine in found.values()} == {(category.uuid,)}


def test_power_goes_on_and_off_and_twice_is_once(site: CentralSite, vm: Callable[..., Vm], doings: Doings) -> None:
    uuids = clones(site, vm(), 5, doings)
    for _ in range(2):
        well(site.vms.power_on(uuids, doings=doings))
        assert {machine.power for machine in site.vms.by_uuid(uuids).values()} == {Power.ON}
    for _ in range(2):
        well(site.vms.power_off(uuids, doings=doings))
        assert {machine.power for machine in site.vms.by_uuid(uuids).values()} == {Power.OFF}


def test_many_are_deleted_and_missing_ones_are_deleted_already(
    site: CentralSite, vm: Callable[..., Vm], doings: Doings
) -> None:
    uuids = clones(site, vm(), 6, doings)
    well(site.vms.delete([*uuids, MISSING], doings=doings))
    assert site.vms.by_uuid(uuids) == {}


def test_a_disc_goes_into_a_free_drive_or_a_new_one_and_out(
    site: CentralSite, vm: Callable[..., Vm], doings: Doings, create: Callable[..., Image]
) -> None:
    image = create(site, type=ImageType.ISO)
    with_drive, without = vm("with", cd_rom_bus=("sata",)), vm("without")
    discs = {with_drive.uuid: image.uuid, without.uuid: image.uuid}
    well(site.vms.insert_disc(discs, doings=doings))
    found = site.vms.by_uuid(list(discs))
    assert [(drive.bus, drive.kind) for drive in found[with_drive.uuid].cd_roms] == [("sata", DiscKind.OTHER)]
    assert [(drive.bus, drive.kind) for drive in found[without.uuid].cd_roms] == [("ide", DiscKind.OTHER)]
    well(site.vms.eject_disc(list(discs), doings=doings))
    found = site.vms.by_uuid(list(discs))
    assert {drive.kind for machine in found.values() for drive in machine.cd_roms} == {DiscKind.EMPTY}


def test_one_that_is_missing_does_not_hold_up_the_others(
    site: CentralSite, vm: Callable[..., Vm], doings: Doings
) -> None:
    uuid = vm().uuid
    outcomes = site.vms.power_on([MISSING, uuid], doings=doings)
    assert isinstance(outcomes[MISSING].error, NotFound)
    assert outcomes[uuid].error is None


def test_a_failed_task_is_the_error_of_its_machine_alone(
    site: CentralSite, vm: Callable[..., Vm], doings: Doings, sim: Prism
) -> None:
    uuids = clones(site, vm(), 6, doings)
    sim.control.fault("task-failure", operation="kVmPowerOn", entity=uuids[3], message="no host", code="VMM-34418")
    outcomes = site.vms.power_on(uuids, doings=doings)
    assert [uuid for uuid in uuids if outcomes[uuid].error] == [uuids[3]]
    error = outcomes[uuids[3]].error
    assert isinstance(error, TaskFailed)
    assert str(error).startswith("Powering on machine 'ahv-mark-004': task ")
    assert "no host (VMM-34418)" in str(error)


def test_cards_are_set_and_fitting_ones_kept(site: CentralSite, vm: Callable[..., Vm], doings: Doings) -> None:
    subnets = {subnet.name: subnet for subnet in site.networks.subnets()}
    managed, plain = subnets["berlin-managed"], subnets["berlin-dhcp"]
    machine = vm(nics=(NicSpec(managed.uuid), NicSpec(plain.uuid)))
    kept = machine.nics[0]
    wanted = [NicSpec(managed.uuid), NicSpec(managed.uuid, address="10.42.7.7")]
    well(site.vms.set_nics({machine.uuid: wanted}, doings=doings))
    nics = site.vms.by_uuid([machine.uuid])[machine.uuid].nics
    assert kept in nics
    assert [nic.subnet_uuid for nic in nics] == [managed.uuid] * 2
    assert "10.42.7.7" in nics[1].addresses
