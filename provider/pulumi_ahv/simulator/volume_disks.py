"""The disks of volume groups (api-v4, section 8): list, get, create, update, delete.

A disk's content is a record of the same table as that of VM disks, so that either can be made from the other. Facts:
``diskDataSourceReference`` says where a disk is made, or what it is a copy of; ``index`` cannot be changed;
``storageContainerId`` is read-only. Assumed: one of the two kinds of reference is needed; it is not shown again and a
PUT ignores it; disks only grow; all disks of a group share the group's ETag; disks come and go while it is attached.
"""

from __future__ import annotations

from typing import Any

from pulumi_ahv.simulator import vm_devices
from pulumi_ahv.simulator.answers import Refusal, Reply
from pulumi_ahv.simulator.listing import Listing, page_of
from pulumi_ahv.simulator.preconditions import etag
from pulumi_ahv.simulator.routing import Call
from pulumi_ahv.simulator.site import Site
from pulumi_ahv.simulator.store import Record
from pulumi_ahv.simulator.volume_tasks import (
    NOT_FOUND,
    PACKAGE,
    REL,
    group_of,
    group_operation,
    group_route,
    refused,
    submitted,
)
from pulumi_ahv.simulator.work import Run

TYPE = f"{PACKAGE}.VolumeDisk"
_REL = f"{REL}:disk"
_INDEXES = range(16384)
_LIST = Listing(filters={"storageContainerId"}, orders={"diskSizeBytes", "createdTime"})


def shown(site: Site, disk: dict[str, Any]) -> dict[str, Any]:
    """A disk as v4 shows it."""
    return {
        "extId": disk["vmdisk_uuid"],
        "index": disk["index"],
        "diskSizeBytes": site.find("disks", disk["vmdisk_uuid"]).body["diskSizeBytes"],
        "storageContainerId": disk["container"],
        "description": disk.get("description") or None,
        "diskStorageFeatures": {"flashMode": {"isEnabled": disk.get("flash", False)}},
        "createdTime": disk.get("created"),  # to sort by; no type declares it
    }


def check_spec(site: Site, spec: dict[str, Any], cluster: str) -> dict[str, Any]:
    """The backing of a VM disk that is what a volume disk asks for.

    Raises:
        Refusal: what it is to be made of, or on, does not exist, or is not named.
    """
    source = spec.get("diskDataSourceReference", {})
    kind, ext_id = source.get("entityType", ""), source.get("extId", "")
    backing: dict[str, Any] = {"diskSizeBytes": spec["diskSizeBytes"]} if "diskSizeBytes" in spec else {}
    if kind == "STORAGE_CONTAINER":
        container = site.store.table("storage-containers").get(ext_id)
        if container is None or container.body["clusterExtId"] != cluster:
            raise refused(f"The storage container {ext_id} does not exist on the cluster of the volume group.")
        if not backing:
            raise refused("diskSizeBytes is required for a new disk on a storage container.")
        return {**backing, "storageContainer": {"extId": ext_id}}
    references = {
        "IMAGE": {"$objectType": "vmm.v4.ahv.config.ImageReference", "imageExtId": ext_id},
        "VM_DISK": {"$objectType": "vmm.v4.ahv.config.VmDiskReference", "diskExtId": ext_id},
        "VOLUME_DISK": {"$objectType": "vmm.v4.ahv.config.VmDiskReference", "diskExtId": ext_id},
    }
    if kind not in references:
        known = ", ".join(["STORAGE_CONTAINER", *references])
        raise refused(f"diskDataSourceReference needs an entityType of {known}; {kind or 'none'} was given.")
    backing["dataSource"] = {"reference": references[kind]}
    vm_devices.check_disk(site, {"backingInfo": backing})
    return backing


def add(site: Site, group: Record, spec: dict[str, Any]) -> str:
    """Make a disk of a group and answer its id.

    Raises:
        Refusal: its source is gone, its size is too small, or its index is taken.
    """
    cluster = group.hidden["cluster"]
    backing = check_spec(site, spec, cluster)
    taken = {each["index"] for each in group.body["disk_list"]}
    index = spec.get("index", next(number for number in _INDEXES if number not in taken))
    if index in taken:
        raise refused(f"Volume group {group.body['name']} has a disk {index} already.")
    owner = {"extId": group.ext_id, "cluster": {"extId": cluster}}
    made = vm_devices.make_disk(site, owner, {"backingInfo": backing})
    disk = {
        "index": index,
        "vmdisk_uuid": made["extId"],
        "container": made["backingInfo"]["storageContainer"]["extId"],
        "created": site.timeline.stamp(),
        **_described(spec),
    }
    group.body["disk_list"].append(disk)
    return str(made["extId"])


