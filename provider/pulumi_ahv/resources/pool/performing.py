"""One batch of the planner, performed: every stage is one bulk call for all members that have come so far.

The order for a new member: cloned under a working name (``births``); marked, named and shaped (``shaping``); its
payload (``delivering``) and its guest tools' disc (``guest_tools``) brought to it; switched on and waited for, and the
discs taken out (``starting``). Whoever fails at a stage stays there, and the others go on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from pulumi_ahv.kernel.errors import AhvError
from pulumi_ahv.prism.vms import Power
from pulumi_ahv.resources.pool.actual import Known, Standing
from pulumi_ahv.resources.pool.advising import line
from pulumi_ahv.resources.pool.births import Births
from pulumi_ahv.resources.pool.delivering import Courier
from pulumi_ahv.resources.pool.guest_tools import ToolsBearer
from pulumi_ahv.resources.pool.job import Job, Work, going
from pulumi_ahv.resources.pool.removing import Remover, is_off
from pulumi_ahv.resources.pool.seeing import look_of
from pulumi_ahv.resources.pool.shaping import Shaper
from pulumi_ahv.resources.pool.starting import Starter
from pulumi_ahv.resources.pool_plan.members import ActualMember, Phase
from pulumi_ahv.resources.pool_plan.steps import (
    Batch,
    ChangeMember,
    CreateMember,
    FinishMember,
    RecreateMember,
    RemoveMember,
    Replacing,
    Result,
    slot_of,
)


class Performer:
    """Performs batches on the machines of one pool. ``known`` collects what came of each machine."""

    def __init__(
        self, job: Job, known: dict[str, Known], members: Sequence[ActualMember], seeds: Mapping[str, str]
    ) -> None:
        self._job = job
        self.known = known
        self.times: dict[str, dict[str, float]] = {}
        self._uuids: dict[str, int] = {member.uuid: member.slot for member in members}
        self._remover = Remover(job.site, job.clock, job.told.shutdown_timeout)
        self._births = Births(job, seeds)
        self._shaper = Shaper(job)
        self._starter = Starter(job, self._remover)
        self._tools = ToolsBearer(job, self._starter)

    def perform(self, batch: Batch) -> list[Result]:
        """Run its steps side by side and say what there is of every slot afterwards."""
        failures: dict[int, str] = {}
        first = [s.member for s in batch.steps if isinstance(s, RemoveMember)]
        stuck = self._remove([*first, *_replaced(batch, Replacing.DELETE_FIRST)], failures)
        works = [work for step in batch.steps if (work := _work(step)) and work.replaced not in stuck]
        changing = {step.target.slot: step for step in batch.steps if isinstance(step, ChangeMember)}
        self._bring_up([work for work in works if work.target.slot not in changing])
        self._change([work for work in works if work.target.slot in changing], changing)
        for work in works:
            if work.failure:
                failures.setdefault(work.target.slot, work.failure)
            if work.uuid:
                self.known[work.uuid] = Known(work.standing, work.failure)
            if work.times:
                self.times[work.target.name] = work.times
        done = {work.target.slot for work in works if work.going}
        self._remove([each for each in _replaced(batch, Replacing.CREATE_FIRST) if each.slot in done], failures)
        return self._results({slot_of(step) for step in batch.steps}, failures)

    def clear(self) -> None:
        """Take away what was made for the run only."""
        self._births.clear(self._remover)

    def look(self) -> list[ActualMember]:
        """Every member of the pool, as it is now."""
        vms = look_of(self._job.site, self._job.told)(list(self._uuids))
        found = [self._job.eyes.member(vm, self.known.get(uuid)) for uuid, vm in vms.items()]
        return [member for member in found if member is not None]

    def _results(self, slots: set[int], failures: dict[int, str]) -> list[Result]:
        there = self.look()
        self._uuids = {member.uuid: member.slot for member in there}
        return [
            Result(slot, tuple(member for member in there if member.slot == slot), failures.get(slot, ""))
            for slot in sorted(slots)
        ]

    def _remove(self, members: Sequence[ActualMember], failures: dict[int, str]) -> set[str]:
        """Take members away; answers those that would not go."""
        if not members:
            return set()
        slots = {member.uuid: member.slot for member in members}
        gently = frozenset(member.uuid for member in members if member.phase is Phase.DONE)
        self._job.say("removing", members)
        try:
            vms = self._job.site.vms.by_uuid(list(slots))
            failed = self._remover.remove(list(vms.values()), gently, self._job.doings())
        except AhvError as error:
            failed = dict.fromkeys(slots, error)
        for uuid, why in failed.items():
            failures.setdefault(slots[uuid], line("removing it", why))
        return set(failed)

    def _bring_up(self, works: Sequence[Work]) -> None:
        if not works:
            return
        with self._phase("clone", works):
            self._births.clone([work for work in works if not work.uuid])
            self._uuids |= {work.uuid: work.target.slot for work in works if work.uuid}
        with self._phase("mark", works):
            self._shaper.load(going(works))
            self._shaper.shape(going(works))
        with self._phase("customise", works):
            Courier(self._job).deliver(_off(works))
            self._tools.insert(_off(works))
        wanted_on = [work for work in going(works) if _starts(work)]
        with self._phase("power", works):
            self._starter.power_on(wanted_on)
        self._starter.await_ready(going(wanted_on), first_boot=True)
        self._tools.await_and_eject(going(wanted_on))
        with self._phase("disc", works):
            self._starter.take_discs_out(going(wanted_on))
        self._starter.switch_off([work for work in going(wanted_on) if not work.target.demanded])
        _settle(works)

    def _change(self, works: Sequence[Work], steps: dict[int, ChangeMember]) -> None:
        """Change members in place; those that need it are down meanwhile."""
        if not works:
            return
        self._job.say("changing", works)
        self._shaper.load(works)
        restarting = [work for work in going(works) if steps[work.target.slot].restart]
        self._starter.switch_off([work for work in restarting if work.vm and work.vm.power is not Power.OFF])
        self._shaper.load(going(restarting))
        self._shaper.shape(going(works))
        certified = self._tools.change(going(works))
        up = [work for work in going(works) if work.target.demanded and work.vm and work.vm.power is not Power.ON]
        down = [work for work in going(works) if not work.target.demanded and work.vm and not is_off(work.vm)]
        self._starter.power_on(up)
        self._starter.switch_off(down)
        self._starter.await_ready(going(up), first_boot=False)
        self._tools.await_and_eject([work for work in going(certified) if work.target.demanded])
        _settle(works, failed=Standing.NOT_READY)

    @contextmanager
    def _phase(self, name: str, works: Sequence[Work]) -> Iterator[None]:
        """Note how long a phase took for everyone who came through it."""
        began = self._job.clock.monotonic()
        yield
        for work in going(works):
            work.times[name] = round(self._job.clock.monotonic() - began, 1)


def _replaced(batch: Batch, replacing: Replacing) -> list[ActualMember]:
    return [step.member for step in batch.steps if isinstance(step, RecreateMember) and step.replacing is replacing]


def _work(step: object) -> Work | None:
    match step:
        case CreateMember():
            return Work(step.target)
        case RecreateMember():
            return Work(step.target, replaced=step.member.uuid)
        case FinishMember():
            return Work(step.target, uuid=step.member.uuid, delivered=step.member.phase >= Phase.DELIVERED)
        case ChangeMember():
            return Work(step.target, uuid=step.member.uuid)
    return None


def _off(works: Sequence[Work]) -> list[Work]:
    return [work for work in going(works) if work.vm and work.vm.power is Power.OFF]


def _starts(work: Work) -> bool:
    """Whether a new machine is switched on, if only once for what its guest is to take in."""
    return bool(work.target.demanded or work.target.facts.payload_digest or work.target.facts.guest_tools)


def _settle(works: Sequence[Work], failed: Standing | None = None) -> None:
    for work in works:
        if work.going:
            work.standing = Standing.READY if work.target.demanded else Standing.OFF
        elif failed:
            work.standing = failed
