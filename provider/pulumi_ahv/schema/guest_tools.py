"""What can be said of guest tools: those of one machine, and those of the members of a pool."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, ValidationInfo, field_validator

from pulumi_ahv.schema.fields import RECORDED, REPLACES, Bag, Change, Facts, Support

Capability = Literal["selfServiceRestore", "vssSnapshot"]


class PoolGuestTools(Bag):
    """Nutanix Guest Tools of every member.

    The tools are in the template, or the payload installs them from their disc; that disc, with a certificate for each
    member, is put in before its first start and goes when they answer.
    """

    capabilities: list[Capability] | None = None
    """What they are enabled for. Default: for nothing beyond being there."""


class TemplateVmGuestTools(Bag):
    """Nutanix Guest Tools in a version that is built: their disc is in at the first boot, and goes before the freeze.

    The payload installs them from that disc. Members of pools need certificates of their own: `guestTools` of the pool.
    """

    capabilities: list[Capability] | None = None
    """What they are enabled for meanwhile. Default: for nothing beyond being there."""


class GuestToolsInstall(Bag):
    """How the tools get into the guest: Prism signs in there. Not used while they are installed."""

    username: Annotated[str, StringConstraints(min_length=1, max_length=256)]
    """User of the guest, an administrator."""
    password: Annotated[str, StringConstraints(min_length=1), Facts(secret=True)]
    """His password."""
    reboot: Literal["skip", "immediate"] = "skip"
    """Whether the guest is restarted afterwards, where the installer asks for it: `skip` leaves that to others."""


class GuestToolsInputs(Bag):
    """Nutanix Guest Tools (NGT) of one machine: enabled, for what, their disc, and whether they are installed.

    The machine is somebody else's: nothing of it can carry an owner mark of ours, so one machine has one such resource.
    Members of a pool have `guestTools` of the pool.
    """

    name: Annotated[str, StringConstraints(min_length=1), Facts(Change.RECORDED, filled=True)]
    """What messages call it. Default: the name of the resource."""
    vm: Annotated[str, StringConstraints(min_length=1), REPLACES]
    """UUID of the machine."""
    enabled: bool = True
    """Whether Prism talks to the tools."""
    capabilities: list[Capability] | None = None
    """What they are enabled for. Default: what they are enabled for already."""
    mount: bool | None = None
    """Whether their disc, with a certificate for this machine, is in a drive. With `true`, it may go once the tools
    answer: Prism takes it out after an installation. Default: left to others."""
    install: Annotated[
        GuestToolsInstall | None, Facts(element=Support("refused", "has no call that installs them in the guest"))
    ] = None
    """Installs them inside the running guest, where they are not installed."""
    wait_until_reachable: bool = False
    """Whether a run waits until they answer."""
    on_delete: Annotated[Literal["disable", "keep", "uninstall"], RECORDED] = "disable"
    """What happens to them when the resource is deleted: `disable` them and take the disc out that `mount` put in,
    `keep` everything as it is, or `uninstall` them inside the guest, which has to be running."""
    timeout: Annotated[int, Field(ge=60, le=86400), RECORDED] = 1800
    """Seconds that one step may take: an installation, and the wait for an answer."""
    connection: Annotated[str | None, REPLACES] = None
    """Name of a connection of `ahv:connections`. Default: the connection of `ahv:endpoint`."""

    @field_validator("capabilities", mode="after")
    @classmethod
    def _of_enabled_tools(cls, capabilities: list[Capability] | None, info: ValidationInfo) -> list[Capability] | None:
        if capabilities and info.data.get("enabled") is False:
            raise ValueError("tools that are not enabled have none")
        return capabilities

    @field_validator("wait_until_reachable")
    @classmethod
    def _of_tools_that_can_answer(cls, wait: bool, info: ValidationInfo) -> bool:  # noqa: FBT001 - pydantic's form
        if wait and info.data.get("enabled") is False:
            raise ValueError("tools that are not enabled never answer")
        return wait


class GuestToolsOutputs(Bag):
    """What Prism tells of them."""

    installed: bool
    """Whether they are installed in the guest."""
    reachable: bool
    """Whether they answer Prism."""
    version: str
    """Version that is installed; empty where there is none."""
    available_version: str
    """Version that Prism has."""
    iso_mounted: bool
    """Whether their disc is in a drive."""
