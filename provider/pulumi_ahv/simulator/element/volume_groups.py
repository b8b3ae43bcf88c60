"""Volume groups of v2.0: disks that machines and outside clients share.

Facts (api-legacy, section 1.9): create, delete, attach, detach, clone and changes of disks are tasks, a PUT answers the
group itself, open and close answer ``{"value": true}``; a group on a machine is one of its disks; the list's
``total_entities`` is 0 however many there are; a group is detached before its machine is deleted. Assumed: a machine
with a group on it is not deleted; a group that is attached is not deleted, nor attached twice unless it is shared.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from pulumi_ahv.simulator import iscsi_clients, vm_devices
from pulumi_ahv.simulator.element import vm_specs
from pulumi_ahv.simulator.element.attachments import FIRST_INDEX, TABLE, attached_to
from pulumi_ahv.simulator.element.calls import (
    NOT_FOUND,
    V2,
    Call,
    Element,
    Refused,
    Reply,
    Route,
    fails,
    required,
    started,
)
from pulumi_ahv.simulator.element.cluster import containers_of, number_of
from pulumi_ahv.simulator.element.machines import plain_operation, refuse_unless, vm_of
from pulumi_ahv.simulator.site import Site
from pulumi_ahv.simulator.store import Record
from pulumi_ahv.simulator.vm_tasks import REL as VM_REL
from pulumi_ahv.simulator.work import Order, Run

REL = "element:volume-group"
_SECTION = "api-legacy §1.9"
_SETTABLE = ("name", "description", "is_shared", "flash_mode_enabled", "enabled_authentications", "attached_clients")


def _mine(element: Element) -> list[Record]:
    return [each for each in element.site.store.table(TABLE) if each.hidden["cluster"] == element.cluster]


def _find(element: Element, call: Call) -> Record:
    found = next((each for each in _mine(element) if each.ext_id == call.params["uuid"]), None)
    if found is None:
        raise Refused(404, f"Volume group {call.params['uuid']} does not exist.", code=NOT_FOUND)
    return found


def _list(element: Element, call: Call) -> Reply:
    found = [_shown(element, each, sizes=call.flag("include_disk_size")) for each in _mine(element)]
    return Reply(
        {"metadata": {"grand_total_entities": len(found), "total_entities": 0, "count": len(found)}, "entities": found}
    )


def _get(element: Element, call: Call) -> Reply:
    return Reply(_shown(element, _find(element, call), sizes=call.flag("include_disk_size")))


def _shown(element: Element, record: Record, *, sizes: bool) -> dict[str, Any]:
    return {
        "uuid": record.ext_id,
        **record.body,
        "logical_timestamp": record.revision,
        "disk_list": [_disk(element, each, sizes=sizes) for each in record.body["disk_list"]],
        "attachment_list": [dict(each) for each in record.body["attachment_list"]],
    }


def _disk(element: Element, disk: dict[str, Any], *, sizes: bool) -> dict[str, Any]:
    container = next(each for each in containers_of(element) if each.ext_id == disk["container"])
    number, uuid = number_of(element, container), disk["vmdisk_uuid"]
    shown = {
        "index": disk["index"],
        "vmdisk_uuid": uuid,
        "container_id": number,
        "storage_container_id": number,
        "container_uuid": container.ext_id,
        "storage_container_uuid": container.ext_id,
        "vmdisk_path": f"/{container.body['name']}/.acropolis/vmdisk/{uuid}",
        "flash_mode_enabled": False,
    }
    size = element.site.find("disks", uuid).body["diskSizeBytes"]
    return {**shown, "vmdisk_size_mb": size >> 20, "vmdisk_size_bytes": size} if sizes else shown


def _create(element: Element, call: Call) -> Reply:
    body = call.body
    values = {"name": str(required(body, "name"))} | {name: body[name] for name in _SETTABLE if name in body}
    disks = [_disk_spec(element, item) for item in body.get("disk_list") or ()]
    target = str(body.get("iscsi_target") or body.get("iscsi_target_prefix") or values["name"])
    uuid = str(body.get("uuid") or element.site.new_id())
    return _start(element, "create", uuid, values=values, disks=disks, target=target)


def _disk_spec(element: Element, item: dict[str, Any]) -> dict[str, Any]:
    told = {"vm_disk_create": item.get("create_config"), "vm_disk_clone": item.get("clone_config")}
    return {"index": item.get("index"), "backing": vm_specs.backing_of(element, told)}


def _start(element: Element, key: str, uuid: str, **arguments: Any) -> Reply:
    given = {"cluster": element.cluster, "id": uuid, **arguments}
    order = Order(f"element.group.{key}", given, affected=[(uuid, REL, "")], clusters=[element.cluster], locks=uuid)
    return started(element.start(order))


def _created(site: Site, run: Run) -> None:
    arguments = run.arguments
    uuid, values = arguments["id"], arguments["values"]
    refuse_unless(site.store.table(TABLE).get(uuid) is None, f"Volume group {uuid} already exists.", code=5)
    record = _new(site, arguments["cluster"], uuid, values, arguments["target"])
    for disk in arguments["disks"]:
        _add_disk(site, record, disk)


def _new(site: Site, cluster: str, uuid: str, values: dict[str, Any], target: str) -> Record:
    body = {
        "name": values["name"],
        "description": values.get("description", ""),
        "is_shared": bool(values.get("is_shared")),
        "flash_mode_enabled": bool(values.get("flash_mode_enabled")),
        "iscsi_target": f"{target}-{uuid}",
        "enabled_authentications": values.get("enabled_authentications", []),
        "usage_type": "UNKNOWN",
        "disk_list": [],
        "attachment_list": [],
    }
    return site.store.table(TABLE).add(uuid, body, cluster=cluster)


def _add_disk(site: Site, record: Record, disk: dict[str, Any]) -> None:
    taken = {each["index"] for each in record.body["disk_list"]}
    index = disk["index"] if disk["index"] is not None else next(n for n in range(len(taken) + 1) if n not in taken)
    refuse_unless(index not in taken, f"Disk {index} exists.", code=5)
    vm = {"extId": record.ext_id, "cluster": {"extId": record.hidden["cluster"]}}
    made = vm_devices.make_disk(site, vm, {"backingInfo": disk["backing"]})
    container = made["backingInfo"]["storageContainer"]["extId"]
    record.body["disk_list"].append({"index": index, "vmdisk_uuid": made["extId"], "container": container})
    site.store.table(TABLE).touch(record)


def _still(site: Site, run: Run) -> Record:
    record = site.store.table(TABLE).get(run.arguments["id"])
    if record is None:
        raise fails(NOT_FOUND, f"Volume group {run.arguments['id']} does not exist.")
    return record


def _update(element: Element, call: Call) -> Reply:
    record = _find(element, call)
    record.body.update({name: call.body[name] for name in _SETTABLE[:-1] if name in call.body})
    element.site.store.table(TABLE).touch(record)
    return Reply(_shown(element, record, sizes=False))


def _delete(element: Element, call: Call) -> Reply:
    return _start(element, "delete", _find(element, call).ext_id)


def _deleted(site: Site, run: Run) -> None:
    record = _still(site, run)
    refuse_unless(not record.body["attachment_list"], f"Volume group {record.body['name']} is attached.")
    for disk in record.body["disk_list"]:
        site.store.table("disks").remove(disk["vmdisk_uuid"])
    site.store.table(TABLE).remove(record.ext_id)


def _attach(element: Element, call: Call) -> Reply:
    vm = vm_of(element, str(required(call.body, "vm_uuid")))
    return _start(element, "attach", _find(element, call).ext_id, vm=vm.ext_id, index=call.body.get("index"))


def _attached(site: Site, run: Run) -> None:
    record, uuid = _still(site, run), run.arguments["vm"]
    holders = [each["vm_uuid"] for each in record.body["attachment_list"] if "vm_uuid" in each]
    free = uuid not in holders and (record.body["is_shared"] or not holders)
    refuse_unless(free, f"Volume group {record.body['name']} is attached to {', '.join(holders)}.")
    index = run.arguments["index"]
    if index is None:
        index = FIRST_INDEX + len(attached_to(site, uuid))
    record.body["attachment_list"].append({"vm_uuid": uuid, "index": index})
    site.store.table(TABLE).touch(record)
    run.affect(uuid, VM_REL)


def _detach(element: Element, call: Call) -> Reply:
    uuid = str(required(call.body, "vm_uuid"))
    return _start(element, "detach", _find(element, call).ext_id, vm=uuid)


def _detached(site: Site, run: Run) -> None:
    record, uuid = _still(site, run), run.arguments["vm"]
    left = [each for each in record.body["attachment_list"] if each.get("vm_uuid") != uuid]
    refuse_unless(len(left) < len(record.body["attachment_list"]), f"VM {uuid} does not have the group.", code=7)
    record.body["attachment_list"] = left
    site.store.table(TABLE).touch(record)


def _clone(element: Element, call: Call) -> Reply:
    record, body = _find(element, call), call.body
    uuid = str(body.get("uuid") or element.site.new_id())
    name = str(required(body, "name"))
    return _start(element, "clone", record.ext_id, copy=uuid, name=name, target=str(body.get("iscsi_target") or name))


def _cloned(site: Site, run: Run) -> None:
    record, arguments = _still(site, run), run.arguments
    values = deepcopy(record.body) | {"name": arguments["name"]}
    made = _new(site, arguments["cluster"], arguments["copy"], values, arguments["target"])
    for disk in record.body["disk_list"]:
        reference = {"$objectType": "vmm.v4.ahv.config.VmDiskReference", "diskExtId": disk["vmdisk_uuid"]}
        backing = {"dataSource": {"reference": reference}, "storageContainer": {"extId": disk["container"]}}
        _add_disk(site, made, {"index": disk["index"], "backing": backing})
    run.affect(made.ext_id, REL)


def _add(element: Element, call: Call) -> Reply:
    return _start(element, "add-disk", _find(element, call).ext_id, disk=_disk_spec(element, call.body))


def _added(site: Site, run: Run) -> None:
    _add_disk(site, _still(site, run), run.arguments["disk"])


def _remove(element: Element, call: Call) -> Reply:
    return _start(element, "remove-disk", _find(element, call).ext_id, index=int(call.params["index"]))


def _removed(site: Site, run: Run) -> None:
    record, index = _still(site, run), run.arguments["index"]
    found = next((each for each in record.body["disk_list"] if each["index"] == index), None)
    refuse_unless(found, f"There is no disk {index}.", code=7)
    record.body["disk_list"].remove(found)
    site.store.table(TABLE).touch(record)


def _open(element: Element, call: Call) -> Reply:
    record = _find(element, call)
    client = str(call.body.get("iscsi_initiator_name") or call.body.get("client") or "")
    left = [each for each in record.body["attachment_list"] if each.get("iscsi_initiator_name") != client]
    if call.params["way"] == "open":
        known = iscsi_clients.register(element.site, element.cluster, {"iscsiInitiatorName": client})
        left.append({"client_uuid": known.ext_id, "iscsi_initiator_name": client})
    record.body["attachment_list"] = left
    element.site.store.table(TABLE).touch(record)
    return Reply({"value": True})


OPERATIONS = (
    plain_operation("group.create", "VolumeGroupCreate", _created),
    plain_operation("group.delete", "VolumeGroupDelete", _deleted),
    plain_operation("group.attach", "VolumeGroupAttach", _attached),
    plain_operation("group.detach", "VolumeGroupDetach", _detached),
    plain_operation("group.clone", "VolumeGroupClone", _cloned, 2.0),
    plain_operation("group.add-disk", "VolumeGroupDiskCreate", _added),
    plain_operation("group.remove-disk", "VolumeGroupDiskDelete", _removed),
)
_ONE = "volume_groups/{uuid}"
ROUTES = (
    Route("GET", V2, "volume_groups", "v2_list_volume_groups", _list, _SECTION),
    Route("GET", V2, _ONE, "v2_get_volume_group", _get, _SECTION),
    Route("POST", V2, "volume_groups", "v2_create_volume_group", _create, _SECTION),
    Route("PUT", V2, _ONE, "v2_update_volume_group", _update, _SECTION),
    Route("DELETE", V2, _ONE, "v2_delete_volume_group", _delete, _SECTION, assumed="one that is attached stays"),
    Route("POST", V2, f"{_ONE}/attach", "v2_attach_volume_group", _attach, _SECTION),
    Route("POST", V2, f"{_ONE}/detach", "v2_detach_volume_group", _detach, _SECTION),
    Route("POST", V2, f"{_ONE}/clone", "v2_clone_volume_group", _clone, _SECTION),
    Route("POST", V2, f"{_ONE}/disks", "v2_add_volume_group_disk", _add, _SECTION),
    Route("DELETE", V2, f"{_ONE}/disks/{{index}}", "v2_delete_volume_group_disk", _remove, _SECTION),
    Route(
        "POST",
        V2,
        f"{_ONE}/{{way}}",
        "v2_open_volume_group",
        _open,
        _SECTION,
        assumed="the client is named in the body",
    ),
)
