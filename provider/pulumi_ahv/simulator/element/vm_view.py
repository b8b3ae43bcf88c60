"""A machine as v2.0 shows it, out of what the store keeps in v4's words.

Facts (api-legacy, section 1.3): fields without a value are left out; enumerated values are in lower case; disks and
NICs are shown on demand; a disk that was cloned names what it was cloned from; ``host_uuid`` is there while the
machine is on; an address that Prism has reserved shows before the guest has booted.
"""

from __future__ import annotations

from typing import Any

from pulumi_ahv.simulator.element.attachments import attached_to
from pulumi_ahv.simulator.element.calls import Element
from pulumi_ahv.simulator.store import Record

_POWER = {"ON": "on", "OFF": "off", "PAUSED": "paused"}
_ISO_CUSTOMIZATION = "GUEST_CUSTOMIZATION"


def machine(element: Element, vm: Record, *, disks: bool, nics: bool) -> dict[str, Any]:
    """The machine, with the parts that were asked for."""
    body = vm.body
    shown: dict[str, Any] = {
        "uuid": vm.ext_id,
        "name": body["name"],
        "description": body.get("description"),
        "allow_live_migrate": True,
        "gpus_assigned": False,
        "boot": _boot(body),
        "ha_priority": 0,
        "host_uuid": body.get("host", {}).get("extId"),
        "memory_mb": body["memorySizeBytes"] >> 20,
        "num_cores_per_vcpu": body["numCoresPerSocket"],
        "num_vcpus": body["numSockets"],
        "power_state": "suspended" if vm.hidden.get("suspended") else _POWER[body["powerState"]],
        "timezone": body["hardwareClockTimezone"],
        "vm_features": {"AGENT_VM": body["isAgentVm"], "VGA_CONSOLE": body["isVgaConsoleEnabled"]},
        "vm_logical_timestamp": vm.revision,
        "machine_type": body["machineType"].lower(),
    }
    if disks:
        shown["vm_disk_info"] = [disk(element, each) for each in body.get("disks", ())]
        shown["vm_disk_info"] += [drive(element, each) for each in body.get("cdRoms", ())]
        shown["vm_disk_info"] += [_group(group.ext_id, at) for group, at in attached_to(element.site, vm.ext_id)]
    if nics:
        shown["vm_nics"] = [nic(each) for each in body.get("nics", ())]
    return {name: value for name, value in shown.items() if value not in (None, "")}


def _boot(body: dict[str, Any]) -> dict[str, Any]:
    config = body["bootConfig"]
    uefi = config["$objectType"].endswith("UefiBoot")
    order = [{"NETWORK": "NIC"}.get(word, word) for word in config.get("bootOrder", ())]
    secure = bool(config.get("isSecureBootEnabled"))
    return {"uefi_boot": uefi, "secure_boot": secure, "boot_device_type": "disk", "boot_device_order": order}


def address(device: dict[str, Any]) -> dict[str, Any]:
    """Where a device hangs."""
    bus, index = device["diskAddress"]["busType"].lower(), device["diskAddress"]["index"]
    return {"device_bus": bus, "device_index": index, "disk_label": f"{bus}.{index}"}


def disk(element: Element, device: dict[str, Any]) -> dict[str, Any]:
    """One disk."""
    return _filled(element, device) | {"is_cdrom": False, "is_empty": False}


def drive(element: Element, device: dict[str, Any]) -> dict[str, Any]:
    """One CD-ROM drive, with or without a disc."""
    if not device.get("backingInfo"):
        return {"disk_address": address(device), **_flags(device), "is_cdrom": True, "is_empty": True}
    shown = _filled(element, device) | {"is_cdrom": True, "is_empty": False}
    if device.get("isoType") == _ISO_CUSTOMIZATION:
        path = f"/default-container/.vm_customization_isos/{device['extId']}.iso"
        shown["source_disk_address"] = {"ndfs_filepath": path}
    return shown


def _group(uuid: str, index: int) -> dict[str, Any]:
    device = {"diskAddress": {"busType": "SCSI", "index": index}}
    at = address(device) | {"volume_group_uuid": uuid}
    return {"disk_address": at, **_flags(device), "is_cdrom": False, "is_empty": False, "size": 0}


def _filled(element: Element, device: dict[str, Any]) -> dict[str, Any]:
    site, backing = element.site, device["backingInfo"]
    record = site.find("disks", backing["diskExtId"])
    container = site.store.table("storage-containers").get(backing["storageContainer"]["extId"])
    name = container.body["name"] if container is not None else "default-container"
    at = {
        **address(device),
        "ndfs_filepath": f"/{name}/.acropolis/vmdisk/{record.ext_id}",
        "vmdisk_uuid": record.ext_id,
        "device_uuid": device["extId"],
    }
    shown = {
        "disk_address": at,
        **_flags(device),
        "storage_container_uuid": backing["storageContainer"]["extId"],
        "size": backing["diskSizeBytes"],
    }
    if source := record.hidden.get("source"):
        shown["source_disk_address"] = {"vmdisk_uuid": source}
    return shown


def _flags(device: dict[str, Any]) -> dict[str, Any]:
    return {
        "flash_mode_enabled": False,
        "is_scsi_passthrough": True,
        "is_hot_remove_enabled": device["diskAddress"]["busType"] == "SCSI",
        "is_thin_provisioned": False,
        "shared": False,
    }


def nic(device: dict[str, Any]) -> dict[str, Any]:
    """One NIC."""
    network, backing = device["networkInfo"], device["backingInfo"]
    reserved = network.get("ipv4Config", {}).get("ipAddress", {}).get("value")
    learned = [each["value"] for each in network.get("ipv4Info", {}).get("learnedIpAddresses", ())]
    found = [*([reserved] if reserved else []), *learned]
    shown = {
        "mac_address": backing["macAddress"],
        "network_uuid": network["subnet"]["extId"],
        "nic_uuid": device["extId"],
        "model": "",
        "vlan_mode": network["vlanMode"].title(),
        "is_connected": backing["isConnected"],
    }
    if found:
        shown |= {"ip_address": found[-1], "ip_addresses": found}
    if reserved:
        shown["requested_ip_address"] = reserved
    return shown
