from collections.abc import Callable
from typing import Any

import pytest

from pulumi_ahv.kernel.clock import Deadline, ManualClock
from pulumi_ahv.kernel.errors import AhvError, ApiError, TaskTimedOut
from pulumi_ahv.kernel.progress import silent
from pulumi_ahv.prism.central.site import CentralSite
from pulumi_ahv.prism.vm_interface import Doings
from pulumi_ahv.prism.vms import CloneSpec, Customization, DiscKind, DiskSpec, NicSpec, Template, Vm, VmSpec
from pulumi_ahv.simulator.server import Prism, running

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


@pytest.fixture
def cluster(site: CentralSite) -> str:
    """The cluster that machines are made on."""
    return next(cluster.uuid for cluster in site.inventory.clusters() if cluster.name == "berlin")


def test_of_a_deployment_that_fails_in_part_each_machine_has_its_own_outcome(
    site: CentralSite, template: Template, doings: Doings, cluster: str
) -> None:
    subnet = next(subnet.uuid for subnet in site.networks.subnets() if subnet.name == "berlin-managed")
    addresses = ["10.42.9.1", "10.42.9.2", "10.42.9.1", "192.168.1.1", "10.42.9.5"]
    specs = {f"k{n}": CloneSpec(f"a{n}", nics=(NicSpec(subnet, address),)) for n, address in enumerate(addresses)}
    outcomes = site.templates.deploy(template.uuid, "", cluster, specs, doings=doings)
    assert [key for key, outcome in outcomes.items() if outcome.error] == ["k2", "k3"]
    assert str(outcomes["k2"].error).startswith("Deploying 'a2': task ")
    assert "10.42.9.1" in str(outcomes["k2"].error)
    assert "192.168.1.1" in str(outcomes["k3"].error)
    found = site.vms.by_uuid([outcome.uuid for outcome in outcomes.values() if outcome.uuid])
    assert sorted(address for machine in found.values() for address in machine.addresses) == [
        "10.42.9.1",
        "10.42.9.2",
        "10.42.9.5",
    ]


@pytest.mark.parametrize("version", ["v4.0", "v4.3"])
def test_a_deployment_that_ends_well_over_failures_tells_prisms_words(
    connect_to: Callable[..., CentralSite], clock: ManualClock, doings: Doings, version: str
) -> None:
    with running(clock=clock, version=version, hidden_failures=True) as sim:
        site = connect_to(sim)
        cluster = next(cluster.uuid for cluster in site.inventory.clusters() if cluster.name == "berlin")
        spec = VmSpec("master", "", cluster, 1, 1, 1 << 30, (DiskSpec(size_bytes=1 << 30),))
        master = site.vms.create(spec, key="master", doings=doings)
        template = site.templates.create(master.uuid, name="golden", description="", key="golden", doings=doings)
        sim.control.fault(
            "task-failure", operation="kVmTemplateDeployVm", skip=1, count=2, message="no space", code="VMM-77"
        )
        specs = {f"k{n}": CloneSpec(f"a{n}") for n in range(5)}
        outcomes = site.templates.deploy(template.uuid, "", cluster, specs, doings=doings)
        site.close()
    failed = {key: str(outcome.error) for key, outcome in outcomes.items() if outcome.error}
    assert list(failed) == ["k1", "k2"]
    assert all(f"Deploying 'a{key[1]}'" in text and "no space (VMM-77)" in text for key, text in failed.items())


def test_a_second_deployment_makes_what_the_first_could_not(
    site: CentralSite, template: Template, doings: Doings, cluster: str, sim: Prism
) -> None:
    specs = {f"k{n}": CloneSpec(f"a{n}") for n in range(6)}
    sim.control.fault("task-failure", operation="kVmTemplateDeployVm", count=2, message="no space", code="VMM-1")
    first = site.templates.deploy(template.uuid, "", cluster, specs, doings=doings)
    assert [key for key, outcome in first.items() if outcome.error] == ["k0", "k1"]
    second = site.templates.deploy(template.uuid, "", cluster, specs, doings=doings)
    assert [outcome.error for outcome in second.values()] == [None] * 6
    assert len(site.vms.find(names=[spec.name for spec in specs.values()])) == 6


@pytest.mark.parametrize("again", [6, 3])
def test_a_deployment_that_a_killed_run_began_is_waited_for(
    join: Callable[..., CentralSite],
    template: Template,
    doings: Doings,
    cluster: str,
    clock: ManualClock,
    sim: Prism,
    again: int,
) -> None:
    specs = {f"k{n}": CloneSpec(f"a{n}") for n in range(6)}
    sim.control.latency("template.deploy-vm", 60)
    killed = join().templates.deploy(template.uuid, "", cluster, specs, doings=Doings(Deadline(clock, 5), silent))
    assert all(isinstance(outcome.error, TaskTimedOut) for outcome in killed.values())
    some = {key: specs[key] for key in list(specs)[:again]}
    outcomes = join().templates.deploy(template.uuid, "", cluster, some, doings=doings)
    assert [outcome.error for outcome in outcomes.values()] == [None] * again
    names = [spec.name for spec in specs.values()]
    assert sorted(found.name for found in join().vms.find(names=names)) == names


