"""Maintenance against a Prism: brought up, published, discarded, cut off anywhere, and in the way of others."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_ahv.kernel.errors import AhvError, InputError
from pulumi_ahv.prism.vms import Power
from pulumi_ahv.resources.template_vm.records import Note

UPDATES = ("Template-update-os_*", "ahv-update-*")


@pytest.fixture
def on(made: Any) -> Any:
    """A template VM in maintenance, its guest up."""
    made.up(maintenance=True)
    made.clock.advance(120)
    return made


def power(desk: Any) -> Power | None:
    vm = desk.site.vms.get(desk.template.guest_update_vm)
    return vm.power if vm else None


def version_names(desk: Any) -> list[str]:
    return [version.name for version in desk.template.versions]


def test_maintenance_brings_up_a_machine_of_the_newest_version(on: Any) -> None:
    assert on.state["maintenanceVmUuid"] == on.template.guest_update_vm
    assert power(on) is Power.ON
    assert on.drift() == {}


def test_the_end_of_it_publishes_a_version_and_takes_the_machine_away(on: Any) -> None:
    on.up(maintenance=False)
    assert on.active.name == "Version 2"
    assert on.active.description.startswith("Changed in maintenance.")
    assert version_names(on) == ["Version 2", "Initial Version"]
    assert on.machines() == []
    assert "maintenanceVmUuid" not in on.state
    assert Note.read(on.template.description) is None
    assert on.drift() == {}


def test_taking_the_property_out_ends_it_too(on: Any) -> None:
    on.up(maintenance=None)
    assert on.active.name == "Version 2"


def test_it_can_be_discarded(on: Any) -> None:
    on.up(maintenance=False, onMaintenanceEnd="discard")
    assert version_names(on) == ["Initial Version"]
    assert on.machines() == []
    assert on.drift() == {}


def test_a_second_maintenance_makes_a_third_version(on: Any) -> None:
    on.up(maintenance=False)
    on.up(maintenance=True)
    on.clock.advance(120)
    on.up(maintenance=False)
    assert version_names(on) == ["Version 3", "Version 2", "Initial Version"]


def test_more_memory_keeps_what_was_changed_in_maintenance(on: Any) -> None:
    on.up(maintenance=False)
    on.up(memory=4096)
    assert on.active.description.startswith("Made of 'Version 2'.")


def test_the_end_of_maintenance_and_more_memory_go_in_one_run(on: Any) -> None:
    on.up(maintenance=False, memory=4096)
    assert version_names(on) == ["Version 3", "Version 2", "Initial Version"]
    assert on.machines() == []
    assert on.drift() == {}


def test_the_machine_is_not_changed_by_the_program_in_maintenance(on: Any) -> None:
    with pytest.raises(InputError, match="maintenance: the machine cannot be changed"):
        on.up(memory=4096)
    assert power(on) is Power.ON
    on.up(memory=2048)


def test_name_and_description_can_be_changed_in_maintenance(on: Any) -> None:
    on.up(description="Under work.")
    assert Note.read(on.template.description) is not None
    assert on.drift() == {}
    on.up(maintenance=False)
    assert version_names(on) == ["Version 2", "Initial Version"]


def test_a_machine_that_was_switched_off_shows_and_is_switched_on(on: Any) -> None:
    on.site.vms.power_off([on.template.guest_update_vm], doings=on.doings())
    assert on.drift() == {"maintenance": (False, True)}
    on.up()
    assert power(on) is Power.ON
    assert on.drift() == {}


def test_a_maintenance_that_was_cancelled_in_prism_shows_and_is_begun_again(on: Any) -> None:
    on.site.templates.cancel_guest_update(on.uuid, doings=on.doings())
    assert on.drift() == {"maintenance": (False, True)}
    on.up()
    assert power(on) is Power.ON


def test_a_maintenance_that_was_cancelled_in_prism_can_be_ended(on: Any) -> None:
    on.site.templates.cancel_guest_update(on.uuid, doings=on.doings())
    on.up(maintenance=False)
    assert version_names(on) == ["Initial Version"]
    assert on.drift() == {}


def test_a_guest_that_does_not_shut_down_leaves_everything_as_it_is_and_says_so(made: Any) -> None:
    for machine in UPDATES:
        made.prism.control.guest_rule(machine, ignoresShutdown=True)
    made.up(maintenance=True)
    made.clock.advance(120)
    with pytest.raises(AhvError, match=r"still on after 60 s; nothing was published.* onShutdownTimeout"):
        made.up(maintenance=False, shutdownTimeout=60)
    assert power(made) is Power.ON
    assert version_names(made) == ["Initial Version"]
    made.up(onShutdownTimeout="powerOff")
    assert version_names(made) == ["Version 2", "Initial Version"]
    assert made.machines() == []


def test_a_machine_that_was_deleted_cannot_be_published_and_can_be_discarded(on: Any) -> None:
    machine = on.template.guest_update_vm
    on.site.vms.power_off([machine], doings=on.doings())
    on.site.vms.delete([machine], doings=on.doings())
    with pytest.raises(AhvError, match=rf"machine {machine} has been deleted"):
        on.up(maintenance=False)
    on.up(onMaintenanceEnd="discard")
    assert on.drift() == {}


def test_a_guest_update_of_somebody_else_is_left_alone(made: Any) -> None:
    machine = made.site.templates.begin_guest_update(made.uuid, "", key="x", doings=made.doings())
    assert made.drift() == {}
    with pytest.raises(AhvError, match=f"a guest update that is not ours is under way, in machine {machine}"):
        made.up(maintenance=True)
    with pytest.raises(AhvError, match="is not deleted"):
        made.destroy()
    made.up(maintenance=False)
    assert made.template.guest_update_vm == machine


def test_deleting_takes_the_maintenance_along(on: Any) -> None:
    on.destroy()
    assert on.leftovers() == []


FAULTS = {
    "initiate_guest_update": "v2_clone_snapshot",
    "complete_guest_update": "v2_create_snapshots",
    "power_on_vm": "v2_set_power_state",
    "update_template_by_id": "v2_update_vm",
}


@pytest.mark.parametrize("central", FAULTS)
@pytest.mark.parametrize("kind", ["drop-after-commit", "task-failure"])
def test_a_fault_on_the_way_is_outlasted_or_told_and_the_next_run_goes_on(made: Any, kind: Any, central: str) -> None:
    operation = central if made.is_central else FAULTS[central]
    made.prism.control.fault(kind, operation=operation, count=1)
    told = 0
    for wanted in (True, False):
        for _ in range(2):
            try:
                made.up(maintenance=wanted)
            except AhvError:
                told += 1
            made.clock.advance(120)
    assert made.prism.control.faults()[0]["hits"] == 1
    assert told == (kind == "task-failure")
    assert version_names(made) == ["Version 2", "Initial Version"]
    assert made.machines() == []
    assert made.drift() == {}


@pytest.mark.parametrize("answers", range(1, 34, 3))
def test_a_run_that_was_killed_is_taken_up(made: Any, answers: int) -> None:
    made.killed(answers, maintenance=True)
    made.up()
    assert power(made) is Power.ON
    made.clock.advance(120)
    made.killed(answers, maintenance=False)
    made.up()
    assert version_names(made) == ["Version 2", "Initial Version"]
    assert made.machines() == []
    assert made.drift() == {}


@pytest.mark.parametrize("answers", range(2, 20, 3))
def test_a_begin_that_was_killed_can_be_taken_back(made: Any, answers: int) -> None:
    made.killed(answers, maintenance=True)
    made.drift()
    made.up(maintenance=None, onMaintenanceEnd="discard")
    assert version_names(made) == ["Initial Version"]
    assert made.machines() == []
    assert made.drift() == {}
