"""Checks AWS Signature Version 4 on a request, from the published algorithm.

Header signatures only, service ``s3``. Access and secret key are both base64 of ``user:password`` (api-v4, section
4), so the access key may hold slashes. The date is not held against the site's clock: that may stand anywhere.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote

_HEADER = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>.+?), ?SignedHeaders=(?P<headers>[^,]+), ?Signature=(?P<mark>\w+)"
)


class BadSignature(Exception):
    """The request is not signed, or not by the key it names; ``code`` is S3's."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Signed:
    """The parts of a request that a signature covers. ``path`` is raw, as sent."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]


def check(request: Signed, secrets: Mapping[str, str]) -> str:
    """Answer the access key that signed the request; ``secrets`` holds the secret key of each.

    Raises:
        BadSignature: it is missing, malformed, of an unknown key, or wrong.
    """
    match = _HEADER.match(request.headers.get("authorization", ""))
    if match is None:
        raise BadSignature("AccessDenied", "The request carries no AWS4-HMAC-SHA256 signature.")
    parts = match["key"].rsplit("/", 4)
    if len(parts) != 5 or parts[0] not in secrets:
        raise BadSignature("InvalidAccessKeyId", "The access key is not known.")
    key, date, region, service, _ = parts
    scope = f"{date}/{region}/{service}/aws4_request"
    canonical = _canonical(request, match["headers"].split(";"))
    stamp = request.headers.get("x-amz-date", "")
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{digest}"
    signing = f"AWS4{secrets[key]}".encode()
    for part in (date, region, service, "aws4_request"):
        signing = hmac.digest(signing, part.encode(), "sha256")
    if not hmac.compare_digest(hmac.new(signing, text.encode(), "sha256").hexdigest(), match["mark"]):
        raise BadSignature("SignatureDoesNotMatch", "The signature does not match the request.")
    return key


def _canonical(request: Signed, names: list[str]) -> str:
    pairs = [part.partition("=") for part in request.query.split("&") if part]
    coded = sorted((quote(unquote(name), safe="~"), quote(unquote(value), safe="~")) for name, _, value in pairs)
    headers = "".join(f"{name}:{' '.join(request.headers.get(name, '').split())}\n" for name in names)
    payload = request.headers.get("x-amz-content-sha256", "")
    query = "&".join(f"{name}={value}" for name, value in coded)
    return "\n".join([request.method, request.path, query, headers, ";".join(names), payload])
