"""Streams of source bytes on their way to Prism, and the proof that what is sent is what was looked at.

The last bytes are handed on only when all of them together have the digest that ``check`` saw. A consumer that counts
bytes never gets to the end of something else, so its upload is not completed.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO

from pulumi_ahv.kernel.errors import InputError

if TYPE_CHECKING:
    from typing_extensions import Buffer

BLOCK = 1 << 20


class Pulled(io.RawIOBase):
    """A raw stream over a function that gives at most so many next bytes, and none at the end."""

    def __init__(self, pull: Callable[[int], bytes], close: Callable[[], None]) -> None:
        self._pull = pull
        self._close = close

    def readable(self) -> bool:
        """Reading is all it can do."""
        return True

    def readinto(self, buffer: Buffer) -> int:
        """Take what the function gives."""
        view = memoryview(buffer).cast("B")
        data = self._pull(len(view))
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Let the function's owner close as well; twice is once."""
        if not self.closed:
            self._close()
        super().close()


class CheckedReader(io.BufferedReader):
    """A reader that counts and hashes what passes, and refuses anything but the content that ``check`` saw.

    Reading raises an ``InputError`` on ``path_property`` instead of giving the last bytes of other content. An empty
    ``sha256`` leaves only the length to compare (an object in S3 without a checksum).
    """

    def __init__(self, reader: BinaryIO, *, size: int, sha256: str, path_property: str) -> None:
        self._reader = reader
        self._size = size
        self._expected = sha256
        self._path_property = path_property
        self._digest = hashlib.sha256()
        self.count = 0
        super().__init__(Pulled(self._next, reader.close), BLOCK)

    @property
    def sha256(self) -> str:
        """Digest of what was read from the source so far."""
        return self._digest.hexdigest()

    def _next(self, limit: int) -> bytes:
        data = self._reader.read(limit)
        self.count += len(data)
        self._digest.update(data)
        if self.count > self._size or (not data and self.count < self._size):
            raise self._changed(f"was {self._size} bytes long and is {'longer' if data else f'{self.count} now'}")
        if self.count == self._size and self._expected not in ("", self.sha256):
            raise self._changed(f"had the SHA-256 {self._expected} and has {self.sha256} now")
        return data

    def _changed(self, how: str) -> InputError:
        return InputError(
            self._path_property,
            f"the source changed while it was uploaded: it {how}",
            advice="Run it again when nothing writes to it any more.",
        )
