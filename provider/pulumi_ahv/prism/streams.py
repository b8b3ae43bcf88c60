"""Readers that tell how far they are."""

from __future__ import annotations

from collections.abc import Callable
from io import RawIOBase
from typing import BinaryIO


class CountingReader(RawIOBase):
    """Reads another reader from front to end and reports each piece; whatever ``report`` raises ends the reading.

    It does not seek, on purpose: who reads it has to hold a piece to send it twice, and what is counted once is not
    counted again.
    """

    def __init__(self, inner: BinaryIO, report: Callable[[int], None]) -> None:
        super().__init__()
        self._inner = inner
        self._report = report

    def readable(self) -> bool:
        """It is for reading only."""
        return True

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes; fewer than asked for at the end only, when the inner reader keeps to that."""
        piece = self._inner.read(size)
        if piece:
            self._report(len(piece))
        return piece
