"""Bodies of v2.0 calls about machines, in v4's words, as the store keeps them.

Facts (api-legacy, section 1.3): enumerated values come in any case; unknown fields are ignored, a wrong value is
refused (``model: VIRTIO``); a disk is made empty, or cloned from a vmdisk (of an image or of a machine), or is an
empty drive; ``minimum_size`` makes a clone larger; Q35 is needed for secure boot.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_ahv.simulator.element.calls import INVALID, NOT_FOUND, Element, Refused, one_of, required
from pulumi_ahv.simulator.element.drafts import container_of, images_of, vm_disk_of

_CONFIG = "vmm.v4.ahv.config."
_BUSES = ("SCSI", "IDE", "PCI", "SATA", "SPAPR")
_WHOLE = {"num_vcpus": "numSockets", "num_cores_per_vcpu": "numCoresPerSocket"}
_TEXTS = {"name": "name", "description": "description", "timezone": "hardwareClockTimezone"}


def scalars(body: Mapping[str, Any]) -> dict[str, Any]:
    """Everything of a VmConfig but its devices; only what the body names."""
    values: dict[str, Any] = {mine: str(body[name]) for name, mine in _TEXTS.items() if body.get(name) is not None}
    values |= {mine: _whole(body[name], name) for name, mine in _WHOLE.items() if body.get(name) is not None}
    if body.get("memory_mb") is not None:
        values["memorySizeBytes"] = _whole(body["memory_mb"], "memory_mb") << 20
    if body.get("machine_type"):
        values["machineType"] = one_of(body["machine_type"], "machine_type", ("PC", "Q35"))
    if body.get("boot"):
        values["bootConfig"] = _boot(body["boot"])
    features = body.get("vm_features") or {}
    names = {"AGENT_VM": "isAgentVm", "VGA_CONSOLE": "isVgaConsoleEnabled"}
    return values | {mine: bool(features[name]) for name, mine in names.items() if name in features}


def _whole(value: Any, name: str) -> int:
    if not isinstance(value, int) or value < 1:
        raise Refused(422, f"InvalidArgument: {name} must be a number from 1.", code=INVALID)
    return value


def _boot(boot: Mapping[str, Any]) -> dict[str, Any]:
    words = [
        one_of(word, "boot_device_order", ("CDROM", "DISK", "NIC")) for word in boot.get("boot_device_order") or ()
    ]
    order = [{"NIC": "NETWORK"}.get(word, word) for word in words] or ["CDROM", "DISK", "NETWORK"]
    if not boot.get("uefi_boot"):
        return {"$objectType": f"{_CONFIG}LegacyBoot", "bootOrder": order}
    secure = bool(boot.get("secure_boot"))
    return {"$objectType": f"{_CONFIG}UefiBoot", "bootOrder": order, "isSecureBootEnabled": secure}


def is_drive(item: Mapping[str, Any]) -> bool:
    """Whether an item of ``vm_disks`` is a CD-ROM drive."""
    return bool(item.get("is_cdrom"))


def device(element: Element, item: Mapping[str, Any]) -> dict[str, Any]:
    """A disk or drive as it is to be made."""
    made: dict[str, Any] = {"diskAddress": bus_place(item.get("disk_address") or {})}
    backing = backing_of(element, item)
    if backing:
        made["backingInfo"] = backing
    elif not is_drive(item):
        raise Refused(422, "InvalidArgument: a disk needs vm_disk_create or vm_disk_clone.", code=INVALID)
    return made


def bus_place(told: Mapping[str, Any]) -> dict[str, Any]:
    """The bus and index that an address names, or nothing."""
    place: dict[str, Any] = {}
    if told.get("device_bus"):
        place["busType"] = one_of(told["device_bus"], "device_bus", _BUSES)
    if told.get("device_index") is not None:
        place["index"] = int(told["device_index"])
    return place


def backing_of(element: Element, item: Mapping[str, Any]) -> dict[str, Any]:
    """What a disk is made of; empty for an empty drive."""
    created, cloned = item.get("vm_disk_create"), item.get("vm_disk_clone")
    if created:
        size = _whole(required(created, "size"), "size")
        return {"diskSizeBytes": size, **_container(element, created)}
    if not cloned:
        return {}
    backing = {"dataSource": {"reference": _reference(element, cloned)}, **_container(element, cloned)}
    if minimum := cloned.get("minimum_size"):
        backing["diskSizeBytes"] = max(int(minimum), _size(element, backing["dataSource"]["reference"]))
    return backing


def source_of(item: Mapping[str, Any]) -> str:
    """The vmdisk that an item is cloned from; empty where it is not."""
    told = (item.get("vm_disk_clone") or {}).get("disk_address") or {}
    return str(told.get("vmdisk_uuid") or str(told.get("ndfs_filepath") or "").rpartition("/")[2])


def _reference(element: Element, cloned: Mapping[str, Any]) -> dict[str, Any]:
    disk = source_of({"vm_disk_clone": cloned})
    image = next((each for each in images_of(element) if vm_disk_of(element, each) == disk), None)
    if image is not None and "extId" in image.body:
        return {"$objectType": f"{_CONFIG}ImageReference", "imageExtId": image.ext_id}
    if element.site.store.table("disks").get(disk) is None:
        raise Refused(404, f"Disk {disk or '(none)'} does not exist.", code=NOT_FOUND)
    return {"$objectType": f"{_CONFIG}VmDiskReference", "diskExtId": disk}


def _size(element: Element, reference: Mapping[str, Any]) -> int:
    if "imageExtId" in reference:
        return int(element.site.find("images", reference["imageExtId"]).body["sizeBytes"])
    return int(element.site.find("disks", reference["diskExtId"]).body["diskSizeBytes"])


def _container(element: Element, told: Mapping[str, Any]) -> dict[str, Any]:
    wanted = told.get("storage_container_uuid") or told.get("storage_container_id")
    if not wanted:
        return {}
    found = container_of(element, str(wanted))
    if found is None:
        raise Refused(404, f"Storage container {wanted} does not exist.", code=NOT_FOUND)
    return {"storageContainer": {"extId": found.ext_id}}


def nic(item: Mapping[str, Any]) -> dict[str, Any]:
    """A NIC as it is to be made."""
    if str(item.get("model") or "e1000").lower() != "e1000":
        raise Refused(422, f"InvalidArgument: {item['model']} is not a model of a NIC.", code=INVALID)
    network: dict[str, Any] = {"subnet": {"extId": str(required(item, "network_uuid"))}}
    if item.get("vlan_mode"):
        network["vlanMode"] = one_of(item["vlan_mode"], "vlan_mode", ("ACCESS", "TRUNKED"))
    if item.get("requested_ip_address"):
        network["ipv4Config"] = {"ipAddress": {"value": str(item["requested_ip_address"])}}
    backing = {"isConnected": item.get("is_connected", True)}
    if item.get("mac_address"):
        backing["macAddress"] = str(item["mac_address"]).lower()
    return {"networkInfo": network, "backingInfo": backing}
