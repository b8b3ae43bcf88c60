"""VHDX, fixed and dynamic. From Microsoft's public specification (MS-VHDX).

Refused: differencing disks, unknown required regions or items, and files whose log was not played back (the machine
that wrote them did not close them). Checksums of the structures are not compared.
"""

from __future__ import annotations

import struct
from uuid import UUID

from pulumi_ahv.simulator.disks.sparse import DiskError, Source, Target

_HEADERS = (64 << 10, 128 << 10)
_REGIONS = 192 << 10
_BAT = UUID("2dc27766-f623-4200-9d64-115e9bfd4a08").bytes_le
_METADATA = UUID("8b7ca206-4790-4b9a-b8fe-575f050f886e").bytes_le
_PARAMETERS = UUID("caa16737-fa36-4d43-b3b6-33f0aa44e76b").bytes_le
_SIZE = UUID("2fa54224-cd1b-4876-b211-5dbed83bf4b8").bytes_le
_SECTOR_SIZE = UUID("8141bf1d-a96f-4709-ba47-f233a8faab5f").bytes_le
_KNOWN_ITEMS = {
    *(_PARAMETERS, _SIZE, _SECTOR_SIZE),
    UUID("cda348c7-445d-4471-9cc9-e9885251c556").bytes_le,  # physical sector size
    UUID("beca12ab-b2e6-4523-93ef-c309e000c746").bytes_le,  # SCSI page 83
}
_HAS_PARENT = 2
_FULLY_PRESENT = 6
_PARTIALLY_PRESENT = 7
_MOST_ENTRIES = 2047
_LARGEST_TABLE = 1 << 27
_CHUNK = 1 << 20


class Vhdx:
    """An open VHDX."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._check_log()
        regions = self._regions()
        if _BAT not in regions or _METADATA not in regions:
            raise DiskError("it has no block table or no metadata")
        items = self._items(regions[_METADATA][0])
        self._block, flags = struct.unpack("<II", items[_PARAMETERS][:8])
        (self.size,) = struct.unpack("<Q", items[_SIZE][:8])
        (sector,) = struct.unpack("<I", items[_SECTOR_SIZE][:4])
        if flags & _HAS_PARENT:
            raise DiskError("it is a differencing disk; merge it first")
        if sector not in {512, 4096} or not 1 << 20 <= self._block <= 1 << 28:
            raise DiskError("its sector size or block size is not valid")
        self._ratio = (sector << 23) // self._block
        self._bat = regions[_BAT]

    def _check_log(self) -> None:
        best: tuple[int, bytes] | None = None
        for offset in _HEADERS:
            header = self._source.read(offset, 4096, "a header")
            (sequence,) = struct.unpack("<Q", header[8:16])
            if header[:4] == b"head" and (best is None or sequence > best[0]):
                best = (sequence, header)
        if best is None:
            raise DiskError("both of its headers are damaged")
        if any(best[1][48:64]):
            raise DiskError("it was not closed cleanly: its log has to be played back first")

    def _regions(self) -> dict[bytes, tuple[int, int]]:
        head = self._source.read(_REGIONS, 16, "the region table")
        (count,) = struct.unpack("<I", head[8:12])
        if head[:4] != b"regi" or count > _MOST_ENTRIES:
            raise DiskError("its region table is damaged")
        regions = {}
        for number in range(count):
            entry = self._source.read(_REGIONS + 16 + 32 * number, 32, "the region table")
            offset, length, required = struct.unpack("<QII", entry[16:])
            if entry[:16] not in {_BAT, _METADATA} and required:
                raise DiskError("it has a required region that is not known")
            regions[entry[:16]] = (offset, length)
        return regions

    def _items(self, start: int) -> dict[bytes, bytes]:
        head = self._source.read(start, 32, "the metadata")
        (count,) = struct.unpack("<H", head[10:12])
        if head[:8] != b"metadata" or count > _MOST_ENTRIES:
            raise DiskError("its metadata is damaged")
        items = {}
        for number in range(count):
            entry = self._source.read(start + 32 + 32 * number, 32, "the metadata")
            offset, length, flags = struct.unpack("<III", entry[16:28])
            if entry[:16] in _KNOWN_ITEMS:
                items[entry[:16]] = self._source.read(start + offset, min(length, 4096), "the metadata")
            elif flags & 4:
                raise DiskError("it is a differencing disk or uses metadata that are not known")
        if not {_PARAMETERS, _SIZE, _SECTOR_SIZE} <= items.keys():
            raise DiskError("its metadata are not complete")
        return items

    def copy_to(self, target: Target) -> None:
        """Write every block that is there."""
        blocks = -(-self.size // self._block)
        entries = blocks + (blocks - 1) // self._ratio if blocks else 0
        offset, length = self._bat
        if entries * 8 > min(length, _LARGEST_TABLE):
            raise DiskError("its block table is too small for the disk, or larger than any disk needs")
        table = struct.unpack(f"<{entries}Q", self._source.read(offset, entries * 8, "the block table"))
        for number in range(blocks):
            entry = table[number + number // self._ratio]
            state = entry & 7
            if state == _PARTIALLY_PRESENT:
                raise DiskError("it is a differencing disk; merge it first")
            if state == _FULLY_PRESENT:
                self._copy_block(number * self._block, entry & ~0xFFFFF, target)

    def _copy_block(self, offset: int, place: int, target: Target) -> None:
        length = min(self._block, self.size - offset)
        for at in range(0, length, _CHUNK):
            target.write(offset + at, self._source.read(place + at, min(_CHUNK, length - at), "a block"))
