"""VDI, VirtualBox's format: dynamic and static.

Layout: QEMU's block/vdi.c. Blocks are numbered by a table; its two highest values mean "not there".
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from pulumi_ahv.resources.sources.reading import ByteSource, Unfit, corrupt, demand, highest, table

_DYNAMIC, _STATIC = 1, 2
_UNUSED = 0xFFFF_FFFE
_HEADER = 512
_MOST_BLOCKS = 1 << 28  # QEMU's limit, and 256 TiB in blocks of 1 MiB
_WALKED = 1 << 25


@dataclass(frozen=True)
class _Geometry:
    table: int
    data: int
    block: int
    blocks: int


def inspect(source: ByteSource, *, deep: bool) -> int:
    """Size of the disk in bytes."""
    demand(source, _HEADER, "the header")
    header = source.read_at(0, _HEADER)
    (kind,) = struct.unpack_from("<I", header, 0x4C)
    if kind not in (_DYNAMIC, _STATIC):
        raise Unfit(
            f"is a VDI of type {kind}, which needs another file", "Clone it: VBoxManage clonemedium disk OLD NEW."
        )
    virtual_size, block = struct.unpack_from("<QI", header, 0x170)
    (blocks,) = struct.unpack_from("<I", header, 0x180)
    places, data = struct.unpack_from("<II", header, 0x154)
    geometry = _Geometry(places, data, block, blocks)
    if not virtual_size:
        raise corrupt("holds a disk of 0 bytes")
    if not block or block % 512 or blocks > _MOST_BLOCKS or blocks * block < virtual_size:
        raise corrupt("has a block table that does not cover its disk")
    demand(source, geometry.table + blocks * 4, "the block table")
    if deep:
        _check_blocks(source, geometry)
    return int(virtual_size)


def _check_blocks(source: ByteSource, geometry: _Geometry) -> None:
    pieces = table(source, geometry.table, min(geometry.blocks, _WALKED), code="I", order="little")
    demand(source, geometry.data + (highest(pieces, below=_UNUSED) + 1) * geometry.block, "a block of data")
