"""What every product makes of templates: the same tests for all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from golden import Forge, client

from pulumi_ahv.kernel.clock import ManualClock
from pulumi_ahv.kernel.errors import AhvError
from pulumi_ahv.prism.vm_interface import Doings, MachineSite
from pulumi_ahv.prism.vms import CloneSpec, DiscKind, NicSpec, Power, Template
from pulumi_ahv.simulator.server import Prism, running

MISSING = "11111111-2222-4333-8444-555555555555"


@pytest.fixture
def clock() -> ManualClock:
    """The clock of the site and of its clients."""
    return ManualClock(1_800_000_000.0)


@pytest.fixture(params=["central", "element"])
def prism(request: pytest.FixtureRequest, clock: ManualClock) -> Iterator[Prism]:
    """An embedded Prism of each product in turn."""
    with running(product=request.param, clock=clock) as site:
        yield site


@pytest.fixture
def site(prism: Prism, clock: ManualClock) -> Iterator[MachineSite]:
    """A client of it."""
    with client(prism, clock) as opened:
        yield opened


@pytest.fixture
def forge(site: MachineSite, clock: ManualClock) -> Forge:
    """Whoever makes machines to be frozen."""
    return Forge(site, clock)


@pytest.fixture
def doings(forge: Forge) -> Doings:
    """Time enough, and nobody who looks."""
    return forge.doings()


@pytest.fixture
def template(site: MachineSite, forge: Forge, doings: Doings) -> Template:
    """A template of one version."""
    machine = forge.machine("master")
    return site.templates.create(machine, name="golden", description="mark [golden]", key="stack/t", doings=doings)


@pytest.fixture
def add(site: MachineSite, forge: Forge, template: Template, doings: Doings) -> Callable[..., Template]:
    """Adds a version to it."""

    def make(name: str, description: str = "Some words.") -> Template:
        machine = forge.machine(f"for-{name}")
        return site.templates.add_version(
            template.uuid, machine, name=name, description=description, key=name, doings=doings
        )

    return make


@pytest.fixture
def cluster(site: MachineSite) -> str:
    """The cluster that machines are made on."""
    return next(cluster.uuid for cluster in site.inventory.clusters() if cluster.name == "berlin")


def names(template: Template | None) -> list[str]:
    """Names of its versions; the active one in capitals."""
    assert template is not None
    return [version.name.upper() if version.active else version.name for version in template.versions]


def test_a_template_is_read_back_with_its_first_version(site: MachineSite, template: Template) -> None:
    assert (template.name, template.description) == ("golden", "mark [golden]")
    assert names(template) == ["INITIAL VERSION"]
    assert template.versions[0].description == "Created from VM: master"
    assert site.templates.get(template.uuid) == template
    assert site.templates.named("golden") == [template]
    assert site.templates.described("[golden]") == [template]
    assert site.templates.described("[other]") == site.templates.named("silver") == []
    assert site.templates.get(MISSING) is None


def test_a_machine_is_no_template(site: MachineSite, forge: Forge) -> None:
    machine = forge.machine("golden")
    assert site.templates.get(machine) is None
    assert site.templates.named("golden") == []


def test_what_still_has_its_own_name_was_not_taken_over_and_can_be_deleted(
    site: MachineSite, template: Template, add: Callable[..., Template], forge: Forge, cluster: str
) -> None:
    version = add("v2").versions[0].uuid
    forge.drop("master", "for-v2")
    assert [machine.name for machine in site.vms.find(prefix="")] == []
    found = site.templates.get(template.uuid)
    assert names(found) == ["V2", "Initial Version"]
    for uuid in (version, template.versions[0].uuid):
        specs = {uuid: CloneSpec(f"of-{uuid}")}
        made = site.templates.deploy(template.uuid, uuid, cluster, specs, doings=forge.doings())
        assert made[uuid].error is None


def test_a_version_comes_back_with_its_name_description_and_time(
    template: Template, add: Callable[..., Template]
) -> None:
    changed = add("Version 2", "Built from the images.\n[version 5d41402abc-7d793037a0 maintenance k3j2]")
    assert names(changed) == ["VERSION 2", "Initial Version"]
    version = changed.versions[0]
    assert version.description == "Built from the images.\n[version 5d41402abc-7d793037a0 maintenance k3j2]"
    assert version.created > template.versions[0].created


def test_versions_are_published_and_deleted(
    site: MachineSite, template: Template, add: Callable[..., Template], doings: Doings
) -> None:
    first, changed = template.versions[0], add("v2")
    rolled_back = site.templates.publish(template.uuid, first.uuid, doings=doings)
    assert names(rolled_back) == ["v2", "INITIAL VERSION"]
    for _ in range(2):
        site.templates.delete_version(template.uuid, changed.versions[0].uuid, doings=doings)
    assert names(site.templates.get(template.uuid)) == ["INITIAL VERSION"]


def test_a_new_version_is_the_active_one_whichever_was_before(
    site: MachineSite, template: Template, add: Callable[..., Template], doings: Doings
) -> None:
    add("v2")
    site.templates.publish(template.uuid, template.versions[0].uuid, doings=doings)
    assert names(add("v3")) == ["V3", "v2", "Initial Version"]


def test_the_active_version_is_not_deleted(site: MachineSite, template: Template, doings: Doings) -> None:
    with pytest.raises(AhvError, match="active version"):
        site.templates.delete_version(template.uuid, template.versions[0].uuid, doings=doings)


def test_name_and_description_change_in_place(
    site: MachineSite, template: Template, add: Callable[..., Template], doings: Doings
) -> None:
    add("v2")
    site.templates.publish(template.uuid, template.versions[0].uuid, doings=doings)
    changed = site.templates.change(template.uuid, name=None, description="new", doings=doings)
    assert (changed.uuid, changed.name, changed.description) == (template.uuid, "golden", "new")
    changed = site.templates.change(template.uuid, name="silver", description=None, doings=doings)
    assert (changed.name, changed.description) == ("silver", "new")
    assert names(changed) == ["v2", "INITIAL VERSION"]
    assert site.templates.named("silver") == [changed]


def test_a_deleted_template_is_gone_and_deleting_again_succeeds(
    site: MachineSite, template: Template, add: Callable[..., Template], prism: Prism, forge: Forge
) -> None:
    add("v2")
    for _ in range(2):
        site.templates.delete(template.uuid, doings=forge.doings())
    assert site.templates.get(template.uuid) is None
    forge.drop("master", "for-v2")
    assert (prism.control.entities("vms"), prism.control.entities("snapshots")) == ([], [])


def test_a_machine_is_not_deleted_for_a_template(site: MachineSite, forge: Forge, doings: Doings) -> None:
    machine = forge.machine("golden")
    site.templates.delete(machine, doings=doings)
    assert site.vms.get(machine) is not None


def test_machines_are_deployed_as_asked(site: MachineSite, template: Template, doings: Doings, cluster: str) -> None:
    subnet = next(subnet.uuid for subnet in site.networks.subnets() if subnet.name == "berlin-managed")
    specs = {
        f"key-{n}": CloneSpec(f"agent-{n}", 2, 2, (n + 1) << 30, (NicSpec(subnet, f"10.42.9.{n}"),))
        for n in range(1, 5)
    }
    version = template.versions[0].uuid
    outcomes = site.templates.deploy(template.uuid, version, cluster, specs, doings=doings)
    assert [outcome.error for outcome in outcomes.values()] == [None] * 4
    found = site.vms.by_uuid([outcome.uuid for outcome in outcomes.values()])
    for n, key in enumerate(specs, 1):
        vm = found[outcomes[key].uuid]
        assert (vm.name, vm.power, vm.sockets, vm.cores_per_socket) == (f"agent-{n}", Power.OFF, 2, 2)
        assert (vm.memory_bytes, vm.addresses, len(vm.disks)) == ((n + 1) << 30, (f"10.42.9.{n}",), 1)


def test_a_second_deployment_of_the_same_makes_nothing(
    site: MachineSite, template: Template, doings: Doings, cluster: str
) -> None:
    specs = {f"k{n}": CloneSpec(f"a{n}") for n in range(3)}
    first = site.templates.deploy(template.uuid, template.versions[0].uuid, cluster, specs, doings=doings)
    second = site.templates.deploy(template.uuid, template.versions[0].uuid, cluster, specs, doings=doings)
    assert [outcome.error for outcome in second.values()] == [None] * 3
    assert {key: outcome.uuid for key, outcome in first.items()} == {key: each.uuid for key, each in second.items()}
    assert len(site.vms.find(names=["a0", "a1", "a2"])) == 3


def test_of_a_deployment_that_fails_in_part_each_machine_has_its_own_outcome(
    site: MachineSite, template: Template, doings: Doings, cluster: str
) -> None:
    subnet = next(subnet.uuid for subnet in site.networks.subnets() if subnet.name == "berlin-managed")
    addresses = ["10.42.9.1", "10.42.9.2", "10.42.9.1", "192.168.1.1", "10.42.9.5"]
    specs = {f"k{n}": CloneSpec(f"a{n}", nics=(NicSpec(subnet, address),)) for n, address in enumerate(addresses)}
    outcomes = site.templates.deploy(template.uuid, "", cluster, specs, doings=doings)
    assert [key for key, outcome in outcomes.items() if outcome.error] == ["k2", "k3"]
    assert "10.42.9.1" in str(outcomes["k2"].error)
    assert "192.168.1.1" in str(outcomes["k3"].error)


def test_a_deployment_without_cards_has_none_or_those_of_the_version(
    site: MachineSite, template: Template, doings: Doings, cluster: str
) -> None:
    specs = {"kept": CloneSpec("kept")}
    (made,) = site.templates.deploy(template.uuid, "", cluster, specs, doings=doings).values()
    vm = site.vms.get(made.uuid)
    assert vm is not None
    assert len(vm.nics) == 1
    assert [drive.kind for drive in vm.cd_roms if drive.kind is not DiscKind.EMPTY] == []


def test_a_guest_update_is_begun_taken_up_and_completed(site: MachineSite, template: Template, doings: Doings) -> None:
    machine = site.templates.begin_guest_update(template.uuid, template.versions[0].uuid, key="a", doings=doings)
    assert site.vms.get(machine) is not None
    under_way = site.templates.get(template.uuid)
    assert under_way is not None
    assert under_way.guest_update_vm == machine
    assert site.templates.begin_guest_update(template.uuid, "", key="b", doings=doings) == machine
    done = site.templates.complete_guest_update(template.uuid, name="v2", description="d\ne", key="c", doings=doings)
    assert (names(done), done.versions[0].description, done.guest_update_vm) == (["V2", "Initial Version"], "d\ne", "")
    assert (
        site.templates.complete_guest_update(template.uuid, name="v2", description="d\ne", key="c", doings=doings)
        == done
        == site.templates.get(template.uuid)
    )
    assert site.vms.get(machine) is None


def test_a_guest_update_of_an_older_active_version_becomes_the_active_one(
    site: MachineSite, template: Template, add: Callable[..., Template], doings: Doings
) -> None:
    add("v2")
    site.templates.publish(template.uuid, template.versions[0].uuid, doings=doings)
    site.templates.begin_guest_update(template.uuid, "", key="a", doings=doings)
    site.templates.change(template.uuid, name="silver", description="Under work.", doings=doings)
    done = site.templates.complete_guest_update(template.uuid, name="v3", description="d", key="c", doings=doings)
    assert (done.name, names(done)) == ("silver", ["V3", "v2", "Initial Version"])


def test_a_guest_update_is_cancelled_and_cancelling_again_succeeds(
    site: MachineSite, template: Template, doings: Doings
) -> None:
    machine = site.templates.begin_guest_update(template.uuid, "", key="a", doings=doings)
    for _ in range(2):
        site.templates.cancel_guest_update(template.uuid, doings=doings)
    assert site.vms.get(machine) is None
    assert site.templates.get(template.uuid) == template
    with pytest.raises(AhvError, match=r"no guest update is under way. Begin one first"):
        site.templates.complete_guest_update(template.uuid, name="v2", description="d", key="c", doings=doings)


def test_a_guest_update_whose_machine_was_deleted_still_names_it(
    site: MachineSite, template: Template, doings: Doings
) -> None:
    machine = site.templates.begin_guest_update(template.uuid, "", key="a", doings=doings)
    site.vms.delete([machine], doings=doings)
    left = site.templates.get(template.uuid)
    assert left is not None
    assert left.guest_update_vm == machine
    site.templates.cancel_guest_update(template.uuid, doings=doings)
    assert site.templates.get(template.uuid) == template


def test_guest_updates_follow_one_another(
    site: MachineSite, template: Template, clock: ManualClock, doings: Doings
) -> None:
    seen: list[Any] = []
    for turn in ("a", "b"):
        seen.append(site.templates.begin_guest_update(template.uuid, "", key=turn, doings=doings))
        site.templates.cancel_guest_update(template.uuid, doings=doings)
        clock.advance(10)
    assert seen[0] != seen[1]
