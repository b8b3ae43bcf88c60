"""What a template says: outputs for state, and the inputs that would lead to what is there."""

from __future__ import annotations

from pulumi_ahv.kernel.errors import InputError
from pulumi_ahv.prism.vm_interface import MachineSite
from pulumi_ahv.prism.vms import Template, TemplateVersion
from pulumi_ahv.resources.handler import State
from pulumi_ahv.resources.mark import Mark, printable, without_mark
from pulumi_ahv.resources.template_vm.maintenance import Goal, next_step
from pulumi_ahv.resources.template_vm.records import Note, newest, strange_content, without_note
from pulumi_ahv.resources.template_vm.tending import situation_of
from pulumi_ahv.schema.template_vm import TemplateVersionInfo, TemplateVmOutputs


def active_of(template: Template) -> TemplateVersion | None:
    """The active version; ``None`` where a deletion was cut off that takes the versions first."""
    return next((version for version in template.versions if version.active), None)


def version_meant(template: Template, text: str | None) -> TemplateVersion | None:
    """The version that is to be active: the one that is pinned, else the newest of ours; ``None`` leaves it to Prism.

    Raises:
        InputError: the pinned one does not exist, or there are several of its name.
    """
    if text is None:
        found = newest(template)
        return found[0] if found else None
    meant = [version for version in template.versions if text in (version.uuid, version.name)]
    if len(meant) == 1:
        return meant[0]
    listed = ", ".join(f"{version.name!r} ({version.uuid})" for version in meant or template.versions)
    if meant:
        raise InputError("version", f"{len(meant)} versions are named {text!r}: {listed}", advice="Give the UUID.")
    raise InputError("version", f"template {template.name!r} has no version {text!r}", advice=f"It has {listed}.")


def outputs_of(template: Template, claim: str) -> State:
    """Outputs as they go into state."""
    active = active_of(template)
    versions = [
        TemplateVersionInfo.model_validate({name: getattr(version, name) for name in TemplateVersionInfo.model_fields})
        for version in template.versions
    ]
    ours = Note.read(template.description) is not None
    told = {
        "uuid": template.uuid,
        "activeVersion": active.name if active else "",
        "versionId": active.uuid if active else "",
        "versions": versions,
        "maintenanceVmUuid": (template.guest_update_vm or None) if ours else None,
        "claim": claim,
    }
    return TemplateVmOutputs.model_validate(told).model_dump(by_alias=True, exclude_none=True)


def live_inputs(site: MachineSite, inputs: State, template: Template) -> State:
    """Live values of the properties that the user set, and of those that the provider works out."""
    mark = Mark.read(template.description)
    live: State = {
        "name": template.name,
        "owner": _live_owner(str(inputs.get("owner", "")), mark.owner if mark else ""),
        "content": _live_content(template, inputs.get("version")),
    }
    if "description" in inputs:
        live["description"] = without_mark(without_note(template.description))
    if inputs.get("version"):
        active = active_of(template)
        names = (active.name, active.uuid) if active else ("",)
        live["version"] = inputs["version"] if inputs["version"] in names else names[0]
    wanted = bool(inputs.get("maintenance"))
    reached = _is_reached(site, template, inputs)
    if "maintenance" in inputs or not reached:
        live["maintenance"] = wanted if reached else not wanted
    return live


def _live_owner(wanted: str, live: str) -> str:
    """The owner as the program spells it while the mark says so."""
    return wanted if printable(wanted) == live else live


def _live_content(template: Template, pinned: str | None) -> str:
    """What the newest version of ours is made of, unless another is active without being pinned."""
    found = newest(template)
    if found and (found[0].active or pinned):
        return found[1].content
    active = active_of(template)
    return strange_content(active.name if active else "")


def _is_reached(site: MachineSite, template: Template, inputs: State) -> bool:
    """Whether nothing is left to do for what the user wants of a maintenance."""
    ending = Goal.DISCARD if inputs.get("onMaintenanceEnd") == "discard" else Goal.PUBLISH
    goal = Goal.ON if inputs.get("maintenance") else ending
    return next_step(situation_of(site, template), goal) is None