def drop(site: Site, group: Record) -> None:
    """Remove the disks of a group that is going."""
    for disk in group.body["disk_list"]:
        site.store.table("disks").remove(disk["vmdisk_uuid"])


def _described(spec: dict[str, Any]) -> dict[str, Any]:
    flash = spec.get("diskStorageFeatures", {}).get("flashMode", {}).get("isEnabled", False)
    return {"description": spec.get("description", ""), "flash": flash}


def _found(group: Record, ext_id: str) -> dict[str, Any]:
    for disk in group.body["disk_list"]:
        if disk["vmdisk_uuid"] == ext_id:
            found: dict[str, Any] = disk
            return found
    raise Refusal(404, NOT_FOUND, f"The volume group {group.body['name']} has no disk {ext_id}.")


def _list(site: Site, call: Call) -> Reply:
    disks = [shown(site, each) for each in group_of(site, call).body["disk_list"]]
    page, total = page_of(disks, call.query, _LIST, code="VOL-10003")
    return Reply(page, TYPE, total=total)


def _get(site: Site, call: Call) -> Reply:
    group = group_of(site, call)
    return Reply(shown(site, _found(group, call.params["extId"])), TYPE, revision=etag(group))


def _create(site: Site, call: Call) -> Reply:
    check_spec(site, call.body, group_of(site, call).hidden["cluster"])
    return submitted(site, call, "volume.disk.create", spec=call.body)


def _created(site: Site, run: Run, group: Record) -> None:
    run.affect(add(site, group, run.arguments["spec"]), _REL)


def _update(site: Site, call: Call) -> Reply:
    disk = _found(group_of(site, call), call.params["extId"])
    if call.body.get("index", disk["index"]) != disk["index"]:
        raise refused("The index of a volume disk cannot be changed.")
    return submitted(site, call, "volume.disk.update", disk=disk["vmdisk_uuid"], spec=call.body)


def _updated(site: Site, run: Run, group: Record) -> None:
    disk, spec = _found(group, run.arguments["disk"]), run.arguments["spec"]
    record = site.find("disks", disk["vmdisk_uuid"], code=NOT_FOUND)
    size = spec.get("diskSizeBytes", record.body["diskSizeBytes"])
    if size < record.body["diskSizeBytes"]:
        raise refused("A volume disk cannot shrink.")
    record.body["diskSizeBytes"] = size
    site.store.table("disks").save(record)
    disk.update(_described(spec))
    run.affect(record.ext_id, _REL)


def _delete(site: Site, call: Call) -> Reply:
    disk = _found(group_of(site, call), call.params["extId"])
    return submitted(site, call, "volume.disk.delete", disk=disk["vmdisk_uuid"])


def _deleted(site: Site, run: Run, group: Record) -> None:
    disk = _found(group, run.arguments["disk"])
    group.body["disk_list"].remove(disk)
    site.store.table("disks").remove(disk["vmdisk_uuid"])
    run.affect(disk["vmdisk_uuid"], _REL)


OPERATIONS = (
    group_operation("volume.disk.create", "VolumeGroupDiskCreate", "Create Volume Disk", _created),
    group_operation("volume.disk.update", "VolumeGroupDiskUpdate", "Update Volume Disk", _updated),
    group_operation("volume.disk.delete", "VolumeGroupDiskDelete", "Delete Volume Disk", _deleted),
)
_ALL = "/{volumeGroupExtId}/disks"
_ONE = f"{_ALL}/{{extId}}"
ROUTES = (
    group_route(
        "GET", _ALL, "list_volume_disks_by_volume_group_id", _list, listing=_LIST, assumed="$expand changes nothing"
    ),
    group_route("GET", _ONE, "get_volume_disk_by_id", _get, assumed="shows the group's ETag and no data source"),
    group_route(
        "POST",
        _ALL,
        "create_volume_disk",
        _create,
        body=TYPE,
        assumed="a data source is needed; recovery points of disks are refused",
    ),
    group_route(
        "PUT", _ONE, "update_volume_disk_by_id", _update, body=TYPE, assumed="grows only; ignores the data source"
    ),
    group_route("DELETE", _ONE, "delete_volume_disk_by_id", _delete, assumed="also while the group is attached"),
)
