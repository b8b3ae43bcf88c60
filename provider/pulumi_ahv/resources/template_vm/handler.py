"""The template VM: create finds or makes, and all else is one convergence, which goes on where any run was cut off."""

from __future__ import annotations

from pulumi_ahv.kernel.errors import AhvError, InputError
from pulumi_ahv.prism.vms import Template
from pulumi_ahv.resources.handler import CheckOutcome, Context, Created, Live, State
from pulumi_ahv.resources.mark import Mark
from pulumi_ahv.resources.payload_inputs import texts_in, with_texts
from pulumi_ahv.resources.support import fitted
from pulumi_ahv.resources.template_vm.building import Building
from pulumi_ahv.resources.template_vm.job import Job, machine_site
from pulumi_ahv.resources.template_vm.maintenance import Goal
from pulumi_ahv.resources.template_vm.payload import Examined
from pulumi_ahv.resources.template_vm.reading import live_inputs, outputs_of, version_meant
from pulumi_ahv.resources.template_vm.records import HARDWARE, Note, content_of, described, is_content, newest
from pulumi_ahv.resources.template_vm.tending import Tending, goal_of
from pulumi_ahv.schema.compare import replaced_by
from pulumi_ahv.schema.fields import UNKNOWN, has_unknown
from pulumi_ahv.schema.template_vm import TemplateVmInputs, TemplateVmPayload
from pulumi_ahv.schema.validate import validate


