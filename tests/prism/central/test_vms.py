from collections.abc import Callable
from typing import Any

import pytest

from pulumi_ahv.kernel.clock import Deadline, ManualClock
from pulumi_ahv.kernel.errors import AccessDenied, NotFound, TaskFailed, TaskTimedOut
from pulumi_ahv.kernel.progress import silent
from pulumi_ahv.prism.central.site import CentralSite
from pulumi_ahv.prism.values import Image, ImageType
from pulumi_ahv.prism.vm_interface import Doings, Outcomes
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
from pulumi_ahv.simulator.server import Prism, running

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


def test_a_machine_of_a_lost_answer_is_made_once(site: CentralSite, vm: Callable[..., Vm], sim: Prism) -> None:
    sim.control.fault("drop-after-commit", operation="create_vm", count=1)
    made = vm()
    assert [found.uuid for found in site.vms.find(names=["master"])] == [made.uuid]


def test_a_machine_of_a_run_that_was_killed_is_found_by_its_key(
    join: Callable[..., CentralSite],
    vm_spec: Callable[..., VmSpec],
    soon: Callable[[], Deadline],
    clock: ManualClock,
    sim: Prism,
) -> None:
    first, second = join(), join()
    sim.control.latency("vm.create", 100)
    with pytest.raises(TaskTimedOut):
        first.vms.create(vm_spec(), key="stack/one", doings=Doings(Deadline(clock, 5), silent))
    made = second.vms.create(vm_spec(), key="stack/one", doings=Doings(soon(), silent))
    assert [found.uuid for found in second.vms.find(names=["master"])] == [made.uuid]


@pytest.mark.parametrize("fault", ["drop-before", "drop-after-commit"])
@pytest.mark.parametrize("count", [3, 8])
def test_clones_of_lost_answers_have_no_twins(
    site: CentralSite, vm: Callable[..., Vm], doings: Doings, sim: Prism, fault: Any, count: int
) -> None:
    source = vm()
    sim.control.fault(fault, operation="submit_batch", count=1)
    sim.control.fault(fault, operation="clone_vm", count=1)
    specs = {f"k{n}": CloneSpec(f"ahv-{n}x") for n in range(count)}
    well(site.vms.clone(source.uuid, specs, doings=doings))
    assert sorted(found.name for found in site.vms.find(prefix="ahv-")) == sorted(spec.name for spec in specs.values())


@pytest.mark.parametrize("names", ["ahv-{:03}", "ahv-{}x"])
def test_cloning_again_makes_only_what_is_missing(
    site: CentralSite, vm: Callable[..., Vm], doings: Doings, names: str
) -> None:
    source = vm().uuid
    specs = {f"k{n}": CloneSpec(names.format(n)) for n in range(1, 7)}
    first = site.vms.clone(source, {key: specs[key] for key in ("k1", "k2", "k4")}, doings=doings)
    again = site.vms.clone(source, specs, doings=doings)
    well(again)
    assert [again[key] for key in first] == list(first.values())
    assert len(site.vms.find(prefix="ahv-")) == len({outcome.uuid for outcome in again.values()}) == 6


@pytest.mark.parametrize("name", ["ahv-{:03}", "ahv-{}x"])
def test_clones_that_a_killed_run_began_are_taken_up(
    join: Callable[..., CentralSite],
    vm: Callable[..., Vm],
    doings: Doings,
    soon: Callable[[], Deadline],
    clock: ManualClock,
    sim: Prism,
    name: str,
) -> None:
    source, specs = vm().uuid, {f"k{n}": CloneSpec(name.format(n)) for n in range(1, 6)}
    sim.control.latency("vm.clone", 60)
    late = join().vms.clone(source, specs, doings=Doings(Deadline(clock, 5), silent))
    assert all(outcome.error for outcome in late.values())
    well(join().vms.clone(source, specs, doings=doings))
    assert len(join().vms.find(prefix="ahv-")) == 5


@pytest.mark.parametrize("kind", ["late-etag", "task-failure"])
def test_an_etag_that_goes_stale_in_the_task_is_read_again(
    site: CentralSite, vm: Callable[..., Vm], doings: Doings, sim: Prism, kind: Any
) -> None:
    uuids = clones(site, vm(), 6, doings)
    stale = {"code": "VMM-30303", "group": "VM_ETAG_MISMATCH", "message": "If-Match header value passed is old"}
    sim.control.fault(kind, operation="kVmPowerOn", count=4, **(stale if kind == "task-failure" else {}))
    well(site.vms.power_on(uuids, doings=doings))


def test_a_machine_that_somebody_else_changes_all_the_time_is_given_up_alone(
    site: CentralSite, vm: Callable[..., Vm], doings: Doings, sim: Prism
) -> None:
    uuids = clones(site, vm(), 5, doings)
    sim.control.fault("late-etag", operation="kVmUpdate", entity=uuids[0])
    changes = {uuid: VmChange(description="new") for uuid in uuids}
    outcomes = site.vms.change(changes, doings=doings)
    assert [uuid for uuid in uuids if outcomes[uuid].error] == uuids[:1]
    assert "Somebody else may be changing it" in str(outcomes[uuids[0]].error)


