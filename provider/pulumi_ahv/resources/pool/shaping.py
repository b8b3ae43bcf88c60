"""What a machine is called and made of: its name, mark, size, categories and cards, each set only where it differs."""

from __future__ import annotations

from collections.abc import Sequence

from pulumi_ahv.kernel.errors import AhvError
from pulumi_ahv.prism.vms import NicSpec, Vm, VmChange
from pulumi_ahv.resources.pool.advising import vanished
from pulumi_ahv.resources.pool.job import Job, Work, attempt, by_uuid, going
from pulumi_ahv.resources.pool.marks import read_line
from pulumi_ahv.resources.pool.seeing import look_of


class Shaper:
    """Reads machines of one pool and gives them their shape."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def load(self, works: Sequence[Work]) -> None:
        """Read the machines: their cards and the UUID that their guests see are needed from here on."""
        try:
            found = look_of(self._job.site, self._job.told)([work.uuid for work in works])
        except AhvError as error:
            for work in works:
                work.fail("reading the machine", error)
            return
        for work in works:
            work.vm = found.get(work.uuid)
            if work.vm is None:
                work.fail("reading the machine", vanished(work.uuid))

    def shape(self, works: Sequence[Work]) -> None:
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
        self.load(going(renetted))

    def _wanted(self, work: Work, vm: Vm) -> VmChange | None:
        job, facts = self._job, work.target.facts
        description = self._description(work, vm)
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

    def _description(self, work: Work, vm: Vm) -> str:
        """Its mark; a member that is marked keeps its age, whatever a new state thinks of it."""
        target, marks = work.target, self._job.marks
        there = read_line(vm.description) if marks.is_marked(vm.description) else None
        version, payload = target.facts.template_version or "", target.facts.payload_digest or ""
        return marks.description(target.slot, version, payload, there.born if there else target.born)


def _others(work: Work, cards: Sequence[NicSpec]) -> bool:
    """Whether the cards of a machine are not those that it is to have."""
    there = work.vm.nics if work.vm else ()
    if [nic.subnet_uuid for nic in there] != [card.subnet_uuid for card in cards]:
        return True
    return any(card.address and card.address not in nic.addresses for nic, card in zip(there, cards, strict=True))
