"""Bytes at an offset, wherever they lie, and what can be demanded of them.

Format readers know this interface and nothing of files or S3. They read tables in chunks and never more than a fixed
amount, whatever a header claims.
"""

from __future__ import annotations

import io
import sys
from array import array
from collections.abc import Iterator
from typing import Literal, Protocol

CHUNK = 1 << 20


class ByteSource(Protocol):
    """Something of known size that can be read anywhere."""

    @property
    def size(self) -> int:
        """Bytes in all."""
        ...

    def read_at(self, offset: int, length: int) -> bytes:
        """That many bytes from there; fewer where the source ends."""
        ...


class OpenFile:
    """A local file that somebody else opens and closes."""

    def __init__(self, file: io.FileIO, size: int) -> None:
        self._file = file
        self.size = size

    def read_at(self, offset: int, length: int) -> bytes:
        """Read there; an offset beyond the end gives nothing."""
        if offset >= self.size:
            return b""
        self._file.seek(offset)
        return self._file.read(min(length, self.size - offset))


class Unfit(Exception):
    """What was looked at cannot become an image. The entry points turn it into an ``InputError`` with its path."""

    def __init__(self, said: str, advice: str) -> None:
        self.said = said
        self.advice = advice
        super().__init__(said)


def corrupt(said: str) -> Unfit:
    """A header that contradicts itself."""
    return Unfit(said, "Copy or download the file again, and compare its checksum with that of the original.")


def demand(source: ByteSource, end: int, what: str) -> None:
    """Refuse a source that ends before ``end``, where ``what`` was to end."""
    if end > source.size:
        raise corrupt(f"is truncated: {what} ends at byte {end}, the file at byte {source.size}")


def table(
    source: ByteSource, offset: int, count: int, *, code: Literal["I", "Q"], order: Literal["big", "little"]
) -> Iterator[array[int]]:
    """Read ``count`` unsigned numbers of 32 (``I``) or 64 (``Q``) bits, in pieces of at most 1 MiB."""
    width = array(code).itemsize
    left = count * width
    while left > 0:
        data = source.read_at(offset, min(left, CHUNK))
        if len(data) < min(left, CHUNK):
            demand(source, offset + left, "a table")
        numbers = array(code, data)
        if sys.byteorder != order:
            numbers.byteswap()
        yield numbers
        offset += len(data)
        left -= len(data)


def numbered(pieces: Iterator[array[int]]) -> Iterator[tuple[int, int]]:
    """Give every number of a table that is not zero, with its index."""
    first = 0
    for piece in pieces:
        if any(piece):
            for index, number in enumerate(piece, first):
                if number:
                    yield index, number
        first += len(piece)


def highest(pieces: Iterator[array[int]], *, below: int) -> int:
    """Give the largest number of a table that is less than ``below``; -1 where there is none."""
    return max((max((number for number in piece if number < below), default=-1) for piece in pieces), default=-1)
