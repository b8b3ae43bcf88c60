"""Takes apart ``aws-chunked`` bodies: sizes, data, chunk signatures, and checksums that trail behind the data.

Chunk signatures are read and not checked (the request's own signature is); a trailing CRC-32, SHA-1 or SHA-256 is
handed to the caller, who compares it. Memory: one header line and what one read brought.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

_LONGEST_LINE = 4096


class BrokenBody(Exception):
    """The body is not what its headers say."""


class ChunkedBody:
    """Data of an aws-chunked stream, in pieces as they come; ``trailers`` is filled when it has ended."""

    def __init__(self, stream: AsyncIterator[bytes]) -> None:
        self._stream = stream
        self._rest = b""
        self.trailers: dict[str, str] = {}

    async def pieces(self) -> AsyncIterator[bytes]:
        """The data without its framing.

        Raises:
            BrokenBody: the framing is wrong or the stream ends early.
        """
        while size := self._size(await self._line()):
            async for piece in self._exactly(size):
                yield piece
            if await self._line():
                raise BrokenBody("a chunk is longer than it says")
        while line := await self._line(may_end=True):
            name, _, value = line.decode("latin-1").partition(":")
            self.trailers[name.strip().lower()] = value.strip()

    @staticmethod
    def _size(line: bytes) -> int:
        try:
            return int(line.partition(b";")[0], 16)
        except ValueError as error:
            raise BrokenBody("a chunk has no size") from error

    async def _more(self) -> bool:
        async for piece in self._stream:
            if piece:
                self._rest += piece
                return True
        return False

    async def _line(self, *, may_end: bool = False) -> bytes:
        while (end := self._rest.find(b"\r\n")) < 0:
            if len(self._rest) > _LONGEST_LINE:
                raise BrokenBody("a chunk header is too long")
            if not await self._more():
                if may_end:
                    return b""
                raise BrokenBody("the body ends inside a chunk header")
        line, self._rest = self._rest[:end], self._rest[end + 2 :]
        return line

    async def _exactly(self, size: int) -> AsyncIterator[bytes]:
        while size:
            if not self._rest and not await self._more():
                raise BrokenBody("the body ends inside a chunk")
            piece, self._rest = self._rest[:size], self._rest[size:]
            size -= len(piece)
            yield piece
