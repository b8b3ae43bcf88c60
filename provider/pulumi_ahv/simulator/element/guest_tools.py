"""Guest tools of machines over v1: mount, unmount, look, switch.

Facts (api-legacy, section 1.6): calls answer ``{"value": true}`` at once; a mount needs a free CD-ROM drive
(kNoFreeCdRomSlot) and makes new certificates; booleans may be texts; ``installedVersion`` is null until the tools are
installed; the id may be a plain UUID or ``<cluster>::<uuid>``. v2.0's own call is for another hypervisor: 500 with
1101.
"""

from __future__ import annotations

from typing import Any

from pulumi_ahv.simulator import guest_tools, vm_devices
from pulumi_ahv.simulator.answers import Refusal
from pulumi_ahv.simulator.element.calls import V1, V2, Call, Element, Refused, Reply, Route
from pulumi_ahv.simulator.element.machines import vm_of
from pulumi_ahv.simulator.store import Record

_SECTION = "api-legacy §1.6"
_CAPABILITIES = {"file_level_restore": "SELF_SERVICE_RESTORE", "vss_snapshot": "VSS_SNAPSHOT"}


def _vm(element: Element, call: Call) -> Record:
    return vm_of(element, call.params["uuid"].rpartition("::")[2])


def _shown(element: Element, vm: Record) -> dict[str, Any]:
    told = guest_tools.state(element.site, vm)
    return {
        "vmId": f"{element.cluster}::{vm.ext_id}",
        "vmUuid": vm.ext_id,
        "vmName": vm.body["name"],
        "clusterVersion": told["availableVersion"],
        "installedVersion": told.get("version"),
        "enabled": told["isEnabled"],
        "toolsMounted": told["isIsoInserted"],
        "communicationLinkActive": told["isReachable"],
        "toRemove": False,
        "applications": {name: word in told["capabilities"] for name, word in _CAPABILITIES.items()},
    }


def _get(element: Element, call: Call) -> Reply:
    return Reply(_shown(element, _vm(element, call)))


def _list(element: Element, call: Call) -> Reply:
    names = set(filter(None, call.query.get("vmNames", "").split(",")))
    mine = [vm for vm in element.site.store.table("vms") if vm.body["cluster"]["extId"] == element.cluster]
    found = [_shown(element, vm) for vm in mine if not names or vm.body["name"] in names]
    return Reply({"metadata": {"totalEntities": len(found)}, "entities": found})


def _mount(element: Element, call: Call) -> Reply:
    vm = _vm(element, call)
    try:
        guest_tools.mount(element.site, vm)
    except Refusal as refusal:
        full = refusal.group == "VM_NO_FREE_CDROM"
        why = "with error code: kNoFreeCdRomSlot" if full else f": {refusal.message}"
        raise Refused(500, f"Failed to perform NGT ISO mount operation {why}") from refusal
    element.site.store.table("vms").touch(vm)
    return Reply({"value": True})


def _unmount(element: Element, call: Call) -> Reply:
    vm = _vm(element, call)
    drive = guest_tools.drive_of(vm)
    if drive is not None:
        vm_devices.empty(element.site, drive)
        element.site.store.table("vms").touch(vm)
    return Reply({"value": True})


def _set(element: Element, call: Call) -> Reply:
    vm = _vm(element, call)
    wanted, body = guest_tools.wanted_of(element.site, vm), call.body
    if "enabled" in body:
        wanted.body["isEnabled"] = _truth(body["enabled"])
    if body.get("applications"):
        asked = body["applications"]
        wanted.body["capabilities"] = [word for name, word in _CAPABILITIES.items() if _truth(asked.get(name))]
    element.site.store.table("guest-tools").save(wanted)
    return Reply({"value": True})


def _truth(value: Any) -> bool:
    return str(value).lower() == "true"


def _not_here(_: Element, __: Call) -> Reply:
    raise Refused(500, "Operation is not supported on this hypervisor.", code=1101)


_ONE = "vms/{uuid}/guest_tools"
ROUTES = (
    Route("GET", V1, "vms/guest_tools", "v1_list_guest_tools", _list, _SECTION),
    Route("GET", V1, _ONE, "v1_get_guest_tools", _get, _SECTION),
    Route("POST", V1, _ONE, "v1_create_guest_tools", _set, _SECTION),
    Route("PUT", V1, _ONE, "v1_update_guest_tools", _set, _SECTION),
    Route("POST", V1, f"{_ONE}/mount", "v1_mount_guest_tools", _mount, _SECTION),
    Route("POST", V1, f"{_ONE}/unmount", "v1_unmount_guest_tools", _unmount, _SECTION),
    Route("POST", V2, "vms/{uuid}/manage_vm_guest_tools", "v2_manage_guest_tools", _not_here, _SECTION),
)
