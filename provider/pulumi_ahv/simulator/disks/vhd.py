"""VHD (Virtual PC), fixed and dynamic. From Microsoft's public specification. Differencing disks are refused."""

from __future__ import annotations

import struct

from pulumi_ahv.simulator.disks.flat import Flat
from pulumi_ahv.simulator.disks.sparse import DiskError, Source, Target

_SECTOR = 512
_FIXED, _DYNAMIC, _DIFFERENCING = 2, 3, 4
_UNUSED = 0xFFFFFFFF
_LARGEST_TABLE = 1 << 26


class Vhd:
    """An open VHD."""

    def __init__(self, source: Source) -> None:
        self._source = source
        footer = source.read(source.size - _SECTOR, _SECTOR, "the footer")
        if footer[:8] != b"conectix":
            raise DiskError("the file is truncated: its footer is missing")
        (checksum,) = struct.unpack(">I", footer[64:68])
        if ~(sum(footer) - sum(footer[64:68])) & 0xFFFFFFFF != checksum:
            raise DiskError("the checksum of its footer is wrong")
        (self._data_offset,) = struct.unpack(">Q", footer[16:24])
        (self.size,) = struct.unpack(">Q", footer[48:56])
        (self._type,) = struct.unpack(">I", footer[60:64])
        if self._type == _DIFFERENCING:
            raise DiskError("it is a differencing disk; merge it first")
        if self._type not in {_FIXED, _DYNAMIC}:
            raise DiskError(f"the VHD type {self._type} is not known")
        if self._type == _FIXED and self.size > source.size - _SECTOR:
            raise DiskError("the file is truncated: it is shorter than its disk")

    def copy_to(self, target: Target) -> None:
        """Write the disk."""
        if self._type == _FIXED:
            Flat(self._source, size=self.size).copy_to(target)
            return
        header = self._source.read(self._data_offset, 1024, "the dynamic header")
        if header[:8] != b"cxsparse":
            raise DiskError("its dynamic header is damaged")
        table_offset, _, entries, block = struct.unpack(">QIII", header[16:36])
        if entries * 4 > _LARGEST_TABLE or block < _SECTOR or block % _SECTOR or block > 1 << 28:
            raise DiskError("its block size or table size is not valid")
        table = struct.unpack(f">{entries}I", self._source.read(table_offset, entries * 4, "the block table"))
        bits = block // _SECTOR
        bitmap = -(-bits // (8 * _SECTOR)) * _SECTOR
        for number, sector in enumerate(table):
            offset = number * block
            if sector != _UNUSED and offset < self.size:
                length = min(block, self.size - offset)
                target.write(offset, self._source.read(sector * _SECTOR + bitmap, length, "a block"))
