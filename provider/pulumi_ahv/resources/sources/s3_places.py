"""Where an object in S3 lies, and what is known of it: values that ``s3`` and its workers share."""

from __future__ import annotations

from dataclasses import dataclass

from pulumi_ahv.kernel.secrets import Secret


@dataclass(frozen=True)
class S3Location:
    """Where an object lies and how to get at it.

    Empty fields are filled by AWS's own rules: region and credentials from its configuration files, variables or role;
    ``endpoint`` is AWS. ``access_key`` goes with ``secret_key`` and before ``profile``.
    """

    bucket: str
    key: str
    version_id: str = ""
    region: str = ""
    endpoint: str = ""
    profile: str = ""
    access_key: str = ""
    secret_key: Secret | None = None


@dataclass(frozen=True)
class S3Facts:
    """An object that can become an image.

    ``sha256`` is known where S3 carries a checksum of the whole object or the object has metadata ``sha256``; otherwise
    empty. ``etag`` and ``version_id`` pin the content that was looked at.
    """

    size: int
    etag: str
    version_id: str
    format: str
    sha256: str
