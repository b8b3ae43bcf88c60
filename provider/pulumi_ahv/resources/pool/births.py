"""New machines of a pool: every version's clones with one bulk call, under working names that are marks."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from pulumi_ahv.prism.vm_interface import Outcomes
from pulumi_ahv.prism.vms import CloneSpec
from pulumi_ahv.resources.pool.job import Job, Work, attempt


class Births:
    """Clones members of one pool."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def clone(self, works: Sequence[Work]) -> None:
        """Have a machine made for each of them."""
        by_version: dict[str, list[Work]] = {}
        for work in works:
            by_version.setdefault(work.target.facts.template_version or "", []).append(work)
        for version, group in by_version.items():
            self._job.say("cloning", group)
            attempt(group, "cloning the template", partial(self._deploy, version, group), self._key)

    def _deploy(self, version: str, works: Sequence[Work]) -> Outcomes:
        job = self._job
        template = job.templates.get(version, job.told.template)
        specs = {self._key(work): _spec(work, job, version) for work in works}
        return job.site.templates.deploy(template, version, job.cluster_uuid, specs, doings=job.doings())

    def _key(self, work: Work) -> str:
        """The intention: this slot's first member, or the one that replaces that machine."""
        return f"{self._job.marks.mark.key}\0{work.target.slot}\0{work.replaced}"


def _spec(work: Work, job: Job, version: str) -> CloneSpec:
    facts = work.target.facts
    return CloneSpec(
        name=job.marks.working_name(work.target.slot, version),
        sockets=facts.vcpus,
        cores_per_socket=1 if facts.vcpus else None,
        memory_bytes=facts.memory,
        nics=job.nics(work.target),
    )