def test_what_somebody_else_changed_meanwhile_is_kept(
    site: CentralSite, join: Callable[..., CentralSite], vm: Callable[..., Vm], doings: Doings
) -> None:
    uuid = vm().uuid
    well(join().vms.change({uuid: VmChange(description="theirs")}, doings=doings))
    well(site.vms.change({uuid: VmChange(name="ours")}, doings=doings))
    machine = site.vms.get(uuid)
    assert machine is not None
    assert (machine.name, machine.description) == ("ours", "theirs")


@pytest.mark.parametrize("fault", ["drop-before", "drop-after-commit"])
def test_lost_answers_of_batches_change_everything_once(
    site: CentralSite, vm: Callable[..., Vm], doings: Doings, sim: Prism, create: Callable[..., Image], fault: Any
) -> None:
    uuids = clones(site, vm(cd_rom_bus=("sata", "sata")), 6, doings)
    sim.control.fault(fault, operation="submit_batch", count=1)
    well(site.vms.insert_disc(dict.fromkeys(uuids, create(site).uuid), doings=doings))
    for machine in site.vms.by_uuid(uuids).values():
        assert sorted(drive.kind for drive in machine.cd_roms) == [DiscKind.EMPTY, DiscKind.OTHER]


def test_a_disc_whose_element_a_batch_lost_is_inserted_once(
    site: CentralSite, vm: Callable[..., Vm], doings: Doings, sim: Prism, create: Callable[..., Image]
) -> None:
    uuids = clones(site, vm(cd_rom_bus=("sata", "sata")), 6, doings)
    sim.control.fault("late-etag", operation="InsertCdRom", count=2)
    well(site.vms.insert_disc(dict.fromkeys(uuids, create(site).uuid), doings=doings))
    for machine in site.vms.by_uuid(uuids).values():
        assert sorted(drive.kind for drive in machine.cd_roms) == [DiscKind.EMPTY, DiscKind.OTHER]


def test_without_batches_many_are_done_side_by_side(
    site: CentralSite, vm: Callable[..., Vm], doings: Doings, sim: Prism
) -> None:
    source = vm()
    sim.control.fault("error", operation="submit_batch", status=404, body="html")
    specs = {f"k{n}": CloneSpec(f"ahv-{n}x") for n in range(6)}
    outcomes = site.vms.clone(source.uuid, specs, doings=doings)
    well(outcomes)
    uuids = [outcome.uuid for outcome in outcomes.values()]
    well(site.vms.power_on(uuids, doings=doings))
    well(site.vms.delete(uuids, doings=doings))
    assert sim.control.counts()["submit_batch"] == 1


def test_a_batch_that_is_refused_as_a_whole_is_the_error_of_each(
    site: CentralSite, vm: Callable[..., Vm], doings: Doings, sim: Prism
) -> None:
    uuids = clones(site, vm(), 5, doings)
    sim.control.fault("error", operation="submit_batch", status=403, message="not for you")
    outcomes = site.vms.power_on(uuids, doings=doings)
    assert all(isinstance(outcome.error, AccessDenied) for outcome in outcomes.values())


def test_a_storm_of_429_is_outlasted(site: CentralSite, vm: Callable[..., Vm], doings: Doings, sim: Prism) -> None:
    sim.control.fault("rate-limit", probability=0.3, retry_after=1)
    uuids = clones(site, vm(), 8, doings)
    well(site.vms.power_on(uuids, doings=doings))
    well(site.vms.delete(uuids, doings=doings))


def test_a_deadline_that_passes_is_an_error_for_each_that_is_not_done(
    site: CentralSite,
    vm: Callable[..., Vm],
    doings: Doings,
    soon: Callable[[], Deadline],
    clock: ManualClock,
    sim: Prism,
) -> None:
    uuids = clones(site, vm(), 5, doings)
    sim.control.latency("vm.power-on", 100)
    outcomes = site.vms.power_on(uuids, doings=Doings(Deadline(clock, 5), silent))
    assert all(isinstance(outcome.error, TaskTimedOut) for outcome in outcomes.values())


