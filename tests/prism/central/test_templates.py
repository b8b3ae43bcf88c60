from collections.abc import Callable

import pytest

from pulumi_ahv.kernel.errors import AhvError
from pulumi_ahv.prism.central.site import CentralSite
from pulumi_ahv.prism.vm_interface import Doings
from pulumi_ahv.prism.vms import CloneSpec, Template, Vm

MISSING = "11111111-2222-4333-8444-555555555555"


@pytest.fixture
def template(site: CentralSite, vm: Callable[..., Vm], doings: Doings) -> Template:
    """A template of one version."""
    return site.templates.create(vm().uuid, name="golden", description="mark [golden]", key="stack/t", doings=doings)


def test_a_template_is_read_back_with_its_first_version(site: CentralSite, template: Template) -> None:
    assert (template.name, template.description) == ("golden", "mark [golden]")
    assert [(version.name, version.active) for version in template.versions] == [("Initial Version", True)]
    assert site.templates.get(template.uuid) == template
    assert site.templates.named("golden") == [template]
    assert site.templates.described("[golden]") == [template]
    assert site.templates.described("[other]") == []
    assert site.templates.get(MISSING) is None


def test_versions_are_added_published_and_deleted(
    site: CentralSite, template: Template, vm: Callable[..., Vm], doings: Doings
) -> None:
    first = template.versions[0]
    changed = site.templates.add_version(
        template.uuid, vm("other").uuid, name="v2", description="second", key="stack/t/2", doings=doings
    )
    assert [(version.name, version.active) for version in changed.versions] == [
        ("v2", True),
        ("Initial Version", False),
    ]
    rolled_back = site.templates.publish(template.uuid, first.uuid, doings=doings)
    assert [version.active for version in rolled_back.versions] == [False, True]
    for _ in range(2):
        site.templates.delete_version(template.uuid, changed.versions[0].uuid, doings=doings)
    left = site.templates.get(template.uuid)
    assert left is not None
    assert left.versions == rolled_back.versions[1:]


def test_name_and_description_change_in_place(site: CentralSite, template: Template, doings: Doings) -> None:
    changed = site.templates.change(template.uuid, name=None, description="new", doings=doings)
    assert (changed.uuid, changed.name, changed.description) == (template.uuid, "golden", "new")
    assert changed.versions == template.versions


def test_a_deleted_template_is_gone_and_deleting_again_succeeds(
    site: CentralSite, template: Template, doings: Doings
) -> None:
    for _ in range(2):
        site.templates.delete(template.uuid, doings=doings)
    assert site.templates.get(template.uuid) is None


def test_machines_are_deployed_under_their_names(site: CentralSite, template: Template, doings: Doings) -> None:
    cluster = next(cluster.uuid for cluster in site.inventory.clusters() if cluster.name == "berlin")
    specs = {f"key-{n}": CloneSpec(f"agent-{n}", memory_bytes=(n + 1) << 30) for n in range(5)}
    version = template.versions[0].uuid
    outcomes = site.templates.deploy(template.uuid, version, cluster, specs, doings=doings)
    assert [outcome.error for outcome in outcomes.values()] == [None] * 5
    found = site.vms.by_uuid([outcome.uuid for outcome in outcomes.values()])
    assert [found[outcomes[key].uuid].name for key in specs] == [spec.name for spec in specs.values()]
    assert [found[outcomes[key].uuid].memory_bytes for key in specs] == [spec.memory_bytes for spec in specs.values()]


def test_a_guest_update_is_begun_taken_up_and_completed(site: CentralSite, template: Template, doings: Doings) -> None:
    machine = site.templates.begin_guest_update(template.uuid, template.versions[0].uuid, key="a", doings=doings)
    assert site.vms.get(machine) is not None
    assert site.templates.begin_guest_update(template.uuid, "", key="b", doings=doings) == machine
    done = site.templates.complete_guest_update(template.uuid, name="v2", description="d", key="c", doings=doings)
    assert (done.versions[0].name, done.versions[0].active, done.guest_update_vm) == ("v2", True, "")
    assert (
        site.templates.complete_guest_update(template.uuid, name="v2", description="d", key="c", doings=doings) == done
    )
    assert site.vms.get(machine) is None


def test_a_guest_update_is_cancelled_and_cancelling_again_succeeds(
    site: CentralSite, template: Template, doings: Doings
) -> None:
    machine = site.templates.begin_guest_update(template.uuid, "", key="a", doings=doings)
    for _ in range(2):
        site.templates.cancel_guest_update(template.uuid, doings=doings)
    assert site.vms.get(machine) is None
    assert site.templates.get(template.uuid) == template
    with pytest.raises(AhvError, match=r"no guest update is under way. Begin one first"):
        site.templates.complete_guest_update(template.uuid, name="v2", description="d", key="c", doings=doings)
