"""New machines of a pool: every version's clones with one bulk call, under working names that are marks."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from pulumi_ahv.kernel.errors import AhvError
from pulumi_ahv.prism.vm_interface import Outcomes
from pulumi_ahv.prism.vms import CloneSpec
from pulumi_ahv.resources.pool.customizing import at_birth
from pulumi_ahv.resources.pool.job import Job, Work, attempt, going


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
            specs = self._specs(group, version)
            attempt(going(group), "cloning the template", partial(self._deploy, version, specs), self._key)

    def _specs(self, works: Sequence[Work], version: str) -> dict[str, CloneSpec]:
        specs = {}
        for work in works:
            try:
                specs[self._key(work)] = _spec(work, self._job, version)
            except (AhvError, ValueError) as error:
                work.fail("rendering the payload", error)
        return specs

    def _deploy(self, version: str, specs: dict[str, CloneSpec]) -> Outcomes:
        job = self._job
        template = job.templates.get(version, job.told.template)
        return job.site.templates.deploy(template, version, job.cluster_uuid, specs, doings=job.doings())

    def _key(self, work: Work) -> str:
        """The intention: this slot's first member, or the one that comes after that machine."""
        slot = work.target.slot
        return f"{self._job.marks.mark.key}\0{slot}\0{work.replaced or self._job.forerunners.get(slot, '')}"


def _spec(work: Work, job: Job, version: str) -> CloneSpec:
    facts = work.target.facts
    return CloneSpec(
        name=job.marks.working_name(work.target.slot, job.eyes.birth(version, facts.payload_digest or "")),
        sockets=facts.vcpus,
        cores_per_socket=1 if facts.vcpus else None,
        memory_bytes=facts.memory,
        nics=job.nics(work.target),
        customization=at_birth(job, work.target),
    )
