"""Recovery points (api-v4, section 6.8): of single VMs (vmm, from v4.1) and of sets of up to 32 (dataprotection).

Facts: a restore's new VMs are named in completionDetails ``vmExtIds``; a revert's in ``VM Recovery Point UUID``.
Assumed: a restored VM keeps the name unless it is overridden, is OFF, and has new addresses; a VM must be OFF to be
reverted.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from pulumi_ahv.simulator import vm_clone, vm_devices
from pulumi_ahv.simulator.answers import Refusal, Reply
from pulumi_ahv.simulator.listing import Listing, page_of
from pulumi_ahv.simulator.preconditions import etag
from pulumi_ahv.simulator.replies import accepted, entity
from pulumi_ahv.simulator.routing import Call, Route, answer_type
from pulumi_ahv.simulator.site import Site
from pulumi_ahv.simulator.store import Record
from pulumi_ahv.simulator.vm_tasks import REL as VM_REL
from pulumi_ahv.simulator.vm_tasks import submitted, vm_operation, vm_route
from pulumi_ahv.simulator.work import Operation, Order, Run

TYPE = "dataprotection.v4.config.RecoveryPoint"
PART = "dataprotection.v4.config.VmRecoveryPoint"
VM_TYPE = "vmm.v4.ahv.config.VmRecoveryPoint"
REL = "dataprotection:config:recovery-point"
VM_POINT_REL = "dataprotection:config:vm-recovery-point"
_SECTION = "api-v4 §6.8"
_MOST = 32
_LIST = Listing(
    filters={"extId", "name", "creationTime", "locationAgnosticId", "ownerExtId", "recoveryPointType"},
    orders={"name", "creationTime", "expirationTime", "ownerExtId"},
)


def _point(site: Site, vm: Record, told: dict[str, Any]) -> Record:
    """Freeze one VM."""
    ext_id = site.new_id()
    body = {
        "extId": ext_id,
        "vmExtId": vm.ext_id,
        "name": told.get("name", ""),
        "creationTime": site.timeline.stamp(),
        "expirationTime": told.get("expirationTime"),
        "status": "COMPLETE",
        "recoveryPointType": told.get("recoveryPointType", "CRASH_CONSISTENT"),
        "hypervisorType": "AHV",
        "locationAgnosticId": site.new_id(),
        "vmCategories": [each["extId"] for each in vm.body.get("categories", ())],
    }
    content = deepcopy(vm_clone.contents(site, vm.body))
    return site.store.table("vm-recovery-points").add(ext_id, body, vm=deepcopy(vm.body), content=content)


def _create_vm_point(site: Site, call: Call) -> Reply:
    site.find("vms", call.body.get("vmExtId", ""), code="VMM-30100")
    return accepted(site, call, Order("recovery.create-vm", {"spec": call.body}))


def _created_vm_point(site: Site, run: Run) -> None:
    spec = run.arguments["spec"]
    point = _point(site, site.find("vms", spec["vmExtId"], code="VMM-30100"), spec)
    run.affect(point.ext_id, VM_POINT_REL, point.body["name"])


def _list_vm_points(site: Site, call: Call) -> Reply:
    bodies = [_with_vm(record) for record in site.store.table("vm-recovery-points")]
    page, total = page_of(bodies, call.query, _LIST)
    return Reply(page, VM_TYPE, total=total)


def _with_vm(record: Record) -> dict[str, Any]:
    return {**record.body, "vm": record.hidden["vm"]}


def _get_vm_point(site: Site, call: Call) -> Reply:
    record = site.find("vm-recovery-points", call.params["extId"], code="VMM-30701")
    return Reply(_with_vm(record), VM_TYPE, revision=etag(record))


def _delete_vm_point(site: Site, call: Call) -> Reply:
    record = site.find("vm-recovery-points", call.params["extId"], code="VMM-30701")
    return accepted(site, call, Order("recovery.delete-vm", {"id": record.ext_id}))


def _deleted_vm_point(site: Site, run: Run) -> None:
    site.store.table("vm-recovery-points").remove(run.arguments["id"])
    run.affect(run.arguments["id"], VM_POINT_REL)


def _restore_vm_point(site: Site, call: Call) -> Reply:
    record = site.find("vm-recovery-points", call.params["extId"], code="VMM-30701")
    overrides = {record.ext_id: call.body.get("vmConfigOverrideSpec", {})}
    arguments = {"points": [record.ext_id], "overrides": overrides, "owner": call.user.ext_id}
    return accepted(site, call, Order("recovery.restore", arguments))


def _restored(site: Site, run: Run) -> None:
    made = []
    for ext_id in run.arguments["points"]:
        point = site.find("vm-recovery-points", ext_id, code="VMM-30701")
        told = run.arguments["overrides"].get(ext_id, {})
        body = {**point.hidden["vm"], **({"description": told["description"]} if "description" in told else {})}
        overrides = {"name": told.get("name") or body["name"]}
        source = {"entityType": "VM_RECOVERY_POINT", "extId": ext_id}
        content, owner = point.hidden["content"], run.arguments["owner"]
        vm = vm_clone.copy(site, body, content, overrides, owner=owner, source=source)
        run.affect(vm.ext_id, VM_REL, vm.body["name"])
        made.append(vm.ext_id)
    run.detail("vmExtIds", made)


def _revert(site: Site, call: Call) -> Reply:
    point = site.find("vm-recovery-points", call.body["vmRecoveryPointExtId"], code="VMM-30701")
    if point.body["vmExtId"] != call.params["extId"]:
        raise Refusal(400, "VMM-30702", "The recovery point is of another VM.")
    return submitted(site, call, "vm.revert", point=point.ext_id)


def _reverted(site: Site, run: Run, vm: Record) -> None:
    point = site.find("vm-recovery-points", run.arguments["point"], code="VMM-30701")
    if vm.body["powerState"] != "OFF":
        raise Refusal(400, "VMM-30103", "The VM has to be powered off for this.", group="VM_INVALID_POWER_STATE")
    for disk in vm.body.pop("disks", ()):
        site.store.table("disks").remove(disk["extId"])
    kept = ("extId", "cdRoms", "nics", "categories", "ownershipInfo", "powerState")
    frozen = {name: value for name, value in point.hidden["vm"].items() if name not in {*kept, "disks", "host"}}
    vm.body.update(deepcopy(frozen))
    vm.body["disks"] = [
        vm_devices.register_disk(site, vm.body, each["content"], dict(each["address"]))
        for each in point.hidden["content"]["disks"]
    ]
    run.affect(point.ext_id, VM_POINT_REL)
    run.detail("VM Recovery Point UUID", point.ext_id)


def _create(site: Site, call: Call) -> Reply:
    wanted = [each.get("vmExtId", "") for each in call.body.get("vmRecoveryPoints", [])]
    if not 1 <= len(wanted) <= _MOST:
        raise Refusal(400, "DP-10001", f"A recovery point holds 1 to {_MOST} VMs.")
    for ext_id in wanted:
        site.find("vms", ext_id, code="DP-10002")
    arguments = {"spec": call.body, "vms": wanted, "owner": call.user.ext_id}
    return accepted(site, call, Order("recovery.create", arguments))


def _created(site: Site, run: Run) -> None:
    spec, ext_id = run.arguments["spec"], site.new_id()
    points = [_point(site, site.find("vms", vm, code="DP-10002"), spec) for vm in run.arguments["vms"]]
    body = {
        "extId": ext_id,
        "name": spec.get("name", ""),
        "creationTime": site.timeline.stamp(),
        "expirationTime": spec.get("expirationTime"),
        "status": "COMPLETE",
        "recoveryPointType": spec.get("recoveryPointType", "CRASH_CONSISTENT"),
        "ownerExtId": run.arguments["owner"],
        "locationAgnosticId": site.new_id(),
        "vmRecoveryPoints": [point.body for point in points],
    }
    site.store.table("recovery-points").add(ext_id, body)
    run.affect(ext_id, REL, body["name"])


def _list(site: Site, call: Call) -> Reply:
    bodies = [record.body for record in site.store.table("recovery-points")]
    page, total = page_of(bodies, call.query, _LIST, code="DP-10005")
    return Reply(page, TYPE, total=total)


def _get(site: Site, call: Call) -> Reply:
    return entity(site.find("recovery-points", call.params["extId"], code="DP-10003"), TYPE)


def _get_part(site: Site, call: Call) -> Reply:
    site.find("recovery-points", call.params["recoveryPointExtId"], code="DP-10003")
    return entity(site.find("vm-recovery-points", call.params["extId"], code="DP-10003"), PART)


def _delete(site: Site, call: Call) -> Reply:
    record = site.find("recovery-points", call.params["extId"], code="DP-10003")
    return accepted(site, call, Order("recovery.delete", {"id": record.ext_id}))


def _deleted(site: Site, run: Run) -> None:
    record = site.find("recovery-points", run.arguments["id"], code="DP-10003")
    for point in record.body["vmRecoveryPoints"]:
        site.store.table("vm-recovery-points").remove(point["extId"])
    site.store.table("recovery-points").remove(record.ext_id)
    run.affect(record.ext_id, REL, record.body["name"])


def _restore(site: Site, call: Call) -> Reply:
    record = site.find("recovery-points", call.params["extId"], code="DP-10003")
    told = call.body.get("vmRecoveryPointRestoreOverrides", [])
    overrides = {each["vmRecoveryPointExtId"]: each.get("vmOverrideSpec", {}) for each in told}
    points = [point["extId"] for point in record.body["vmRecoveryPoints"]]
    arguments = {"points": points, "overrides": overrides, "owner": call.user.ext_id}
    return accepted(site, call, Order("recovery.restore", arguments))


OPERATIONS = (
    Operation("recovery.create-vm", "CreateVmRecoveryPoint", "Create VM Recovery Point", _created_vm_point, 2.0),
    Operation("recovery.delete-vm", "DeleteVmRecoveryPoint", "Delete VM Recovery Point", _deleted_vm_point),
    Operation("recovery.create", "CreateRecoveryPoint", "Create Recovery Point", _created, 2.0),
    Operation("recovery.delete", "DeleteRecoveryPoint", "Delete Recovery Point", _deleted),
    Operation("recovery.restore", "RestoreRecoveryPoint", "Restore Recovery Point", _restored, 3.0),
    vm_operation("vm.revert", "RevertVm", "Revert VM", _reverted, seconds=2.0),
)


def _route(method: str, path: str, operation: str, handler: Any, **more: Any) -> Route:
    answer = answer_type("dataprotection.v4.config", operation)
    return Route(
        method, "dataprotection", f"config/recovery-points{path}", operation, handler, _SECTION, answer, **more
    )


def _vm_point_route(method: str, path: str, operation: str, handler: Any, **more: Any) -> Route:
    answer = answer_type("vmm.v4.ahv.config", operation)
    full = f"ahv/config/vm-recovery-points{path}"
    return Route(method, "vmm", full, operation, handler, _SECTION, answer, since=1, **more)


_SELF: dict[str, Any] = {"match": "required", "guards": ("recovery-points", "extId")}
ROUTES = (
    _vm_point_route("POST", "", "create_vm_recovery_point", _create_vm_point, body=VM_TYPE),
    _vm_point_route("GET", "", "list_vm_recovery_points", _list_vm_points, listing=_LIST),
    _vm_point_route("GET", "/{extId}", "get_vm_recovery_point_by_ext_id", _get_vm_point),
    _vm_point_route("DELETE", "/{extId}", "delete_vm_recovery_point_by_ext_id", _delete_vm_point),
    _vm_point_route(
        "POST",
        "/{extId}/$actions/restore",
        "restore_vm_recovery_point",
        _restore_vm_point,
        body="vmm.v4.ahv.config.RestoreVmRecoveryPointParams",
    ),
    vm_route("POST", "/{extId}/$actions/revert", "revert_vm", _revert, body="vmm.v4.ahv.config.RevertParams"),
    _route("POST", "", "create_recovery_point", _create, body=TYPE),
    _route("GET", "", "list_recovery_points", _list, listing=_LIST),
    _route("GET", "/{extId}", "get_recovery_point_by_id", _get),
    _route("DELETE", "/{extId}", "delete_recovery_point_by_id", _delete, **_SELF),
    _route(
        "POST",
        "/{extId}/$actions/restore",
        "restore_recovery_point",
        _restore,
        body="dataprotection.v4.config.RecoveryPointRestorationSpec",
        **_SELF,
    ),
    _route("GET", "/{recoveryPointExtId}/vm-recovery-points/{extId}", "get_vm_recovery_point_by_id", _get_part),
)
