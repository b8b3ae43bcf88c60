"""What Prism tells of virtual machines and templates, in words of ours."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Power(StrEnum):
    """Whether a machine runs. ``UNKNOWN`` is what Prism itself cannot tell."""

    ON = "on"
    OFF = "off"
    PAUSED = "paused"
    UNKNOWN = "unknown"


class Firmware(StrEnum):
    """How a machine boots."""

    BIOS = "bios"
    UEFI = "uefi"
    SECURE_BOOT = "secureBoot"


class DiscKind(StrEnum):
    """What is in a CD-ROM drive. ``GUEST_TOOLS`` and ``CUSTOMIZATION`` are put there by Prism itself."""

    EMPTY = "empty"
    OTHER = "other"
    GUEST_TOOLS = "guestTools"
    CUSTOMIZATION = "customization"


@dataclass(frozen=True)
class Subnet:
    """A network. ``managed`` ones hand out addresses (IPAM). ``prefixes`` are those that Prism knows: `10.0.0.0/24`."""

    uuid: str
    name: str
    cluster_uuids: tuple[str, ...]
    managed: bool
    prefixes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Disk:
    """A disk of a machine; ``bus`` is ``scsi``, ``sata``, ``ide`` or ``pci``."""

    uuid: str
    bus: str
    index: int
    size_bytes: int


@dataclass(frozen=True)
class CdRom:
    """A CD-ROM drive of a machine; ``bus`` is ``ide`` or ``sata``."""

    uuid: str
    bus: str
    index: int
    kind: DiscKind


@dataclass(frozen=True)
class Nic:
    """A network card. ``addresses`` are those that Prism assigned or learned, the assigned one first."""

    uuid: str
    subnet_uuid: str
    mac: str
    addresses: tuple[str, ...]


@dataclass(frozen=True)
class Vm:
    """A machine. ``bios_uuid`` is the UUID its guest sees; it goes into the disc's instance id (guest.md 1.7).

    ``machine_type`` is ``pc``, ``q35`` or ``pseries``; empty where the product does not tell it. ``tools`` is ``None``
    where a machine does not tell of its guest tools: whoever needs to know asks ``GuestTools``.
    """

    uuid: str
    name: str
    description: str
    cluster_uuid: str
    power: Power
    sockets: int
    cores_per_socket: int
    memory_bytes: int
    bios_uuid: str
    disks: tuple[Disk, ...] = ()
    cd_roms: tuple[CdRom, ...] = ()
    nics: tuple[Nic, ...] = ()
    category_uuids: tuple[str, ...] = ()
    firmware: Firmware = Firmware.BIOS
    machine_type: str = ""
    vtpm: bool = False
    tools: Tools | None = None

    @property
    def addresses(self) -> tuple[str, ...]:
        """Every address of every card."""
        return tuple(address for nic in self.nics for address in nic.addresses)


@dataclass(frozen=True)
class DiskSpec:
    """A disk to be made: a copy of an image, or an empty one. ``size_bytes`` 0 leaves it as large as the image."""

    image_uuid: str = ""
    size_bytes: int = 0
    storage_container_uuid: str = ""
    bus: str = "scsi"


@dataclass(frozen=True)
class NicSpec:
    """A card to be made. An empty ``address`` leaves the address to the subnet."""

    subnet_uuid: str
    address: str = ""
    model: str = "virtio"


@dataclass(frozen=True)
class VmSpec:
    """What a new machine is to be. It is made switched off. An empty ``machine_type`` leaves it to the firmware."""

    name: str
    description: str
    cluster_uuid: str
    sockets: int
    cores_per_socket: int
    memory_bytes: int
    disks: tuple[DiskSpec, ...] = ()
    nics: tuple[NicSpec, ...] = ()
    cd_rom_bus: tuple[str, ...] = ()
    firmware: Firmware = Firmware.BIOS
    machine_type: str = ""
    vtpm: bool = False
    category_uuids: tuple[str, ...] = ()


@dataclass(frozen=True)
class VmChange:
    """What of a machine is to change; ``None`` leaves a field as it is.

    Fewer sockets, other cores and less memory need a machine that is off; implementations do not switch it.
    """

    name: str | None = None
    description: str | None = None
    sockets: int | None = None
    cores_per_socket: int | None = None
    memory_bytes: int | None = None
    category_uuids: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Customization:
    """Prism's own guest customisation, as bytes; consumed at the next power-on.

    ``kind`` is ``cloudInit`` or ``unattend``; ``metadata`` belongs to the first and replaces what Prism would write: an
    Element always writes its own. ``path`` is a file on the cluster's storage that stands in for the text (Element).
    """

    kind: str
    text: bytes
    metadata: bytes = b""
    path: str = ""


@dataclass(frozen=True)
class CloneSpec:
    """One clone of many. It is born switched off, under a name that is a mark; the rest is changed afterwards.

    ``nics`` ``None`` keeps the cards of the source, with new MAC addresses.
    """

    name: str
    sockets: int | None = None
    cores_per_socket: int | None = None
    memory_bytes: int | None = None
    nics: tuple[NicSpec, ...] | None = None
    customization: Customization | None = None


@dataclass(frozen=True)
class Outcome:
    """How one of many ended: the UUID of the machine or image, or the error that is its alone."""

    uuid: str = ""
    error: Exception | None = None


FIRST_VERSION = "Initial Version"
"""What Central calls the first version of a template, and so do we where Prism leaves it to us."""


@dataclass(frozen=True)
class TemplateVersion:
    """One frozen state of a template."""

    uuid: str
    name: str
    description: str
    created: str
    active: bool


@dataclass(frozen=True)
class Template:
    """A template and its versions, newest first. ``guest_update_vm`` is the machine of a guest update under way."""

    uuid: str
    name: str
    description: str
    versions: tuple[TemplateVersion, ...] = ()
    guest_update_vm: str = ""
    category_uuids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tools:
    """Nutanix Guest Tools of one machine; capabilities are ``selfServiceRestore`` and ``vssSnapshot``, sorted."""

    installed: bool
    enabled: bool
    reachable: bool
    iso_inserted: bool
    version: str = ""
    available_version: str = ""
    capabilities: tuple[str, ...] = field(default=())
