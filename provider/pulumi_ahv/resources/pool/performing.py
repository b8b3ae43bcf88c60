"""One batch of the planner, performed: every stage is one bulk call for all members that have come so far.

The order for a new member: cloned under a working name; marked, named and shaped; its payload brought to it; switched
on; waited for; the disc taken out. Whoever fails at a stage stays there, and the others go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from pulumi_ahv.kernel.errors import AhvError
from pulumi_ahv.prism.vm_interface import Outcomes
from pulumi_ahv.prism.vms import CloneSpec, Power, Vm, VmChange
from pulumi_ahv.resources.pool.actual import Known, Standing, has_disc, is_ready
from pulumi_ahv.resources.pool.delivering import Courier, by_uuid
from pulumi_ahv.resources.pool.job import Job, Work, attempt, going
from pulumi_ahv.resources.pool.removing import Remover, is_off
from pulumi_ahv.resources.pool.waiting import Watch
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

    def __init__(self, job: Job, known: dict[str, Known], members: Sequence[ActualMember]) -> None:
        self._job = job
        self.known = known
        self.times: dict[str, dict[str, float]] = {}
        self._uuids: dict[str, int] = {member.uuid: member.slot for member in members}
        self._watch = Watch(job.site, job.clock)
        told = job.told
        self._remover = Remover(job.site, job.clock, told.shutdown_timeout)
        self._when = told.readiness.when if told.readiness else "address"
        self._patience = float(told.readiness.timeout if told.readiness else 900)

    def perform(self, batch: Batch) -> list[Result]:
        """Run its steps side by side and say what there is of every slot afterwards."""
        failures: dict[int, str] = {}
        first = [s.member for s in batch.steps if isinstance(s, RemoveMember)]
        first += [
            s.member for s in batch.steps if isinstance(s, RecreateMember) and s.replacing is Replacing.DELETE_FIRST
        ]
        stuck = self._remove(first, failures)
        works = [work for step in batch.steps if (work := self._work(step)) and work.replaced not in stuck]
        changing = {step.target.slot: step for step in batch.steps if isinstance(step, ChangeMember)}
        fresh = [work for work in works if work.target.slot not in changing]
        self._bring_up(fresh)
        self._change([work for work in works if work.target.slot in changing], changing)
        for work in works:
            if work.failure:
                failures.setdefault(work.target.slot, work.failure)
            if work.uuid:
                self.known[work.uuid] = Known(work.standing, work.failure)
            if work.times:
                self.times[work.target.name] = work.times
        done = {work.target.slot for work in works if work.going}
        last = [
            s.member
            for s in batch.steps
            if isinstance(s, RecreateMember) and s.replacing is Replacing.CREATE_FIRST and s.target.slot in done
        ]
        self._remove(last, failures)
        return self._results({slot_of(step) for step in batch.steps}, failures)

    def look(self) -> list[ActualMember]:
        """Every member of the pool, as it is now."""
        vms = self._job.site.vms.by_uuid(list(self._uuids)) if self._uuids else {}
        found = [self._job.eyes.member(vm, self.known.get(uuid)) for uuid, vm in vms.items()]
        return [member for member in found if member is not None]

    def _results(self, slots: set[int], failures: dict[int, str]) -> list[Result]:
        there = self.look()
        self._uuids = {member.uuid: member.slot for member in there}
        return [
            Result(slot, tuple(member for member in there if member.slot == slot), failures.get(slot, ""))
            for slot in sorted(slots)
        ]

    def _work(self, step: object) -> Work | None:
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

    def _remove(self, members: Sequence[ActualMember], failures: dict[int, str]) -> set[str]:
        """Take members away; answers those that would not go."""
        if not members:
            return set()
        slots = {member.uuid: member.slot for member in members}
        gently = frozenset(member.uuid for member in members if member.phase is Phase.DONE)
        self._say(f"removing {_names(members)}")
        try:
            vms = self._job.site.vms.by_uuid(list(slots))
            failed = self._remover.remove(list(vms.values()), gently, self._job.doings())
        except AhvError as error:
            failed = dict.fromkeys(slots, error)
        for uuid, why in failed.items():
            failures.setdefault(slots[uuid], f"removing machine {uuid}: {why}")
        return set(failed)

    def _bring_up(self, works: Sequence[Work]) -> None:
        if not works:
            return
        with self._phase("clone", works):
            self._clone([work for work in works if not work.uuid])
        with self._phase("mark", works):
            self._load(going(works))
            self._shape(going(works))
        with self._phase("customise", works):
            Courier(self._job).deliver([work for work in going(works) if work.vm and work.vm.power is Power.OFF])
        wanted_on = [w for w in going(works) if w.target.demanded or w.target.facts.payload_digest]
        with self._phase("power", works):
            self._power_on(wanted_on)
        self._await(going(wanted_on), first_boot=True)
        with self._phase("disc", works):
            self._take_discs_out(going(wanted_on))
        self._switch_off([work for work in going(wanted_on) if not work.target.demanded])
        _settle(works)

    def _clone(self, works: Sequence[Work]) -> None:
        by_version: dict[str, list[Work]] = {}
        for work in works:
            by_version.setdefault(work.target.facts.template_version or "", []).append(work)
        for version, group in by_version.items():
            self._say(f"cloning {_named(group)}")
            attempt(group, "cloning the template", partial(self._deploy, version, group), self._key)
        self._uuids |= {work.uuid: work.target.slot for work in works if work.uuid}

    def _deploy(self, version: str, works: Sequence[Work]) -> Outcomes:
        job = self._job
        template = job.templates.get(version, job.told.template)
        specs = {self._key(work): _spec(work, job, version) for work in works}
        return job.site.templates.deploy(template, version, job.cluster_uuid, specs, doings=job.doings())

    def _key(self, work: Work) -> str:
        """The intention: this slot's first member, or the one that replaces that machine."""
        return f"{self._job.marks.mark.key}\0{work.target.slot}\0{work.replaced}"

    def _load(self, works: Sequence[Work]) -> None:
        """Read the machines: their cards and the UUID that their guests see are needed from here on."""
        try:
            found = self._job.site.vms.by_uuid([work.uuid for work in works]) if works else {}
        except AhvError as error:
            for work in works:
                work.fail("reading the machine", error)
            return
        for work in works:
            work.vm = found.get(work.uuid)
            if work.vm is None:
                work.fail("reading the machine", f"{work.uuid} is not there any more")

    def _shape(self, works: Sequence[Work]) -> None:
        """Give machines their name, mark, size, categories and cards, where they have others."""
        job = self._job
        changes = {work.uuid: change for work in works if work.vm and (change := self._wanted(work, work.vm))}
        changing = [work for work in works if work.uuid in changes]
        attempt(
            changing,
            "giving it its name and mark",
            lambda: job.site.vms.change(changes, doings=job.doings()),
            by_uuid,
        )
        nics = {work.uuid: cards for work in going(works) if (cards := job.nics(work.target)) and _others(work, cards)}
        renetted = [work for work in going(works) if work.uuid in nics]
        attempt(
            renetted, "giving it its network cards", lambda: job.site.vms.set_nics(nics, doings=job.doings()), by_uuid
        )
        self._load(going(renetted))

    def _wanted(self, work: Work, vm: Vm) -> VmChange | None:
        job, facts = self._job, work.target.facts
        description = job.marks.description(work.target.slot, facts.template_version or "", facts.payload_digest or "")
        vcpus = None if facts.vcpus in (None, vm.sockets * vm.cores_per_socket) else facts.vcpus
        categories = job.category_uuids
        change = VmChange(
            name=work.target.name if vm.name != work.target.name else None,
            description=description if vm.description != description else None,
            sockets=vcpus,
            cores_per_socket=1 if vcpus else None,
            memory_bytes=facts.memory if facts.memory not in (None, vm.memory_bytes) else None,
            category_uuids=categories if categories is not None and {*categories} != {*vm.category_uuids} else None,
        )
        return change if change != VmChange() else None

    def _power_on(self, works: Sequence[Work]) -> None:
        job = self._job
        off = [work for work in works if work.vm and work.vm.power is not Power.ON]
        if off:
            self._say(f"switching on {_named(off)}")
        uuids = [work.uuid for work in off]
        attempt(off, "switching it on", lambda: job.site.vms.power_on(uuids, doings=job.doings()), by_uuid)
        for work in going(works):
            work.started = job.clock.monotonic()

    def _await(self, works: Sequence[Work], *, first_boot: bool) -> None:
        """Wait at the gate: who is not ready in time has failed."""
        if not works:
            return
        self._say(f"waiting until {_named(works)} {'is' if len(works) == 1 else 'are'} ready ({self._when})")
        fed = [work for work in works if work.target.facts.payload_digest and first_boot and self._when == "payload"]
        if fed:
            self._wait(fed, is_off, "payload", "its guest has not switched itself off after its first boot")
            self._eject(going(fed))
            self._load(going(fed))
            self._power_on(going(fed))
        self._wait(going(works), lambda vm: is_ready(vm, self._job.told), "ready", "it is not ready")

    def _wait(self, works: Sequence[Work], condition: Callable[[Vm], bool], phase: str, said: str) -> None:
        clock, began = self._job.clock, self._job.clock.monotonic()
        by_id = {work.uuid: work for work in works}

        def seen(vm: Vm) -> None:
            by_id[vm.uuid].times[phase] = round(clock.monotonic() - began, 1)
            by_id[vm.uuid].vm = vm

        try:
            late = self._watch.until(by_id, self._patience, condition, seen=seen)
        except AhvError as error:
            for work in works:
                work.fail("waiting for it", error)
            return
        for uuid, vm in late.items():
            if vm is None:
                by_id[uuid].fail("waiting for it", f"machine {uuid} is not there any more")
            else:
                state = f"it is {vm.power}, with {', '.join(vm.addresses) or 'no address'}"
                why = f"{said} after {self._patience:.0f} s: {state}. Look at its console, or raise readiness.timeout."
                by_id[uuid].fail("waiting for it", why, Standing.FAILED)

    def _take_discs_out(self, works: Sequence[Work]) -> None:
        """Take our discs out, once the guests have had the time to read them."""
        with_disc = [work for work in works if work.vm and has_disc(work.vm)]
        if not with_disc:
            return
        given = self._job.told.payload
        if given and self._when != "payload":
            latest = max(work.started for work in with_disc)
            self._job.clock.sleep(latest + given.disc_seconds - self._job.clock.monotonic())
        self._eject(with_disc)

    def _eject(self, works: Sequence[Work]) -> None:
        job, uuids = self._job, [work.uuid for work in works]
        attempt(works, "taking its disc out", lambda: job.site.vms.eject_disc(uuids, doings=job.doings()), by_uuid)

    def _switch_off(self, works: Sequence[Work]) -> None:
        try:
            failed = self._remover.shut_down([work.uuid for work in works], self._job.doings())
        except AhvError as error:
            failed = {work.uuid: error for work in works}
        for work in works:
            if work.uuid in failed:
                work.fail("switching it off", failed[work.uuid])

    def _change(self, works: Sequence[Work], steps: dict[int, ChangeMember]) -> None:
        """Change members in place; those that need it are down meanwhile."""
        if not works:
            return
        self._say(f"changing {_named(works)}")
        self._load(works)
        restarting = [work for work in going(works) if steps[work.target.slot].restart]
        self._switch_off([work for work in restarting if work.vm and work.vm.power is not Power.OFF])
        self._load(going(restarting))
        self._shape(going(works))
        up = [work for work in going(works) if work.target.demanded and work.vm and work.vm.power is not Power.ON]
        down = [work for work in going(works) if not work.target.demanded and work.vm and not is_off(work.vm)]
        self._power_on(up)
        self._switch_off(down)
        self._await(going(up), first_boot=False)
        _settle(works, failed=Standing.NOT_READY)

    @contextmanager
    def _phase(self, name: str, works: Sequence[Work]) -> Iterator[None]:
        """Note how long a phase took for everyone who came through it."""
        began = self._job.clock.monotonic()
        yield
        for work in going(works):
            work.times[name] = round(self._job.clock.monotonic() - began, 1)

    def _say(self, text: str) -> None:
        self._job.progress(f"{self._job.told.name}: {text}")


