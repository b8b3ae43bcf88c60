"""New machines of a pool: every version's clones with one bulk call, under working names that are marks.

Thin ones are made of the template's version. Full ones are clones of a machine: one is made of the version, the seed,
and goes at the end of the run. What an interrupted run left of it has the name that the next one makes it by.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from pulumi_ahv.kernel.errors import AhvError
from pulumi_ahv.prism.vm_interface import Outcomes
from pulumi_ahv.prism.vms import CloneSpec
from pulumi_ahv.resources.pool.customizing import at_birth
from pulumi_ahv.resources.pool.job import Job, Work, attempt, going
from pulumi_ahv.resources.pool.removing import Remover


class Births:
    """Clones members of one pool. ``seeds`` are those that interrupted runs left, by name."""

    def __init__(self, job: Job, seeds: Mapping[str, str]) -> None:
        self._job = job
        self._seeds = dict(seeds)

    def clone(self, works: Sequence[Work]) -> None:
        """Have a machine made for each of them."""
        by_version: dict[str, list[Work]] = {}
        for work in works:
            by_version.setdefault(work.target.facts.template_version or "", []).append(work)
        full = self._job.told.provisioning == "full"
        for version, group in by_version.items():
            self._job.say("cloning", group)
            specs = self._specs(group, version)
            call = partial(self._copy if full else self._deploy, version, specs)
            attempt(going(group), "cloning the template", call, self._key)

    def _specs(self, works: Sequence[Work], version: str) -> dict[str, CloneSpec]:
        specs = {}
        for work in works:
            try:
                specs[self._key(work)] = _spec(work, self._job, version)
            except (AhvError, ValueError) as error:
                work.fail("rendering the payload", error)
        return specs

    def clear(self, remover: Remover) -> None:
        """Delete the seeds; one that will not go is kept in mind, and found again by its name."""
        job, seeds = self._job, list(self._seeds.values())
        try:
            vms = job.site.vms.by_uuid(seeds) if seeds else {}
            failed = remover.remove(list(vms.values()), frozenset(), job.doings()) if vms else {}
        except AhvError as error:
            failed = dict.fromkeys(seeds, error)
        for uuid, why in failed.items():
            job.left[uuid] = f"machine {uuid}, a seed, is left and is deleted by the next run: {why}"

    def _deploy(self, version: str, specs: dict[str, CloneSpec]) -> Outcomes:
        job = self._job
        template = job.templates.get(version, job.told.template)
        return job.site.templates.deploy(template, version, job.cluster_uuid, specs, doings=job.doings())

    def _copy(self, version: str, specs: dict[str, CloneSpec]) -> Outcomes:
        first = next(iter(specs))
        return self._job.site.vms.clone(self._seed(version, first), specs, doings=self._job.doings())

    def _seed(self, version: str, whose: str) -> str:
        """The seed of a version; one that is not there is made with an intention of the member that needs it first."""
        name, key = self._job.marks.seed_name(version), f"{whose}\0seed"
        if name not in self._seeds:
            outcome = self._deploy(version, {key: CloneSpec(name=name)})[key]
            if outcome.uuid:
                self._seeds[name] = outcome.uuid
            if outcome.error:
                raise outcome.error
        return self._seeds[name]

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
