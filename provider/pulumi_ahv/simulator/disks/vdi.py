"""VDI (VirtualBox), dynamic and static. From the format's public description. Differencing disks are refused."""

from __future__ import annotations

import struct

from pulumi_ahv.simulator.disks.sparse import DiskError, Source, Target

_HEADER = 0x200
_DYNAMIC, _STATIC = 1, 2
_FIRST_UNUSED = 0xFFFFFFFE
_LARGEST_TABLE = 1 << 26


class Vdi:
    """An open VDI."""

    def __init__(self, source: Source) -> None:
        self._source = source
        header = source.read(0, _HEADER, "the header")
        version, _, kind = struct.unpack("<III", header[0x44:0x50])
        table, self._data = struct.unpack("<II", header[0x154:0x15C])
        (self.size,) = struct.unpack("<Q", header[0x170:0x178])
        self._block, _, count = struct.unpack("<III", header[0x178:0x184])
        if version >> 16 != 1:
            raise DiskError(f"VDI version {version >> 16}.{version & 0xFFFF} is not known")
        if kind not in {_DYNAMIC, _STATIC} or any(header[0x1A8:0x1B8]):
            raise DiskError("it is a differencing disk; merge it first")
        if not 4096 <= self._block <= 1 << 28 or count * 4 > _LARGEST_TABLE or count * self._block < self.size:
            raise DiskError("its block size or number of blocks is not valid")
        self._table = struct.unpack(f"<{count}I", source.read(table, count * 4, "the block table"))

    def copy_to(self, target: Target) -> None:
        """Write every block that is there."""
        for number, place in enumerate(self._table):
            offset = number * self._block
            if place < _FIRST_UNUSED and offset < self.size:
                length = min(self._block, self.size - offset)
                target.write(offset, self._source.read(self._data + place * self._block, length, "a block"))
