"""What is found, and above all what is not."""

from __future__ import annotations

from typing import Any

import pytest
from pools import bag_of

from pulumi_ahv.kernel.clock import Deadline
from pulumi_ahv.kernel.errors import InputError
from pulumi_ahv.prism.values import ImageChange
from pulumi_ahv.prism.vms import DiskSpec, VmChange, VmSpec
from pulumi_ahv.resources.mark import Mark
from pulumi_ahv.resources.pool.marks import PoolMarks
from pulumi_ahv.resources.sweeping.declared import Known, Stack
from pulumi_ahv.resources.template_vm.records import Note, described

Bag = dict[str, Any]
MARK = Mark.of("shop/prod/golden", "template", differs_by=("", ""), claim="first")


def template_bag(image: str) -> Bag:
    return {
        "name": "golden",
        "owner": "shop/prod/golden",
        "disks": [{"image": image}],
        "vcpus": 1,
        "memory": 1024,
        "cluster": "berlin",
    }


def names(scene: Any, *resources: str, known: Known | None = None) -> list[tuple[str, str]]:
    return [(found.kind.value, found.name) for found in scene.look(*resources, known=known).findings]


def machine(scene: Any, name: str, description: str = "") -> str:
    site = scene.site
    cluster = next(each.uuid for each in site.inventory.clusters() if each.name == "berlin")
    spec = VmSpec(name, description, cluster, 1, 1, 1 << 30, (DiskSpec(size_bytes=1 << 30),))
    uuid: str = site.vms.create(spec, key=name, doings=scene.forge.doings()).uuid
    return uuid


def test_nothing_of_a_stack_that_stands_is_found(scene: Any, image_bag: Bag) -> None:
    image = scene.make("Image", image_bag)
    scene.make("TemplateVm", template_bag(image))
    assert scene.look().findings == scene.look().unknown == ()


def test_the_same_things_are_found_when_no_state_knows_of_them(scene: Any, image_bag: Bag) -> None:
    image = scene.make("Image", image_bag)
    scene.make("TemplateVm", template_bag(image))
    assert names(scene, known=Known()) == [("template", "golden"), ("image", "disk")]


def test_members_that_stand_are_no_finding_and_those_that_a_kill_left_are(scene: Any) -> None:
    template = scene.forge.template()
    scene.make("Pool", bag_of(template.uuid) | {"size": 2})
    assert names(scene) == []
    stranger = machine(scene, "agents-009", PoolMarks("shop/prod/agents", ("", "berlin")).description(9, "v", ""))
    assert [(found.kind.value, found.uuid) for found in scene.look().findings] == [("pool member", stranger)]
    scene.sweep(scene.look())
    assert len(scene.held[0]["outputs"]["status"]) == 2
    assert {each["uuid"] for each in scene.held[0]["outputs"]["status"].values()} <= {
        vm.uuid for vm in scene.site.vms.described("")
    }


@pytest.mark.parametrize("owner", ["shop/production/disk", "shop/pro/disk", "shop2/prod/disk"])
def test_other_stacks_are_left_alone(scene: Any, image_bag: Bag, owner: str) -> None:
    scene.make("Image", image_bag | {"owner": owner})
    assert names(scene, known=Known()) == []


def test_an_image_without_a_mark_is_left_alone(scene: Any, image_bag: Bag) -> None:
    uuid = scene.make("Image", image_bag)
    change = ImageChange(description="Made by hand.")
    scene.site.images.update(uuid, change, deadline=Deadline(scene.clock, 900))
    assert names(scene, known=Known()) == []


def test_working_names_of_unknown_owners_are_told_apart_and_a_name_makes_them_known(scene: Any) -> None:
    clone = PoolMarks("shop/prod/agents", ("", "berlin")).working_name(3, "version")
    uuid = machine(scene, clone)
    machine(scene, "ahv-is-what-i-call-mine")
    sight = scene.look()
    assert sight.findings == ()
    assert [(each.name, each.uuid) for each in sight.unknown] == [(clone, uuid)]
    assert names(scene, "other") == []
    assert names(scene, "agents") == [("clone", clone)]
    assert scene.look("agents").unknown == ()


