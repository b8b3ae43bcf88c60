from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from pulumi_ahv.simulator.chunked import BrokenBody, ChunkedBody

BODY = b"5;chunk-signature=abc\r\nhello\r\n6\r\n world\r\n0\r\nx-amz-checksum-crc32: AAAA\r\n\r\n"


async def _sliced(body: bytes, size: int) -> AsyncIterator[bytes]:
    for at in range(0, len(body), size):
        yield body[at : at + size]


def read(body: bytes, size: int) -> tuple[bytes, dict[str, str]]:
    async def whole() -> tuple[bytes, dict[str, str]]:
        chunked = ChunkedBody(_sliced(body, size))
        data = b"".join([piece async for piece in chunked.pieces()])
        return data, chunked.trailers

    return asyncio.run(whole())


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
def test_data_and_trailers_come_out_however_the_stream_is_cut(size: int) -> None:
    assert read(BODY, size) == (b"hello world", {"x-amz-checksum-crc32": "AAAA"})


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (BODY[:25], "ends inside a chunk"),
        (BODY[:3], "ends inside a chunk header"),
        (b"x\r\nhello", "no size"),
        (b"3\r\nhello\r\n0\r\n\r\n", "longer than it says"),
        (b"1" * 5000, "header is too long"),
    ],
)
def test_a_broken_stream_is_told(body: bytes, reason: str) -> None:
    with pytest.raises(BrokenBody, match=reason):
        read(body, 1000)
