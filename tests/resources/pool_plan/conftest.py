"""A world in which steps take place in small moves, side by side, and may fail or be cut off at any of them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import pytest

from pulumi_ahv.resources.pool_plan.deciding import Run, next_batch
from pulumi_ahv.resources.pool_plan.members import ActualMember, DesiredMember, Effect, Facts, Phase, differences
from pulumi_ahv.resources.pool_plan.run import advance, begin
from pulumi_ahv.resources.pool_plan.settings import Desired
from pulumi_ahv.resources.pool_plan.steps import (
    Batch,
    ChangeMember,
    CreateMember,
    End,
    FinishMember,
    RecreateMember,
    RemoveMember,
    Replacing,
    Result,
    Step,
    slot_of,
)


class Killed(Exception):
    """The process that ran the plan is gone."""


@dataclass
class World:
    """Members by uuid. ``watch`` is called after every small move; ``fails`` and ``killed`` are chances per move."""

    chance: random.Random
    members: dict[str, ActualMember] = field(default_factory=dict)
    watch: Callable[[], None] = lambda: None
    fails: float = 0.0
    killed: float = 0.0
    batches: list[Batch] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=count)

    def up(self, desired: Desired) -> End:
        """One run, from what is there to its end."""
        run = begin(desired, self.members.values())
        while isinstance(decided := next_batch(run), Batch):
            assert len(self.batches) < 200, "the run does not end"
            assert not run.failed_too_often
            self.batches.append(decided)
            run = self.after(run, decided)
        return decided

    def after(self, run: Run, batch: Batch) -> Run:
        slots = {slot_of(step): "" for step in batch.steps}
        moves = [(slot_of(step), self._moves(step)) for step in batch.steps]
        while moves:
            slot, steps = self.chance.choice(moves)
            if self.chance.random() < self.killed:
                raise Killed
            if self.chance.random() < self.fails:
                slots[slot] = "it was not to be"
                moves.remove((slot, steps))
            elif next(steps, "over") == "over":
                moves.remove((slot, steps))
            self.watch()
        found = [m for m in self.members.values() if m.slot in slots]
        results = [Result(s, tuple(m for m in found if m.slot == s), failure) for s, failure in slots.items()]
        run = advance(run, batch, results)
        self.members |= {m.uuid: m for m in run.members}  # the resource keeps in state who failed
        return run

    def _moves(self, step: Step) -> Iterator[None]:
        match step:
            case RemoveMember():
                del self.members[step.member.uuid]
                yield
            case CreateMember():
                yield from self._make(step.target)
            case RecreateMember(replacing=Replacing.CREATE_FIRST):
                yield from self._make(step.target)
                del self.members[step.member.uuid]
                yield
            case RecreateMember():
                del self.members[step.member.uuid]
                yield
                yield from self._make(step.target)
            case FinishMember():
                yield from self._finish(self.members[step.member.uuid], step.target)
            case ChangeMember():
                member = self.members[step.member.uuid]
                if step.restart:
                    self._put(replace(member, ready=False))
                    yield
                yield from self._finish(member, step.target)

    def _make(self, target: DesiredMember) -> Iterator[None]:
        uuid = f"made-{next(self.numbers)}"
        facts = Facts(template_version=target.facts.template_version)
        self._put(ActualMember(uuid, target.slot, "working name", facts, Phase.CLONED, ready=False, created=9.0))
        yield
        if self.chance.random() < 0.5:
            self._put(replace(self.members[uuid], phase=Phase.STARTED, facts=target.facts))
            yield
        yield from self._finish(self.members[uuid], target)

    def _finish(self, member: ActualMember, target: DesiredMember) -> Iterator[None]:
        stays = {"template_version": member.facts.template_version}
        if member.facts.payload_digest is not None:
            stays["payload_digest"] = member.facts.payload_digest  # only a new member takes a new payload
        facts = replace(target.facts, **stays)
        self._put(replace(member, name=target.name, facts=facts, phase=Phase.DONE, ready=target.demanded, failed=False))
        yield

    def _put(self, member: ActualMember) -> None:
        self.members[member.uuid] = member


@pytest.fixture(scope="session")
def world() -> type[World]:
    return World


@pytest.fixture(scope="session")
def killed() -> type[Killed]:
    return Killed


@pytest.fixture(scope="session")
def member() -> Callable[..., ActualMember]:
    """A member that is as it should be, but for what is said."""

    def member_(slot: int, *, uuid: str = "", name: str = "", phase: Phase = Phase.DONE, **more: Any) -> ActualMember:
        state = {name: more.pop(name) for name in ("ready", "failed", "created") if name in more}
        facts = replace(Facts("v1", "d1", 2, 4096, "on"), **more)
        ready = state.pop("ready", phase == Phase.DONE and facts.power == "on")
        return ActualMember(uuid or f"u{slot}", slot, name or f"agent-{slot}", facts, phase, ready=ready, **state)

    return member_


@pytest.fixture(scope="session")
def pool() -> Callable[..., Desired]:
    """A pool of so many members, or of these slots; facts and settings by name."""

    def pool_(slots: int | list[int], **more: Any) -> Desired:
        settings = {key: more.pop(key) for key in ("rollout", "on_payload_change", "on_member_failure") if key in more}
        facts = replace(Facts("v1", "d1", 2, 4096, "on"), **more)
        wanted = range(slots) if isinstance(slots, int) else slots
        return Desired({slot: DesiredMember(slot, f"agent-{slot}", facts) for slot in wanted}, **settings)

    return pool_


@pytest.fixture(scope="session")
def converged() -> Callable[[World, Desired], bool]:
    def converged_(found: World, desired: Desired) -> bool:
        there = {m.slot: m for m in found.members.values()}
        right = all(
            m.phase == Phase.DONE
            and not differences(m, desired.members[slot], desired.on_payload_change)
            and (m.available or not desired.members[slot].demanded)
            for slot, m in there.items()
            if slot in desired.members
        )
        return right and len(there) == len(found.members) and there.keys() == desired.members.keys()

    return converged_


@pytest.fixture(scope="session")
def limits() -> Callable[..., Callable[[], None]]:
    """The invariants of a run, to be watched after every small move."""

    def limits_(found: World, desired: Desired, *, slack: Callable[[], int] = lambda: 0) -> Callable[[], None]:
        demanded = {slot for slot, target in desired.members.items() if target.demanded}

        def up() -> int:
            return len({m.slot for m in found.members.values() if m.available} & demanded)

        least = min(up(), len(demanded) - desired.rollout.max_unavailable)
        most = max(len(found.members), len(desired.members) + desired.rollout.max_surge)
        alone = [m for m in found.members.values() if sum(m.slot == o.slot for o in found.members.values()) == 1]
        right = [
            m
            for m in alone
            if (target := desired.members.get(m.slot))
            and m.phase == Phase.DONE
            and not m.failed
            and (m.available or not target.demanded)
            and not differences(m, target, desired.on_payload_change)
        ]

        def watch() -> None:
            assert up() >= least, "too many are unavailable"
            assert len(found.members) <= most + slack(), "too many are there"
            assert all(found.members.get(m.uuid) == m for m in right), "one was touched that was right"

        return watch

    return limits_


@pytest.fixture(scope="session")
def costs() -> type[Effect]:
    return Effect
