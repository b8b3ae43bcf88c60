"""Carries out what ``maintenance`` decides: one step, a new look at Prism, and the next step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pulumi_ahv.kernel.errors import AhvError
from pulumi_ahv.prism.vm_interface import MachineSite
from pulumi_ahv.prism.vms import Power, Template, Vm
from pulumi_ahv.resources.mark import without_mark
from pulumi_ahv.resources.template_vm.job import Job, demand
from pulumi_ahv.resources.template_vm.maintenance import Goal, Machine, Refusal, Situation, Step, next_step
from pulumi_ahv.resources.template_vm.records import (
    Note,
    Record,
    described,
    newest,
    next_name,
    record_of,
    without_note,
)
from pulumi_ahv.resources.watching import Watch
from pulumi_ahv.schema.template_vm import TemplateVmInputs

_MOST_STEPS = 12  # the longest way has seven; more means that somebody else works against us


def goal_of(told: TemplateVmInputs) -> Goal:
    """What the inputs want of a maintenance."""
    if told.maintenance:
        return Goal.ON
    return Goal.PUBLISH if told.on_maintenance_end == "publish" else Goal.DISCARD


def situation_of(site: MachineSite, template: Template) -> Situation:
    """Where a maintenance stands; asks for the machine where there is one."""
    note = Note.read(template.description)
    records = [record_of(version) for version in template.versions]
    published = note is not None and any(record and record.session == note.session for record in records)
    return Situation(note is not None, published, _machine(site, template.guest_update_vm))


@dataclass(frozen=True)
class Tending:
    """The maintenance of one template."""

    job: Job

    def bring(self, template: Template, goal: Goal) -> Template:
        """Go on step by step until the goal is reached.

        Raises:
            AhvError: a step failed, or must not be made; everything stays as it is then, and the next run goes on.
        """
        for _ in range(_MOST_STEPS):
            step = next_step(situation_of(self.job.site, template), goal)
            if step is None:
                return template
            if isinstance(step, Refusal):
                raise self._refused(step, template)
            self._steps()[step](template)
            template = self.job.expect(template.uuid)
        raise AhvError(
            f"TemplateVm {self.job.told.name!r}: maintenance does not come to its end",
            said=f"after {_MOST_STEPS} steps it is not {goal.value}",
            advice="Somebody else may be changing the template: look at its tasks in Prism, then run again.",
        )

    def _steps(self) -> dict[Step, Callable[[Template], object]]:
        return {
            Step.NOTE: self._note,
            Step.BEGIN: self._begin,
            Step.POWER_ON: self._power_on,
            Step.SHUT_DOWN: self._shut_down,
            Step.COMPLETE: self._complete,
            Step.CANCEL: self._cancel,
            Step.CLEAR: self._clear,
        }

    def _note(self, template: Template) -> None:
        base = newest(template)
        content = base[1].content if base else self.job.told.content or ""
        self._describe(template, Note(self.job.context.token(), content))

    def _begin(self, template: Template) -> None:
        self.job.say("bringing up a machine for maintenance")
        base, note = newest(template), _note_of(template)
        version = base[0].uuid if base else ""
        self.job.site.templates.begin_guest_update(
            template.uuid, version, key=f"{self.job.mark.key}\0{note.session}", doings=self.job.doings()
        )

    def _power_on(self, template: Template) -> None:
        demand(self.job.site.vms.power_on([template.guest_update_vm], doings=self.job.doings()))
        self.job.say(f"machine {template.guest_update_vm} is on, for maintenance")

    def _shut_down(self, template: Template) -> None:
        """Ask the guest, wait, and pull the cord only where the program allows it."""
        job, uuid = self.job, template.guest_update_vm
        job.say(f"shutting machine {uuid} down")
        demand(job.site.vms.ask_to_shut_down([uuid], doings=job.doings()))
        seconds = job.told.shutdown_timeout
        watch = Watch(job.site.vms.by_uuid, job.context.clock)
        if not watch.until([uuid], seconds, lambda vm: vm.power is Power.OFF):
            return
        if job.told.on_shutdown_timeout == "fail":
            raise AhvError(
                f"TemplateVm {job.told.name!r}: the guest of machine {uuid} has not shut down",
                said=f"it is still on after {seconds} s; nothing was published, and the machine stays",
                advice="Shut it down by hand, raise shutdownTimeout, or set onShutdownTimeout to 'powerOff'.",
            )
        job.say(f"the guest has not shut down within {seconds} s: powering it off")
        demand(job.site.vms.power_off([uuid], doings=job.doings()))

    def _complete(self, template: Template) -> None:
        note, name = _note_of(template), next_name(template.versions)
        self.job.say(f"publishing what was changed in maintenance as '{name}'")
        self.job.site.templates.complete_guest_update(
            template.uuid,
            name=name,
            description=Record(note.content, note.session).write("Changed in maintenance."),
            key=f"{self.job.mark.key}\0{note.session}",
            doings=self.job.doings(),
        )

    def _cancel(self, template: Template) -> None:
        self.job.say("dropping the machine of the maintenance, with what was changed in it")
        self.job.site.templates.cancel_guest_update(template.uuid, doings=self.job.doings())

    def _clear(self, template: Template) -> None:
        self._describe(template, None)

    def _describe(self, template: Template, note: Note | None) -> None:
        text = without_mark(without_note(template.description))
        description = described(text, self.job.mark, note)
        self.job.site.templates.change(template.uuid, name=None, description=description, doings=self.job.doings())

    def _refused(self, refusal: Refusal, template: Template) -> AhvError:
        doing = f"TemplateVm {self.job.told.name!r}: maintenance cannot go on"
        if refusal is Refusal.STRANGERS:
            said, advice = self.job.strangers_update(template)
            return AhvError(doing, said=said, advice=advice)
        return AhvError(
            doing,
            said=f"its machine {template.guest_update_vm} has been deleted, so there is nothing to publish",
            advice="Set onMaintenanceEnd to 'discard', or maintenance to true for a new machine.",
        )


def _note_of(template: Template) -> Note:
    note = Note.read(template.description)
    if note is None:
        raise AhvError(
            f"Template {template.name!r}: its note of a maintenance is gone",
            said="somebody else has changed its description meanwhile",
            advice="Run again.",
        )
    return note


def _machine(site: MachineSite, uuid: str) -> Machine:
    if not uuid:
        return Machine.NONE
    vm: Vm | None = site.vms.get(uuid)
    if vm is None:
        return Machine.LOST
    return Machine.OFF if vm.power is Power.OFF else Machine.ON
