"""Machines as v2.0 shows them, in words of ours.

Facts (api-legacy, section 1.3): values are in lower case or not, and fields without one are left out; Prism's own
discs are told by where they lie: a customization under ``.vm_customization_isos``, and one that was cloned from an
image names that image's disk. Assumed: a disc that names neither is the guest tools'. A machine's own UUID is the one
that its guest sees.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_ahv.prism.vms import CdRom, DiscKind, Disk, Firmware, Nic, Power, Vm

Data = Mapping[str, Any]
_POWER = {"on": Power.ON, "off": Power.OFF, "paused": Power.PAUSED, "suspended": Power.PAUSED}


def vm_of(data: Data, cluster_uuid: str) -> Vm:
    """A machine that was read with its disks and cards."""
    boot, devices = data.get("boot") or {}, data.get("vm_disk_info") or ()
    uuid = _text(data, "uuid")
    return Vm(
        uuid=uuid,
        name=_text(data, "name"),
        description=_text(data, "description"),
        cluster_uuid=cluster_uuid,
        power=_POWER.get(_text(data, "power_state").lower(), Power.UNKNOWN),
        sockets=int(data.get("num_vcpus") or 0),
        cores_per_socket=int(data.get("num_cores_per_vcpu") or 0),
        memory_bytes=int(data.get("memory_mb") or 0) << 20,
        bios_uuid=uuid,
        disks=tuple(_disk(one) for one in devices if not one.get("is_cdrom") and not _group(one)),
        cd_roms=tuple(_cd_rom(one) for one in devices if one.get("is_cdrom")),
        nics=tuple(_nic(one) for one in data.get("vm_nics") or ()),
        firmware=_firmware(boot),
        machine_type=_text(data, "machine_type").lower(),
    )


def address(device: Data) -> dict[str, Any]:
    """Where a device hangs, as calls name it."""
    told = device.get("disk_address") or {}
    return {"device_bus": _text(told, "device_bus").lower(), "device_index": int(told.get("device_index") or 0)}


def kind(drive: Data) -> DiscKind:
    """What is in a drive."""
    if drive.get("is_empty"):
        return DiscKind.EMPTY
    source = drive.get("source_disk_address") or {}
    if ".vm_customization_isos" in _text(source, "ndfs_filepath"):
        return DiscKind.CUSTOMIZATION
    return DiscKind.OTHER if source else DiscKind.GUEST_TOOLS


def _group(device: Data) -> bool:
    return bool((device.get("disk_address") or {}).get("volume_group_uuid"))


def _disk(device: Data) -> Disk:
    at, told = address(device), device.get("disk_address") or {}
    return Disk(_text(told, "vmdisk_uuid"), at["device_bus"], at["device_index"], int(device.get("size") or 0))


def _cd_rom(device: Data) -> CdRom:
    at = address(device)
    uuid = _text(device.get("disk_address") or {}, "device_uuid") or f"{at['device_bus']}.{at['device_index']}"
    return CdRom(uuid, at["device_bus"], at["device_index"], kind(device))


def _nic(data: Data) -> Nic:
    listed = [data.get("requested_ip_address"), *(data.get("ip_addresses") or ()), data.get("ip_address")]
    addresses = tuple(dict.fromkeys(str(one) for one in listed if one))
    return Nic(_text(data, "nic_uuid"), _text(data, "network_uuid"), _text(data, "mac_address"), addresses)


def _firmware(boot: Data) -> Firmware:
    if not boot.get("uefi_boot"):
        return Firmware.BIOS
    return Firmware.SECURE_BOOT if boot.get("secure_boot") else Firmware.UEFI


def _text(data: Data, name: str) -> str:
    return str(data.get(name) or "")
