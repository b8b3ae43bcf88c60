"""The first boot of a machine that is built to be frozen: it gets its discs, is switched on, and switches itself off.

How far it is stands in the machine's description, for Prism does not tell whether a machine that is off has ever run:

    [first boot wanted]     from its birth on
    [first boot begun]      its discs are in, and it may have been switched on
    [first boot running]    it has been switched on: once it is off, its guest has done what it was told

So a run that was cut off is taken up by the next one. Where that cannot be known (a machine that is off though it may
have been switched on) the machine is no good: a second boot would not do again what the first has begun.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum, auto

from pulumi_ahv.kernel.errors import AhvError
from pulumi_ahv.kernel.progress import silent
from pulumi_ahv.payload.payload import RenderedPayload
from pulumi_ahv.prism.vms import Power, Vm, VmChange
from pulumi_ahv.resources.discs import disc_image, has_disc
from pulumi_ahv.resources.mark import Mark
from pulumi_ahv.resources.template_vm.job import Job, demand
from pulumi_ahv.resources.template_vm.payload import rendered_for
from pulumi_ahv.resources.watching import Watch
from pulumi_ahv.schema.template_vm import TemplateVmPayload

_STAGE = re.compile(r"\[first boot (?P<stage>[a-z]+)\]")


class Stage(StrEnum):
    """What a machine's description says of its first boot."""

    WANTED = "wanted"
    BEGUN = "begun"
    RUNNING = "running"


class Step(Enum):
    """What is done next."""

    PREPARE = auto()
    NOTE = auto()
    AWAIT = auto()
    NOTHING = auto()
    BUILD_ANEW = auto()


def next_step(stage: Stage | None, power: Power) -> Step:
    """What a machine that is found needs. One without a stage is becoming a template already."""
    off = power is Power.OFF
    match stage:
        case Stage.WANTED:
            return Step.PREPARE if off else Step.BUILD_ANEW
        case Stage.BEGUN:
            return Step.BUILD_ANEW if off else Step.NOTE
        case Stage.RUNNING:
            return Step.AWAIT
        case None:
            return Step.NOTHING


def stage_of(vm: Vm) -> Stage | None:
    """How far a machine is; ``None`` for one that has no first boot, or says nothing of it any more."""
    found = _STAGE.search(vm.description)
    return Stage(found["stage"]) if found and found["stage"] in set(Stage) else None


def staged(text: str, stage: Stage) -> str:
    """The description of a machine that is so far."""
    return f"{text}\n[first boot {stage}]"


def disc_mark(owner: str, vm_uuid: str) -> Mark:
    """The mark of the disc for the first boot of one machine."""
    return Mark.of(owner, "template-disc", differs_by=(vm_uuid,), claim="template")


@dataclass(frozen=True)
class FirstBoot:
    """First boots of the machines of one template. ``fate`` says what becomes of one that fails."""

    job: Job
    given: TemplateVmPayload
    fate: str

    def is_lost(self, vm: Vm) -> bool:
        """Whether nobody can tell what the guest of a machine has done."""
        return next_step(stage_of(vm), vm.power) is Step.BUILD_ANEW

    def bring(self, vm: Vm) -> None:
        """Go on from wherever the machine is, until it is off with empty drives, ready to be frozen.

        Raises:
            AhvError: its guest does not switch itself off in time, or one of the calls failed.
        """
        step = next_step(stage_of(vm), vm.power)
        if step is Step.NOTHING:
            return
        if step is Step.PREPARE:
            self._prepare(vm)
        if step in (Step.PREPARE, Step.NOTE):
            self._note(vm, Stage.RUNNING)
        self._await(vm.uuid)
        self._empty(vm.uuid)

    def _prepare(self, vm: Vm) -> None:
        job = self.job
        if job.told.guest_tools:
            capabilities = job.told.guest_tools.capabilities or []
            demand(job.site.guest_tools.insert([vm.uuid], capabilities, doings=job.doings()))
        if not has_disc(vm):
            job.say("giving its machine the disc for the first boot")
            self._insert(vm)
        self._note(vm, Stage.BEGUN)
        demand(job.site.vms.power_on([vm.uuid], doings=job.doings()))

    def _insert(self, vm: Vm) -> None:
        images, mark = self.job.site.images, disc_mark(self.job.told.owner, vm.uuid)
        spec = disc_image(self._payload(), vm, name=f"{vm.name}-disc", mark=mark)
        deadline = self.job.doings().deadline
        image = images.create(spec, key=mark.key, deadline=deadline, progress=silent)
        try:
            demand(self.job.site.vms.insert_disc({vm.uuid: image.uuid}, doings=self.job.doings()))
        finally:
            images.delete(image.uuid, deadline=self.job.doings().deadline)

    def _payload(self) -> RenderedPayload:
        return rendered_for(self.given, self.job.told.owner)

    def _note(self, vm: Vm, stage: Stage) -> None:
        text = staged(_STAGE.sub("", vm.description).rstrip("\n"), stage)
        demand(self.job.site.vms.change({vm.uuid: VmChange(description=text)}, doings=self.job.doings()))

    def _await(self, uuid: str) -> None:
        job, seconds = self.job, self.given.timeout
        job.say(f"waiting for the guest of machine {uuid} to switch itself off")
        late = Watch(self._look, job.context.clock).until([uuid], seconds, lambda vm: vm.power is Power.OFF)
        if uuid not in late:
            return
        doing, vm = f"TemplateVm {job.told.name!r}: the first boot of machine {uuid}", late[uuid]
        if vm is None:
            raise AhvError(doing, said="somebody else has deleted the machine", advice="Run again: it is built anew.")
        ended = "cloud-init: power_state: {mode: poweroff}; Windows: sysprep with /shutdown"
        raise AhvError(
            doing,
            said=f"its guest has not switched itself off after {seconds} s: machine {vm.name!r} is {vm.power.value},"
            f" with {', '.join(vm.addresses) or 'no address'}. {self.fate}",
            advice=f"Let the payload end in that ({ended}), or raise payload.timeout.",
        )

    def _look(self, uuids: Sequence[str]) -> Mapping[str, Vm]:
        """Read them one by one: what a list says of a machine may be older."""
        return {uuid: vm for uuid in uuids if (vm := self.job.site.vms.get(uuid))}

    def _empty(self, uuid: str) -> None:
        job = self.job
        demand(job.site.vms.eject_disc([uuid], doings=job.doings()))
        if job.told.guest_tools:
            demand(job.site.guest_tools.eject([uuid], doings=job.doings()))
