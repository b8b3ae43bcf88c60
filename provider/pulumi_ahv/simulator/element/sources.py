"""Where the content of a new image comes from, read from a v2.0 body.

Facts (api-legacy, section 1.2): ``image_import_spec`` has a URL (http, https, or nfs to a disk of this cluster), a
container by id, UUID or name, and a checksum; ``vm_disk_clone_spec`` has a disk. There is no switch for certificates
that cannot be verified.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from pulumi_ahv.simulator.element.calls import INVALID, NOT_FOUND, Element, Refused, one_of, required
from pulumi_ahv.simulator.element.drafts import container_of, images_of, vm_disk_of
from pulumi_ahv.simulator.images import CONTAINER

_SUMS = {"SHA_1": ("Sha1Checksum", 40), "SHA_256": ("Sha256Checksum", 64)}
_CONTAINER_NAMES = ("storage_container_uuid", "storage_container_id", "storage_container_name", "container_name")


@dataclass(frozen=True)
class Source:
    """What ``intake`` is told, which container the content goes to, and what it is compared with."""

    told: dict[str, Any]
    container: str
    checksum: dict[str, str] | None = None


def source_of(element: Element, body: Mapping[str, Any]) -> Source | None:
    """The source that a body names; ``None`` for an image that is made without content.

    Raises:
        Refused: it names two, or one that cannot be.
    """
    imported, copied = body.get("image_import_spec"), body.get("vm_disk_clone_spec")
    if imported and copied:
        raise Refused(422, "image_import_spec and vm_disk_clone_spec exclude each other.", code=INVALID)
    if imported:
        url = str(required(imported, "url"))
        told = _by_nfs(element, url) if urlsplit(url).scheme == "nfs" else {"$objectType": "v2.UrlSource", "url": url}
        return Source(told, _container(element, imported), _checksum(imported))
    if copied:
        disk = str(required(copied.get("disk_address") or {}, "vmdisk_uuid"))
        return Source(disk_source(element, disk), _container(element, copied))
    return None


def disk_source(element: Element, uuid: str) -> dict[str, Any]:
    """What is told of a disk: of a VM, or of an image."""
    disk = element.site.store.table("disks").get(uuid)
    if disk is None:
        disk = next((each for each in images_of(element) if vm_disk_of(element, each) == uuid), None)
    if disk is None or not disk.hidden.get("content"):
        raise Refused(404, f"Disk {uuid} does not exist.", code=NOT_FOUND)
    told = {"$objectType": "v2.VmDiskSource", "extId": uuid}
    return {**told, "file": disk.hidden["content"], "used": disk.hidden["used"]}


def _by_nfs(element: Element, url: str) -> dict[str, Any]:
    """``nfs://<this cluster>/<container>/.acropolis/vmdisk/<uuid>`` is a disk; nothing else is mounted here."""
    parts = urlsplit(url)
    if "/.acropolis/vmdisk/" not in parts.path:
        raise Refused(422, f"InvalidArgument: {url} cannot be mounted.", code=INVALID)
    return disk_source(element, parts.path.rpartition("/")[2])


def _container(element: Element, spec: Mapping[str, Any]) -> str:
    told = next((str(spec[name]) for name in _CONTAINER_NAMES if spec.get(name)), CONTAINER)
    found = container_of(element, told)
    if found is None:
        raise Refused(404, f"Storage container {told} does not exist.", code=NOT_FOUND)
    return found.ext_id


def _checksum(spec: Mapping[str, Any]) -> dict[str, str] | None:
    digest = spec.get("checksum")
    if not digest:
        return None
    kind, length = _SUMS[one_of(spec.get("checksum_type"), "checksum_type", _SUMS)]
    if len(digest) != length:
        raise Refused(422, "Given input is invalid. Invalid length of checksum.", code=INVALID)
    return {"$objectType": f"v2.{kind}", "hexDigest": str(digest)}
