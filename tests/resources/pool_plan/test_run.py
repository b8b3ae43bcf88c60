from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeGuard

import pytest

from pulumi_ahv.resources.pool_plan.deciding import next_batch
from pulumi_ahv.resources.pool_plan.members import ActualMember, Phase
from pulumi_ahv.resources.pool_plan.run import advance, begin, destroy, foretold
from pulumi_ahv.resources.pool_plan.settings import Desired, OnDelete, OnFailure, OnMemberFailure, Rollout
from pulumi_ahv.resources.pool_plan.steps import (
    Batch,
    BatchKind,
    EndKind,
    RecreateMember,
    RemoveMember,
    Replacing,
    Result,
    Step,
    slot_of,
)

Member = Callable[..., ActualMember]
Pool = Callable[..., Desired]


def rolled(desired: Desired, actual: list[ActualMember], *bad: int, leaves: bool = True) -> Any:
    """Run to the end; slots of ``bad`` fail whenever they are to become v2. Returns the end and the last run."""
    run = begin(desired, actual)
    for _ in range(50):
        decided = next_batch(run)
        if not isinstance(decided, Batch):
            return decided, run
        results = []
        for result in foretold(run, decided):
            made = [member for member in result.members if member.facts.template_version == "v2"]
            if result.slot in bad and made and decided.kind is not BatchKind.REMOVE:
                half = [
                    replace(member, uuid=f"half-{result.slot}", phase=Phase.STARTED, ready=False) for member in made
                ]
                old = [step.member for step in decided.steps if kept_until_ready(step, result.slot)]
                results.append(Result(result.slot, (*old, *(half if leaves else ())), "the guest never answered"))
            else:
                results.append(result)
        run = advance(run, decided, results)
    raise AssertionError("no end")


def kept_until_ready(step: Step, slot: int) -> TypeGuard[RecreateMember]:
    surges = isinstance(step, RecreateMember) and step.replacing is Replacing.CREATE_FIRST
    return surges and slot_of(step) == slot


def versions(run: Any) -> dict[int, str | None]:
    return {member.slot: member.facts.template_version for member in run.members}


def test_a_rollout_stops_when_more_than_max_failed_members_fail(pool: Pool, member: Member) -> None:
    desired = pool(6, template_version="v2", rollout=Rollout(batch_size=1, max_unavailable=3, max_failed=1))
    end, run = rolled(desired, [member(slot) for slot in range(6)], 0, 2)
    assert (end.kind, sorted(end.failures)) == (EndKind.STOPPED, [0, 2])
    assert "2 of 6 members failed, more than maxFailed allows" in end.reason
    assert versions(run) == {0: "v2", 1: "v2", 2: "v2", 3: "v1", 4: "v1", 5: "v1"}


def test_an_outage_costs_no_more_than_a_batch_of_members(pool: Pool, member: Member) -> None:
    desired = pool(9, template_version="v2", rollout=Rollout(batch_size=2))
    everybody = [member(slot, ready=False, template_version="v2") for slot in range(9)]
    end, run = rolled(desired, everybody, *range(9))
    assert end.kind is EndKind.STOPPED
    assert sum(member in run.members for member in everybody) == 7


def test_failures_use_up_the_budget_of_unavailable_members(pool: Pool, member: Member) -> None:
    desired = pool(6, template_version="v2", rollout=Rollout(batch_size=1, max_unavailable=2, max_failed=6))
    end, run = rolled(desired, [member(slot) for slot in range(6)], 0, 1)
    assert end.kind is EndKind.STOPPED
    assert end.reason.startswith("2 of 6 members are unavailable")
    assert [slot for slot, version in versions(run).items() if version == "v1"] == [2, 3, 4, 5]


def test_a_slot_that_failed_is_not_tried_again_in_the_same_run(pool: Pool, member: Member) -> None:
    desired = pool(3, template_version="v2", rollout=Rollout(batch_size=3, max_unavailable=3, max_failed=3))
    end, run = rolled(desired, [member(slot) for slot in range(3)], 1)
    assert (end.kind, end.failures) == (EndKind.DONE, {1: "the guest never answered"})
    assert [m.failed for m in sorted(run.members, key=lambda m: m.slot)] == [False, True, False]


def test_a_surge_that_failed_leaves_the_old_member_and_takes_the_new_one_away(pool: Pool, member: Member) -> None:
    rollout = Rollout(max_unavailable=0, max_surge=1, max_failed=1)
    end, run = rolled(pool(2, template_version="v2", rollout=rollout), [member(0), member(1)], 0)
    assert (end.kind, end.failures) == (EndKind.DONE, {0: "the guest never answered"})
    assert {m.slot: (m.facts.template_version, m.available) for m in run.members} == {0: ("v1", True), 1: ("v2", True)}