@pytest.mark.parametrize("version", ["v4.0", "v4.1", "v4.2", "v4.3"])
def test_every_release_is_spoken_to_in_its_own_version(
    clock: ManualClock, connect_to: Callable[..., CentralSite], soon: Callable[[], Deadline], version: str
) -> None:
    with running(clock=clock, version=version, late_checks=True) as prism:
        site, doings = connect_to(prism), Doings(soon(), silent)
        subnet = next(subnet for subnet in site.networks.subnets() if subnet.name == "berlin-managed")
        spec = VmSpec(
            name="master",
            description="",
            cluster_uuid=subnet.cluster_uuids[0],
            sockets=1,
            cores_per_socket=2,
            memory_bytes=1 << 30,
            disks=(DiskSpec(size_bytes=1 << 20),),
            nics=(NicSpec(subnet.uuid),),
            firmware=Firmware.SECURE_BOOT,
            vtpm=True,
        )
        made = site.vms.create(spec, key="one", doings=doings)
        assert (made.firmware, made.vtpm, made.machine_type) == (Firmware.SECURE_BOOT, True, "q35")
        assert len(made.addresses) == 1
        template = site.templates.create(made.uuid, name="golden", description="", key="t", doings=doings)
        deployed = site.templates.deploy(
            template.uuid, "", spec.cluster_uuid, {"a": CloneSpec("a"), "b": CloneSpec("b")}, doings=doings
        )
        well(deployed)
        uuids = clones(site, made, 5, doings)
        well(site.vms.power_on(uuids, doings=doings))
        well(site.vms.delete([*uuids, *(outcome.uuid for outcome in deployed.values())], doings=doings))
        assert [machine.uuid for machine in site.vms.find(names=["a", "b", "master"])] == [made.uuid]
        assert site.vms.find(prefix="ahv-") == []
        assert "unknown" not in prism.control.counts()


def test_disks_are_added_behind_those_that_are_there(site: CentralSite, vm: Callable[..., Vm], doings: Doings) -> None:
    uuid = vm().uuid
    site.vms.add_disks(uuid, [DiskSpec(size_bytes=2 << 30), DiskSpec(size_bytes=3 << 30, bus="sata")], doings=doings)
    machine = site.vms.get(uuid)
    assert machine is not None
    told = [(disk.bus, disk.index, disk.size_bytes >> 30) for disk in machine.disks]
    assert told == [("scsi", 0, 1), ("scsi", 1, 2), ("sata", 0, 3)]


def test_prisms_own_customisation_reaches_the_guest(
    site: CentralSite, vm: Callable[..., Vm], doings: Doings, sim: Prism
) -> None:
    uuid = vm().uuid
    text = Customization("cloudInit", b"#cloud-config\nhostname: own\n")
    well(site.vms.customize({uuid: text}, doings=doings))
    well(site.vms.power_on([uuid], doings=doings))
    machine = site.vms.get(uuid)
    assert machine is not None
    assert [drive.kind for drive in machine.cd_roms] == [DiscKind.CUSTOMIZATION]
    well(site.vms.eject_disc([uuid], doings=doings))
    assert site.vms.get(uuid) == machine


def test_a_text_that_is_too_long_is_the_error_of_its_machine(
    site: CentralSite, vm: Callable[..., Vm], doings: Doings
) -> None:
    uuid = vm().uuid
    outcomes = site.vms.customize({uuid: Customization("unattend", bytes(24_001))}, doings=doings)
    assert str(outcomes[uuid].error) == (
        "payload: is 24001 bytes long; Prism's own customization takes 24000. Deliver it on a CD-ROM (delivery: cdrom)."
    )


def test_guests_are_asked_to_shut_down(
    site: CentralSite, vm: Callable[..., Vm], doings: Doings, clock: ManualClock, create: Callable[..., Image]
) -> None:
    uuids = clones(site, vm(disks=(DiskSpec(create(site).uuid),)), 5, doings)
    well(site.vms.power_on(uuids[:4], doings=doings))
    clock.advance(60)
    well(site.vms.ask_to_shut_down(uuids, doings=doings))
    clock.advance(60)
    assert {machine.power for machine in site.vms.by_uuid(uuids).values()} == {Power.OFF}


def test_what_was_deleted_is_cloned_again_under_its_name(
    site: CentralSite, vm: Callable[..., Vm], doings: Doings, clock: ManualClock
) -> None:
    source = vm()
    first = clones(site, source, 5, doings)
    well(site.vms.delete(first, doings=doings))
    clock.advance(10)
    second = clones(site, source, 5, doings)
    assert not set(first) & set(second)


@pytest.mark.parametrize(("count", "most"), [(30, 20), (100, 20)])
def test_what_many_cost_beside_the_reading_of_their_etags(
    site: CentralSite, vm: Callable[..., Vm], doings: Doings, sim: Prism, count: int, most: int
) -> None:
    source = vm()
    clones(site, source, 1, doings, "warm")
    sim.control.clear_journal()
    uuids = clones(site, source, count, doings)
    assert sum(sim.control.counts().values()) <= most
    for act in (site.vms.power_on, site.vms.delete):
        sim.control.clear_journal()
        well(act(uuids, doings=doings))
        calls = sim.control.counts()
        assert calls.pop("get_vm_by_id") == count
        assert sum(calls.values()) <= most


def test_a_refresh_of_a_hundred_is_one_call(
    site: CentralSite, vm: Callable[..., Vm], doings: Doings, sim: Prism
) -> None:
    uuids = clones(site, vm(), 100, doings)
    sim.control.clear_journal()
    assert list(site.vms.by_uuid(uuids)) == uuids
    assert sim.control.counts() == {"list_vms": 1}
