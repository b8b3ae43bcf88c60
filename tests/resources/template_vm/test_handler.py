from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from pulumi_ahv.kernel.errors import AhvError, InputError
from pulumi_ahv.resources.mark import Mark, without_mark
from pulumi_ahv.schema.fields import UNKNOWN, Unknown

GIB = 1 << 30
A_MOMENT = 5  # between two runs: Prism tells times by the second, and what is younger counts as the same run's


def test_a_template_is_frozen_from_a_machine_as_declared(made: Any) -> None:
    template = made.template
    assert (template.name, without_mark(template.description)) == ("golden", "Our agents.")
    mark = Mark.read(template.description)
    assert mark is not None
    assert (mark.owner, mark.kind) == ("shop/prod/golden", "template")
    frozen = made.hardware()
    assert (frozen["numSockets"], frozen["numCoresPerSocket"], frozen["memorySizeBytes"]) == (2, 1, 2 * GIB)
    assert (len(frozen["disks"]), len(frozen["cdRoms"]), len(frozen["nics"])) == (1, 1, 1)


def test_the_machine_that_was_frozen_is_gone(made: Any) -> None:
    assert made.machines() == []


def test_state_tells_the_template_and_its_versions(made: Any) -> None:
    assert made.state is not None
    assert made.state["uuid"] == made.uuid == made.template.uuid
    assert made.state["activeVersion"] == "Initial Version"
    assert made.state["versionId"] == made.active.uuid
    assert [version["uuid"] for version in made.state["versions"]] == [made.active.uuid]
    assert "maintenanceVmUuid" not in made.state


def test_nothing_drifts_by_itself(made: Any) -> None:
    assert made.drift() == {}


def test_a_new_image_is_a_new_version_built_anew(made: Any, make_image: Callable[[str], str]) -> None:
    before = made.template
    made.up(disks=[{"image": make_image("november"), "size": 3}])
    assert made.template.uuid == before.uuid
    assert [version.name for version in made.template.versions] == ["Version 2", "Initial Version"]
    assert made.active.name == "Version 2"
    assert made.active.description.startswith("Built from the images.")
    assert made.hardware()["disks"][0]["backingInfo"]["diskSizeBytes"] == 3 * GIB
    assert made.machines() == []
    assert made.drift() == {}


def test_more_memory_is_a_new_version_made_of_the_newest(made: Any) -> None:
    made.up(memory=4096, vcpus=4, coresPerSocket=2, networks=["berlin-managed", "berlin-dhcp"])
    frozen = made.hardware()
    assert (frozen["numSockets"], frozen["numCoresPerSocket"], frozen["memorySizeBytes"]) == (2, 2, 4 * GIB)
    assert len(frozen["nics"]) == 2
    assert made.active.description.startswith("Made of 'Initial Version'.")
    assert made.machines() == []
    assert made.drift() == {}


def test_cards_can_be_taken_away(made: Any) -> None:
    made.up(networks=None)
    assert made.hardware().get("nics", []) == []
    assert made.drift() == {}


def test_name_and_description_change_in_place(made: Any) -> None:
    made.up(name="silver", description="New words.")
    template = made.template
    assert (template.uuid, template.name, without_mark(template.description)) == (made.uuid, "silver", "New words.")
    assert len(template.versions) == 1
    assert made.drift() == {}


def test_another_owner_name_is_written_into_the_mark(made: Any) -> None:
    made.up(owner="shop/prod/renamed")
    mark = Mark.read(made.template.description)
    assert mark is not None
    assert mark.owner == "shop/prod/renamed"
    assert len(made.template.versions) == 1
    assert made.drift() == {}


def test_another_cluster_needs_a_new_template(made: Any) -> None:
    assert made.handler().replaces(made.state, {**made.inputs, "cluster": "hamburg"}) == ["cluster"]
    assert made.handler().replaces(made.state, {**made.inputs, "firmware": "uefi"}) == []


@pytest.mark.parametrize("by", ["name", "uuid"])
def test_a_pinned_version_is_made_the_active_one(made: Any, by: str) -> None:
    first = made.active
    made.up(memory=4096)
    made.up(version=getattr(first, by))
    assert made.active == replace(first, active=True)
    assert made.drift() == {}
    made.up(version=None)
    assert made.active.name == "Version 2"


