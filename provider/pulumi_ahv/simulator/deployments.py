"""VMs from templates, and the guest updates of templates (api-v4, section 5).

Facts: up to 250 VMs a call; the keys of the override map are the indexes of the VMs; customization in an override
needs ``isGcOverrideEnabled``; each VM is made by a subtask, and early releases name the VMs in the subtasks only;
an update boots nothing by itself but makes a VM named ``Template-update-os_<template>_<version>``, one at a time
for each template. Assumed: without a name VMs are called ``<template>-<index>``; completing or cancelling cuts the
temporary VM off.
"""

from __future__ import annotations

from typing import Any

from pulumi_ahv.simulator import customization, vm_clone, vm_devices
from pulumi_ahv.simulator.answers import Refusal, Reply
from pulumi_ahv.simulator.framing import undress
from pulumi_ahv.simulator.replies import accepted
from pulumi_ahv.simulator.routing import Call
from pulumi_ahv.simulator.site import Site
from pulumi_ahv.simulator.store import Record
from pulumi_ahv.simulator.templates import REL, add_version, changed, template_of, template_route, version_of
from pulumi_ahv.simulator.vm_power import stop
from pulumi_ahv.simulator.vm_tasks import REL as VM_REL
from pulumi_ahv.simulator.work import Operation, Order, Run

_OVERRIDE = "vmm.v4.content.VmConfigOverride"
_NAMES_VMS_ON_TOP = ("v4.2", "v4.3")


def _deploy(site: Site, call: Call) -> Reply:
    template = template_of(site, call)
    version = version_of(site, template, call.body.get("versionId", ""))
    count, cluster = call.body["numberOfVms"], call.body["clusterReference"]
    if site.store.table("clusters").get(cluster) is None:
        raise Refusal(400, "VMM-30106", f"The cluster {cluster} does not exist.")
    overrides = {
        index: undress(_OVERRIDE, value, call.minor)
        for index, value in call.body.get("overrideVmConfigMap", {}).items()
    }
    strange = [index for index in overrides if not index.isdecimal() or int(index) >= count]
    if strange:
        raise Refusal(400, "VMM-40007", f"overrideVmConfigMap has keys that are no index of a VM: {strange}.")
    for override in overrides.values():
        customization.check(site, override.get("guestCustomization"))
        if "guestCustomization" in override and not version.body["isGcOverrideEnabled"]:
            raise Refusal(400, "VMM-40008", "The template version does not allow guest customization to be overridden.")
    arguments = {
        "template": template.ext_id,
        "version": version.ext_id,
        "cluster": cluster,
        "overrides": [overrides.get(str(index), {}) for index in range(count)],
        "owner": call.user.ext_id,
    }
    named = [(template.ext_id, f"{REL}s", template.body["templateName"])]
    return accepted(site, call, Order("template.deploy", arguments, affected=named, clusters=[cluster]))


def _deployed(site: Site, run: Run) -> None:
    """Start a subtask for each VM; the task goes on until the last of them has ended."""
    told = run.arguments
    for index, override in enumerate(told["overrides"]):
        arguments = {**{name: told[name] for name in ("template", "version", "cluster", "owner")}, "override": override}
        site.engine.submit(Order("template.deploy-vm", {**arguments, "index": index}, clusters=[told["cluster"]]))


def _name_all(site: Site, run: Run) -> None:
    if site.settings.version not in _NAMES_VMS_ON_TOP:
        return
    for child in run.record.body.get("subTasks", ()):
        for entity in site.find("tasks", child["extId"]).body.get("entitiesAffected", ())[:2]:
            if entity["rel"] == VM_REL:
                run.affect(entity["extId"], entity["rel"], entity["name"])


def _deployed_one(site: Site, run: Run) -> None:
    told = run.arguments
    template = site.find("templates", told["template"], code="VMM-40004")
    version = version_of(site, template, told["version"])
    name = told["override"].get("name") or f"{template.body['templateName']}-{told['index']}"
    vm = _make(site, version, told["cluster"], {**told["override"], "name": name}, told["owner"])
    run.affect(vm.ext_id, VM_REL, name)


def _make(site: Site, version: Record, cluster: str, overrides: dict[str, Any], owner: str) -> Record:
    body = {**version.hidden["vm"], "cluster": {"extId": cluster}}
    return vm_clone.copy(site, body, version.hidden["content"], overrides, owner=owner)


