"""Writes raw disks with holes where there are only zeros, and reads source files without surprises."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import BinaryIO, Self

_BLOCK = 64 * 1024
_ZEROS = bytes(_BLOCK)


class DiskError(Exception):
    """A disk image that cannot, or must not, be converted."""


class Source:
    """A file that is read at offsets, and is an error where it ends too early."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self.size = size

    def read(self, offset: int, length: int, what: str) -> bytes:
        """Exactly ``length`` bytes at ``offset``.

        Raises:
            DiskError: the file ends before them.
        """
        if offset < 0 or length < 0 or offset + length > self.size:
            raise DiskError(f"the file is truncated: {what} lies behind its end")
        self._file.seek(offset)
        data = self._file.read(length)
        if len(data) != length:
            raise DiskError(f"the file is truncated in {what}")
        return data

    def read_some(self, offset: int, length: int) -> bytes:
        """Up to ``length`` bytes at ``offset``, fewer at the end of the file."""
        self._file.seek(min(offset, self.size))
        return self._file.read(max(0, min(length, self.size - offset)))


class Target:
    """A raw disk of a fixed size that is being filled. Counts the bytes that are not zero."""

    def __init__(self, path: Path, size: int, stop: threading.Event) -> None:
        self._path = path
        self._stop = stop
        self.size = size
        self.used = 0

    def __enter__(self) -> Self:
        self._file = self._path.open("wb")
        self._file.truncate(self.size)
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, offset: int, data: bytes) -> None:
        """Put data at an offset; what lies beyond the disk's end is cut off, blocks of zeros stay holes."""
        if self._stop.is_set():
            raise DiskError("the conversion was stopped")
        view = memoryview(data)[: max(0, self.size - offset)]
        for at in range(0, len(view), _BLOCK):
            block = view[at : at + _BLOCK]
            if block != _ZEROS[: len(block)]:
                self._file.seek(offset + at)
                self._file.write(block)
                self.used += len(block)