def _settle(works: Sequence[Work], failed: Standing | None = None) -> None:
    for work in works:
        if work.going:
            work.standing = Standing.READY if work.target.demanded else Standing.OFF
        elif failed:
            work.standing = failed


def _spec(work: Work, job: Job, version: str) -> CloneSpec:
    facts = work.target.facts
    return CloneSpec(
        name=job.marks.working_name(work.target.slot, version),
        sockets=facts.vcpus,
        cores_per_socket=1 if facts.vcpus else None,
        memory_bytes=facts.memory,
        nics=job.nics(work.target),
    )


def _others(work: Work, cards: Sequence[object]) -> bool:
    """Whether the cards of a machine are not those that it is to have."""
    wanted = [(getattr(card, "subnet_uuid", ""), getattr(card, "address", "")) for card in cards]
    there = work.vm.nics if work.vm else ()
    if [nic.subnet_uuid for nic in there] != [subnet for subnet, _ in wanted]:
        return True
    return any(address and address not in nic.addresses for nic, (_, address) in zip(there, wanted, strict=True))


def _named(works: Sequence[Work]) -> str:
    return _listed([work.target.name for work in works])


def _names(members: Sequence[ActualMember]) -> str:
    return _listed([member.name for member in members])


def _listed(names: list[str]) -> str:
    more = len(names) - 3
    return ", ".join(names[:3]) + (f" and {more} more" if more > 0 else "")