def test_a_marked_member_makes_the_working_names_of_its_owner_known(scene: Any) -> None:
    marks = PoolMarks("shop/prod/agents", ("", ""))
    machine(scene, "agents-001", marks.description(0, "v", ""))
    clone = marks.working_name(1, "v")
    machine(scene, clone)
    assert sorted(names(scene)) == [("clone", clone), ("pool member", "agents-001")]


def test_a_guest_update_goes_before_its_template(scene: Any) -> None:
    site, doings = scene.site, scene.forge.doings()
    template = scene.forge.template()
    text = described("", MARK, Note("session", "0123456789-0123456789"))
    site.templates.change(template.uuid, name=None, description=text, doings=doings)
    found = site.templates.begin_guest_update(template.uuid, template.versions[0].uuid, key="k", doings=doings)
    sight = scene.look()
    assert [(each.kind.value, each.uuid) for each in sight.findings] == [
        ("guest update", found),
        ("template", template.uuid),
    ]
    assert scene.sweep(sight) == {}
    assert scene.look().findings == ()
    assert scene.site.vms.get(found) is None


def test_a_template_in_which_somebody_else_works_stays(scene: Any) -> None:
    site, doings = scene.site, scene.forge.doings()
    template = scene.forge.template()
    site.templates.change(template.uuid, name=None, description=described("", MARK, None), doings=doings)
    site.templates.begin_guest_update(template.uuid, template.versions[0].uuid, key="k", doings=doings)
    sight = scene.look()
    (finding,) = sight.findings
    assert "a guest update that is not ours is under way" in finding.stays
    assert scene.sweep(sight) == {}
    assert scene.site.templates.get(template.uuid) is not None


def test_machines_that_run_are_switched_off_and_deleted(scene: Any) -> None:
    uuid = machine(scene, "agents-001", PoolMarks("shop/prod/agents", ("", "")).description(0, "v", ""))
    scene.site.vms.power_on([uuid], doings=scene.forge.doings())
    assert scene.sweep(scene.look()) == {}
    assert scene.site.vms.get(uuid) is None


def test_a_machine_that_was_renamed_is_still_found_by_its_mark(scene: Any) -> None:
    uuid = machine(scene, "agents-001", PoolMarks("shop/prod/agents", ("", "")).description(0, "v", ""))
    scene.site.vms.change({uuid: VmChange(name="mine")}, doings=scene.forge.doings())
    assert names(scene) == [("pool member", "mine")]


def test_what_cannot_be_deleted_is_told_and_the_rest_goes(scene: Any, prism: Any, image_bag: Bag) -> None:
    image = scene.make("Image", image_bag)
    uuid = machine(scene, "agents-001", PoolMarks("shop/prod/agents", ("", "")).description(0, "v", ""))
    prism.control.fault("task-failure", operation="*VmDelete*", entity=uuid, message="It is in use.")
    sight = scene.look(known=Known())
    failures = scene.sweep(sight)
    assert [failed.uuid for failed in failures] == [uuid], failures
    assert scene.site.images.get(image) is None


def test_a_stack_with_a_name_that_no_mark_can_hold_is_refused() -> None:
    with pytest.raises(InputError, match="so long that its marks do not hold all of it"):
        _ = Stack("p" * 60, "s" * 70).prefix


@pytest.mark.parametrize("prism", ["central"], indirect=True)
def test_a_template_whose_guest_update_does_not_end_is_not_told_to_be_deleted(scene: Any, prism: Any) -> None:
    site, doings = scene.site, scene.forge.doings()
    template = scene.forge.template()
    text = described("", MARK, Note("session", "0123456789-0123456789"))
    site.templates.change(template.uuid, name=None, description=text, doings=doings)
    site.templates.begin_guest_update(template.uuid, template.versions[0].uuid, key="k", doings=doings)
    prism.control.fault("task-failure", operation="kVmTemplateCancelGuestChanges", message="Not now.")
    failures = scene.sweep(scene.look())
    assert [(failed.kind.value, "Not now." in str(error)) for failed, error in failures.items()] == [
        ("guest update", True),
        ("template", True),
    ]
    assert scene.site.templates.get(template.uuid) is not None


def test_a_machine_of_a_kind_that_is_not_known_here_is_found_by_its_mark(scene: Any) -> None:
    machine(scene, "db", Mark.of("shop/prod/db", "vm", differs_by=(), claim="first").write("Our database."))
    assert names(scene) == [("machine", "db")]
