"""The S3 side of ``s3``: ranged reads of one object, and a reader that survives dropped connections.

A HEAD answers errors without a body, so a 403 or 404 tells nothing; then the first byte is asked for, whose error has a
code (AWS API reference, HeadObject). Connecting is retried by botocore with its own back-off. A body that breaks off is
continued by Range with If-Match, which S3 answers with 412 when the object is another by now.
"""

from __future__ import annotations

import base64
import io
import re
from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO, NotRequired, TypedDict

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, IncompleteReadError

from pulumi_ahv.kernel.errors import InputError
from pulumi_ahv.resources.sources.inspection import inspect_content
from pulumi_ahv.resources.sources.reading import Unfit
from pulumi_ahv.resources.sources.s3_errors import address, explain
from pulumi_ahv.resources.sources.s3_places import S3Facts, S3Location
from pulumi_ahv.resources.sources.streams import BLOCK, Pulled

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import HeadObjectOutputTypeDef

    class _Request(TypedDict):
        Bucket: str
        Key: str
        VersionId: NotRequired[str]


_HEX = re.compile(r"[0-9a-f]{64}")
_DROPS = 5  # connections in a row that may break without a single byte


def inspect(location: S3Location, *, path_property: str, kind: str) -> S3Facts:
    """See ``s3.inspect_object``."""
    try:
        client = _connect(location, retries=1)
        head = _head(client, location)
        remote = _RemoteObject(client, location, size=head["ContentLength"], etag=head["ETag"])
        content = inspect_content(remote, kind=kind, deep=False)
    except Unfit as unfit:
        raise InputError(path_property, f"{address(location)} {unfit.said}", advice=unfit.advice) from unfit
    except (BotoCoreError, ClientError, ValueError) as error:
        raise explain(error, location, path_property) from error
    version = head.get("VersionId", "")
    return S3Facts(remote.size, remote.etag, "" if version == "null" else version, content.format, _sha256(head))


def open_reader(location: S3Location, facts: S3Facts, *, path_property: str) -> BinaryIO:
    """See ``s3.open_object``."""
    pinned = replace(location, version_id=facts.version_id or location.version_id)
    reader = _Resuming(pinned, facts, path_property)
    return io.BufferedReader(Pulled(reader.pull, reader.close), BLOCK)


def _connect(location: S3Location, *, retries: int) -> S3Client:
    session = boto3.Session(
        aws_access_key_id=location.access_key or None,
        aws_secret_access_key=location.secret_key.reveal() if location.secret_key else None,
        region_name=location.region or None,
        profile_name=None if location.access_key else location.profile or None,
    )
    config = Config(
        connect_timeout=10,
        read_timeout=60,
        retries={"mode": "standard", "max_attempts": retries},
        s3={"addressing_style": "path" if location.endpoint else "auto"},
        response_checksum_validation="when_required",
    )
    return session.client("s3", endpoint_url=location.endpoint or None, config=config)


def _head(client: S3Client, location: S3Location) -> HeadObjectOutputTypeDef:
    try:
        return client.head_object(**_request(location), ChecksumMode="ENABLED")
    except ClientError:
        client.get_object(**_request(location), Range="bytes=0-0")["Body"].close()
        raise


def _request(location: S3Location) -> _Request:
    request: _Request = {"Bucket": location.bucket, "Key": location.key}
    if location.version_id:
        request["VersionId"] = location.version_id
    return request


def _sha256(head: HeadObjectOutputTypeDef) -> str:
    """Digest of the whole object; the checksum of a multipart upload is one of the parts' checksums and no use."""
    value = head.get("ChecksumSHA256", "")
    if value and "-" not in value and head.get("ChecksumType", "FULL_OBJECT") == "FULL_OBJECT":
        return base64.b64decode(value).hex()
    noted = head.get("Metadata", {}).get("sha256", "").lower()
    return noted if _HEX.fullmatch(noted) else ""


class _RemoteObject:
    """An object at offsets: the ``ByteSource`` of inspections. Its first bytes are kept, most reads go there."""

    def __init__(self, client: S3Client, location: S3Location, *, size: int, etag: str) -> None:
        self._client = client
        self._location = location
        self._head = b""
        self.size = size
        self.etag = etag

    def read_at(self, offset: int, length: int) -> bytes:
        """Ranged read; an offset beyond the end gives nothing."""
        end = min(offset + length, self.size)
        if offset >= end:
            return b""
        if end <= len(self._head):
            return self._head[offset:end]
        with self.stream(offset, end) as body:
            data = body.read()
        if offset == 0 and not self._head:
            self._head = data
        return data

    def stream(self, offset: int, end: int) -> StreamingBody:
        """Open the bytes from ``offset`` to before ``end`` of the very content whose ETag is known."""
        span = f"bytes={offset}-{end - 1}"
        return self._client.get_object(**_request(self._location), Range=span, IfMatch=self.etag)["Body"]


class _Resuming:
    """Gives the bytes of an object in order, over as many connections as it takes."""

    def __init__(self, location: S3Location, facts: S3Facts, path_property: str) -> None:
        self._location = location
        self._path_property = path_property
        self._remote = _RemoteObject(_connect(location, retries=3), location, size=facts.size, etag=facts.etag)
        self._body: StreamingBody | None = None
        self._position = 0

    def pull(self, limit: int) -> bytes:
        """Give at most ``limit`` next bytes; none at the end only."""
        drops = 0
        while left := self._remote.size - self._position:
            try:
                data = self._read(min(limit, left))
            except ClientError as error:
                raise explain(error, self._location, self._path_property) from error
            except BotoCoreError as error:
                self.close()
                drops += 1
                if drops == _DROPS:
                    raise explain(error, self._location, self._path_property) from error
            else:
                self._position += len(data)
                return data
        return b""

    def _read(self, length: int) -> bytes:
        if self._body is None:
            self._body = self._remote.stream(self._position, self._remote.size)
        data = self._body.read(length)
        if not data:
            raise IncompleteReadError(actual_bytes=self._position, expected_bytes=self._remote.size)
        return data

    def close(self) -> None:
        """Close the connection, if one is open."""
        if self._body is not None:
            self._body.close()
            self._body = None