def test_a_deployment_that_lost_its_answer_has_no_twins(
    site: CentralSite, template: Template, doings: Doings, cluster: str, sim: Prism
) -> None:
    sim.control.fault("drop-after-commit", operation="deploy_template", count=1)
    specs = {f"k{n}": CloneSpec(f"a{n}") for n in range(4)}
    outcomes = site.templates.deploy(template.uuid, "", cluster, specs, doings=doings)
    assert [outcome.error for outcome in outcomes.values()] == [None] * 4
    assert len(site.vms.find(names=[spec.name for spec in specs.values()])) == 4


def test_a_deployed_machine_is_customised_by_its_own_text(
    site: CentralSite, template: Template, doings: Doings, cluster: str
) -> None:
    specs = {
        name: CloneSpec(name, customization=Customization("cloudInit", f"#cloud-config\nhostname: {name}\n".encode()))
        for name in ("one", "two")
    }
    outcomes = site.templates.deploy(template.uuid, "", cluster, specs, doings=doings)
    uuids = [outcome.uuid for outcome in outcomes.values()]
    on = site.vms.power_on(uuids, doings=doings)
    assert [outcome.error for outcome in on.values()] == [None, None]
    drives = [drive.kind for machine in site.vms.by_uuid(uuids).values() for drive in machine.cd_roms]
    assert drives == [DiscKind.CUSTOMIZATION] * 2


@pytest.mark.parametrize("fault", ["drop-before", "drop-after-commit"])
def test_a_template_that_lost_its_answer_is_made_once(
    site: CentralSite, vm: Callable[..., Vm], doings: Doings, sim: Prism, fault: Any
) -> None:
    sim.control.fault(fault, operation="create_template", count=1)
    made = site.templates.create(vm().uuid, name="golden", description="", key="k", doings=doings)
    assert site.templates.named("golden") == [made]


def test_a_version_that_a_killed_run_began_is_not_added_twice(
    join: Callable[..., CentralSite],
    template: Template,
    vm: Callable[..., Vm],
    doings: Doings,
    clock: ManualClock,
    sim: Prism,
) -> None:
    machine = vm("other").uuid
    sim.control.latency("template.update", 60)
    with pytest.raises(TaskTimedOut):
        join().templates.add_version(
            template.uuid, machine, name="v2", description="d", key="k", doings=Doings(Deadline(clock, 5), silent)
        )
    done = join().templates.add_version(template.uuid, machine, name="v2", description="d", key="k", doings=doings)
    assert [version.name for version in done.versions] == ["v2", "Initial Version"]


def test_a_guest_update_that_a_killed_run_began_is_taken_up(
    join: Callable[..., CentralSite], template: Template, doings: Doings, clock: ManualClock, sim: Prism
) -> None:
    sim.control.latency("template.initiate-update", 60)
    with pytest.raises(TaskTimedOut):
        join().templates.begin_guest_update(template.uuid, "", key="k", doings=Doings(Deadline(clock, 5), silent))
    machine = join().templates.begin_guest_update(template.uuid, "", key="k", doings=doings)
    assert join().vms.get(machine) is not None


def test_guest_updates_follow_one_another_under_the_same_key(
    site: CentralSite, template: Template, doings: Doings, clock: ManualClock
) -> None:
    first = site.templates.begin_guest_update(template.uuid, "", key="k", doings=doings)
    site.templates.cancel_guest_update(template.uuid, doings=doings)
    clock.advance(10)
    second = site.templates.begin_guest_update(template.uuid, "", key="k", doings=doings)
    assert first != second


def test_a_change_that_somebody_else_was_faster_with_is_applied_again(
    site: CentralSite, template: Template, doings: Doings, sim: Prism
) -> None:
    stale = {"status": 412, "code": "PLAT-10006", "group": "ETAG_MISMATCH"}
    sim.control.fault("error", operation="update_template_by_id", count=2, **stale)
    sim.control.fault("late-etag", operation="kVmTemplateUpdate", count=1)
    assert site.templates.change(template.uuid, name="new", description=None, doings=doings).name == "new"


def test_the_active_version_is_not_deleted(site: CentralSite, template: Template, doings: Doings) -> None:
    with pytest.raises(ApiError, match="active version"):
        site.templates.delete_version(template.uuid, template.versions[0].uuid, doings=doings)


@pytest.mark.parametrize("task", ["kVmTemplateDeploy", "kVmTemplateDeployVm"])
def test_a_deployment_whose_etag_goes_stale_in_part_is_repeated_for_that_part_only(
    site: CentralSite, template: Template, doings: Doings, cluster: str, sim: Prism, task: str
) -> None:
    sim.control.fault("late-etag", operation=task, skip=1 if task.endswith("Vm") else 0, count=1)
    specs = {f"k{n}": CloneSpec(f"a{n}") for n in range(5)}
    outcomes = site.templates.deploy(template.uuid, "", cluster, specs, doings=doings)
    assert [outcome.error for outcome in outcomes.values()] == [None] * 5
    names = [spec.name for spec in specs.values()]
    assert sorted(machine.name for machine in site.vms.find(names=names)) == names