@pytest.mark.parametrize("policy", list(OnMemberFailure))
@pytest.mark.parametrize("leaves", [True, False])
def test_a_rollout_can_be_taken_back(pool: Pool, member: Member, policy: OnMemberFailure, *, leaves: bool) -> None:
    rollout = Rollout(batch_size=2, max_unavailable=2, on_failure=OnFailure.ROLL_BACK)
    desired = pool(6, template_version="v2", rollout=rollout, on_member_failure=policy)
    end, run = rolled(desired, [member(slot) for slot in range(5)], 2, leaves=leaves)
    kept = {2} if policy is OnMemberFailure.KEEP and leaves else set()
    assert end.kind is EndKind.ROLLED_BACK
    assert 2 in end.failures
    assert "1 of 6 members failed, more than maxFailed allows, and the rollout was taken back" in end.reason
    back = {slot: version for slot, version in versions(run).items() if slot not in kept}
    assert back == {slot: "v1" for slot in range(5) if slot not in kept} | {5: "v2"}, (
        "the new slot stays as it is wanted"
    )


def test_what_was_right_at_the_start_is_not_taken_back(pool: Pool, member: Member) -> None:
    rollout = Rollout(on_failure=OnFailure.ROLL_BACK)
    right = member(1, template_version="v2")
    old = member(1, uuid="old duplicate")
    end, run = rolled(pool(2, template_version="v2", rollout=rollout), [member(0), right, old], 0)
    assert end.kind is EndKind.ROLLED_BACK
    assert right in run.members
    assert versions(run) == {0: "v1", 1: "v2"}


def test_taking_back_stops_when_it_fails_as_well(pool: Pool, member: Member) -> None:
    rollout = Rollout(batch_size=2, max_unavailable=2, on_failure=OnFailure.ROLL_BACK)
    run = begin(pool(2, template_version="v2", rollout=rollout), [member(0), member(1)])
    for _ in range(2):
        decided = next_batch(run)
        assert isinstance(decided, Batch)
        run = advance(run, decided, [Result(slot, (), "no host") for slot in (0, 1)])
    end = next_batch(run)
    assert not isinstance(end, Batch)
    assert end.kind is EndKind.STOPPED
    assert "rolling back stopped: 2 of 2 members failed" in end.reason


def test_a_member_that_will_not_go_is_a_failure_and_not_tried_again(pool: Pool, member: Member) -> None:
    run = begin(pool(1, rollout=Rollout(max_failed=1)), [member(0), member(4)])
    decided = next_batch(run)
    assert isinstance(decided, Batch)
    run = advance(run, decided, [Result(4, (member(4),))])
    end = next_batch(run)
    assert not isinstance(end, Batch)
    assert end.failures == {4: "it is still there after it was removed"}


def test_a_duplicate_that_will_not_go_does_not_keep_its_slot_from_being_rolled(pool: Pool, member: Member) -> None:
    broken = member(0, uuid="broken", ready=False)
    run = begin(pool(1, template_version="v2", rollout=Rollout(max_failed=1)), [member(0), broken])
    decided = next_batch(run)
    assert isinstance(decided, Batch)
    run = advance(run, decided, [Result(0, (member(0), broken), "locked by a backup")])
    decided = next_batch(run)
    assert isinstance(decided, Batch)
    assert [type(step) for step in decided.steps] == [RecreateMember]


def test_a_change_that_does_not_take_is_a_failure_and_not_a_loop(pool: Pool, member: Member) -> None:
    run = begin(pool(1, guest_tools="on", rollout=Rollout(max_failed=1)), [member(0)])
    decided = next_batch(run)
    assert isinstance(decided, Batch)
    run = advance(run, decided, [Result(0, (member(0),))])
    end = next_batch(run)
    assert not isinstance(end, Batch)
    assert end.failures == {0: "still to be done after it was done: guestTools (not set) → on"}


@pytest.mark.parametrize("slots", [(), (0,), (0, 1, 2)])
def test_results_have_to_be_about_the_batch(pool: Pool, slots: tuple[int, ...]) -> None:
    run = begin(pool(2), [])
    decided = next_batch(run)
    assert isinstance(decided, Batch)
    with pytest.raises(ValueError, match=r"of a batch about \[0, 1\]"):
        advance(run, decided, [Result(slot, ()) for slot in slots])


def test_a_pool_is_deleted_in_one_batch_or_kept(member: Member) -> None:
    actual = [member(0), member(1, phase=Phase.CLONED)]
    batch = destroy(actual, OnDelete.DELETE)
    assert batch is not None
    assert batch.steps == tuple(RemoveMember(m, "the pool is deleted") for m in actual)
    assert destroy(actual, OnDelete.KEEP) is None
    assert destroy([], OnDelete.DELETE) is None


def test_a_killed_surge_is_ended_without_a_third_member(world: Any, killed: Any, pool: Pool, member: Member) -> None:
    desired = pool(1, template_version="v2", rollout=Rollout(max_unavailable=0, max_surge=1))
    for seed in range(30):
        found = world(random.Random(seed), {"u0": member(0)}, killed=0.5)
        try:
            found.up(desired)
        except killed:
            found.killed = 0
            found.up(desired)
        (left,) = found.members.values()
        assert left.facts.template_version == "v2"
        assert sum(isinstance(step, RecreateMember) for batch in found.batches for step in batch.steps) <= 2
