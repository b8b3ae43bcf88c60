"""Machines as the v4 API wants them: bodies of calls out of our values. What comes back is ``vm_reading``'s.

Facts (api-v4, sections 6.2 to 6.7): one-of fields are told apart by ``$objectType``; v4.0 knows the older pair of NIC
fields only, and one pair is sent, never both; customisation texts travel as base64; secure boot wants a Q35 machine.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from pulumi_ahv.kernel.errors import InputError
from pulumi_ahv.prism.central.api import Api
from pulumi_ahv.prism.vms import CloneSpec, Customization, DiskSpec, Firmware, NicSpec, VmChange, VmSpec

Body = dict[str, Any]

_TEXT_LIMITS = {"cloudInit": 128_000, "unattend": 32_000}
_METADATA_LIMIT = 32_000


class VmBodies:
    """Writes bodies in the version of one site."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def create(self, spec: VmSpec) -> Body:
        """A new machine. Devices get places on their buses in the order they are given in."""
        taken: Counter[str] = Counter()
        secure = spec.firmware is Firmware.SECURE_BOOT
        machine_type = spec.machine_type or ("q35" if secure else "")
        return self._framed(
            "Vm",
            name=spec.name,
            description=spec.description or None,
            cluster=self._reference("ClusterReference", spec.cluster_uuid),
            numSockets=spec.sockets,
            numCoresPerSocket=spec.cores_per_socket,
            memorySizeBytes=spec.memory_bytes,
            machineType=machine_type.upper() or None,
            bootConfig=self._boot(spec.firmware),
            vtpmConfig=self._framed("VtpmConfig", isVtpmEnabled=True) if spec.vtpm else None,
            disks=[self.disk(disk, index=_next(taken, disk.bus)) for disk in spec.disks] or None,
            cdRoms=[self.cd_rom(bus, index=_next(taken, bus)) for bus in spec.cd_rom_bus] or None,
            nics=[self.nic(nic) for nic in spec.nics] or None,
            categories=[self._reference("CategoryReference", uuid) for uuid in spec.category_uuids] or None,
        )

    def clone(self, spec: CloneSpec) -> Body:
        """What a clone of a machine overrides."""
        return self._framed("CloneOverrideParams", **self._overrides(spec))

    def clones(self, spec: CloneSpec, base: str, *, first: int, count: int) -> Body:
        """The same for many in one call; their names are ``base`` and an index (v4.3)."""
        many = self._framed("BulkCloneOptions", numVms=count, nameSuffixStartIndex=first)
        return self._framed("CloneOverrideParams", **self._overrides(spec) | {"name": base}, bulkCloneOptions=many)

    def deployment(self, version_uuid: str, cluster_uuid: str, specs: Iterable[CloneSpec]) -> Body:
        """Machines of a template version; the keys of the map are their indexes, as texts."""
        kind = "content.VmConfigOverride"
        overrides = {str(n): self._api.framed("vmm", kind, **self._overrides(spec)) for n, spec in enumerate(specs)}
        return self._api.framed(
            "vmm",
            "content.TemplateDeployment",
            versionId=version_uuid or None,
            numberOfVms=len(overrides),
            overrideVmConfigMap=overrides,
            clusterReference=cluster_uuid,
        )

    def changed(self, data: Mapping[str, Any], change: VmChange) -> Body:
        """A machine as it was read, with a change. Where else to read and who may see it is not sent back.

        Whether a PUT takes categories is not public: who wants others looks afterwards.
        """
        wanted: Body = {
            "name": change.name,
            "description": change.description,
            "numSockets": change.sockets,
            "numCoresPerSocket": change.cores_per_socket,
            "memorySizeBytes": change.memory_bytes,
        }
        if change.category_uuids is not None:
            wanted["categories"] = [self._reference("CategoryReference", uuid) for uuid in change.category_uuids]
        kept = {name: value for name, value in data.items() if name not in {"links", "tenantId"}}
        return kept | {name: value for name, value in wanted.items() if value is not None}

    def categories(self, kind: str, uuids: Iterable[str]) -> Body:
        """Categories to be associated or disassociated; ``kind`` is the type of the body."""
        return self._framed(kind, categories=[self._reference("CategoryReference", uuid) for uuid in uuids])

    def disk(self, spec: DiskSpec, *, index: int | None = None) -> Body:
        """A disk: a copy of an image, or an empty one."""
        container = spec.storage_container_uuid
        backing = self._framed(
            "VmDisk",
            diskSizeBytes=spec.size_bytes or None,
            storageContainer=self._reference("VmDiskContainerReference", container) if container else None,
            dataSource=self._image(spec.image_uuid) if spec.image_uuid else None,
        )
        address = self._framed("DiskAddress", busType=spec.bus.upper(), index=index)
        return self._framed("Disk", diskAddress=address, backingInfo=backing)

    def cd_rom(self, bus: str, *, index: int | None = None, image_uuid: str = "") -> Body:
        """A CD-ROM drive, empty or with an image in it."""
        address = self._framed("CdRomAddress", busType=bus.upper(), index=index)
        return self._framed("CdRom", diskAddress=address, backingInfo=self._disc(image_uuid) if image_uuid else None)

    def disc(self, image_uuid: str) -> Body:
        """An image to be put into a drive that is there."""
        return self._framed("CdRomInsertParams", backingInfo=self._disc(image_uuid))

    def nic(self, spec: NicSpec) -> Body:
        """A network card, in the pair of fields that this version knows."""
        old = self._api.version("vmm") == "v4.0"
        ipv4 = None
        if spec.address:
            address = {"$objectType": "common.v1.config.IPv4Address", "value": spec.address}
            ipv4 = self._framed("Ipv4Config", shouldAssignIp=True, ipAddress=address)
        backing = {"model": spec.model.upper(), "isConnected": True}
        network = {"subnet": self._reference("SubnetReference", spec.subnet_uuid), "ipv4Config": ipv4}
        if old:
            parts = {
                "backingInfo": self._framed("EmulatedNic", **backing),
                "networkInfo": self._framed("NicNetworkInfo", **network),
            }
        else:
            parts = {
                "nicBackingInfo": self._framed("VirtualEthernetNic", **backing),
                "nicNetworkInfo": self._framed("VirtualEthernetNicNetworkInfo", **network),
            }
        return self._framed("Nic", **parts)

    def customization(self, wanted: Customization) -> Body:
        """Prism's own guest customisation.

        Raises:
            InputError: a text is longer than the API takes.
        """
        if wanted.kind not in _TEXT_LIMITS:
            raise InputError("payload.kind", f"is '{wanted.kind}', not cloudInit or unattend")
        text = _encoded(wanted.text, _TEXT_LIMITS[wanted.kind], "payload")
        if wanted.kind == "unattend":
            script = self._framed("Unattendxml", value=text)
            config = self._framed("Sysprep", installType="PREPARED", sysprepScript=script)
        else:
            config = self._framed(
                "CloudInit",
                datasourceType="CONFIG_DRIVE_V2",
                metadata=_encoded(wanted.metadata, _METADATA_LIMIT, "payload.metadata") or None,
                cloudInitScript=self._framed("Userdata", value=text),
            )
        return self._framed("GuestCustomizationParams", config=config)

    def _overrides(self, spec: CloneSpec) -> Body:
        return {
            "name": spec.name,
            "numSockets": spec.sockets,
            "numCoresPerSocket": spec.cores_per_socket,
            "memorySizeBytes": spec.memory_bytes,
            "nics": None if spec.nics is None else [self.nic(nic) for nic in spec.nics],
            "guestCustomization": self.customization(spec.customization) if spec.customization else None,
        }

    def _boot(self, firmware: Firmware) -> Body | None:
        if firmware is Firmware.BIOS:
            return None
        return self._framed("UefiBoot", isSecureBootEnabled=firmware is Firmware.SECURE_BOOT)

    def _disc(self, image_uuid: str) -> Body:
        return self._framed("VmDisk", dataSource=self._image(image_uuid))

    def _image(self, uuid: str) -> Body:
        return self._framed("DataSource", reference=self._framed("ImageReference", imageExtId=uuid))

    def _reference(self, kind: str, uuid: str) -> Body:
        return self._framed(kind, extId=uuid)

    def _framed(self, kind: str, **fields: Any) -> Body:
        return self._api.framed("vmm", f"ahv.config.{kind}", **fields)


def sealed(texts: Iterable[bytes], salt: str) -> str:
    """A digest of texts that may hold passwords: costly, so that a request id in a log cannot be guessed back."""
    whole = hashlib.sha256()
    for text in texts:
        whole.update(len(text).to_bytes(8, "big") + text)
    return hashlib.scrypt(whole.digest(), salt=salt.encode(), n=2**14, r=8, p=1).hex()


def _encoded(text: bytes, limit: int, path: str) -> str:
    encoded = b64encode(text).decode()
    if len(encoded) > limit:
        said = f"is {len(text)} bytes long; Prism's own customization takes {limit * 3 // 4}"
        raise InputError(path, said, advice="Deliver it on a CD-ROM (delivery: cdrom).")
    return encoded


def _next(taken: Counter[str], bus: str) -> int:
    taken[bus] += 1
    return taken[bus] - 1
