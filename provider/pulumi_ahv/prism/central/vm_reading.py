"""Machines as the v4 API shows them, in words of ours. What goes out is ``vm_bodies``'.

Facts (api-v4, sections 6.2 to 6.4): absent values are left out; cards come in two pairs of fields, the older one alone
on v4.0; an assigned address stands in ``ipv4Config``, learned ones in ``ipv4Info``; a drive does not tell which image
is in it, only of which kind it is. Guest tools are shown with a machine where there is something of them; assumed: the
same as their own call shows, and not by the first release. The flag for their disc stays when the disc goes
(terraform-provider-nutanix issue 1176), so the drives tell of it. Buses and machine types are upper case there and
lower case with us.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pulumi_ahv.prism.vms import CdRom, DiscKind, Disk, Firmware, Nic, Power, Tools, Vm

_POWER = {"ON": Power.ON, "OFF": Power.OFF, "PAUSED": Power.PAUSED}
_KINDS = {"GUEST_TOOLS": DiscKind.GUEST_TOOLS, "GUEST_CUSTOMIZATION": DiscKind.CUSTOMIZATION}
CAPABILITIES = {"SELF_SERVICE_RESTORE": "selfServiceRestore", "VSS_SNAPSHOT": "vssSnapshot"}
"""What the guest tools can do, and our words for it."""

Data = Mapping[str, Any]


def vm_of(data: Data) -> Vm:
    """A machine."""
    boot, vtpm = data.get("bootConfig") or {}, data.get("vtpmConfig") or {}
    uuid = _text(data, "extId")
    return Vm(
        uuid=uuid,
        name=_text(data, "name"),
        description=_text(data, "description"),
        cluster_uuid=_reference(data, "cluster"),
        power=_POWER.get(_text(data, "powerState"), Power.UNKNOWN),
        sockets=int(data.get("numSockets") or 0),
        cores_per_socket=int(data.get("numCoresPerSocket") or 0),
        memory_bytes=int(data.get("memorySizeBytes") or 0),
        bios_uuid=_text(data, "biosUuid") or uuid,
        disks=tuple(_disk(disk) for disk in data.get("disks") or ()),
        cd_roms=tuple(_cd_rom(drive) for drive in data.get("cdRoms") or ()),
        nics=tuple(_nic(nic) for nic in data.get("nics") or ()),
        category_uuids=tuple(_text(category, "extId") for category in data.get("categories") or ()),
        firmware=_firmware(boot),
        machine_type=_text(data, "machineType").lower(),
        vtpm=bool(vtpm.get("isVtpmEnabled")),
        tools=tools_of(data["guestTools"], data) if data.get("guestTools") else None,
    )


def tools_of(data: Data, machine: Data) -> Tools:
    """The guest tools of a machine."""
    return Tools(
        installed=bool(data.get("isInstalled")),
        enabled=bool(data.get("isEnabled")),
        reachable=bool(data.get("isReachable")),
        iso_inserted=any(_cd_rom(drive).kind is DiscKind.GUEST_TOOLS for drive in machine.get("cdRoms") or ()),
        version=_text(data, "version"),
        available_version=_text(data, "availableVersion"),
        capabilities=tuple(sorted(CAPABILITIES.get(name, name) for name in data.get("capabilities") or ())),
    )


def _disk(data: Data) -> Disk:
    backing = data.get("backingInfo") or {}
    return Disk(_text(data, "extId"), *_address(data), size_bytes=int(backing.get("diskSizeBytes") or 0))


def _cd_rom(data: Data) -> CdRom:
    kind = _KINDS.get(_text(data, "isoType"), DiscKind.OTHER) if data.get("backingInfo") else DiscKind.EMPTY
    return CdRom(_text(data, "extId"), *_address(data), kind=kind)


def _address(data: Data) -> tuple[str, int]:
    address = data.get("diskAddress") or {}
    return _text(address, "busType").lower(), int(address.get("index") or 0)


def _nic(data: Data) -> Nic:
    network = data.get("nicNetworkInfo") or data.get("networkInfo") or {}
    backing = data.get("nicBackingInfo") or data.get("backingInfo") or {}
    addresses = tuple(dict.fromkeys(_addresses(network)))
    return Nic(_text(data, "extId"), _reference(network, "subnet"), _text(backing, "macAddress"), addresses)


def _addresses(network: Data) -> Iterator[str]:
    config, learned = network.get("ipv4Config") or {}, network.get("ipv4Info") or {}
    listed = [config.get("ipAddress"), *(config.get("secondaryIpAddressList") or ())]
    listed += learned.get("learnedIpAddresses") or ()
    yield from (_text(address, "value") for address in listed if address)


def _firmware(boot: Data) -> Firmware:
    if not _text(boot, "$objectType").endswith("UefiBoot"):
        return Firmware.BIOS
    return Firmware.SECURE_BOOT if boot.get("isSecureBootEnabled") else Firmware.UEFI


def _reference(data: Data, name: str) -> str:
    return _text(data.get(name) or {}, "extId")


def _text(data: Data, name: str) -> str:
    return str(data.get(name) or "")
