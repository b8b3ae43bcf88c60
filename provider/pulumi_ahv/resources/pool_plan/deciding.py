"""The next batch of a run: a function of what is wanted, what is there and what has failed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from pulumi_ahv.resources.pool_plan.members import (
    DISABLED,
    ActualMember,
    Change,
    DesiredMember,
    Effect,
    OnPayloadChange,
    Phase,
    differences,
)
from pulumi_ahv.resources.pool_plan.settings import Desired, OnMemberFailure
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
    Step,
    WaitReady,
    slot_of,
)


@dataclass(frozen=True)
class Run:
    """A run between two batches. ``run.begin`` makes one, ``run.advance`` the next one.

    ``before`` is what stood at the start, for a way back; ``given_up`` are slots that failed, ``stuck`` machines that
    would not go, ``taken`` the kinds of steps that each slot has had. ``cause`` is set once the run rolls back: the
    failures that made it.
    """

    desired: Desired
    members: tuple[ActualMember, ...]
    before: Mapping[int, DesiredMember] = field(default_factory=dict)
    failures: Mapping[int, str] = field(default_factory=dict)
    given_up: frozenset[int] = frozenset()
    stuck: frozenset[str] = frozenset()
    taken: frozenset[tuple[type[Step], int]] = frozenset()
    cause: Mapping[int, str] | None = None

    @property
    def failed_too_often(self) -> bool:
        """Whether more members failed than may."""
        strict = self.desired.on_member_failure is OnMemberFailure.FAIL
        return len(self.failures) > (0 if strict else self.desired.rollout.max_failed)


@dataclass(frozen=True)
class Place:
    """One slot that is wanted and what there is of it: the member to keep, if any, and others to be rid of."""

    target: DesiredMember
    keeper: ActualMember | None
    extras: tuple[ActualMember, ...]
    changes: tuple[Change, ...]

    @property
    def cost(self) -> Effect | None:
        """The costliest effect of its changes."""
        return self.changes[0].effect if self.changes else None

    @property
    def done(self) -> bool:
        """Whether its keeper has been finished, ready or not."""
        return self.keeper is not None and self.keeper.phase == Phase.DONE

    @property
    def lacking(self) -> bool:
        """Whether nobody can work on it although it is to be up."""
        there = [self.keeper, *self.extras] if self.keeper else self.extras
        return self.target.demanded and not any(member and member.available for member in there)

    @property
    def reason(self) -> str:
        """Its changes in words."""
        return ", ".join(map(str, self.changes))


def next_batch(run: Run) -> Batch | End:
    """Decide what comes next."""
    places = survey(run)
    for decide in (_stop_failing, _remove, _repair, _stop_broken, _change, _roll, _stop_blocked):
        if decided := decide(run, places):
            return decided
    failures = {**_broken(places), **run.failures}
    if run.cause is not None:
        return End(EndKind.ROLLED_BACK, _cause(run), {**run.cause, **failures})
    return End(EndKind.DONE, failures=failures)


def survey(run: Run) -> list[Place]:
    """Every slot that is wanted, in order, and what there is of it."""
    there: dict[int, list[ActualMember]] = defaultdict(list)
    for member in run.members:
        if member.uuid not in run.stuck:
            there[member.slot].append(member)
    policy = run.desired.on_payload_change
    return [_place(target, there[slot], policy) for slot, target in sorted(run.desired.members.items())]


def is_broken(member: ActualMember, target: DesiredMember) -> bool:
    """Whether a member failed, or was finished once and is up without being ready.

    One that is off is only off, and one whose guest tools are to be enabled again may only lack that.
    """
    unready = member.phase == Phase.DONE and target.demanded and not member.ready
    disabled = member.facts.guest_tools == DISABLED and target.facts.guest_tools not in (None, DISABLED)
    return member.failed or (unready and not disabled and member.facts.power != "off")


def _place(target: DesiredMember, there: list[ActualMember], policy: OnPayloadChange) -> Place:
    """Rank the members of a slot by how little is missing; the first is kept."""

    def missing(member: ActualMember) -> tuple[object, ...]:
        changes = differences(member, target, policy)
        outdated = bool(changes) and changes[0].effect is Effect.RECREATE
        order = (is_broken(member, target), outdated, not member.available, -member.phase, len(changes))
        return (*order, member.created, member.uuid)

    ranked = sorted(there, key=missing)
    keeper = ranked[0] if ranked else None
    return Place(target, keeper, tuple(ranked[1:]), differences(keeper, target, policy) if keeper else ())


def _stop_failing(run: Run, places: list[Place]) -> End | None:
    if not run.failed_too_often:
        return None
    return _stopped(run, f"{len(run.failures)} of {len(places)} members failed, more than maxFailed allows", places)


def _remove(run: Run, places: list[Place]) -> Batch | None:
    """Surplus slots, and duplicates that nobody needs: an available one stays until its slot's keeper is available."""
    surplus = [m for m in run.members if m.slot not in run.desired.members and m.uuid not in run.stuck]
    surplus.sort(key=lambda member: member.slot)  # a preview and its run name them alike
    spare = [
        extra
        for place in places
        for extra in place.extras
        if not extra.available or not place.target.demanded or (place.keeper and place.keeper.available)
    ]
    removed = [RemoveMember(member, "its slot is surplus") for member in surplus]
    steps = (*removed, *(RemoveMember(member, "its slot has another member") for member in spare))
    return Batch(BatchKind.REMOVE, steps) if steps else None


