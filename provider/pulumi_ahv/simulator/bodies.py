"""Streams the body of an upload to a file of its own and holds it against every checksum that came with it."""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Protocol

from starlette.requests import Request

from pulumi_ahv.simulator.chunked import BrokenBody, ChunkedBody
from pulumi_ahv.simulator.site import Site

_BUFFER = 1 << 20


class S3Error(Exception):
    """S3's way to say no."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class _Digest(Protocol):
    def update(self, data: bytes, /) -> object: ...

    def digest(self) -> bytes: ...


class _Crc32:
    def __init__(self) -> None:
        self._value = 0

    def update(self, data: bytes, /) -> None:
        self._value = zlib.crc32(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(4, "big")


async def receive(site: Site, request: Request) -> tuple[str, int]:
    """The name of the file and its size.

    Raises:
        BrokenBody: the body ends early or is framed wrongly.
        S3Error: a checksum is not the announced one.
    """
    content = f"{site.new_id()}.object"
    path = site.store.disks / content
    chunked = ChunkedBody(request.stream()) if _is_chunked(request) else None
    checks = _digests(request)
    try:
        size = await _write(
            chunked.pieces() if chunked else request.stream(), path, [each for _, each in checks.values()]
        )
        _compare(request, checks, chunked.trailers if chunked else {}, size)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return content, size


async def _write(pieces: AsyncIterator[bytes], path: Path, digests: list[_Digest]) -> int:
    size, waiting = 0, bytearray()
    with path.open("wb", buffering=0) as file:
        async for piece in pieces:
            waiting += piece
            for digest in digests:
                digest.update(piece)
            if len(waiting) >= _BUFFER:
                size += file.write(waiting)
                waiting.clear()
        size += file.write(waiting)
    return size


def _is_chunked(request: Request) -> bool:
    return request.headers.get("x-amz-content-sha256", "").startswith("STREAMING-")


def _digests(request: Request) -> dict[str, tuple[str, _Digest]]:
    """The digests to take by the name of what they prove, with what is expected where that is known already."""
    headers = request.headers
    makers: dict[str, Any] = {
        "content-md5": lambda: hashlib.md5(usedforsecurity=False),
        "x-amz-checksum-crc32": _Crc32,
        "x-amz-checksum-sha1": lambda: hashlib.sha1(usedforsecurity=False),
        "x-amz-checksum-sha256": hashlib.sha256,
    }
    named = [name.strip().lower() for name in headers.get("x-amz-trailer", "").split(",")]
    checks = {
        name: (headers.get(name, ""), make()) for name, make in makers.items() if name in headers or name in named
    }
    payload = headers.get("x-amz-content-sha256", "")
    if len(payload) == 64:
        checks["payload"] = (base64.b64encode(bytes.fromhex(payload)).decode(), hashlib.sha256())
    return checks


def _compare(request: Request, checks: dict[str, tuple[str, _Digest]], trailers: dict[str, str], size: int) -> None:
    declared = request.headers.get("x-amz-decoded-content-length", "") or request.headers.get("content-length", "")
    if declared and int(declared) != size:
        raise BrokenBody(f"{declared} bytes were announced, {size} came")
    for name, (expected, digest) in checks.items():
        if base64.b64encode(digest.digest()).decode() != (expected or trailers.get(name, "")):
            code = "XAmzContentSHA256Mismatch" if name == "payload" else "BadDigest"
            raise S3Error(400, code, f"The {name} of the body is not the announced one.")
