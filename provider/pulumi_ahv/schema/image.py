"""What can be said of an image."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints, field_validator, model_validator

from pulumi_ahv.schema.fields import RECORDED, REPLACES, Bag, Change, Facts, Support

MAX_NAME = 256
MAX_DESCRIPTION = 800  # Prism takes 1000 characters; the rest is for the owner mark


def _written(pattern: str, wanted: str) -> AfterValidator:
    """Hold a text to a pattern, and say in words what is wanted: a pattern tells a reader little."""

    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(f"is not {wanted}")  # without the value: an address may hold a password
        return value

    return AfterValidator(check)


HexDigest = Annotated[str, _written(r"[0-9a-fA-F]+", "hexadecimal")]


class S3Object(Bag):
    """An object in S3, or in anything that speaks its protocol. It is streamed through; no copy is kept on disk."""

    bucket: str
    """Name of the bucket."""
    key: str
    """Key of the object."""
    version_id: str | None = None
    """Version of the object. Without it, the newest one."""
    region: str | None = None
    """Region of the bucket. Default: what the AWS configuration of this machine says."""
    endpoint: str | None = None
    """Address of an S3 service other than AWS, for example `https://objects.example.com`."""
    profile: str | None = None
    """Profile of the AWS configuration to take credentials from. Default: the usual chain of AWS."""


class ImageSource(Bag):
    """Where the content of an image comes from: exactly one of `url`, `path`, `s3` and `vmDisk`."""

    url: Annotated[str, _written(r"(https?|nfs)://\S+", "an address that begins with http, https or nfs")] | None = None
    """Address that Prism fetches the image from by itself: `http`, `https` or `nfs`."""
    insecure: Annotated[
        bool | None, Facts(element=Support("refused", "verifies the certificate of a server always"))
    ] = None
    """With `url`: whether Prism may take it from a server whose certificate it cannot verify. Default: false."""
    path: str | None = None
    """Path of a local file, relative to the program. It is checked, then streamed in constant memory."""
    s3: S3Object | None = None
    """Object in S3."""
    vm_disk: str | None = None
    """UUID of a disk of a virtual machine."""

    @model_validator(mode="before")
    @classmethod
    def _one_of(cls, bag: Any) -> Any:
        if not isinstance(bag, dict):
            return bag
        given = [name for name in ("url", "path", "s3", "vmDisk") if bag.get(name) is not None]
        if len(given) != 1:
            said = f"{' and '.join(given)} are given together" if given else "none is given"
            raise ValueError(f"takes exactly one of url, path, s3 and vmDisk: {said}")
        if bag.get("insecure") is not None and "url" not in given:
            raise ValueError("insecure goes with url only")
        return bag


class ImageChecksum(Bag):
    """What the content has to be. A local file is checked before any call, all else by Prism after the download."""

    sha256: Annotated[HexDigest, StringConstraints(min_length=64, max_length=64)] | None = None
    """SHA-256 of the file, 64 hexadecimal digits."""
    sha1: Annotated[HexDigest, StringConstraints(min_length=40, max_length=40)] | None = None
    """SHA-1 of the file, 40 hexadecimal digits."""

    @model_validator(mode="before")
    @classmethod
    def _one_of(cls, bag: Any) -> Any:
        if isinstance(bag, dict) and sum(bag.get(name) is not None for name in ("sha256", "sha1")) != 1:
            raise ValueError("takes exactly one of sha256 and sha1")
        return bag


Category = Annotated[
    str, _written(r"[^:]{1,64}:[^:]{1,64}", "a category. Write its key and its value: 'Environment:Testing'")
]


class ImageInputs(Bag):
    """A disk or CD-ROM image in Prism's image service.

    New content is a new image: it is made before the old one goes, so that what hangs on it can move over. The name,
    the description, the categories and the clusters change in place.
    """

    name: Annotated[str, StringConstraints(min_length=1, max_length=MAX_NAME), Facts(filled=True)]
    """Name in Prism. Default: the name of the resource."""
    description: Annotated[str, StringConstraints(max_length=MAX_DESCRIPTION)] | None = None
    """Description in Prism. The provider adds its owner mark below it."""
    type: Annotated[Literal["disk", "iso"], REPLACES] = "disk"
    """What the image is for: `disk` or `iso`."""
    source: Annotated[ImageSource, Field(), RECORDED]
    """Where the content comes from. A new address of the same content changes nothing; see `content`."""
    checksum: Annotated[ImageChecksum | None, RECORDED] = None
    """What the content has to be."""
    clusters: list[str] | None = None
    """Clusters to place the image on, by name or UUID. Default: Prism places it."""
    storage_container: Annotated[
        str | None, Facts(Change.REPLACES, central=Support("refused", "chooses the container of an image by itself"))
    ] = None
    """Storage container to keep it in, by name or UUID. Default: Prism's own place for images. Prism Element only."""
    categories: Annotated[list[Category] | None, Facts(element=Support("ignored", "has no categories"))] = None
    """Categories as `Key:Value`. They have to exist. Prism Central only."""
    on_name_conflict: Annotated[Literal["fail", "adopt", "allow"], RECORDED] = "fail"
    """What to do when another image has this name: `fail`, `adopt` it and manage it from now on, or `allow` both."""
    timeout: Annotated[int, Field(ge=60, le=7 * 86400), RECORDED] = 7200
    """Seconds that Prism may take to bring the content in."""
    connection: Annotated[str | None, REPLACES] = None
    """Name of a connection of `ahv:connections`. Default: the connection of `ahv:endpoint`."""
    owner: Annotated[str, Facts(Change.IN_PLACE, computed=True)]
    """Project, stack and resource that the image belongs to: the mark it carries in Prism."""
    content: Annotated[str | None, Facts(Change.REPLACES, computed=True)] = None
    """What identifies the content: `sha256:…` of a local file, else the source and its version."""

    @field_validator("name")
    @classmethod
    def _no_edges(cls, name: str) -> str:
        if name != name.strip():
            raise ValueError("begins or ends with a blank")
        return name


class ImageOutputs(Bag):
    """What Prism tells of the image."""

    uuid: str
    """UUID of the image; also the resource's id."""
    size_bytes: int
    """Size of the image in Prism, in bytes."""
    format: str | None = None
    """Format of the source file, by its content: `qcow2`, `vmdk`, `vhd`, `vhdx`, `vdi`, `raw` or `iso`."""
    sha256: str | None = None
    """SHA-256 of the source file, where it is known."""
    vm_disk_uuid: str | None = None
    """UUID of the disk that clones are made from. Prism Element only."""
    cluster_uuids: list[str]
    """UUIDs of the clusters that the image lies on."""
    claim: str
    """The claim that this resource has on the image. Whoever adopts the image renews it."""
