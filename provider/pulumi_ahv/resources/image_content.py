"""The content of an image: what identifies it, whether Prism can take it, and how to read it.

The identity decides whether an image is replaced: the SHA-256 of a local file, the entity tag or version of an object
in S3, the address that Prism fetches from, the disk that it copies.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pulumi_ahv.kernel.errors import InputError
from pulumi_ahv.prism.values import ImageSource, StreamSource, UrlSource, VmDiskSource
from pulumi_ahv.resources.sources.digests import Digests
from pulumi_ahv.resources.sources.files import inspect_file
from pulumi_ahv.resources.sources.s3 import inspect_object, open_object
from pulumi_ahv.resources.sources.s3_places import S3Location
from pulumi_ahv.resources.sources.streams import CheckedReader
from pulumi_ahv.schema import image as declared


@dataclass(frozen=True)
class Content:
    """What is known of the content before anything is made of it. ``source`` is how Prism gets it."""

    identity: str
    source: ImageSource
    format: str = ""
    sha256: str = ""


def content_of(
    source: declared.ImageSource, checksum: declared.ImageChecksum | None, kind: str, digests: Digests
) -> Content:
    """Inspect a source. Reads the file, or asks S3; tells Prism nothing.

    Raises:
        InputError: it is not there, Prism cannot take it, or it is not what ``checksum`` says.
    """
    if source.path is not None:
        return _of_file(source.path, checksum, kind, digests)
    if source.s3 is not None:
        return _of_object(source.s3, checksum, kind)
    if source.url is not None:
        digest = next((value for value in (checksum.sha256, checksum.sha1) if value), "") if checksum else ""
        identity = f"url:{source.url}#{digest.lower()}" if digest else f"url:{source.url}"
        return Content(identity, UrlSource(source.url, insecure=bool(source.insecure)))
    return Content(f"vmDisk:{source.vm_disk}", VmDiskSource(source.vm_disk or ""))


def same_file_without_it(
    source: declared.ImageSource, checksum: declared.ImageChecksum | None, identity: str | None
) -> bool:
    """Whether a missing file need not be there: its checksum is given, and is that of the image that exists."""
    return (
        source.path is not None
        and not Path(source.path).exists()
        and checksum is not None
        and checksum.sha256 is not None
        and identity == f"sha256:{checksum.sha256.lower()}"
    )


def _of_file(path: str, checksum: declared.ImageChecksum | None, kind: str, digests: Digests) -> Content:
    wants_sha1 = checksum is not None and checksum.sha1 is not None
    facts = inspect_file(path, path_property="source.path", kind=kind, digests=digests, sha1=wants_sha1)
    if checksum:
        _compare("sha256", checksum.sha256, facts.sha256, path)
        _compare("sha1", checksum.sha1, facts.sha1, path)

    def reader() -> BinaryIO:
        opened = Path(path).open("rb")  # noqa: SIM115 - closed by whoever uploads it
        return CheckedReader(opened, size=facts.size, sha256=facts.sha256, path_property="source.path")

    source = StreamSource(reader, facts.size)
    return Content(f"sha256:{facts.sha256}", source, format=facts.format, sha256=facts.sha256)


def _of_object(place: declared.S3Object, checksum: declared.ImageChecksum | None, kind: str) -> Content:
    location = S3Location(
        bucket=place.bucket,
        key=place.key,
        version_id=place.version_id or "",
        region=place.region or "",
        endpoint=place.endpoint or "",
        profile=place.profile or "",
    )
    facts = inspect_object(location, path_property="source.s3", kind=kind)
    if checksum and facts.sha256:
        _compare("sha256", checksum.sha256, facts.sha256, f"s3://{place.bucket}/{place.key}")
    version = facts.version_id or facts.etag
    source = StreamSource(open_object(location, facts), facts.size)
    identity = f"s3:{place.bucket}/{place.key}@{version}"
    return Content(identity, source, format=facts.format, sha256=facts.sha256)


def _compare(algorithm: str, wanted: str | None, found: str, what: str) -> None:
    if wanted is not None and wanted.lower() != found.lower():
        raise InputError(
            f"checksum.{algorithm}",
            f"{what} has {algorithm} {found.lower()}, not {wanted.lower()}",
            advice="Fetch the file again, or correct the checksum if this file is the one you want.",
        )
