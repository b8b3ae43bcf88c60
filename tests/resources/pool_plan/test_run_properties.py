"""Any pool that is wanted, any that is there: one run converges, within its limits at every small move."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pulumi_ahv.resources.pool_plan.deciding import next_batch
from pulumi_ahv.resources.pool_plan.members import DISABLED, ActualMember, DesiredMember, Facts, OnPayloadChange, Phase
from pulumi_ahv.resources.pool_plan.run import begin, plan
from pulumi_ahv.resources.pool_plan.settings import Desired, OnFailure, OnMemberFailure, Rollout
from pulumi_ahv.resources.pool_plan.slots import ScaleDown, choose_slots
from pulumi_ahv.resources.pool_plan.steps import BatchKind, End, EndKind, RemoveMember
from pulumi_ahv.resources.pool_plan.summary import summary

FACTS = st.builds(
    Facts,
    template_version=st.sampled_from(["v1", "v2"]),
    payload_digest=st.sampled_from(["", "d1", "d2"]),
    vcpus=st.sampled_from([2, 4]),
    memory=st.just(4096),
    power=st.sampled_from(["on", "on", "on", "off"]),
    categories=st.sampled_from([None, frozenset({"a"}), frozenset({"b"})]),
    guest_tools=st.sampled_from([None, "vssSnapshot", "enabled"]),
)
LIVE = st.builds(lambda facts, off: replace(facts, guest_tools=DISABLED) if off else facts, FACTS, st.booleans())
ROLLOUTS = st.builds(
    lambda unavailable, surge, **more: Rollout(max_unavailable=max(unavailable, surge == 0), max_surge=surge, **more),
    unavailable=st.integers(0, 3),
    surge=st.integers(0, 2),
    batch_size=st.integers(1, 4),
    pause=st.sampled_from([0.0, 60.0]),
    max_failed=st.integers(0, 3),
    on_failure=st.sampled_from(OnFailure),
)
Case = tuple[Desired, dict[str, ActualMember]]
CHANCE = st.integers(0, 2**32).map(random.Random)


@st.composite
def pools(draw: st.DrawFn, policies: tuple[OnMemberFailure, ...] = (OnMemberFailure.REPLACE,)) -> Desired:
    common = draw(FACTS)
    slots = draw(st.sets(st.integers(0, 7), max_size=7))
    facts = {slot: draw(st.one_of(st.just(common), st.just(common), FACTS)) for slot in slots}
    members = {slot: DesiredMember(slot, f"agent-{slot}", facts[slot]) for slot in slots}
    return Desired(members, draw(ROLLOUTS), draw(st.sampled_from(OnPayloadChange)), draw(st.sampled_from(policies)))


def half_made(facts: Facts, digest: str | None) -> Facts:
    return Facts(facts.template_version, digest)


@st.composite
def strays(draw: st.DrawFn) -> list[ActualMember]:
    """Members in any state, on any slot."""
    found = []
    for number in range(draw(st.integers(0, 9))):
        facts, slot = draw(LIVE), draw(st.integers(0, 8))
        phase = draw(st.sampled_from([Phase.DONE, Phase.DONE, Phase.DONE, *Phase]))
        done = phase == Phase.DONE
        name = draw(st.sampled_from([f"agent-{slot}", f"agent-{slot}", "old name"]))
        told = facts if done else half_made(facts, draw(st.sampled_from([None, facts.payload_digest])))
        ready = done and facts.power == "on" and draw(st.integers(0, 5)) > 0
        failed = draw(st.integers(0, 7)) == 0
        found.append(ActualMember(f"u{number}", slot, name, told, phase, ready=ready, failed=failed, created=number))
    return found


@st.composite
def standing(draw: st.DrawFn, desired: Desired) -> list[ActualMember]:
    """A pool that stands, with a few members as they are wanted and the rest as they were before a change."""
    older = draw(LIVE)
    found = []
    for slot, target in desired.members.items():
        facts = draw(st.sampled_from([target.facts, older, older, older]))
        ready = facts.power == "on" and draw(st.integers(0, 9)) > 0
        found.append(ActualMember(f"s{slot}", slot, f"agent-{slot}", facts, ready=ready))
    return found


@st.composite
def cases(draw: st.DrawFn, *policies: OnMemberFailure) -> tuple[Desired, dict[str, ActualMember]]:
    """What is wanted and what is there, by uuid."""
    desired = draw(pools(policies or (OnMemberFailure.REPLACE,)))
    found = draw(st.one_of(strays(), standing(desired), standing(desired)))
    return desired, {member.uuid: member for member in found}


@settings(max_examples=200, deadline=None)
@given(case=cases(), chance=CHANCE)
def test_one_run_converges_within_its_limits(
    world: Any, limits: Any, converged: Any, case: Case, chance: random.Random
) -> None:
    desired, actual = case
    found = world(chance, actual)
    found.watch = limits(found, desired)
    end = found.up(desired)
    assert end == End(EndKind.DONE)
    assert converged(found, desired)
    assert next_batch(begin(desired, found.members.values())) == End(EndKind.DONE)


@settings(max_examples=200, deadline=None)
@given(case=cases(*OnMemberFailure), chance=CHANCE, rate=st.sampled_from([0.02, 0.1, 0.4]))
def test_failures_stay_within_the_limits_and_the_next_run_converges(
    world: Any, limits: Any, converged: Any, case: Case, chance: random.Random, rate: float
) -> None:
    desired, actual = case
    found = world(chance, actual, fails=rate)
    found.watch = limits(found, desired, slack=lambda: stubborn(found))
    end = found.up(desired)
    assert end.kind is not EndKind.DONE or end.failures or converged(found, desired)
    if desired.on_member_failure is OnMemberFailure.REPLACE:
        again = world(chance, found.members, numbers=found.numbers)
        again.watch = limits(again, desired)
        assert again.up(desired) == End(EndKind.DONE)
        assert converged(again, desired)


def stubborn(found: Any) -> int:
    """Members that would not go when they were told to."""
    told = {step.member.uuid for batch in found.batches for step in batch.steps if isinstance(step, RemoveMember)}
    return len(told & found.members.keys())


@settings(max_examples=200, deadline=None)
@given(case=cases(), chance=CHANCE, rate=st.sampled_from([0.03, 0.1, 0.3]))
def test_a_run_that_is_killed_anywhere_is_ended_by_the_next_one(
    world: Any,
    killed: Any,
    limits: Any,
    converged: Any,
    case: Case,
    chance: random.Random,
    rate: float,
) -> None:
    desired, actual = case
    found = world(chance, actual, killed=rate)
    found.watch = limits(found, desired)
    for _ in range(3):
        try:
            found.up(desired)
        except killed:
            found.watch = limits(found, desired)
    found.killed = 0
    assert found.up(desired) == End(EndKind.DONE)
    assert converged(found, desired)


@settings(max_examples=100, deadline=None)
@given(case=cases(), chance=CHANCE)
def test_what_a_preview_tells_is_what_a_run_does(world: Any, case: Case, chance: random.Random) -> None:
    desired, actual = case
    told = plan(desired, actual.values())
    found = world(chance, actual)
    assert found.up(desired) == told.end

    def shape(batches: Any) -> list[Any]:
        return [(b.kind, b.gate, b.pause, [(type(step), step.reason) for step in b.steps]) for b in batches]

    assert shape(found.batches) == shape(told.batches)
    assert summary(told)


@settings(max_examples=100, deadline=None)
@given(case=cases(), chance=CHANCE, size=st.integers(0, 8), policy=st.sampled_from(ScaleDown), ages=st.randoms())
def test_growing_and_shrinking_touch_surplus_slots_only(
    world: Any, converged: Any, case: Case, chance: random.Random, size: int, policy: ScaleDown, ages: random.Random
) -> None:
    desired, actual = case
    found = world(chance, actual)
    found.up(desired)
    before = dict(found.members)
    facts = next(iter(desired.members.values())).facts if desired.members else Facts("v1", power="on")
    chosen = choose_slots(size, {slot: ages.randint(1, 3) for slot in desired.members}, policy)
    resized = {slot: desired.members.get(slot, DesiredMember(slot, f"agent-{slot}", facts)) for slot in chosen}
    other = Desired(resized, desired.rollout, desired.on_payload_change)
    found.batches.clear()
    found.up(other)
    assert converged(found, other)
    assert all(found.members[m.uuid] is m for m in before.values() if m.slot in resized)
    assert {batch.kind for batch in found.batches} <= {BatchKind.REMOVE, BatchKind.REPAIR}


@settings(max_examples=100, deadline=None)
@given(case=cases(*OnMemberFailure))
def test_deciding_is_a_function_and_needs_no_order(case: Case) -> None:
    desired, actual = case
    forwards = plan(desired, actual.values())
    assert forwards == plan(desired, actual.values())
    assert forwards.end == plan(desired, list(actual.values())[::-1]).end


def test_a_large_pool_is_planned_in_as_many_batches_as_it_takes(
    pool: Callable[..., Desired], member: Callable[..., ActualMember]
) -> None:
    desired = pool(300, template_version="v2", rollout=Rollout(batch_size=10, max_unavailable=10))
    told = plan(desired, [member(slot) for slot in range(300)])
    assert len(told.batches) == 30
