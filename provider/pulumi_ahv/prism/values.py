"""What Prism tells of its things, in words of ours: frozen values without behaviour and without wire names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import BinaryIO


class Product(StrEnum):
    """Which Prism answered."""

    CENTRAL = "Prism Central"
    ELEMENT = "Prism Element"


@dataclass(frozen=True)
class SiteInfo:
    """What a connection found out when it was made.

    ``version`` is the product's own (``pc.7.3``, ``6.10``), empty where it was not told; ``api`` maps a namespace to
    the version that is spoken with it (``{"vmm": "v4.1"}``). ``cluster_uuid`` is the cluster that the connection's
    settings name, empty where they name none.
    """

    name: str
    url: str
    product: Product
    version: str
    api: dict[str, str]
    cluster_uuid: str = ""


@dataclass(frozen=True)
class Cluster:
    """An AOS cluster."""

    uuid: str
    name: str


@dataclass(frozen=True)
class Named:
    """Anything by its name and UUID."""

    uuid: str
    name: str


@dataclass(frozen=True)
class StorageContainer:
    """A storage container and the cluster it is on."""

    uuid: str
    name: str
    cluster_uuid: str


@dataclass(frozen=True)
class Category:
    """One key and value pair of Prism Central."""

    uuid: str
    key: str
    value: str


class ImageType(StrEnum):
    """What an image is for. The values are those of our schema."""

    DISK = "disk"
    ISO = "iso"


@dataclass(frozen=True)
class Image:
    """An image as Prism tells of it.

    ``size_bytes`` is 0 while Prism has not worked it out. ``vm_disk_uuid`` is the disk that clones are made from, where
    the product tells it (Element). ``cluster_uuids`` is where the image lies; on Element the one cluster.
    """

    uuid: str
    name: str
    description: str
    type: ImageType
    size_bytes: int
    cluster_uuids: tuple[str, ...]
    category_uuids: tuple[str, ...]
    vm_disk_uuid: str = ""


@dataclass(frozen=True)
class Checksum:
    """A digest in lower-case hexadecimal; ``algorithm`` is ``sha1`` or ``sha256``."""

    algorithm: str
    digest: str


@dataclass(frozen=True)
class UrlSource:
    """Prism fetches the image from here by itself."""

    url: str
    insecure: bool = False


@dataclass(frozen=True)
class StreamSource:
    """Bytes that go through this process: a local file, or an object that is read from S3.

    ``open`` gives a new reader from the first byte each time it is called, so that an upload can be tried again.
    """

    open: Callable[[], BinaryIO]
    size: int


@dataclass(frozen=True)
class VmDiskSource:
    """A disk of a virtual machine. ``vm_uuid`` is given where it is known; Prism 7.6 wants it."""

    uuid: str
    vm_uuid: str = ""


ImageSource = UrlSource | StreamSource | VmDiskSource


@dataclass(frozen=True)
class ImageSpec:
    """What a new image is to be. Empty ``cluster_uuids`` leaves placement to Prism."""

    name: str
    description: str
    type: ImageType
    source: ImageSource
    checksum: Checksum | None = None
    cluster_uuids: tuple[str, ...] = ()
    category_uuids: tuple[str, ...] = ()
    storage_container_uuid: str = ""


@dataclass(frozen=True)
class ImageChange:
    """What of an image is to change in place; ``None`` leaves a field as it is."""

    name: str | None = None
    description: str | None = None
    cluster_uuids: tuple[str, ...] | None = None
    category_uuids: tuple[str, ...] | None = None
