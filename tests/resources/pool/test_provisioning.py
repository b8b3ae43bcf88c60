"""Full clones: a seed is made of the version, members are cloned from it, and it goes with the run."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from golden import Forge

from pulumi_ahv.kernel.errors import AhvError
from pulumi_ahv.prism.vms import Template
from pulumi_ahv.resources.mark import Mark
from pulumi_ahv.resources.pool.marks import PoolMarks


@pytest.fixture
def full(desk: Any) -> Any:
    """A pool of three full clones."""
    desk.bag["provisioning"] = "full"
    return desk


def seed_of(desk: Any, template: Template) -> str:
    return PoolMarks(desk.bag["owner"], ("", desk.bag["cluster"])).seed_name(template.versions[0].uuid)


def test_members_are_clones_of_a_machine_that_is_gone_afterwards(full: Any, prism: Any) -> None:
    state = full.up(vcpus=2, networks=["berlin-managed"])
    assert state["failures"] == []
    assert full.machines() == ["agents-001", "agents-002", "agents-003"]
    for slot, name in enumerate(full.machines()):
        guest = full.guest(name)
        assert (guest["hostname"], guest["applied"]["instanceId"]) == (name, full.uuids()[name])
        assert Mark.read(prism.control.entities("vms")[slot]["description"]) is not None
    counts = prism.control.counts()
    assert (counts["deploy_template"], counts["clone_vm"]) == (1, 1)


def test_other_releases_clone_by_batches_or_one_by_one(full: Any, prism: Any, forge: Forge) -> None:
    state = full.up(networks=["berlin-managed"], addresses=["10.42.7.1", "10.42.7.2", "10.42.7.3"])
    assert state["failures"] == []
    assert [told["addresses"] for told in full.status.values()] == [["10.42.7.1"], ["10.42.7.2"], ["10.42.7.3"]]
    assert full.machines() == ["agents-001", "agents-002", "agents-003"]


def test_one_seed_is_enough_for_all_batches_of_a_rollout(
    full: Any, forge: Forge, template: Template, prism: Any
) -> None:
    full.up()
    before = full.uuids()
    forge.version(template.uuid, "two")
    prism.control.clear_journal()
    full.up()
    assert not set(before.values()) & set(full.uuids().values())
    assert full.machines() == ["agents-001", "agents-002", "agents-003"]
    assert prism.control.counts()["deploy_template"] == 1


def test_another_provisioning_touches_no_member_that_stands(full: Any) -> None:
    full.up(provisioning="thin")
    before = full.uuids()
    full.up(provisioning="full")
    assert full.uuids() == before
    full.up(size=4)
    assert {name: uuid for name, uuid in full.uuids().items() if name in before} == before


def test_a_run_without_new_members_makes_no_seed(full: Any, prism: Any) -> None:
    full.up()
    prism.control.clear_journal()
    full.up(size=2)
    assert "deploy_template" not in prism.control.counts()


def test_a_seed_that_cannot_be_made_fails_every_member_with_prisms_words(full: Any, prism: Any) -> None:
    prism.control.fault("task-failure", operation="kVmTemplateDeployVm", message="No host has room.")
    with pytest.raises(AhvError, match="No host has room"):
        full.up()
    assert full.machines() == []


def test_a_seed_that_will_not_go_is_told_and_goes_with_the_next_run(full: Any, prism: Any, template: Template) -> None:
    prism.control.fault("task-failure", operation="kVmDelete", message="It is locked.", count=1)
    state = full.up()
    assert state["ready"] is False
    assert [line for line in state["failures"] if "a seed, is left and is deleted by the next run" not in line] == []
    assert seed_of(full, template) in full.machines()
    assert full.up()["failures"] == []
    assert full.machines() == ["agents-001", "agents-002", "agents-003"]


@pytest.mark.parametrize("answers", range(3, 100, 7))
def test_after_a_kill_the_next_run_ends_with_the_pool_and_no_seed(full: Any, answers: int) -> None:
    with suppress(full.killed):
        full.up(kill_after=answers, size=2)
    full.up()
    assert full.state["failures"] == []
    assert full.machines() == ["agents-001", "agents-002"]
    assert full.images() == []


@pytest.mark.parametrize("answers", range(25, 60, 7))
def test_a_pool_that_was_killed_while_it_grew_goes_with_its_seed(full: Any, answers: int) -> None:
    full.up(size=1)
    with suppress(full.killed):
        full.up(kill_after=answers, size=3)
    full.destroy()
    assert full.machines() == []
