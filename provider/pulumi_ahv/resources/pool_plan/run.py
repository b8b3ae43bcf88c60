"""A run from its beginning to its end, batch by batch, and the same run as a preview tells it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace

from pulumi_ahv.resources.pool_plan.deciding import Run, next_batch, survey
from pulumi_ahv.resources.pool_plan.members import ActualMember, DesiredMember, Facts, OnPayloadChange, Phase
from pulumi_ahv.resources.pool_plan.settings import Desired, OnDelete, OnFailure, OnMemberFailure
from pulumi_ahv.resources.pool_plan.steps import (
    Batch,
    BatchKind,
    ChangeMember,
    CreateMember,
    End,
    FinishMember,
    RecreateMember,
    RemoveMember,
    Result,
    slot_of,
)


@dataclass(frozen=True)
class Plan:
    """All batches of a run in which nothing fails, and how it ends.

    ``pending`` are members that take a new payload when they are next made anew, and not before.
    """

    batches: tuple[Batch, ...]
    end: End
    pending: tuple[str, ...] = ()


def begin(desired: Desired, actual: Iterable[ActualMember]) -> Run:
    """Start a run from what is wanted and everything that carries the pool's mark."""
    run = Run(desired, tuple(actual))
    stood = [place.keeper for place in survey(run) if place.keeper and place.keeper.available]
    return replace(run, before={member.slot: DesiredMember(member.slot, member.name, member.facts) for member in stood})


def advance(run: Run, batch: Batch, results: Iterable[Result]) -> Run:
    """Take in what came of a batch. Every slot that the batch is about has to have its result."""
    told = {result.slot: result for result in results}
    steps = {slot: [step for step in batch.steps if slot_of(step) == slot] for slot in map(slot_of, batch.steps)}
    if steps.keys() != told.keys():
        raise ValueError(f"results for the slots {sorted(told)} of a batch about {sorted(steps)}")
    members = [member for member in run.members if member.slot not in told]
    failures, given_up, stuck = dict(run.failures), set(run.given_up), set(run.stuck)
    taken = run.taken | {(type(step), slot_of(step)) for step in batch.steps}
    for slot, result in told.items():
        removed = {step.member.uuid for step in steps[slot] if isinstance(step, RemoveMember)}
        left = removed & {member.uuid for member in result.members}
        failure = result.failure or ("it is still there after it was removed" if left else "")
        if failure:
            failures.setdefault(slot, failure)
            stuck |= left
            given_up |= set() if removed else {slot}
        members.extend(_blamed(member) if result.failure and not removed else member for member in result.members)
    after = replace(
        run,
        members=tuple(members),
        failures=failures,
        given_up=frozenset(given_up),
        stuck=frozenset(stuck),
        taken=taken,
    )
    return _perhaps_back(_without_repeats(after))


def plan(desired: Desired, actual: Iterable[ActualMember]) -> Plan:
    """Tell the whole run beforehand, for a preview."""
    run = begin(desired, actual)
    batches: list[Batch] = []
    while isinstance(decided := next_batch(run), Batch):
        batches.append(decided)
        run = advance(run, decided, foretold(run, decided))
    return Plan(tuple(batches), decided, _pending(run))


def destroy(actual: Iterable[ActualMember], on_delete: OnDelete) -> Batch | None:
    """The one batch that deletes a pool; ``None`` where there is nothing to delete or its members are kept."""
    steps = tuple(RemoveMember(member, "the pool is deleted") for member in actual)
    return Batch(BatchKind.REMOVE, steps) if steps and on_delete is OnDelete.DELETE else None


def foretold(run: Run, batch: Batch) -> list[Result]:
    """Results of a batch in which everything succeeds."""
    slots: dict[int, list[ActualMember]] = {}
    for slot in map(slot_of, batch.steps):
        slots[slot] = [member for member in run.members if member.slot == slot]
    for step in batch.steps:
        there = slots[slot_of(step)]
        if not isinstance(step, CreateMember):
            there.remove(step.member)
        if not isinstance(step, RemoveMember):
            there.append(_succeeded(step))
    return [Result(slot, tuple(members)) for slot, members in slots.items()]


def _pending(run: Run) -> tuple[str, ...]:
    if run.desired.on_payload_change is not OnPayloadChange.NEXT_RECREATE:
        return ()
    kept = [(place.target, place.keeper) for place in survey(run) if place.keeper]
    return tuple(
        target.name for target, keeper in kept if target.facts.payload_digest not in (None, keeper.facts.payload_digest)
    )


def _succeeded(step: CreateMember | FinishMember | RecreateMember | ChangeMember) -> ActualMember:
    target = step.target
    if isinstance(step, CreateMember | RecreateMember):
        uuid, facts, created = f"new member of slot {target.slot}", target.facts, 0.0
    else:
        uuid, facts, created = step.member.uuid, step.member.facts.changed_to(target.facts), step.member.created
    return ActualMember(uuid, target.slot, target.name, facts, Phase.DONE, ready=target.demanded, created=created)


def _blamed(member: ActualMember) -> ActualMember:
    return member if member.available else replace(member, failed=True)


def _without_repeats(run: Run) -> Run:
    """Give up slots that want the same step again: it was said to have succeeded and did not do what it should."""
    decided = next_batch(run)
    if isinstance(decided, End):
        return run
    again = {
        slot_of(s) for s in decided.steps if not isinstance(s, RemoveMember) and (type(s), slot_of(s)) in run.taken
    }
    if not again:
        return run
    reasons = {slot_of(step): f"still to be done after it was done: {step.reason}" for step in decided.steps}
    failures = {**{slot: reasons[slot] for slot in again}, **run.failures}
    return _without_repeats(replace(run, failures=failures, given_up=run.given_up | again))


def _perhaps_back(run: Run) -> Run:
    """Turn a run around when too much failed: what stood at its start becomes what is wanted."""
    if run.cause is not None or run.desired.rollout.on_failure is not OnFailure.ROLL_BACK or not run.failed_too_often:
        return run
    members = {slot: _earlier(target, run.before) for slot, target in run.desired.members.items()}
    strict = run.desired.on_member_failure is OnMemberFailure.FAIL
    policy = OnMemberFailure.REPLACE if strict else run.desired.on_member_failure
    return replace(
        run,
        desired=replace(run.desired, members=members, on_member_failure=policy),
        failures={},
        given_up=run.given_up - run.before.keys(),
        taken=frozenset(),
        cause=run.failures,
    )


def _earlier(target: DesiredMember, before: Mapping[int, DesiredMember]) -> DesiredMember:
    """The member as it was, in all that the user has set of it; a slot that was empty stays as it is wanted."""
    was = before.get(target.slot)
    if was is None:
        return target
    said = [item.name for item in fields(Facts) if getattr(target.facts, item.name) is not None]
    facts = Facts(**{name: getattr(was.facts, name) for name in said})
    return replace(was, facts=facts, born=target.born)
