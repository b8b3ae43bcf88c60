"""What can be said of a template VM."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, ValidationInfo, field_validator, model_validator

from pulumi_ahv.schema.fields import RECORDED, REPLACES, Bag, Change, Facts, Support
from pulumi_ahv.schema.guest_tools import TemplateVmGuestTools
from pulumi_ahv.schema.image import MAX_NAME
from pulumi_ahv.schema.payload import PayloadTexts

MAX_DESCRIPTION = 750  # Prism takes 1000 characters; the rest is for the owner mark and the note of a maintenance
_REBUILDS = Facts(Change.REBUILDS)
_RESHAPES = Facts(Change.RESHAPES)


class TemplateDisk(Bag):
    """A disk: a copy of an image, or an empty one."""

    image: str | None = None
    """UUID or name of the image that it is a copy of. Wire it to the `id` of an `Image`: a new image is then a new
    version, which a name would not tell. Without it the disk is empty."""
    size: Annotated[int, Field(ge=1, le=65536)] | None = None
    """Size in GiB. Default: that of the image."""
    storage_container: str | None = None
    """Storage container to keep it in, by name or UUID. Default: Prism chooses."""

    @model_validator(mode="before")
    @classmethod
    def _something(cls, bag: Any) -> Any:
        if isinstance(bag, dict) and bag.get("image") is None and bag.get("size") is None:
            raise ValueError("takes an image, a size, or both: none is given")
        return bag


class TemplateVmPayload(PayloadTexts):
    """What the guest is told at the one boot that a version has before it is frozen: checked before any call.

    It comes on a disc, and has to end in the guest switching itself off: cloud-init with
    `power_state: {mode: poweroff}`, Windows with `sysprep /generalize /oobe /shutdown`. Templates see `template` as
    `name`, and 0 as `slot`.
    """

    timeout: Annotated[int, Field(ge=10, le=86400)] = 1800
    """Seconds that the guest may take until it has switched itself off."""


class TemplateVmInputs(Bag):
    """The master of pools: a template with its versions, on a Prism Central or a Prism Element.

    Each change of what the machine is publishes a new version, and pools that follow the active one roll. New `disks`,
    `firmware` and the like are built anew from the images, which leaves behind what was changed in `maintenance`;
    `vcpus`, `memory` and `networks` change upon the newest version. `maintenance` brings up a machine of the newest
    version for changes by hand; when it goes back to false, that machine is shut down and becomes a version.
    """

    name: Annotated[str, StringConstraints(min_length=1, max_length=MAX_NAME), Facts(filled=True)]
    """Name in Prism. Default: the name of the resource."""
    description: Annotated[str, StringConstraints(max_length=MAX_DESCRIPTION)] | None = None
    """Description in Prism. The provider adds its owner mark below it."""
    disks: Annotated[list[TemplateDisk], Field(min_length=1), _REBUILDS]
    """Disks in their order on the SCSI bus. The first that boots is booted from."""
    vcpus: Annotated[int, Field(ge=1, le=240), _RESHAPES]
    """Number of vCPUs."""
    cores_per_socket: Annotated[int, Field(ge=1, le=64), _RESHAPES] = 1
    """Cores on each socket. `vcpus` has to be a multiple of it."""
    memory: Annotated[int, Field(ge=64, le=4 << 20), _RESHAPES]
    """Memory in MiB."""
    networks: Annotated[list[str] | None, _RESHAPES] = None
    """Subnets by name or UUID, one for each card. Default: no card."""
    firmware: Annotated[Literal["bios", "uefi", "secureBoot"], _REBUILDS] = "bios"
    """How it boots. `secureBoot` is UEFI with Secure Boot."""
    machine_type: Annotated[Literal["pc", "q35"] | None, _REBUILDS] = None
    """Machine type. Default: Prism's own; `q35` for `secureBoot`, which needs it."""
    vtpm: Annotated[bool, Facts(Change.REBUILDS, element=Support("refused", "makes no vTPM over v2.0"))] = False
    """Whether it has a virtual TPM."""
    cd_roms: Annotated[int, Field(ge=0, le=3), _REBUILDS] = 1
    """Empty CD-ROM drives. The guest tools' disc needs a free one; members of a pool get what they lack.
    The discs of `payload` and `guestTools` need one each, and the version has what they need."""
    payload: Annotated[TemplateVmPayload | None, _REBUILDS] = None
    """What the guest is told when a version is built from the images, before it is frozen. Another payload is another
    version; it is not told again where only `vcpus`, `memory` or `networks` change. Default: no boot before the
    freeze."""
    guest_tools: Annotated[TemplateVmGuestTools | None, _REBUILDS] = None
    """Nutanix Guest Tools: their disc is in a drive at the boot for the `payload`, without which there is none."""
    maintenance: bool = False
    """Whether a machine of the newest version is up for changes; its UUID is `maintenanceVmUuid`. Back to false, it is
    shut down and becomes a new version."""
    on_maintenance_end: Annotated[Literal["publish", "discard"], RECORDED] = "publish"
    """What happens to the changes when `maintenance` goes back to false: `publish` them, or `discard` them with their
    machine."""
    shutdown_timeout: Annotated[int, Field(ge=0, le=7200), RECORDED] = 300
    """Seconds that the guest may take to shut down before its changes are published."""
    on_shutdown_timeout: Annotated[Literal["fail", "powerOff"], RECORDED] = "fail"
    """What happens when it takes longer: `fail` and leave everything as it is, or `powerOff`, which is like pulling the
    cord, and publish."""
    version: str | None = None
    """Name or UUID of the version that is to be the active one: pins it, or rolls back. Default: the newest that this
    resource published."""
    timeout: Annotated[int, Field(ge=60, le=86400), RECORDED] = 3600
    """Seconds that Prism may take for one step: making the machine, freezing it as a version."""
    cluster: Annotated[str | None, REPLACES] = None
    """Cluster by name or UUID. Default: that of the connection, or the only one."""
    connection: Annotated[str | None, REPLACES] = None
    """Name of a connection of `ahv:connections`. Default: the connection of `ahv:endpoint`."""
    owner: Annotated[str, Facts(Change.IN_PLACE, computed=True)]
    """Project, stack and resource that the template belongs to: the mark it carries in Prism."""
    content: Annotated[str | None, Facts(Change.IN_PLACE, computed=True)] = None
    """What the newest version is made of, as two digests: of what is built anew, and of what is changed upon it. After
    a refresh, what the active version is."""

    @field_validator("cores_per_socket")
    @classmethod
    def _whole_sockets(cls, cores: int, info: ValidationInfo) -> int:
        vcpus = info.data.get("vcpus")
        if vcpus and vcpus % cores:
            raise ValueError(f"vcpus is {vcpus}, which is no multiple of it")
        return cores

    @field_validator("machine_type")
    @classmethod
    def _secure_boot_is_q35(cls, machine_type: str | None, info: ValidationInfo) -> str | None:
        if machine_type == "pc" and info.data.get("firmware") == "secureBoot":
            raise ValueError("secureBoot needs q35")
        return machine_type

    @field_validator("version")
    @classmethod
    def _not_in_maintenance(cls, version: str | None, info: ValidationInfo) -> str | None:
        if version is not None and info.data.get("maintenance"):
            raise ValueError("is pinned, so what maintenance publishes could not become active: take one of them out")
        return version


class TemplateVersionInfo(Bag):
    """A version of a template."""

    uuid: str
    """UUID of the version."""
    name: str
    """Name of the version."""
    description: str
    """What it was made of, and the provider's record of it."""
    created: str
    """When it was made."""
    active: bool
    """Whether it is the active one."""


class TemplateVmOutputs(Bag):
    """What Prism tells of the template."""

    uuid: str
    """UUID of the template; also the resource's id."""
    active_version: str
    """Name of the active version."""
    version_id: str
    """UUID of the active version: wire pools to it, and a preview shows that they will roll."""
    versions: list[TemplateVersionInfo]
    """All versions, the newest first."""
    maintenance_vm_uuid: str | None = None
    """UUID of the machine that is up for changes."""
    claim: str
    """The claim that this resource has on the template. Whoever takes it over renews it."""
