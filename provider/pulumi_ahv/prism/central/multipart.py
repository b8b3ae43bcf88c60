"""An upload in parts through an S3 client, of which only a few are held in memory.

boto3 has one of its own (``s3transfer``), which was measured to hold about twice as much as it is told: 62 MiB above
idle for 2 GiB in parts of 5 MiB, two at a time, where this takes 50; 24 of either are the libraries. Tries of a single
part are the client's business.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, BinaryIO

from pulumi_ahv.prism.streams import pieces

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

_MIB = 1024 * 1024
_SMALLEST_PART = 5 * _MIB  # S3's own limit; the last part may be smaller
_MOST_PARTS = 9_000  # of S3's 10 000
_AT_ONCE = 2


@dataclass(frozen=True)
class Place:
    """Where an object goes."""

    client: S3Client
    bucket: str
    key: str


def upload(place: Place, stream: BinaryIO, size: int, *, sent: Callable[[int], None]) -> None:
    """Send a stream of ``size`` bytes; ``sent`` is told each part's bytes, and may raise to end the upload.

    A small stream goes in one call. What was begun and not completed is taken back.
    """
    part = part_size(size)
    parts = pieces(stream, part)
    if size >= part:
        _in_parts(place, parts, sent)
        return
    whole = next(parts, b"")
    place.client.put_object(Bucket=place.bucket, Key=place.key, Body=whole)
    sent(len(whole))


def part_size(size: int) -> int:
    """Bytes of one part: the smallest that S3 takes, or as many as keep the whole within the number of parts."""
    return max(_SMALLEST_PART, ceil(size / _MOST_PARTS / _MIB) * _MIB)


def _in_parts(place: Place, parts: Iterator[bytes], sent: Callable[[int], None]) -> None:
    client, bucket, key = place.client, place.bucket, place.key
    ticket = client.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]

    def send(number: int, piece: bytes) -> tuple[CompletedPartTypeDef, int]:
        answer = client.upload_part(Bucket=bucket, Key=key, UploadId=ticket, PartNumber=number, Body=piece)
        return {"PartNumber": number, "ETag": answer["ETag"]}, len(piece)

    try:
        done = list(_side_by_side(send, parts, sent))
        client.complete_multipart_upload(Bucket=bucket, Key=key, UploadId=ticket, MultipartUpload={"Parts": done})
    except BaseException:
        with suppress(Exception):  # the first error counts; parts that stay are swept by the store
            client.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=ticket)
        raise


def _side_by_side(
    send: Callable[[int, bytes], tuple[CompletedPartTypeDef, int]], parts: Iterator[bytes], sent: Callable[[int], None]
) -> Iterator[CompletedPartTypeDef]:
    """Send parts, a few at a time, and answer for each in order."""
    under_way: deque[Future[tuple[CompletedPartTypeDef, int]]] = deque()
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        number = 0
        for piece in parts:
            number += 1  # noqa: SIM113 - enumerate would hold on to a piece that is sent already
            under_way.append(pool.submit(send, number, piece))
            del piece
            if len(under_way) >= _AT_ONCE:
                done, count = under_way.popleft().result()
                sent(count)
                yield done
        for future in under_way:
            done, count = future.result()
            sent(count)
            yield done
