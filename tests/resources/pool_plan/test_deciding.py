from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pulumi_ahv.resources.pool_plan.deciding import next_batch
from pulumi_ahv.resources.pool_plan.members import ActualMember, OnPayloadChange, Phase
from pulumi_ahv.resources.pool_plan.run import begin, plan
from pulumi_ahv.resources.pool_plan.settings import Desired, OnMemberFailure, Rollout
from pulumi_ahv.resources.pool_plan.steps import (
    Batch,
    BatchKind,
    ChangeMember,
    CreateMember,
    End,
    EndKind,
    FinishMember,
    Pause,
    RecreateMember,
    RemoveMember,
    Replacing,
    WaitReady,
)

Member = Callable[..., ActualMember]
Pool = Callable[..., Desired]


def first(desired: Desired, actual: list[ActualMember]) -> Batch:
    decided = next_batch(begin(desired, actual))
    assert isinstance(decided, Batch)
    return decided


def test_a_pool_that_is_right_needs_nothing(pool: Pool, member: Member) -> None:
    assert next_batch(begin(pool(2), [member(0), member(1)])) == End(EndKind.DONE)


def test_a_new_pool_is_made_in_one_batch_and_waited_for(pool: Pool) -> None:
    desired = pool(3)
    batch = first(desired, [])
    assert batch.steps == tuple(CreateMember(desired.members[slot], "its slot is empty") for slot in range(3))
    assert (batch.kind, batch.gate, batch.pause) == (BatchKind.REPAIR, WaitReady((0, 1, 2)), None)


def test_members_that_are_to_be_off_are_not_waited_for(pool: Pool) -> None:
    assert first(pool(2, power="off"), []).gate is None


def test_surplus_slots_go_first_and_whatever_state_they_are_in(pool: Pool, member: Member) -> None:
    gone = [member(5), member(7, phase=Phase.CLONED), member(8, power="off")]
    batch = first(pool(2), [member(0), *gone])
    assert batch.kind is BatchKind.REMOVE
    assert [step.member for step in batch.steps if isinstance(step, RemoveMember)] == gone


@pytest.mark.parametrize("phase", [phase for phase in Phase if phase is not Phase.DONE])
def test_a_half_made_member_is_finished(pool: Pool, member: Member, phase: Phase) -> None:
    left = member(0, phase=phase, payload_digest=None)
    (step,) = first(pool(1), [left]).steps
    assert step == FinishMember(left, pool(1).members[0], f"it was left half-made ({phase.name.lower()})")


def test_a_half_made_member_of_an_older_version_is_made_anew(pool: Pool, member: Member) -> None:
    left = member(0, phase=Phase.MARKED, template_version="v0")
    (step,) = first(pool(1), [left]).steps
    assert isinstance(step, RecreateMember)
    assert step.reason == "it was left half-made (marked), templateVersion v0 → v1"


@pytest.mark.parametrize(("state", "reason"), [({"ready": False}, "it is not ready"), ({"failed": True}, "it failed")])
def test_a_broken_member_is_replaced_before_anything_is_rolled(
    pool: Pool, member: Member, state: dict[str, Any], reason: str
) -> None:
    broken = member(1, **state)
    desired = pool(3, template_version="v1")
    batch = first(desired, [member(0, template_version="v0"), broken, member(2)])
    assert batch.steps == (RecreateMember(broken, desired.members[1], Replacing.DELETE_FIRST, reason),)
    assert batch.kind is BatchKind.REPAIR


def test_when_all_members_seem_broken_they_are_replaced_a_batch_at_a_time(pool: Pool, member: Member) -> None:
    desired = pool(5, rollout=Rollout(batch_size=2, pause=30))
    broken = [member(slot, ready=False) for slot in range(4)]
    told = plan(desired, broken)
    steps = [[type(step) for step in batch.steps] for batch in told.batches]
    assert steps == [[CreateMember, RecreateMember, RecreateMember], [RecreateMember, RecreateMember]]
    assert [batch.pause for batch in told.batches] == [Pause(30), None]


def test_half_made_members_that_failed_are_replaced_all_at_once(pool: Pool, member: Member) -> None:
    failed = [member(slot, phase=Phase.STARTED, failed=True) for slot in range(4)]
    assert len(first(pool(4), failed).steps) == 4


