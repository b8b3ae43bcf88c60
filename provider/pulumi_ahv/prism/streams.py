"""Streams cut into pieces that are full but for the last, however little a reader gives at a time."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import BinaryIO


def pieces(stream: BinaryIO, size: int) -> Iterator[bytes]:
    """The stream in pieces of ``size`` bytes; the last one is what is left. Nothing for an empty stream.

    No piece is held on to after it was given out, so that only the caller decides how many are in memory.
    """
    return iter(partial(_piece, stream, size), b"")


def _piece(stream: BinaryIO, size: int) -> bytes:
    piece = stream.read(size)
    while len(piece) < size and (more := stream.read(size - len(piece))):
        piece += more
    return piece