def test_a_pinned_version_that_was_changed_in_prism_shows_and_is_repaired(made: Any) -> None:
    made.up(memory=4096)
    made.up(version="Initial Version")
    newest = made.template.versions[0]
    made.site.templates.publish(made.uuid, newest.uuid, doings=made.doings())
    assert made.drift() == {"version": ("Version 2", "Initial Version")}
    made.up()
    assert made.active.name == "Initial Version"


def test_a_pinned_version_that_does_not_exist_is_refused_with_those_that_do(made: Any) -> None:
    with pytest.raises(InputError, match=r"version: template 'golden' has no version 'May'. It has 'Initial Version'"):
        made.up(version="May")


def test_a_version_that_was_rolled_back_in_prism_shows_and_is_repaired(made: Any) -> None:
    first = made.active
    made.up(memory=4096)
    made.site.templates.publish(made.uuid, first.uuid, doings=made.doings())
    drift = made.drift()
    assert list(drift) == ["content"]
    assert drift["content"][0] == "version 'Initial Version'"
    made.up()
    assert made.active.name == "Version 2"
    assert len(made.template.versions) == 2
    assert made.drift() == {}


def test_a_strange_version_stays_where_changes_of_the_content_are_ignored(made: Any) -> None:
    first = made.active
    made.up(memory=4096)
    made.site.templates.publish(made.uuid, first.uuid, doings=made.doings())
    made.drift()
    kept = {**made.bag, "content": made.inputs["content"], "description": "Other."}
    made.handler().update(made.uuid, made.state, made.handler().check(made.inputs, kept).inputs)
    assert made.active.uuid == first.uuid
    assert without_mark(made.template.description) == "Other."


def test_a_name_that_was_changed_in_prism_shows_and_is_repaired(made: Any) -> None:
    made.site.templates.change(made.uuid, name="other", description=None, doings=made.doings())
    assert made.drift() == {"name": ("other", "golden")}
    made.up()
    assert made.template.name == "golden"


def test_a_template_of_this_name_that_is_not_ours_is_named(desk: Any, made: Any) -> None:
    other = replace(desk, bag={**desk.bag, "owner": "shop/prod/other"}, state=None, inputs={})
    with pytest.raises(InputError, match=f"already has a template named 'golden' that is not ours .{made.uuid}."):
        other.up()
    assert made.machines() == []


def test_deleting_removes_all_of_it_and_again_succeeds(made: Any) -> None:
    made.up(memory=4096)
    for _ in range(2):
        made.destroy()
    assert made.leftovers() == []
    assert made.handler().read(made.uuid, made.state) is None


@pytest.mark.parametrize("prism", ["element"], indirect=True)
def test_a_template_whose_deletion_was_cut_off_can_be_kept_after_all(made: Any) -> None:
    made.site.templates._snapshots.delete([made.active.uuid], doing="Deleting", doings=made.doings())
    assert made.drift()["content"][0] == "version ''"
    assert (made.state["activeVersion"], made.state["versions"]) == ("", [])
    made.up()
    assert (made.active.name, made.machines(), made.drift()) == ("Initial Version", [], {})


def test_a_template_that_somebody_else_took_over_is_left_alone(made: Any) -> None:
    state = dict(made.state)
    made.state, made.inputs = None, {}
    made.up()
    made.handler().delete(made.uuid, state)
    assert made.template.uuid == made.uuid


def test_a_create_that_fails_leaves_nothing(desk: Any) -> None:
    operation = "create_template" if desk.is_central else "SnapshotCreate"
    desk.prism.control.fault("task-failure", operation=operation, count=1, message="No space left.")
    with pytest.raises(AhvError, match="No space left"):
        desk.up()
    assert desk.leftovers() == []
    desk.clock.advance(A_MOMENT)
    desk.up()
    assert len(desk.template.versions) == 1


def test_an_update_that_fails_leaves_the_active_version_and_goes_on_next_time(made: Any) -> None:
    operation = "update_template_by_id" if made.is_central else "SnapshotCreate"
    made.prism.control.fault("task-failure", operation=operation, count=1, message="No space left.")
    with pytest.raises(AhvError, match="No space left"):
        made.up(memory=4096)
    assert made.active.name == "Initial Version"
    made.clock.advance(A_MOMENT)
    made.up()
    assert [version.name for version in made.template.versions] == ["Version 2", "Initial Version"]
    assert made.machines() == []


