"""What can be looked up: what each lookup takes, and what it answers."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints

from pulumi_ahv.schema.fields import Bag, Facts
from pulumi_ahv.schema.pool import PoolPayload
from pulumi_ahv.schema.template_vm import TemplateVersionInfo

Text = Annotated[str, StringConstraints(min_length=1)]


class Found(Bag):
    """What a lookup answers. The provider makes it, and programs read it under the names of Python."""

    model_config = ConfigDict(populate_by_name=True)


class GetClusterArgs(Bag):
    """Look a cluster up.

    Without a name it is the cluster that the connection names, or the only one there is.
    """

    name: Text | None = None
    """Name or UUID. Default: the cluster of the connection, or the only one."""
    connection: str | None = None
    """Name of a connection of `ahv:connections`. Default: the connection of `ahv:endpoint`."""


class GetClusterResult(Found):
    """A cluster."""

    uuid: str
    """UUID of the cluster."""
    name: str
    """Name of the cluster."""


class GetSubnetArgs(Bag):
    """Look a subnet up.

    Subnets of different clusters may have the same name: `cluster` tells them apart.
    """

    name: Text
    """Name or UUID."""
    cluster: Text | None = None
    """Only subnets of this cluster, by name or UUID. Default: all that the account may see."""
    connection: str | None = None
    """Name of a connection of `ahv:connections`. Default: the connection of `ahv:endpoint`."""


class GetSubnetResult(Found):
    """A subnet."""

    uuid: str
    """UUID of the subnet."""
    name: str
    """Name of the subnet."""
    managed: bool
    """Whether Prism hands out its addresses (IPAM)."""
    cluster_uuids: list[str]
    """UUIDs of its clusters; empty where it belongs to none."""


class GetStorageContainerArgs(Bag):
    """Look a storage container up.

    Each cluster has containers of the same names: `cluster` tells them apart.
    """

    name: Text
    """Name or UUID."""
    cluster: Text | None = None
    """Only containers of this cluster, by name or UUID. Default: that of the connection, if it names one, else all."""
    connection: str | None = None
    """Name of a connection of `ahv:connections`. Default: the connection of `ahv:endpoint`."""


class GetStorageContainerResult(Found):
    """A storage container."""

    uuid: str
    """UUID of the storage container."""
    name: str
    """Name of the storage container."""
    cluster_uuid: str
    """UUID of its cluster."""


class GetImageArgs(Bag):
    """Look an image up, whoever made it."""

    name: Text
    """Name or UUID."""
    type: Literal["disk", "iso"] | None = None
    """Only images of this type. Default: both."""
    connection: str | None = None
    """Name of a connection of `ahv:connections`. Default: the connection of `ahv:endpoint`."""


class GetImageResult(Found):
    """An image."""

    uuid: str
    """UUID of the image."""
    name: str
    """Name of the image."""
    description: str
    """Description of the image, without an owner mark."""
    type: str
    """`disk` or `iso`."""
    size_bytes: int
    """Size of the image in bytes; 0 while Prism has not worked it out."""
    cluster_uuids: list[str]
    """UUIDs of the clusters that the image lies on."""
    vm_disk_uuid: str | None = None
    """UUID of the disk that clones are made from. Prism Element only."""
    owner: str | None = None
    """Project, stack and resource that manage the image, if it carries their mark."""


class GetTemplateArgs(Bag):
    """Look a template up, whoever made it."""

    name: Text
    """Name or UUID."""
    connection: str | None = None
    """Name of a connection of `ahv:connections`. Default: the connection of `ahv:endpoint`."""


class GetTemplateResult(Found):
    """A template."""

    uuid: str
    """UUID of the template."""
    name: str
    """Name of the template."""
    description: str
    """Description of the template, without an owner mark."""
    active_version: str
    """Name of the active version."""
    version_id: str
    """UUID of the active version."""
    versions: list[TemplateVersionInfo]
    """All versions, the newest first."""
    owner: str | None = None
    """Project, stack and resource that manage the template, if it carries their mark."""


class GetCategoryArgs(Bag):
    """Look a category up. Prism Central only: an Element has none."""

    key: Text
    """Key of the category."""
    value: Text
    """Value of the category."""
    connection: str | None = None
    """Name of a connection of `ahv:connections`. Default: the connection of `ahv:endpoint`."""


class GetCategoryResult(Found):
    """A category."""

    uuid: str
    """UUID of the category."""
    name: str
    """`Key:Value`, as resources take it in `categories`."""


class RenderPayloadArgs(Bag):
    """Render a payload for one machine, as a pool does for its members, and say what is wrong with it.

    No Prism is asked.
    """

    payload: PoolPayload
    """The payload, as a pool takes it."""
    name: Text = "member"
    """Name of the machine."""
    slot: Annotated[int, Field(ge=0)] = 0
    """Its slot."""
    member_variables: dict[str, Any] | None = None
    """Variables of this machine. They go over those of the payload."""
    owner: str | None = None
    """Project, stack and name of a pool: with it, `digest` is that of the pool's member, secrets or not."""


class PayloadFinding(Found):
    """Something that is wrong with a payload, or likely to be."""

    severity: str
    """`error` or `warning`."""
    code: str
    """What it is, in a word for machines."""
    file: str
    """Template that it stands in."""
    line: int
    """Line, from 1; 0 where it is not known."""
    column: int
    """Column, from 1; 0 where it is not known."""
    message: str
    """What is wrong."""
    advice: str
    """What to change."""


class RenderPayloadResult(Found):
    """A payload, rendered."""

    files: Annotated[dict[str, str], Facts(secret=True)]
    """Files of the disc by their path; content that is no text is `base64:` and its base64."""
    digest: str
    """Digest of the payload; empty when a template failed."""
    label: str
    """Volume label of the disc."""
    carries_secret: bool
    """Whether a secret stands in any of the files."""
    findings: list[PayloadFinding]
    """Everything that is wrong; a pool refuses a payload with an error among it."""
