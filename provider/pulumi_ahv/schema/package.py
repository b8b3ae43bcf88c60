"""What the package as a whole declares: its resources, its lookups and its configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import BaseModel

from pulumi_ahv.schema.fields import Bag, Facts
from pulumi_ahv.schema.guest_tools import GuestToolsInputs, GuestToolsOutputs
from pulumi_ahv.schema.image import ImageInputs, ImageOutputs
from pulumi_ahv.schema.lookups import (
    GetCategoryArgs,
    GetCategoryResult,
    GetClusterArgs,
    GetClusterResult,
    GetImageArgs,
    GetImageResult,
    GetStorageContainerArgs,
    GetStorageContainerResult,
    GetSubnetArgs,
    GetSubnetResult,
    GetTemplateArgs,
    GetTemplateResult,
    RenderPayloadArgs,
    RenderPayloadResult,
)
from pulumi_ahv.schema.pool import PoolInputs, PoolOutputs
from pulumi_ahv.schema.template_vm import TemplateVmInputs, TemplateVmOutputs

NAME: Final = "ahv"


class Config(Bag):
    """How to reach Prism. Credentials never go into state; a variable in brackets is read where the key is not set."""

    endpoint: str | None = None
    """Host name, address or URL of a Prism Central or a Prism Element [`NUTANIX_ENDPOINT`]."""
    port: int | None = None
    """Port [`NUTANIX_PORT`]. Default: 9440."""
    username: str | None = None
    """User name; goes with `password` [`NUTANIX_USERNAME`]."""
    password: Annotated[str | None, Facts(secret=True)] = None
    """Password [`NUTANIX_PASSWORD`]."""
    api_key: Annotated[str | None, Facts(secret=True)] = None
    """API key of a service account, instead of user name and password [`NUTANIX_API_KEY`]."""
    insecure: bool | None = None
    """Whether a certificate that cannot be verified is accepted [`NUTANIX_INSECURE`]. Default: false."""
    ca_bundle: str | None = None
    """File with the certificates of a private authority, PEM [`NUTANIX_CA_BUNDLE`]."""
    proxy: str | None = None
    """URL of a proxy. Without it none is used, whatever the environment says."""
    cluster: str | None = None
    """Name or UUID of the cluster to work on [`NUTANIX_CLUSTER`]."""
    product: str | None = None
    """`central` or `element`, where only that one will do [`NUTANIX_PRODUCT`]. Default: whichever answers."""
    connect_timeout: float | None = None
    """Seconds until a connection has to stand. Default: 10."""
    request_timeout: float | None = None
    """Seconds until one answer has to come. Default: 120."""
    retry_timeout: float | None = None
    """Seconds after which the retries of one call are given up. Default: 120."""
    connections: str | None = None
    """Further connections: a JSON object of names, each an object with the keys above."""


@dataclass(frozen=True)
class Resource:
    """One resource: its name, what goes in and comes out, and the folder of ``examples`` that shows it."""

    name: str
    inputs: type[Bag]
    outputs: type[Bag]
    example: str

    @property
    def token(self) -> str:
        """How Pulumi names the type."""
        return f"{NAME}:index:{self.name}"

    @property
    def doc(self) -> str:
        """What it is, as Markdown."""
        return paragraph(self.inputs)


RESOURCES: Final = (
    Resource("Image", ImageInputs, ImageOutputs, "image-python"),
    Resource("TemplateVm", TemplateVmInputs, TemplateVmOutputs, "template-python"),
    Resource("Pool", PoolInputs, PoolOutputs, "pool-linux-python"),
    Resource("GuestTools", GuestToolsInputs, GuestToolsOutputs, "guest-tools-python"),
)


@dataclass(frozen=True)
class Lookup:
    """One lookup, a function to Pulumi: its name, what goes in and comes out."""

    name: str
    inputs: type[Bag]
    outputs: type[Bag]

    @property
    def token(self) -> str:
        """How Pulumi names the function."""
        return f"{NAME}:index:{self.name}"

    @property
    def python(self) -> str:
        """How Python programs call it."""
        return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in self.name)

    @property
    def doc(self) -> str:
        """What it does, as Markdown."""
        return paragraph(self.inputs)


LOOKUPS: Final = (
    Lookup("getCluster", GetClusterArgs, GetClusterResult),
    Lookup("getSubnet", GetSubnetArgs, GetSubnetResult),
    Lookup("getStorageContainer", GetStorageContainerArgs, GetStorageContainerResult),
    Lookup("getImage", GetImageArgs, GetImageResult),
    Lookup("getTemplate", GetTemplateArgs, GetTemplateResult),
    Lookup("getCategory", GetCategoryArgs, GetCategoryResult),
    Lookup("renderPayload", RenderPayloadArgs, RenderPayloadResult),
)


def paragraph(model: type[BaseModel]) -> str:
    """The docstring of a declaration, without its indentation."""
    lines = (model.__doc__ or "").strip().splitlines()
    return "\n".join(line.strip() for line in lines)
