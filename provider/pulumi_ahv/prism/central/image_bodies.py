"""Images as the v4 API wants and shows them (``vmm/content/images``): bodies out of our values, and back.

Facts (api-v4, section 4): create needs name, type and source; one-of fields are told apart by ``$objectType``;
``VmDiskSource.vmExtId`` came with v4.3.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_ahv.prism.central.api import Api, Collection
from pulumi_ahv.prism.values import Checksum, Image, ImageChange, ImageSpec, ImageType, UrlSource, VmDiskSource

IMAGES = Collection("vmm", "content/images", "image")
REL = "vmm:content:image"
_TYPES = {ImageType.DISK: "DISK_IMAGE", ImageType.ISO: "ISO_IMAGE"}


class ImageBodies:
    """Writes bodies in the version of one site."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def create(self, spec: ImageSpec, *, object_key: str = "") -> dict[str, Any]:
        """A new image; ``object_key`` names what was uploaded for it, where its source is a stream."""
        return self._framed(
            "Image",
            name=spec.name,
            description=spec.description or None,
            type=_TYPES[spec.type],
            source=self._framed("ObjectsLiteSource", key=object_key) if object_key else self._source(spec),
            checksum=self._checksum(spec.checksum) if spec.checksum else None,
            clusterLocationExtIds=list(spec.cluster_uuids) or None,
            categoryExtIds=list(spec.category_uuids) or None,
        )

    def _checksum(self, checksum: Checksum) -> dict[str, Any]:
        kind = {"sha1": "ImageSha1Checksum", "sha256": "ImageSha256Checksum"}[checksum.algorithm]
        return self._framed(kind, hexDigest=checksum.digest)

    def _source(self, spec: ImageSpec) -> dict[str, Any]:
        match spec.source:
            case UrlSource(url, insecure):
                return self._framed("UrlSource", url=url, shouldAllowInsecureUrl=insecure)
            case VmDiskSource(uuid, vm_uuid):
                # The field came with v4.3; older schemas refuse it.
                beside = vm_uuid if vm_uuid and self._api.version("vmm") == "v4.3" else None
                return self._framed("VmDiskSource", extId=uuid, vmExtId=beside)
        raise TypeError(spec.source)  # pragma: no cover - streams are uploaded first

    def _framed(self, kind: str, **fields: Any) -> dict[str, Any]:
        return self._api.framed("vmm", f"content.{kind}", **fields)


def changed(change: ImageChange) -> dict[str, Any]:
    """The fields of an image that are to change, and what to."""
    wanted = {
        "name": change.name,
        "description": change.description,
        "clusterLocationExtIds": None if change.cluster_uuids is None else list(change.cluster_uuids),
        "categoryExtIds": None if change.category_uuids is None else list(change.category_uuids),
    }
    return {field: value for field, value in wanted.items() if value is not None}


def image_of(data: Mapping[str, Any]) -> Image:
    """An image as Prism tells of it."""
    return Image(
        uuid=str(data.get("extId", "")),
        name=str(data.get("name", "")),
        description=str(data.get("description") or ""),
        type=ImageType.ISO if data.get("type") == "ISO_IMAGE" else ImageType.DISK,
        size_bytes=int(data.get("sizeBytes") or 0),
        cluster_uuids=tuple(data.get("clusterLocationExtIds") or ()),
        category_uuids=tuple(data.get("categoryExtIds") or ()),
    )