def _initiate(site: Site, call: Call) -> Reply:
    template = template_of(site, call)
    version = version_of(site, template, call.body.get("versionId", ""))
    if template.body.get("guestUpdateStatus"):
        raise Refusal(409, "VMM-40009", "A guest update of this template is going on already.")
    arguments = {"template": template.ext_id, "version": version.ext_id, "owner": call.user.ext_id}
    return accepted(site, call, Order("template.initiate-update", arguments))


def _initiated(site: Site, run: Run) -> None:
    template = site.find("templates", run.arguments["template"], code="VMM-40004")
    version = version_of(site, template, run.arguments["version"])
    if template.body.get("guestUpdateStatus"):
        raise Refusal(409, "VMM-40009", "A guest update of this template is going on already.")
    name = f"Template-update-os_{template.body['templateName']}_{version.body['versionName']}"[:80]
    cluster = version.hidden["vm"]["cluster"]["extId"]
    vm = _make(site, version, cluster, {"name": name}, run.arguments["owner"])
    template.body["guestUpdateStatus"] = {"deployedVmReference": vm.ext_id}
    changed(site, template)
    run.affect(template.ext_id, REL, template.body["templateName"])
    run.affect(vm.ext_id, VM_REL, name)


def _complete(site: Site, call: Call) -> Reply:
    template = _updating(site, call)
    arguments = {"template": template.ext_id, "spec": call.body}
    return accepted(site, call, Order("template.complete-update", arguments))


def _updating(site: Site, call: Call) -> Record:
    template = template_of(site, call)
    if not template.body.get("guestUpdateStatus"):
        raise Refusal(400, "VMM-40010", "No guest update of this template is going on.")
    return template


def _completed(site: Site, run: Run) -> None:
    template = site.find("templates", run.arguments["template"], code="VMM-40004")
    vm = site.find("vms", template.body["guestUpdateStatus"]["deployedVmReference"], code="VMM-30100")
    stop(site, vm)
    names = ("versionName", "versionDescription", "isActiveVersion")
    add_version(
        site,
        template,
        vm.body,
        **{name: run.arguments["spec"][name] for name in names if name in run.arguments["spec"]},
    )
    _drop_update(site, template)
    run.affect(template.ext_id, REL, template.body["templateName"])


def _cancel(site: Site, call: Call) -> Reply:
    return accepted(site, call, Order("template.cancel-update", {"template": _updating(site, call).ext_id}))


def _cancelled(site: Site, run: Run) -> None:
    template = site.find("templates", run.arguments["template"], code="VMM-40004")
    _drop_update(site, template)
    run.affect(template.ext_id, REL, template.body["templateName"])


def _drop_update(site: Site, template: Record) -> None:
    vm = site.store.table("vms").get(template.body.pop("guestUpdateStatus")["deployedVmReference"])
    if vm is not None:
        stop(site, vm)
        vm_devices.drop_all(site, vm)
        site.store.table("vms").remove(vm.ext_id)
    changed(site, template)


OPERATIONS = (
    Operation("template.deploy", "kVmTemplateDeploy", "Deploy VM Template", _deployed, 1.0, resume=_name_all),
    Operation("template.deploy-vm", "kVmTemplateDeployVm", "Deploy VM from Template", _deployed_one, 2.0),
    Operation(
        "template.initiate-update", "kVmTemplateInitiateGuestChanges", "Initiate Guest OS Update", _initiated, 3.0
    ),
    Operation(
        "template.complete-update", "kVmTemplateCompleteGuestChanges", "Complete Guest OS Update", _completed, 3.0
    ),
    Operation("template.cancel-update", "kVmTemplateCancelGuestChanges", "Cancel Guest OS Update", _cancelled),
)
_ACTIONS = "/{extId}/$actions/"
_TYPES = "vmm.v4.content."
ROUTES = (
    template_route(
        "POST",
        _ACTIONS + "deploy",
        "deploy_template",
        _deploy,
        body=_TYPES + "TemplateDeployment",
        needs_request_id=True,
    ),
    template_route(
        "POST",
        _ACTIONS + "initiate-guest-update",
        "initiate_guest_update",
        _initiate,
        body=_TYPES + "InitiateGuestUpdateSpec",
    ),
    template_route(
        "POST",
        _ACTIONS + "complete-guest-update",
        "complete_guest_update",
        _complete,
        body=_TYPES + "CompleteGuestUpdateSpec",
    ),
    template_route("POST", _ACTIONS + "cancel-guest-update", "cancel_guest_update", _cancel),
)