def test_a_broken_member_may_be_kept_and_is_reported(pool: Pool, member: Member) -> None:
    desired = pool(2, on_member_failure=OnMemberFailure.KEEP)
    end = next_batch(begin(desired, [member(0), member(1, ready=False)]))
    assert end == End(EndKind.DONE, failures={1: "it is not ready"})


def test_a_broken_member_may_stop_the_run_before_anything_is_rolled(pool: Pool, member: Member) -> None:
    desired = pool(3, on_member_failure=OnMemberFailure.FAIL, template_version="v2")
    told = plan(desired, [member(0), member(1, ready=False)])
    assert [batch.kind for batch in told.batches] == [BatchKind.REPAIR]
    assert (told.end.kind, told.end.failures) == (EndKind.STOPPED, {1: "it is not ready"})


def test_a_member_that_was_switched_off_is_started_and_not_replaced(pool: Pool, member: Member) -> None:
    off = member(0, power="off")
    (step,) = first(pool(1), [off]).steps
    assert isinstance(step, ChangeMember)
    assert (step.reason, step.restart) == ("power off → on", False)


def test_what_needs_no_restart_is_changed_on_all_members_at_once(pool: Pool, member: Member) -> None:
    desired = pool(4, categories=frozenset({"team:red"}))
    batch = first(desired, [member(slot) for slot in range(4)])
    assert batch.kind is BatchKind.CHANGE
    assert batch.gate is None or batch.gate.slots == ()
    assert [(type(step), step.reason) for step in batch.steps] == [
        (ChangeMember, "categories (not set) → [team:red]")
    ] * 4


def test_what_is_not_set_is_not_compared(pool: Pool, member: Member) -> None:
    desired = pool(1, categories=None, vcpus=None, memory=None)
    assert next_batch(begin(desired, [member(0, categories=frozenset({"x"}), vcpus=64)])) == End(EndKind.DONE)


def test_a_name_is_changed_in_place(pool: Pool, member: Member) -> None:
    (step,) = first(pool(1), [member(0, name="old")]).steps
    assert isinstance(step, ChangeMember)
    assert step.reason == "name old → agent-0"


def test_memory_is_changed_with_a_restart_in_batches(pool: Pool, member: Member) -> None:
    desired = pool(3, memory=8192, rollout=Rollout(batch_size=2, max_unavailable=2))
    told = plan(desired, [member(slot) for slot in range(3)])
    assert [len(batch.steps) for batch in told.batches] == [2, 1]
    assert all(isinstance(step, ChangeMember) and step.restart for batch in told.batches for step in batch.steps)


def test_a_member_that_is_off_takes_new_memory_without_a_restart(pool: Pool, member: Member) -> None:
    (step,) = first(pool(1, power="off", memory=8192), [member(0, power="off")]).steps
    assert isinstance(step, ChangeMember)
    assert not step.restart


def test_without_anybody_unavailable_a_restart_becomes_a_new_member(pool: Pool, member: Member) -> None:
    desired = pool(1, memory=8192, rollout=Rollout(max_unavailable=0, max_surge=1))
    (step,) = first(desired, [member(0)]).steps
    assert isinstance(step, RecreateMember)
    assert step.replacing is Replacing.CREATE_FIRST


def test_a_new_version_is_rolled_in_batches_with_gates_and_pauses_between(pool: Pool, member: Member) -> None:
    desired = pool(5, template_version="v2", rollout=Rollout(batch_size=2, max_unavailable=3, pause=60))
    told = plan(desired, [member(slot) for slot in range(5)])
    assert [batch.gate for batch in told.batches] == [WaitReady((0, 1)), WaitReady((2, 3)), WaitReady((4,))]
    assert [batch.pause for batch in told.batches] == [Pause(60), Pause(60), None]


@pytest.mark.parametrize(
    ("unavailable", "surge", "kinds"),
    [
        (1, 0, ["deleteFirst"]),
        (2, 0, ["deleteFirst", "deleteFirst"]),
        (0, 2, ["createFirst", "createFirst"]),
        (1, 2, ["createFirst", "createFirst", "deleteFirst"]),
        (9, 9, ["createFirst"] * 4),
    ],
)
def test_a_batch_is_as_large_as_surge_and_unavailable_members_allow(
    pool: Pool, member: Member, unavailable: int, surge: int, kinds: list[str]
) -> None:
    rollout = Rollout(batch_size=4, max_unavailable=unavailable, max_surge=surge)
    batch = first(pool(6, template_version="v2", rollout=rollout), [member(slot) for slot in range(6)])
    assert [step.replacing for step in batch.steps if isinstance(step, RecreateMember)] == kinds


