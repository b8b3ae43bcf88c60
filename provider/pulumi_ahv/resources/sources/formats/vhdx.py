"""VHDX: parents, logs that were not replayed, truncation.

Layout: Microsoft's [MS-VHDX]. Numbers are little-endian; a block's state is the low three bits of its table entry
and its place the upper 44, in MiB. Every ``ratio`` payload entries are followed by one for a bitmap, which only disks
with a parent use.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from uuid import UUID

from pulumi_ahv.resources.sources.reading import ByteSource, Unfit, corrupt, demand, numbered, table

_REGIONS = 192 << 10  # a second table follows; QEMU reads the first only
_HEADERS = (64 << 10, 128 << 10)
_BAT = UUID("2dc27766-f623-4200-9d64-115e9bfd4a08")
_METADATA = UUID("8b7ca206-4790-4b9a-b8fe-575f050f886e")
_FILE_PARAMETERS = UUID("caa16737-fa36-4d43-b3b6-33f0aa44e76b")
_VIRTUAL_SIZE = UUID("2fa54224-cd1b-4876-b211-5dbed83bf4b8")
_SECTOR_SIZE = UUID("8141bf1d-a96f-4709-ba47-f233a8faab5f")
_PRESENT = (6, 7)
_MOST_SIZE = 64 << 40  # what the format allows


@dataclass(frozen=True)
class _Geometry:
    virtual_size: int
    block: int
    sector: int

    @property
    def entries(self) -> int:
        """Entries of the block table: payload blocks and the bitmap blocks between them."""
        payload = -(-self.virtual_size // self.block)
        ratio = max(1, (self.sector << 23) // self.block)
        return payload + (payload - 1) // ratio


def inspect(source: ByteSource, *, deep: bool) -> int:
    """Size of the disk in bytes."""
    _refuse_unclean(source)
    regions = _regions(source)
    if _BAT not in regions or _METADATA not in regions:
        raise corrupt("has no block table or no metadata")
    for offset, length in regions.values():
        demand(source, offset + length, "a region")
    geometry = _geometry(source, regions[_METADATA][0])
    offset, length = regions[_BAT]
    if geometry.entries * 8 > length:
        raise corrupt("has a block table that does not cover its disk")
    if deep:
        _check_blocks(source, offset, geometry)
    return geometry.virtual_size


def _refuse_unclean(source: ByteSource) -> None:
    """Refuse a file whose newest header names a log: its changes have still to be replayed."""
    newest, log = -1, b""
    for offset in _HEADERS:
        data = source.read_at(offset, 80)
        if len(data) == 80 and data.startswith(b"head"):
            (sequence,) = struct.unpack_from("<Q", data, 8)
            if sequence > newest:
                newest, log = sequence, data[48:64]
    demand(source, _REGIONS + 16, "the region table")
    if newest < 0:
        raise corrupt("has no valid VHDX header")
    if any(log):
        raise Unfit("was not closed cleanly", "Attach it once read-write (Mount-VHD), or: qemu-img check -r all FILE.")


def _regions(source: ByteSource) -> dict[UUID, tuple[int, int]]:
    data = source.read_at(_REGIONS, 64 << 10)
    (count,) = struct.unpack_from("<I", data, 8)
    entries = [data[16 + 32 * number :][:32] for number in range(min(count, 2047))]
    return {UUID(bytes_le=entry[:16]): struct.unpack_from("<QI", entry, 16) for entry in entries if len(entry) == 32}


def _geometry(source: ByteSource, offset: int) -> _Geometry:
    data = source.read_at(offset, 64 << 10)
    if len(data) < 32 or not data.startswith(b"metadata"):
        raise corrupt("has no valid metadata")
    (count,) = struct.unpack_from("<H", data, 10)
    items: dict[UUID, int] = {}
    for number in range(min(count, 2047)):
        entry = data[32 + 32 * number :][:32]
        if len(entry) == 32:
            items[UUID(bytes_le=entry[:16])] = struct.unpack_from("<I", entry, 16)[0]
    block, flags = struct.unpack("<II", _item(source, offset, items, _FILE_PARAMETERS))
    if flags & 2:
        raise Unfit(
            "is a differencing VHDX and needs its parent", "Merge it: Merge-VHD, or qemu-img convert -O vhdx OLD NEW."
        )
    (virtual_size,) = struct.unpack("<Q", _item(source, offset, items, _VIRTUAL_SIZE))
    (sector,) = struct.unpack("<Q", _item(source, offset, items, _SECTOR_SIZE)[:4].ljust(8, b"\0"))
    if not 0 < virtual_size <= _MOST_SIZE or not 1 << 20 <= block <= 256 << 20 or sector not in (512, 4096):
        raise corrupt("has sizes that the format does not allow")
    return _Geometry(virtual_size, block, sector)


def _item(source: ByteSource, offset: int, items: dict[UUID, int], item: UUID) -> bytes:
    data = source.read_at(offset + items[item], 8) if item in items else b""
    if len(data) < 8:
        raise corrupt("has metadata that is cut off")
    return data


def _check_blocks(source: ByteSource, offset: int, geometry: _Geometry) -> None:
    last = 0
    for _, entry in numbered(table(source, offset, geometry.entries, code="Q", order="little")):
        if entry & 7 in _PRESENT:
            last = max(last, entry >> 20 << 20)
    if last:
        demand(source, last + geometry.block, "a block of data")
