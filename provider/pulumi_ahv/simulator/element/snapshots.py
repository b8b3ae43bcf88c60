"""Snapshots of machines: make, list, clone, restore, delete.

Facts (api-legacy, section 1.5): several machines in one call share a group; a snapshot outlives its machine; it tells
what a machine made of it would be, with the vmdisk ids of its frozen disks; a machine is off after it was restored.
Assumed: a restore cuts a running machine off, and keeps its drives; a UUID that is taken fails the task; a clone comes
with the description that its machine had.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from pulumi_ahv.simulator import vm_devices, vm_power
from pulumi_ahv.simulator.element.calls import (
    INVALID,
    NOT_FOUND,
    V2,
    Call,
    Element,
    Refused,
    Reply,
    Route,
    fails,
    required,
)
from pulumi_ahv.simulator.element.calls import started as answered
from pulumi_ahv.simulator.element.clones import clone_arguments, contents_of, make_clones
from pulumi_ahv.simulator.element.listing import whole
from pulumi_ahv.simulator.element.machines import begin, begin_without, plain_operation, vm_of
from pulumi_ahv.simulator.element.vm_view import address
from pulumi_ahv.simulator.site import Site
from pulumi_ahv.simulator.store import Record
from pulumi_ahv.simulator.vm_tasks import REL as VM_REL
from pulumi_ahv.simulator.vm_tasks import vm_operation
from pulumi_ahv.simulator.work import Order, Run

TABLE = "snapshots"
REL = "element:snapshot"
_SECTION = "api-legacy §1.5"


def _mine(element: Element) -> list[Record]:
    return [each for each in element.site.store.table(TABLE) if each.hidden["cluster"] == element.cluster]


def _list(element: Element, call: Call) -> Reply:
    wanted = call.query.get("vm_uuid", "")
    return whole([_shown(each) for each in _mine(element) if wanted in {"", each.body["vm_uuid"]}])


def _shown(record: Record) -> dict[str, Any]:
    return {**record.body, "logical_timestamp": record.revision}


def _find(element: Element, uuid: str) -> Record:
    found = next((each for each in _mine(element) if each.ext_id == uuid), None)
    if found is None:
        raise Refused(404, f"Snapshot {uuid} does not exist.", code=NOT_FOUND)
    return found


def _get(element: Element, call: Call) -> Reply:
    return Reply(_shown(_find(element, call.params["uuid"])))


def _create(element: Element, call: Call) -> Reply:
    specs = [
        {
            "vm": vm_of(element, str(required(spec, "vm_uuid"))).ext_id,
            "name": str(spec.get("snapshot_name") or ""),
            "id": str(spec.get("uuid") or ""),
        }
        for spec in required(call.body, "snapshot_specs")
    ]
    return begin_without(element, "element.snapshot.create", specs=specs)


def _created(site: Site, run: Run) -> None:
    group, stamp = site.new_id(), int(site.timeline.now() * 1_000_000)
    for spec in run.arguments["specs"]:
        vm = site.store.table("vms").get(spec["vm"])
        if vm is None:
            raise fails(NOT_FOUND, f"VM with uuid {spec['vm']} does not exist.")
        ext_id = spec["id"] or site.new_id()
        if site.store.table(TABLE).get(ext_id) is not None:
            raise fails(INVALID, f"Snapshot with uuid {ext_id} already exists.")
        content = _frozen(site, ext_id, deepcopy(contents_of(site, vm.body)))
        body = {
            "uuid": ext_id,
            "snapshot_name": spec["name"],
            "vm_uuid": vm.ext_id,
            "group_uuid": group,
            "created_time": stamp,
            "deleted": False,
            "vm_create_spec": _create_spec(vm, group, content),
        }
        hidden = {"cluster": run.arguments["cluster"], "vm": deepcopy(vm.body), "content": content}
        site.store.table(TABLE).add(ext_id, body, **hidden)
        run.affect(vm.ext_id, VM_REL)
        run.affect(ext_id, REL)


def _frozen(site: Site, snapshot: str, content: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """Keep the frozen disks as disks of their own, so that images and machines can be made of them."""
    for item in content["disks"]:
        disk = vm_devices.register_disk(site, {"extId": snapshot}, item["content"], item["address"])
        item["vmdisk"] = disk["extId"]
    return content


def _create_spec(vm: Record, group: str, content: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    disks = [
        {
            "disk_address": address({"diskAddress": item["address"]}),
            "is_cdrom": False,
            "vm_disk_clone": {
                "disk_address": {"vmdisk_uuid": item["vmdisk"]},
                "snapshot_group_uuid": group,
                "storage_container_uuid": item["content"]["container"],
            },
        }
        for item in content["disks"]
    ]
    return {
        "name": vm.body["name"],
        "memory_mb": vm.body["memorySizeBytes"] >> 20,
        "num_vcpus": vm.body["numSockets"],
        "num_cores_per_vcpu": vm.body["numCoresPerSocket"],
        "vm_disks": disks,
    }


def _delete(element: Element, call: Call) -> Reply:
    record = _find(element, call.params["uuid"])
    arguments = {"id": record.ext_id, "timestamp": call.query.get("logical_timestamp")}
    return _on_snapshot(element, record, "element.snapshot.delete", arguments)


def _on_snapshot(element: Element, record: Record, key: str, arguments: dict[str, Any]) -> Reply:
    given = {"cluster": element.cluster, **arguments}
    order = Order(key, given, affected=[(record.ext_id, REL, "")], clusters=[element.cluster], locks=record.ext_id)
    return answered(element.start(order))


def _still(site: Site, run: Run) -> Record:
    record = site.store.table(TABLE).get(run.arguments["id"])
    if record is None:
        raise fails(NOT_FOUND, f"Snapshot {run.arguments['id']} does not exist.")
    return record


def _deleted(site: Site, run: Run) -> None:
    record = _still(site, run)
    told = run.arguments["timestamp"]
    if told and int(told) != record.revision:
        raise fails(6, f"Logical timestamp mismatch: {told} was sent, {record.revision} is current.")
    drop(site, record)


def drop(site: Site, record: Record) -> None:
    """Take a snapshot away, with the frozen disks."""
    for item in record.hidden["content"]["disks"]:
        site.store.table("disks").remove(item["vmdisk"])
    site.store.table(TABLE).remove(record.ext_id)


def _clone(element: Element, call: Call) -> Reply:
    record = _find(element, call.params["uuid"])
    arguments = {"id": record.ext_id, **clone_arguments(element, call.body)}
    return _on_snapshot(element, record, "element.snapshot.clone", arguments)


def _cloned(site: Site, run: Run) -> None:
    record = _still(site, run)
    make_clones(site, run, record.hidden["vm"], record.hidden["content"])


def _restore(element: Element, call: Call) -> Reply:
    record = _find(element, str(required(call.body, "snapshot_uuid")))
    if record.body["vm_uuid"] != call.params["uuid"]:
        raise Refused(422, "InvalidArgument: the snapshot is of another VM.", code=INVALID)
    network = call.body.get("restore_network_configuration", True)
    return begin(element, call, "element.vm.restore", snapshot=record.ext_id, network=network)


def _restored(site: Site, run: Run, vm: Record) -> None:
    record = site.find(TABLE, run.arguments["snapshot"])
    vm_power.stop(site, vm)
    for disk in vm.body.pop("disks", ()):
        site.store.table("disks").remove(disk["extId"])
    kept = ("extId", "cdRoms", "nics", "categories", "ownershipInfo", "powerState", "disks", "host")
    vm.body.update({name: deepcopy(value) for name, value in record.hidden["vm"].items() if name not in kept})
    vm.body["disks"] = [
        vm_devices.register_disk(site, vm.body, item["content"], dict(item["address"]))
        for item in record.hidden["content"]["disks"]
    ]
    for device, item in zip(vm.body["disks"], record.hidden["content"]["disks"], strict=True):
        site.find("disks", device["extId"]).hidden["source"] = item["vmdisk"]
    if run.arguments["network"]:
        _restore_nics(site, vm, record.hidden["vm"].get("nics", []))


def _restore_nics(site: Site, vm: Record, wanted: list[dict[str, Any]]) -> None:
    for nic in vm.body.pop("nics", ()):
        vm_devices.release_address(site, nic)
    vm.body["nics"] = [vm_devices.make_nic(site, vm.body, deepcopy(nic)) for nic in wanted]


OPERATIONS = (
    plain_operation("snapshot.create", "SnapshotCreate", _created),
    plain_operation("snapshot.delete", "SnapshotDelete", _deleted),
    plain_operation("snapshot.clone", "SnapshotClone", _cloned, 3.0),
    vm_operation("element.vm.restore", "VmRestore", "VmRestore", _restored, seconds=2.0),
)
_ONE = "snapshots/{uuid}"
ROUTES = (
    Route("GET", V2, "snapshots", "v2_list_snapshots", _list, _SECTION),
    Route("GET", V2, _ONE, "v2_get_snapshot", _get, _SECTION),
    Route("POST", V2, "snapshots", "v2_create_snapshots", _create, _SECTION),
    Route("DELETE", V2, _ONE, "v2_delete_snapshot", _delete, _SECTION),
    Route("POST", V2, f"{_ONE}/clone", "v2_clone_snapshot", _clone, _SECTION, assumed="takes vm_customization_config"),
    Route("POST", V2, "vms/{uuid}/restore", "v2_restore_vm", _restore, _SECTION, assumed="a running VM is cut off"),
)