def test_members_that_are_unavailable_anyway_are_rolled_first_and_cost_nothing(pool: Pool, member: Member) -> None:
    actual = [member(0), member(1), member(2, ready=False), member(3, power="off")]
    for unavailable in (1, 4):
        rollout = Rollout(batch_size=2, max_unavailable=unavailable)
        desired = pool(4, template_version="v2", rollout=rollout, on_member_failure=OnMemberFailure.KEEP)
        batch = first(desired, actual)
        assert [step.target.slot for step in batch.steps if isinstance(step, RecreateMember)] == [2, 3]


def test_an_empty_slot_waits_while_others_have_two_members(pool: Pool, member: Member) -> None:
    desired = pool(2, template_version="v2")
    old, new = member(0, uuid="old"), member(0, uuid="new", phase=Phase.STARTED, template_version="v2")
    told = plan(desired, [old, new])
    steps = [[type(step) for step in batch.steps] for batch in told.batches]
    assert steps == [[FinishMember], [RemoveMember], [CreateMember]]


def test_a_rollout_waits_for_nobody_when_too_many_are_unavailable(pool: Pool, member: Member) -> None:
    desired = pool(3, memory=8192, on_member_failure=OnMemberFailure.KEEP)
    end = plan(desired, [member(0), member(1), member(2, ready=False, memory=8192)]).end
    assert end.kind is EndKind.STOPPED
    assert "1 of 3 members are unavailable" in end.reason


@pytest.mark.parametrize("policy", [OnPayloadChange.NEXT_RECREATE, OnPayloadChange.IGNORE])
def test_a_new_payload_may_leave_members_alone(pool: Pool, member: Member, policy: OnPayloadChange) -> None:
    assert next_batch(begin(pool(1, payload_digest="d2", on_payload_change=policy), [member(0)])) == End(EndKind.DONE)


def test_a_new_payload_makes_members_anew(pool: Pool, member: Member) -> None:
    (step,) = first(pool(1, payload_digest="d2"), [member(0)]).steps
    assert isinstance(step, RecreateMember)
    assert step.reason == "another payload"


def test_of_two_members_of_a_slot_the_better_one_stays(pool: Pool, member: Member) -> None:
    worse = [
        member(0, uuid="older version", template_version="v0"),
        member(0, uuid="half-made", phase=Phase.STARTED),
        member(0, uuid="broken", ready=False),
        member(0, uuid="younger", created=9),
    ]
    batch = first(pool(1), [*worse, member(0, uuid="best", created=1)])
    assert batch.kind is BatchKind.REMOVE
    assert {step.member.uuid for step in batch.steps if isinstance(step, RemoveMember)} == {m.uuid for m in worse}


def test_an_old_member_stays_until_its_half_made_successor_is_ready(pool: Pool, member: Member) -> None:
    old, new = member(0, uuid="old"), member(0, uuid="new", phase=Phase.STARTED, template_version="v2")
    told = plan(pool(1, template_version="v2"), [old, new])
    steps = [step for batch in told.batches for step in batch.steps]
    assert [type(step) for step in steps] == [FinishMember, RemoveMember]


def test_a_ready_old_member_is_better_than_a_broken_new_one(pool: Pool, member: Member) -> None:
    old, new = member(0, uuid="old"), member(0, uuid="new", ready=False, template_version="v2")
    (step,) = first(pool(1, template_version="v2"), [old, new]).steps
    assert step == RemoveMember(new, "its slot has another member")


def test_a_member_whose_guest_tools_were_disabled_is_changed_and_not_made_anew(
    pool: Callable[..., Desired], member: Callable[..., ActualMember]
) -> None:
    batch = first(pool(1, guest_tools="vssSnapshot"), [member(0, guest_tools="disabled", ready=False)])
    assert [type(step) for step in batch.steps] == [ChangeMember]
    silent = member(0, guest_tools="vssSnapshot", ready=False)
    assert [type(step) for step in first(pool(1, guest_tools="vssSnapshot"), [silent]).steps] == [RecreateMember]
