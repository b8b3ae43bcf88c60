"""Bodies of v2.0 for what machines are made of: disks and cards (api-legacy, section 1.3)."""

from __future__ import annotations

from typing import Any

from pulumi_ahv.prism.vms import DiskSpec, NicSpec


def disk_body(spec: DiskSpec, image_disk: str) -> dict[str, Any]:
    """A disk to be made: of an image's disk, or empty."""
    place = {"storage_container_uuid": spec.storage_container_uuid} if spec.storage_container_uuid else {}
    item: dict[str, Any] = {"is_cdrom": False, "disk_address": {"device_bus": spec.bus}}
    if not image_disk:
        return item | {"vm_disk_create": {"size": spec.size_bytes, **place}}
    clone: dict[str, Any] = {"disk_address": {"vmdisk_uuid": image_disk}, **place}
    return item | {"vm_disk_clone": clone | ({"minimum_size": spec.size_bytes} if spec.size_bytes else {})}


def nic_body(spec: NicSpec) -> dict[str, Any]:
    """A card to be made. Its model is left to Prism, which refuses the word ``VIRTIO``."""
    body: dict[str, Any] = {"network_uuid": spec.subnet_uuid, "is_connected": True}
    if spec.address:
        body |= {"request_ip": True, "requested_ip_address": spec.address}
    return body | ({"model": "e1000"} if spec.model == "e1000" else {})
