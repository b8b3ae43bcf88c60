from __future__ import annotations

from collections.abc import Callable

from pulumi_ahv.resources.pool_plan.members import ActualMember, OnPayloadChange, Phase
from pulumi_ahv.resources.pool_plan.run import plan
from pulumi_ahv.resources.pool_plan.settings import Desired, OnMemberFailure, Rollout
from pulumi_ahv.resources.pool_plan.summary import summary

Member = Callable[..., ActualMember]
Pool = Callable[..., Desired]


def test_a_plan_tells_how_many_of_what_in_how_many_batches_and_why(pool: Pool, member: Member) -> None:
    desired = pool(9, template_version="v2", rollout=Rollout(batch_size=3, max_unavailable=3))
    actual = [*(member(slot) for slot in range(7)), member(7, phase=Phase.CLONED, template_version="v2"), member(12)]
    assert summary(plan(desired, actual)) == [
        "remove 1: agent-12 (its slot is surplus)",
        "finish 1: agent-7 (it was left half-made (cloned))",
        "create 1: agent-8 (its slot is empty)",
        "recreate 7 in 3 batches: agent-0, agent-1, agent-2, agent-3, agent-4 and 2 more (templateVersion v1 → v2)",
    ]


def test_changes_in_place_tell_whether_they_restart(pool: Pool, member: Member) -> None:
    assert summary(plan(pool(1, memory=8192), [member(0)])) == ["change and restart 1: agent-0 (memory 4096 → 8192)"]
    assert summary(plan(pool(1), [member(0, name="old")])) == ["change 1: agent-0 (name old → agent-0)"]


def test_a_payload_that_waits_is_told(pool: Pool, member: Member) -> None:
    desired = pool(2, payload_digest="d2", memory=8192, on_payload_change=OnPayloadChange.NEXT_RECREATE)
    assert summary(plan(desired, [member(0), member(1, template_version="v0")])) == [
        "change and restart 1: agent-0 (memory 4096 → 8192)",
        "recreate 1: agent-1 (templateVersion v0 → v1, memory 4096 → 8192)",
        "left as it is 1: agent-0 (a new payload waits for the next recreate)",
    ]


def test_nothing_to_do_is_said(pool: Pool, member: Member) -> None:
    assert summary(plan(pool(1), [member(0)])) == ["nothing to do"]


def test_a_plan_that_cannot_end_says_so(pool: Pool, member: Member) -> None:
    desired = pool(1, on_member_failure=OnMemberFailure.FAIL)
    assert summary(plan(desired, [member(0, ready=False)])) == [
        "then stop: members are broken, and onMemberFailure says 'fail'"
    ]


def test_members_that_get_another_payload_share_a_line_though_each_has_a_digest_of_its_own(
    pool: Pool, member: Member
) -> None:
    desired = pool(3, payload_digest="new", rollout=Rollout(batch_size=2, max_unavailable=2))
    actual = [member(slot, payload_digest=f"old of {slot}") for slot in range(3)]
    assert summary(plan(desired, actual)) == ["recreate 3 in 2 batches: agent-0, agent-1, agent-2 (another payload)"]


def test_a_large_pool_with_a_reason_for_each_member_is_told_in_one_line(pool: Pool, member: Member) -> None:
    actual = [member(slot, name=f"bot-{slot}") for slot in range(12)]
    assert summary(plan(pool(12), actual)) == [
        "change 12: agent-0, agent-1, agent-2, agent-3, agent-4 and 7 more (name bot-0 → agent-0; 11 more reasons)"
    ]


def test_members_that_go_are_named_in_the_order_of_their_slots(pool: Pool, member: Member) -> None:
    actual = [member(slot) for slot in (4, 2, 0, 3, 1)]
    assert summary(plan(pool(1), actual)) == ["remove 4: agent-1, agent-2, agent-3, agent-4 (its slot is surplus)"]