def _repair(run: Run, places: list[Place]) -> Batch | None:
    """Everything that is unavailable and can be made available without touching what is.

    Members that were in use once and are broken now are replaced in batches all the same: when all of them seem broken,
    it is the network that is, and the first batch will show it.
    """
    room = len(places) + run.desired.rollout.max_surge - _total(run)
    steps: list[Step] = []
    used: list[Step] = []
    for place in places:
        if place.target.slot in run.given_up:
            continue
        if place.keeper is not None:
            found = _repaired(run, place, place.keeper)
            (used if place.done and isinstance(found, RecreateMember) else steps).extend([found] if found else [])
        elif room > 0:
            room -= 1
            steps.append(CreateMember(place.target, "its slot is empty"))
    now = used[: run.desired.rollout.batch_size]
    return _gated(BatchKind.REPAIR, [*steps, *now], pause=_pause(run, more=len(now) < len(used)))


def _repaired(run: Run, place: Place, keeper: ActualMember) -> Step | None:
    outdated = place.cost is Effect.RECREATE
    if is_broken(keeper, place.target):
        if run.desired.on_member_failure is not OnMemberFailure.REPLACE:
            return None
        reason = "it failed" if keeper.failed else "it is not ready"
        return RecreateMember(keeper, place.target, Replacing.DELETE_FIRST, reason)
    if keeper.phase < Phase.DONE:
        left = f"it was left half-made ({keeper.phase.name.lower()})"
        if outdated:
            return RecreateMember(keeper, place.target, Replacing.DELETE_FIRST, f"{left}, {place.reason}")
        return FinishMember(keeper, place.target, left)
    starts = any(change.fact == "power" and change.new != "off" for change in place.changes)
    if starts and not outdated:
        return ChangeMember(keeper, place.target, place.changes, restart=False, reason=place.reason)
    return None


def _stop_broken(run: Run, places: list[Place]) -> End | None:
    if run.desired.on_member_failure is not OnMemberFailure.FAIL or not _broken(places):
        return None
    return _stopped(run, "members are broken, and onMemberFailure says 'fail'", places)


def _change(run: Run, places: list[Place]) -> Batch | None:
    """What needs no restart; it goes on all members at once, for it makes none unavailable."""
    steps = tuple(
        ChangeMember(place.keeper, place.target, place.changes, restart=False, reason=place.reason)
        for place in places
        if place.keeper and place.done and place.cost is Effect.IN_PLACE and place.target.slot not in run.given_up
    )
    return Batch(BatchKind.CHANGE, steps) if steps else None


def _waiting(run: Run, places: list[Place]) -> list[Place]:
    """Places that are to be rolled, those first that nobody can work on anyway."""
    costly = (Effect.RESTART, Effect.RECREATE)
    waiting = [p for p in places if p.done and p.cost in costly and p.target.slot not in run.given_up]
    return sorted(waiting, key=_is_up)


def _roll(run: Run, places: list[Place]) -> Batch | None:
    """One batch: members that are unavailable anyway, then surges, then as many more as may be unavailable."""
    rollout = run.desired.rollout
    surge = min(rollout.max_surge, len(places) + rollout.max_surge - _total(run))
    spare = rollout.max_unavailable - sum(place.lacking for place in places)
    waiting = _waiting(run, places)
    steps: list[Step] = []
    for place in waiting:
        if len(steps) == rollout.batch_size:
            break
        up = _is_up(place)
        recreate = place.cost is Effect.RECREATE or (up and not rollout.max_unavailable)
        if recreate and up and surge > 0:
            surge -= 1
            steps.extend(_rolled(place, Replacing.CREATE_FIRST))
        elif not up or spare > 0:
            spare -= up
            steps.extend(_rolled(place, Replacing.DELETE_FIRST if recreate else None))
    return _gated(BatchKind.ROLL, steps, pause=_pause(run, more=len(steps) < len(waiting)))


def _pause(run: Run, *, more: bool) -> Pause | None:
    seconds = run.desired.rollout.pause
    return Pause(seconds) if more and seconds else None


def _stop_blocked(run: Run, places: list[Place]) -> End | None:
    if not _waiting(run, places):
        return None
    lacking = sum(place.lacking for place in places)
    return _stopped(
        run, f"{lacking} of {len(places)} members are unavailable, so maxUnavailable lets no other one go", places
    )


def _is_up(place: Place) -> bool:
    return place.target.demanded and place.keeper is not None and place.keeper.available


def _rolled(place: Place, replacing: Replacing | None) -> list[Step]:
    if place.keeper is None:
        return []
    if replacing is None:
        return [ChangeMember(place.keeper, place.target, place.changes, restart=True, reason=place.reason)]
    return [RecreateMember(place.keeper, place.target, replacing, place.reason)]


def _total(run: Run) -> int:
    return sum(member.uuid not in run.stuck for member in run.members)


def _gated(kind: BatchKind, steps: list[Step], *, pause: Pause | None) -> Batch | None:
    slots = tuple(slot_of(step) for step in steps if not isinstance(step, RemoveMember) and step.target.demanded)
    return Batch(kind, tuple(steps), WaitReady(slots) if slots else None, pause) if steps else None


def _broken(places: list[Place]) -> dict[int, str]:
    return {p.target.slot: "it is not ready" for p in places if p.keeper and is_broken(p.keeper, p.target)}


def _stopped(run: Run, reason: str, places: list[Place]) -> End:
    if run.cause is not None:
        reason = f"{_cause(run)}; rolling back stopped: {reason}"
    return End(EndKind.STOPPED, reason, {**(run.cause or {}), **_broken(places), **run.failures})


def _cause(run: Run) -> str:
    failed, size = len(run.cause or {}), len(run.desired.members)
    return f"{failed} of {size} members failed, more than maxFailed allows, and the rollout was taken back"
