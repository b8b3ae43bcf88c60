"""Machines on their way up and down: switched on, waited for at the gate, rid of their discs, shut down."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pulumi_ahv.kernel.errors import AhvError
from pulumi_ahv.prism.vms import Power, Vm
from pulumi_ahv.resources.discs import has_disc
from pulumi_ahv.resources.pool.actual import Standing, is_ready
from pulumi_ahv.resources.pool.advising import vanished
from pulumi_ahv.resources.pool.job import Job, Work, attempt, by_uuid, going
from pulumi_ahv.resources.pool.removing import Remover, is_off
from pulumi_ahv.resources.pool.seeing import look_of
from pulumi_ahv.resources.pool.shaping import Shaper
from pulumi_ahv.resources.watching import Watch

LOOK = "Look at its console, or raise readiness.timeout."


class Starter:
    """Switches machines of one pool and waits for them."""

    def __init__(self, job: Job, remover: Remover) -> None:
        self._job = job
        self._remover = remover
        self._watch = Watch(look_of(job.site, job.told), job.clock)
        readiness = job.told.readiness
        self._when = readiness.when if readiness else "address"
        self._patience = float(readiness.timeout if readiness else 900)

    def power_on(self, works: Sequence[Work]) -> None:
        """Switch on those that are not."""
        job = self._job
        off = [work for work in works if work.vm and work.vm.power is not Power.ON]
        if off:
            job.say("switching on", off)
        uuids = [work.uuid for work in off]
        attempt(off, "switching it on", lambda: job.site.vms.power_on(uuids, doings=job.doings()), by_uuid)
        for work in going(works):
            work.started = job.clock.monotonic()

    def await_ready(self, works: Sequence[Work], *, first_boot: bool) -> None:
        """Wait at the gate: who is not ready in time has failed."""
        if not works:
            return
        self._job.say("waiting for", works, f" to be ready ({self._when})")
        fed = [work for work in works if work.target.facts.payload_digest and first_boot and self._when == "payload"]
        if fed:
            self._wait(fed, is_off, "payload", "its guest has not switched itself off after its first boot")
            self._eject(going(fed))
            Shaper(self._job).load(going(fed))
            self.power_on(going(fed))
        self._wait(going(works), lambda vm: is_ready(vm, self._job.told), "ready", "it is not ready")

    def await_tools(self, works: Sequence[Work]) -> None:
        """Wait until the guest tools of all of them answer."""
        quiet = [work for work in works if not (work.vm and _answers(work.vm))]
        if quiet:
            self._job.say("waiting for the guest tools of", quiet)
        self._wait(works, _answers, "tools", "its guest tools have not answered")

    def silent_tools(self, works: Sequence[Work], seconds: float) -> list[Work]:
        """Those whose guest tools do not answer within some seconds."""
        late: set[str] = set()
        try:
            late |= self._watch.until([work.uuid for work in works], seconds, _answers).keys()
        except AhvError as error:
            for work in works:
                work.fail("waiting for its guest tools", error)
        return [work for work in works if work.uuid in late]

    def take_discs_out(self, works: Sequence[Work]) -> None:
        """Take our discs out, once the guests have had the time to read them."""
        with_disc = [work for work in works if work.vm and has_disc(work.vm)]
        if not with_disc:
            return
        given = self._job.told.payload
        if given and self._when != "payload":
            latest = max(work.started for work in with_disc)
            self._job.clock.sleep(latest + given.disc_seconds - self._job.clock.monotonic())
        self._eject(with_disc)

    def switch_off(self, works: Sequence[Work]) -> None:
        """Shut the guests down; who does not go in time is cut off."""
        try:
            failed = self._remover.shut_down([work.uuid for work in works], self._job.doings())
        except AhvError as error:
            failed = {work.uuid: error for work in works}
        for work in works:
            if work.uuid in failed:
                work.fail("switching it off", failed[work.uuid])

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
                by_id[uuid].fail("waiting for it", vanished(uuid))
            else:
                why = f"{said} after {self._patience:.0f} s: {_state(vm)}. {LOOK}"
                by_id[uuid].fail("waiting for it", why, Standing.FAILED)

    def _eject(self, works: Sequence[Work]) -> None:
        job, uuids = self._job, [work.uuid for work in works]
        attempt(works, "taking its disc out", lambda: job.site.vms.eject_disc(uuids, doings=job.doings()), by_uuid)


def _answers(vm: Vm) -> bool:
    return vm.tools is not None and vm.tools.reachable


def _state(vm: Vm) -> str:
    """How a machine is, in words."""
    state = f"it is {vm.power}, with {', '.join(vm.addresses) or 'no address'}"
    if vm.tools is None:
        return state
    return f"{state}; its guest tools are {'silent' if vm.tools.installed else 'not installed'}"
