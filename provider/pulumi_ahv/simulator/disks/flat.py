"""Raw disks and ISO images: the content is the disk."""

from __future__ import annotations

from pulumi_ahv.simulator.disks.sparse import DiskError, Source, Target

_CHUNK = 4 * 1024 * 1024


class Flat:
    """A disk that is stored byte by byte."""

    def __init__(self, source: Source, *, size: int | None = None) -> None:
        if source.size == 0:
            raise DiskError("the file is empty")
        self._source = source
        self.size = source.size if size is None else size

    def copy_to(self, target: Target) -> None:
        """Copy it, leaving holes for zeros."""
        for offset in range(0, self.size, _CHUNK):
            target.write(offset, self._source.read_some(offset, min(_CHUNK, self.size - offset)))