class TemplateVmHandler:
    """Template VMs, on a Prism Central or Element."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def check(self, olds: State, news: State) -> CheckOutcome:
        """Validate, render the payload, and work out ``content``."""
        checked = validate(TemplateVmInputs, news)
        if checked.failures:
            return CheckOutcome(news, checked.failures)
        if "content" in news:  # only ignoreChanges can put it there, and then it holds
            return CheckOutcome(with_texts(news, texts_in(olds, news)))
        if news.get("guestTools") is not None and news.get("payload") is None:
            return CheckOutcome(news, (_never_booted(),))
        found = self._examined(news)
        if found and found.failures:
            return CheckOutcome(news, tuple(found.failures))
        if any(has_unknown(news.get(name)) for name in HARDWARE):
            return CheckOutcome({**news, "content": UNKNOWN})
        content = content_of(news, found.digest if found else "")
        kept = texts_in(olds, news) if content == olds.get("content") else {}  # a comment has changed, say
        return CheckOutcome({**with_texts(news, kept or (found.texts if found else {})), "content": content})

    def replaces(self, state: State, news: State) -> list[str]:
        """Another cluster or connection needs a new template."""
        return replaced_by(TemplateVmInputs, state, news)

    def create(self, inputs: State) -> Created:
        """Finish what an interrupted run began, or make; on failure remove what this call made."""
        job = self._job(inputs, self._context.token())
        own = self._own(job)
        if own:
            job.say(f"taking over template {own[0].uuid}")
            template = self._converge(job, own[0])
        else:
            self._refuse_strangers(job)
            template = self._make(job)
        return Created(template.uuid, {**inputs, **outputs_of(template, job.mark.claim)})

    def read(self, uuid: str, state: State) -> Live | None:
        """Ask Prism, and say what the inputs would be if they told the truth."""
        site = machine_site(self._context.site(state.get("connection")))
        template = site.templates.get(uuid)
        if template is None:
            return None
        inputs = {name: value for name, value in state.items() if name in _INPUT_NAMES}
        inputs |= live_inputs(site, inputs, template)
        kept = {name: value for name, value in state.items() if name != "maintenanceVmUuid"}
        return Live({**kept, **inputs, **outputs_of(template, str(state["claim"]))}, inputs)

    def update(self, uuid: str, state: State, news: State) -> State:
        """Bring the template to the new inputs; what fails on the way leaves what was reached."""
        job = self._job(news, str(state["claim"]))
        template = self._converge(job, job.expect(uuid))
        return {**news, **outputs_of(template, job.mark.claim)}

    def delete(self, uuid: str, state: State) -> None:
        """Delete the template with its versions, its maintenance and what was built for it, unless it is another's."""
        inputs = {name: value for name, value in state.items() if name in _INPUT_NAMES}
        job = self._job(inputs, str(state["claim"]))
        template = job.site.templates.get(uuid)
        mark = Mark.read(template.description) if template else None
        if template and mark and mark.claim != job.mark.claim:
            job.say(f"template {uuid} now belongs to {mark.owner} and is left alone")
            return
        self._remove(job, template)

    def _examined(self, news: State) -> Examined | None:
        """The payload, looked at; ``None`` where there is none, or it is not known yet."""
        given = news.get("payload")
        if given is None or has_unknown(given):
            return None
        found = Examined(TemplateVmPayload.model_validate(given), str(news["owner"]))
        for line in found.warnings:
            self._context.progress(f"{news['name']}: {line}")
        return found

    def _job(self, inputs: State, claim: str) -> Job:
        told = TemplateVmInputs.model_validate(inputs)
        site = machine_site(self._context.site(told.connection))
        told = fitted(told, site.info, self._context.progress, name=told.name)
        place = (told.connection or "", told.cluster or "")
        return Job(self._context, site, told, Mark.of(told.owner, "template", differs_by=place, claim=claim))

    def _own(self, job: Job) -> list[Template]:
        """What interrupted creates of this very object left."""
        found = job.site.templates.described(job.mark.fragment)
        return [template for template in found if job.mark.is_same_object(Mark.read(template.description))]

    def _refuse_strangers(self, job: Job) -> None:
        named = job.site.templates.named(job.told.name)
        strangers = [each.uuid for each in named if not job.mark.is_same_owner(Mark.read(each.description))]
        if strangers:
            info = job.site.info
            said = f"{info.product} at {info.url} already has a template named {job.told.name!r} that is not ours"
            raise InputError("name", f"{said} ({', '.join(strangers)})", advice="Choose another name, or rename it.")

    def _make(self, job: Job) -> Template:
        try:
            return self._converge(job, Building(job, _content(job)).first())
        except AhvError:
            self._roll_back(job)
            raise

    def _roll_back(self, job: Job) -> None:
        """Remove what a failed create made; state will know nothing of it (design rule 2)."""
        try:
            own = [each for each in self._own(job) if Mark.read(each.description) == job.mark]
            for template in own:
                self._remove(job, template)
            Building(job, _content(job)).sweep()
        except AhvError as error:
            job.say(f"something with the mark {job.mark.fragment}…] may be left: {error}")

    def _converge(self, job: Job, template: Template) -> Template:
        """From whatever is there to what is told. Each part looks first, so that it can be repeated."""
        template = self._describe(job, template)
        goal, tending = goal_of(job.told), Tending(job)
        if goal is not Goal.ON:
            template = tending.bring(template, goal)
        template = self._publish(job, self._renew(job, template))
        Building(job, _content(job)).sweep()
        return tending.bring(template, goal)

    def _describe(self, job: Job, template: Template) -> Template:
        description = described(job.told.description, job.mark, Note.read(template.description))
        if (template.name, template.description) == (job.told.name, description):
            return template
        return job.site.templates.change(
            template.uuid, name=job.told.name, description=description, doings=job.doings()
        )

    def _renew(self, job: Job, template: Template) -> Template:
        """Publish a new version, if the newest is not made of what is told."""
        base = newest(template)
        if not is_content(job.told.content) or (base and base[1].content == job.told.content):
            return template
        if Note.read(template.description):
            raise InputError(
                "maintenance",
                "the machine cannot be changed by the program while it is in maintenance",
                advice="Set maintenance to false in the same run, or take the other changes back.",
            )
        return Building(job, _content(job)).next(template)

    def _publish(self, job: Job, template: Template) -> Template:
        if job.told.version is None and not is_content(job.told.content):
            return template
        meant = version_meant(template, job.told.version)
        if meant is None or meant.active:
            return template
        job.say(f"making '{meant.name}' the active version")
        return job.site.templates.publish(template.uuid, meant.uuid, doings=job.doings())

    def _remove(self, job: Job, template: Template | None) -> None:
        if template:
            if template.guest_update_vm and not Note.read(template.description):
                said, advice = job.strangers_update(template)
                doing = f"TemplateVm {job.told.name!r}: template {template.uuid} is not deleted"
                raise AhvError(doing, said=said, advice=advice)
            job.site.templates.cancel_guest_update(template.uuid, doings=job.doings())
            job.site.templates.delete(template.uuid, doings=job.doings())
        Building(job, _content(job)).sweep()


_INPUT_NAMES = frozenset(field.alias or "" for field in TemplateVmInputs.model_fields.values())


def _never_booted() -> InputError:
    return InputError(
        "guestTools",
        "their disc is for the boot that a payload is told at, and there is no payload",
        advice="Give a payload that installs them, or install them in maintenance.",
    )


def _content(job: Job) -> str:
    return job.told.content or ""
