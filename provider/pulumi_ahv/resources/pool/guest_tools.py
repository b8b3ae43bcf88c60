"""Guest tools of members: their disc goes into each clone before its first start, and out when they have answered.

The tools of a clone hold the certificate of the machine that it was cloned from, and reach Prism only with one of
their own; that one is on the disc (api-legacy, section 1.6). The tools themselves are in the template, or the payload
installs them from the disc.
"""

from __future__ import annotations

from collections.abc import Sequence

from pulumi_ahv.prism.drives import tools_drive
from pulumi_ahv.prism.vms import Power
from pulumi_ahv.resources.pool.actual import told_tools
from pulumi_ahv.resources.pool.job import Job, Work, attempt, by_uuid, going
from pulumi_ahv.resources.pool.starting import Starter
from pulumi_ahv.resources.pool.wanted import tools_text

SOON = 30.0


class ToolsBearer:
    """Brings members of one pool their tools' certificates, if the pool wants tools."""

    def __init__(self, job: Job, starter: Starter) -> None:
        self._job = job
        self._starter = starter
        self._wanted = job.told.guest_tools

    def insert(self, works: Sequence[Work]) -> None:
        """Put the disc into a drive of each machine; those that are off get the drive that they lack."""
        if self._wanted is None:
            return
        job, capabilities = self._job, self._wanted.capabilities or []
        uuids = [work.uuid for work in works]
        attempt(
            works,
            "inserting the guest tools' disc",
            lambda: job.site.guest_tools.insert(uuids, capabilities, doings=job.doings()),
            by_uuid,
        )

    def await_and_eject(self, works: Sequence[Work]) -> None:
        """Wait until the tools answer, and take their discs out again."""
        if self._wanted is None or not works:
            return
        self._starter.await_tools(works)
        job, full = self._job, [work for work in going(works) if work.vm and tools_drive(work.vm)]
        uuids = [work.uuid for work in full]
        attempt(
            full,
            "taking the guest tools' disc out",
            lambda: job.site.guest_tools.eject(uuids, doings=job.doings()),
            by_uuid,
        )

    def change(self, works: Sequence[Work]) -> list[Work]:
        """Bring the tools of standing machines to what is wanted; answers those whose disc waits to be used.

        Tools that do not answer soon after they were enabled have another machine's certificate.
        """
        if self._wanted is None:
            return []
        wanted = tools_text(enabled=True, capabilities=self._wanted.capabilities or ())
        other = [(work, work.vm) for work in works if work.vm and told_tools(work.vm) != wanted]
        off = [work for work, vm in other if vm.power is Power.OFF and not (vm.tools and vm.tools.enabled)]
        others = [work for work, _ in other if work not in off]
        self._configure(others)
        running = [work for work in going(others) if work.vm and work.vm.power is Power.ON]
        silent = self._starter.silent_tools(running, SOON)
        self.insert([*off, *silent])
        waiting = [work for work in works if work.vm and tools_drive(work.vm)]
        return going([*off, *silent, *(work for work in waiting if work not in off and work not in silent)])

    def _configure(self, works: Sequence[Work]) -> None:
        job, capabilities = self._job, (self._wanted.capabilities if self._wanted else None) or []
        uuids = [work.uuid for work in works]
        call = job.site.guest_tools.configure
        attempt(
            works,
            "configuring its guest tools",
            lambda: call(uuids, enabled=True, capabilities=capabilities, doings=job.doings()),
            by_uuid,
        )