@pytest.mark.parametrize(
    ("central", "element"),
    [
        ("create_vm", "v2_create_vm"),
        ("create_template", "v2_create_snapshots"),
        ("delete_vm_by_id", "v2_delete_vm"),
        ("deploy_template", "v2_clone_snapshot"),
        ("update_template_by_id", "v2_update_vm"),
    ],
)
def test_an_answer_that_was_lost_makes_nothing_twice(desk: Any, central: str, element: str) -> None:
    desk.prism.control.fault("drop-after-commit", operation=central if desk.is_central else element, count=1)
    desk.up()
    desk.up(memory=4096)
    assert desk.prism.control.faults()[0]["hits"] == 1
    assert len(desk.template.versions) == 2
    assert desk.machines() == []


def test_names_are_resolved_and_wrong_ones_told(desk: Any) -> None:
    desk.up(disks=[{"image": "october", "storageContainer": "default-container"}])
    with pytest.raises(InputError, match=r"networks\[0\]: there is no subnet 'berlin-manged'. Did you mean"):
        desk.up(networks=["berlin-manged"])
    with pytest.raises(InputError, match=r"disks\[1\].image: there is no image 'octobre'"):
        desk.up(networks=None, disks=[{"size": 1}, {"image": "octobre"}])
    assert desk.machines() == []


def test_check_finds_everything_at_once_and_calls_nobody(desk: Any) -> None:
    handler = desk.handler()
    desk.prism.control.clear_journal()
    wrong = {**desk.bag, "vcpus": 3, "coresPerSocket": 2, "disks": [{}], "memory": 1, "firmware": "efi"}
    failures = handler.check({}, wrong).failures
    assert sorted(failure.path for failure in failures) == ["coresPerSocket", "disks[0]", "firmware", "memory"]
    assert desk.prism.control.journal() == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"maintenance": True, "version": "May"}, "version: is pinned"),
        ({"firmware": "secureBoot", "machineType": "pc"}, "machineType: secureBoot needs q35"),
    ],
)
def test_contradictions_are_told(desk: Any, wrong: dict[str, Any], said: str) -> None:
    (failure,) = desk.handler().check({}, {**desk.bag, **wrong}).failures
    assert str(failure).startswith(said)


def test_content_is_known_in_a_preview_unless_the_hardware_is_not(desk: Any) -> None:
    described = desk.handler().check({}, {**desk.bag, "description": UNKNOWN}).inputs
    assert isinstance(described["content"], str)
    built = desk.handler().check({}, {**desk.bag, "disks": [{"image": UNKNOWN}]}).inputs
    assert isinstance(built["content"], Unknown)


def test_writing_a_default_down_changes_nothing(desk: Any) -> None:
    handler = desk.handler()
    spelled = {**desk.bag, "firmware": "bios", "coresPerSocket": 1, "vtpm": False, "cdRoms": 1}
    assert handler.check({}, spelled).inputs["content"] == handler.check({}, desk.bag).inputs["content"]


@pytest.mark.parametrize("answers", range(2, 40, 3))
def test_a_run_that_was_killed_is_finished_by_the_next_one(desk: Any, answers: int) -> None:
    desk.killed(answers)
    desk.up()
    assert len(desk.template.versions) == 1
    desk.killed(answers, memory=4096)
    desk.up()
    assert [version.name for version in desk.template.versions] == ["Version 2", "Initial Version"]
    assert desk.machines() == []
    desk.destroy()
    assert desk.leftovers() == []


@pytest.mark.parametrize("answers", range(2, 40, 3))
def test_a_run_that_was_killed_leaves_nothing_to_one_with_other_disks(
    desk: Any, make_image: Callable[[str], str], answers: int
) -> None:
    november = make_image("november")
    desk.killed(answers)
    desk.up(disks=[{"image": november}])
    assert desk.machines() == []
    desk.destroy()
    assert desk.leftovers() == []


def test_a_content_that_comes_back_is_built_anew(made: Any, make_image: Callable[[str], str]) -> None:
    october = made.bag["disks"]
    made.up(disks=[{"image": make_image("november")}])
    made.up(disks=october)
    assert [version.name for version in made.template.versions] == ["Version 3", "Version 2", "Initial Version"]
    assert made.machines() == []
    assert made.drift() == {}


@pytest.mark.parametrize("prism", ["element"], indirect=True)
def test_a_vtpm_is_refused_where_none_can_be_made(desk: Any) -> None:
    with pytest.raises(InputError, match=r"vtpm: .* is a Prism Element, which makes no vTPM over v2.0. Leave it out"):
        desk.up(vtpm=True, firmware="uefi")
    assert desk.leftovers() == []
