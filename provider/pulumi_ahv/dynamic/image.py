"""The image, as Python programs write it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypedDict

import pulumi
from pulumi import Input, Output

from pulumi_ahv.dynamic.names import camel_keys
from pulumi_ahv.dynamic.owner import owner_of
from pulumi_ahv.dynamic.provider import AhvProvider
from pulumi_ahv.dynamic.typed import TranslatedResource, output


class S3ObjectArgs(TypedDict, total=False):
    """An object in S3, or in anything that speaks its protocol."""

    bucket: Input[str]
    key: Input[str]
    version_id: Input[str]
    region: Input[str]
    endpoint: Input[str]
    profile: Input[str]


class ImageSourceArgs(TypedDict, total=False):
    """Where the content comes from: exactly one of ``url``, ``path``, ``s3`` and ``vm_disk``."""

    url: Input[str]
    insecure: Input[bool]
    path: Input[str]
    s3: Input[S3ObjectArgs]
    vm_disk: Input[str]


class ImageChecksumArgs(TypedDict, total=False):
    """What the content has to be: exactly one of ``sha256`` and ``sha1``."""

    sha256: Input[str]
    sha1: Input[str]


class Image(TranslatedResource, module="ahv", name="Image"):
    """A disk or CD-ROM image in Prism's image service.

    New content is a new image: it is made before the old one goes, so that what hangs on it can move over. The name,
    the description, the categories and the clusters change in place.

        image = Image("golden", source={"path": "golden.qcow2"}, categories=["Environment:Testing"])
        pulumi.export("image", image.id)

    Wire other resources to ``image.id``: it stays known while a change of the image is previewed.
    """

    def __init__(
        self,
        resource_name: str,
        *,
        source: Input[ImageSourceArgs],
        name: Input[str] | None = None,
        description: Input[str] | None = None,
        type: Input[Literal["disk", "iso"]] | None = None,  # noqa: A002 - Prism's word for it
        checksum: Input[ImageChecksumArgs] | None = None,
        clusters: Input[Sequence[Input[str]]] | None = None,
        storage_container: Input[str] | None = None,
        categories: Input[Sequence[Input[str]]] | None = None,
        on_name_conflict: Input[Literal["fail", "adopt", "allow"]] | None = None,
        timeout: Input[int] | None = None,
        connection: Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare an image.

        Args:
            resource_name: Name of the resource in the program.
            source: Where the content comes from: exactly one of ``url``, ``path``, ``s3`` and ``vm_disk``.
            name: Name in Prism. Default: the name of the resource.
            description: Description in Prism. The provider adds its owner mark below it.
            type: What the image is for: ``disk`` (default) or ``iso``.
            checksum: What the content has to be: ``{"sha256": ...}`` or ``{"sha1": ...}``.
            clusters: Clusters to place the image on, by name or UUID. Default: Prism places it.
            storage_container: Storage container to keep it in. Prism Element only.
            categories: Categories as ``Key:Value``. They have to exist. Prism Central only.
            on_name_conflict: When another image has this name: ``fail`` (default), ``adopt`` it, or ``allow`` both.
            timeout: Seconds that Prism may take to bring the content in. Default: 7200.
            connection: Name of a connection of ``ahv:connections``. Default: the connection of ``ahv:endpoint``.
            opts: Options that any Pulumi resource takes.
        """
        given: dict[str, Any] = {
            "name": resource_name if name is None else name,
            "description": description,
            "type": type,
            "source": camel_keys(source),
            "checksum": camel_keys(checksum),
            "clusters": clusters,
            "storage_container": storage_container,
            "categories": categories,
            "on_name_conflict": on_name_conflict,
            "timeout": timeout,
            "connection": connection,
            "owner": owner_of(resource_name, opts),
        }
        outputs = dict.fromkeys(
            ("content", "uuid", "size_bytes", "format", "sha256", "vm_disk_uuid", "cluster_uuids", "claim")
        )
        super().__init__(AhvProvider("Image"), resource_name, {**given, **outputs}, opts)

    @property
    @pulumi.getter
    def name(self) -> Output[str]:
        """Name in Prism."""
        return output(self, "name")

    @property
    @pulumi.getter
    def uuid(self) -> Output[str]:
        """UUID of the image; also the resource's id, which stays known in more previews."""
        return output(self, "uuid")

    @property
    @pulumi.getter(name="sizeBytes")
    def size_bytes(self) -> Output[int]:
        """Size of the image in Prism, in bytes."""
        return output(self, "size_bytes")

    @property
    @pulumi.getter
    def format(self) -> Output[str | None]:
        """Format of the source file, by its content."""
        return output(self, "format")

    @property
    @pulumi.getter
    def sha256(self) -> Output[str | None]:
        """SHA-256 of the source file, where it is known."""
        return output(self, "sha256")

    @property
    @pulumi.getter(name="vmDiskUuid")
    def vm_disk_uuid(self) -> Output[str | None]:
        """UUID of the disk that clones are made from. Prism Element only."""
        return output(self, "vm_disk_uuid")

    @property
    @pulumi.getter(name="clusterUuids")
    def cluster_uuids(self) -> Output[Sequence[str]]:
        """UUIDs of the clusters that the image lies on."""
        return output(self, "cluster_uuids")
