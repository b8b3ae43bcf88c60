"""Templates where there are none: what the anchor and its snapshots say, and runs that are cut off anywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from golden import Forge, client
from kills import Killed, kill_after

from pulumi_ahv.kernel.clock import ManualClock
from pulumi_ahv.kernel.errors import AhvError, TaskFailed
from pulumi_ahv.prism.vm_interface import Doings
from pulumi_ahv.prism.vms import CloneSpec, Customization, DiscKind, Power, Template, VmChange
from pulumi_ahv.simulator.server import Prism

TEXT = b"#cloud-config\nhostname: agent\n"


@pytest.fixture
def open_client(sim: Prism, clock: ManualClock) -> Iterator[Callable[[], Any]]:
    """Opens one more client; each is as good as another process."""
    with ExitStack() as held:
        yield lambda: held.enter_context(client(sim, clock))


@pytest.fixture
def forge(site: Any, clock: ManualClock) -> Forge:
    """Whoever makes machines to be frozen."""
    return Forge(site, clock)


@pytest.fixture
def doings(forge: Forge) -> Doings:
    """Time enough."""
    return forge.doings()


@pytest.fixture
def template(site: Any, forge: Forge, doings: Doings) -> Template:
    """A template of one version."""
    made: Template = site.templates.create(
        forge.machine("master"), name="golden", description="mark [golden]", key="stack/t", doings=doings
    )
    return made


@pytest.fixture
def killed(open_client: Callable[[], Any]) -> Callable[[Callable[[Any], Any], int], bool]:
    """Does something in a process that ends after some answers; whether it did not come to its end before."""

    def run(deed: Callable[[Any], Any], answers: int) -> bool:
        site = open_client()
        kill_after(site, answers)
        try:
            deed(site)
        except Killed:
            return True
        return False

    return run


def machines(prism: Prism) -> list[str]:
    return sorted(vm["name"] for vm in prism.control.entities("vms"))


def snapshots(prism: Prism) -> list[str]:
    return sorted(one["snapshot_name"] for one in prism.control.entities("snapshots"))


def story(site: Any, template: Template) -> list[str]:
    found = site.templates.get(template.uuid)
    return [f"{version.name}{'*' * version.active}" for version in found.versions]


def test_the_machine_that_is_frozen_becomes_the_template(site: Any, sim: Prism, template: Template) -> None:
    (anchor,) = sim.control.entities("vms")
    (version,) = sim.control.entities("snapshots")
    assert template.uuid == anchor["extId"]
    assert (anchor["name"], anchor["powerState"]) == ("golden", "OFF")
    assert anchor["description"] == f"mark [golden]\n[template {template.uuid[:8]} active {version['uuid'][:8]}]"
    assert version["snapshot_name"] == f"ahv-template {template.uuid} | Initial Version | Created from VM: master"
    assert template.versions[0].created.startswith("2027-01-15T08:0")


def test_deployed_machines_are_no_templates_whatever_their_description_says(
    site: Any, template: Template, doings: Doings
) -> None:
    (made,) = site.templates.deploy(template.uuid, "", "", {"a": CloneSpec("a")}, doings=doings).values()
    anchor = site.vms.get(template.uuid)
    site.vms.change({made.uuid: VmChange(description=anchor.description)}, doings=doings)
    assert [found.uuid for found in site.templates.described("[golden]")] == [template.uuid]
    assert site.templates.get(made.uuid) is None


def test_a_template_whose_line_was_taken_out_is_known_by_its_versions(
    site: Any, template: Template, doings: Doings
) -> None:
    site.vms.change({template.uuid: VmChange(description="mine")}, doings=doings)
    found = site.templates.get(template.uuid)
    assert (found.description, story(site, template)) == ("mine", ["Initial Version*"])
    site.templates.publish(template.uuid, found.versions[0].uuid, doings=doings)
    assert "[template " in site.vms.get(template.uuid).description


def test_an_active_version_that_was_deleted_by_hand_leaves_the_newest(
    site: Any, template: Template, forge: Forge, doings: Doings
) -> None:
    forge.version(template.uuid, "v2")
    newest = forge.version(template.uuid, "v3").versions[0]
    site.templates._snapshots.delete([newest.uuid], doing="By hand", doings=doings)
    assert story(site, template) == ["v2*", "Initial Version"]


def test_a_template_that_lost_all_versions_says_so_and_can_be_deleted(
    site: Any, sim: Prism, template: Template, doings: Doings
) -> None:
    site.templates._snapshots.delete([template.versions[0].uuid], doing="By hand", doings=doings)
    assert story(site, template) == []
    outcomes = site.templates.deploy(template.uuid, "", "", {"a": CloneSpec("a")}, doings=doings)
    assert "it has no version any more" in str(outcomes["a"].error)
    with pytest.raises(AhvError, match="it has no version any more"):
        site.templates.begin_guest_update(template.uuid, "", key="k", doings=doings)
    site.templates.delete(template.uuid, doings=doings)
    assert machines(sim) == []


def test_versions_of_a_template_whose_machine_is_gone_are_deleted_too(
    site: Any, sim: Prism, template: Template, forge: Forge, doings: Doings
) -> None:
    forge.version(template.uuid, "v2")
    site.vms.change({template.uuid: VmChange(description="")}, doings=doings)
    site.vms.delete([template.uuid], doings=doings)
    assert len(snapshots(sim)) == 2
    site.templates.delete(template.uuid, doings=doings)
    assert snapshots(sim) == []


def test_a_machine_that_was_to_become_a_template_goes_with_its_snapshot(
    site: Any, sim: Prism, forge: Forge, killed: Callable[..., bool], doings: Doings
) -> None:
    machine, answers = forge.machine("master"), 0
    while not snapshots(sim):
        answers += 1
        killed(lambda one: one.templates.create(machine, name="g", description="d", key="k", doings=doings), answers)
    assert machines(sim) == ["master"]
    site.vms.delete([machine], doings=doings)
    assert snapshots(sim) == []


@pytest.mark.parametrize("answers", range(1, 24, 2))
def test_a_template_whose_making_was_killed_is_made_once(
    site: Any, sim: Prism, forge: Forge, killed: Callable[..., bool], answers: int
) -> None:
    machine = forge.machine("master")

    def make(one: Any) -> Any:
        return one.templates.create(machine, name="golden", description="d", key="k", doings=forge.doings())

    killed(make, answers)
    named = site.templates.named("golden")
    assert [len(found.versions) for found in named] == [1] * len(named), "it is not there before it is whole"
    made = make(site)
    assert (made.uuid, made.name, made.description) == (machine, "golden", "d")
    assert story(site, made) == ["Initial Version*"]
    assert len(snapshots(sim)) == 1


@pytest.mark.parametrize("answers", range(1, 16, 2))
def test_a_version_whose_adding_was_killed_is_added_once(
    site: Any, template: Template, forge: Forge, killed: Callable[..., bool], answers: int
) -> None:
    machine = forge.machine("other")

    def add(one: Any) -> Any:
        key = {"key": "k", "doings": forge.doings()}
        return one.templates.add_version(template.uuid, machine, name="v2", description="d", **key)

    killed(add, answers)
    add(site)
    assert story(site, template) == ["v2*", "Initial Version"]


@pytest.mark.parametrize("answers", range(1, 24, 2))
def test_a_template_whose_deletion_was_killed_is_deleted_by_the_next(
    site: Any, sim: Prism, template: Template, forge: Forge, killed: Callable[..., bool], answers: int
) -> None:
    forge.version(template.uuid, "v2")
    killed(lambda one: one.templates.delete(template.uuid, doings=forge.doings()), answers)
    site.templates.delete(template.uuid, doings=forge.doings())
    assert (machines(sim), snapshots(sim)) == ([], [])


@pytest.mark.parametrize("key", ["k", "another"])
@pytest.mark.parametrize("answers", range(1, 22, 2))
def test_a_guest_update_whose_beginning_was_killed_is_taken_up(
    site: Any, sim: Prism, template: Template, forge: Forge, killed: Callable[..., bool], answers: int, key: str
) -> None:
    doings = forge.doings()
    killed(lambda one: one.templates.begin_guest_update(template.uuid, "", key="k", doings=doings), answers)
    machine = site.templates.begin_guest_update(template.uuid, "", key=key, doings=doings)
    assert site.templates.get(template.uuid).guest_update_vm == machine
    assert machines(sim) == [f"ahv-update-{template.uuid}", "golden"]
    assert site.vms.get(machine).description == f"Guest update of template 'golden' ({template.uuid})."


@pytest.mark.parametrize("answers", range(1, 28, 2))
def test_a_guest_update_whose_completion_was_killed_is_under_way_or_done(
    site: Any, sim: Prism, template: Template, forge: Forge, killed: Callable[..., bool], answers: int
) -> None:
    doings = forge.doings()
    machine = site.templates.begin_guest_update(template.uuid, "", key="k", doings=doings)

    def complete(one: Any) -> Any:
        return one.templates.complete_guest_update(template.uuid, name="v2", description="d", key="c", doings=doings)

    killed(complete, answers)
    seen = site.templates.get(template.uuid)
    done = [version.name for version in seen.versions] == ["v2", "Initial Version"]
    assert (seen.guest_update_vm, seen.versions[0].active) == ("" if done else machine, True)
    complete(site)
    assert story(site, template) == ["v2*", "Initial Version"]
    assert machines(sim) == ["golden"]


@pytest.mark.parametrize("answers", range(1, 28, 3))
def test_a_completion_that_was_killed_can_still_be_cancelled(
    site: Any, sim: Prism, template: Template, forge: Forge, killed: Callable[..., bool], answers: int
) -> None:
    doings = forge.doings()
    site.templates.begin_guest_update(template.uuid, "", key="k", doings=doings)
    killed(
        lambda one: one.templates.complete_guest_update(
            template.uuid, name="v2", description="d", key="c", doings=doings
        ),
        answers,
    )
    done = len(story(site, template)) == 2
    killed(lambda one: one.templates.cancel_guest_update(template.uuid, doings=doings), answers % 9)
    site.templates.cancel_guest_update(template.uuid, doings=doings)
    assert story(site, template) == (["v2*", "Initial Version"] if done else ["Initial Version*"])
    assert len(snapshots(sim)) == 1 + done
    assert machines(sim) == ["golden"]


def test_a_machine_that_is_not_ours_is_not_touched_whatever_the_line_says(
    site: Any, sim: Prism, template: Template, forge: Forge, doings: Doings
) -> None:
    stranger = forge.machine("stranger")
    machine = site.templates.begin_guest_update(template.uuid, "", key="k", doings=doings)
    line = site.vms.get(template.uuid).description.replace(machine, stranger)
    site.vms.change({template.uuid: VmChange(description=line)}, doings=doings)
    said = rf"machine {stranger} \('stranger'\) does not say that it is the one of this guest update"
    with pytest.raises(AhvError, match=said):
        site.templates.cancel_guest_update(template.uuid, doings=doings)
    with pytest.raises(AhvError, match=said):
        site.templates.complete_guest_update(template.uuid, name="v2", description="d", key="c", doings=doings)
    assert "stranger" in machines(sim)
    assert len(snapshots(sim)) == 1


def test_a_running_machine_is_not_frozen(site: Any, template: Template, doings: Doings) -> None:
    machine = site.templates.begin_guest_update(template.uuid, "", key="k", doings=doings)
    site.vms.power_on([machine], doings=doings)
    with pytest.raises(AhvError, match=rf"machine {machine} is on.* Shut it down first"):
        site.templates.complete_guest_update(template.uuid, name="v2", description="d", key="c", doings=doings)
    assert site.vms.get(machine).power is Power.ON


@pytest.mark.parametrize("fault", ["drop-before", "drop-after-commit"])
@pytest.mark.parametrize("operation", ["v2_create_snapshots", "v2_update_vm", "v2_clone_snapshot", "v2_delete_vm"])
def test_an_answer_that_was_lost_makes_nothing_twice(
    site: Any, sim: Prism, template: Template, forge: Forge, fault: Any, operation: str
) -> None:
    sim.control.fault(fault, operation=operation, count=1)
    forge.version(template.uuid, "v2")
    site.templates.begin_guest_update(template.uuid, "", key="k", doings=forge.doings())
    site.templates.complete_guest_update(template.uuid, name="v3", description="d", key="c", doings=forge.doings())
    assert sim.control.faults()[0]["hits"] == 1
    assert story(site, template) == ["v3*", "v2", "Initial Version"]
    assert (machines(sim), len(snapshots(sim))) == (["golden"], 3)


def test_a_change_that_somebody_else_was_faster_with_is_applied_again(
    site: Any, sim: Prism, template: Template, doings: Doings
) -> None:
    sim.control.fault("task-failure", operation="VmUpdate", code="6", message="Logical timestamp mismatch", count=2)
    assert site.templates.change(template.uuid, name="new", description=None, doings=doings).name == "new"


@pytest.mark.parametrize(
    ("operation", "deed"),
    [
        ("SnapshotCreate", lambda one, uuid, doings: Forge(one, doings.deadline._clock).version(uuid, "v2")),
        ("SnapshotDelete", lambda one, uuid, doings: one.templates.delete(uuid, doings=doings)),
        ("SnapshotClone", lambda one, uuid, doings: one.templates.begin_guest_update(uuid, "", key="k", doings=doings)),
    ],
)
def test_what_prism_says_of_a_failure_is_told_with_the_template(
    site: Any, sim: Prism, template: Template, doings: Doings, operation: str, deed: Callable[..., Any]
) -> None:
    sim.control.fault("task-failure", operation=operation, code="15", message="No space left.", count=1)
    with pytest.raises(TaskFailed, match=r"No space left. \(15\)") as caught:
        deed(site, template.uuid, doings)
    assert template.uuid in str(caught.value) or template.versions[0].uuid in str(caught.value)


def test_many_machines_of_a_version_take_one_call_for_a_hundred(
    site: Any, sim: Prism, template: Template, doings: Doings
) -> None:
    specs = {str(n): CloneSpec(f"agent-{n}") for n in range(120)}
    made = site.templates.deploy(template.uuid, template.versions[0].uuid, "", specs, doings=doings)
    assert {one.error for one in made.values()} == {None}
    assert sim.control.counts()["v2_clone_snapshot"] == 2
    assert len(site.vms.find(prefix="agent-")) == 120


def test_what_hits_all_of_a_call_is_not_tried_one_by_one(
    site: Any, sim: Prism, template: Template, doings: Doings
) -> None:
    sim.control.fault("task-failure", operation="SnapshotClone", code="15", message="No space left.")
    specs = {str(n): CloneSpec(f"agent-{n}") for n in range(64)}
    made = site.templates.deploy(template.uuid, template.versions[0].uuid, "", specs, doings=doings)
    assert all("No space left" in str(one.error) for one in made.values())
    assert sim.control.counts()["v2_clone_snapshot"] == 15


def test_machines_with_a_text_or_a_file_of_their_own_are_customized_when_they_are_made(
    site: Any, sim: Prism, template: Template, doings: Doings, clock: ManualClock
) -> None:
    sim.control.add(
        files=[{"cluster": "berlin", "container": "default-container", "path": "a/b.yaml", "text": TEXT.decode()}]
    )
    specs = {
        "text": CloneSpec("text", customization=Customization("cloudInit", TEXT)),
        "file": CloneSpec(
            "file", customization=Customization("cloudInit", b"", path="adsf:///default-container/a/b.yaml")
        ),
        "none": CloneSpec("none"),
    }
    made = site.templates.deploy(template.uuid, "", "", specs, doings=doings)
    assert {one.error for one in made.values()} == {None}
    uuids = {key: one.uuid for key, one in made.items()}
    kinds = {key: [drive.kind for drive in site.vms.get(uuid).cd_roms] for key, uuid in uuids.items()}
    assert kinds == {"text": [DiscKind.CUSTOMIZATION], "file": [DiscKind.CUSTOMIZATION], "none": []}
    site.vms.power_on(list(uuids.values()), doings=doings)
    clock.advance(60)
    assert [sim.control.guest(uuids[key])["hostname"] for key in ("text", "file")] == ["agent", "agent"]
