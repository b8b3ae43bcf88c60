"""Readers that tell how far they are, and bodies that are made of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import RawIOBase
from typing import BinaryIO

from pulumi_ahv.kernel.clock import Deadline
from pulumi_ahv.kernel.errors import AhvError
from pulumi_ahv.kernel.progress import Meter

_PIECE = 1 << 20


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


class Watch:
    """Counts what was read, and ends the reading at the deadline."""

    def __init__(self, meter: Meter, deadline: Deadline, doing: str) -> None:
        self._meter = meter
        self._deadline = deadline
        self._doing = doing

    def __call__(self, count: int) -> None:
        """Count a piece.

        Raises:
            AhvError: The deadline has passed.
        """
        if self._deadline.expired():
            said = f"not through after {self._deadline.seconds:g} s"
            raise AhvError(self._doing, said=said, advice="Allow more time (customTimeouts).")
        self._meter.add(count)


class Body:
    """The body of an upload, read piece by piece from a stream of known size; the stream is closed at its end."""

    def __init__(self, stream: BinaryIO, size: int, report: Callable[[int], None]) -> None:
        self._stream = stream
        self._size = size
        self._report = report

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[bytes]:
        with self._stream:
            while piece := self._stream.read(_PIECE):
                self._report(len(piece))
                yield piece
