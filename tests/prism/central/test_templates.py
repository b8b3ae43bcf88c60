"""What only Prism Central does with templates; what every product does is tested beside ``vm_interface``."""

from collections.abc import Callable
from typing import Any

import pytest

from pulumi_ahv.kernel.clock import Deadline, ManualClock
from pulumi_ahv.kernel.errors import ApiError, TaskTimedOut
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
