"""VHD, fixed and dynamic.

Layout: Microsoft's "Virtual Hard Disk Image Format Specification". Every VHD ends with a footer; a dynamic one
carries a copy of it at its start. A fixed VHD that lost its footer is a raw disk to everybody, and is judged as one.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from pulumi_ahv.resources.sources.reading import ByteSource, Unfit, corrupt, demand, highest, table

_FOOTER = 512
_FIXED, _DYNAMIC, _DIFFERENCING = 2, 3, 4
_UNUSED = 0xFFFF_FFFF
_ENTRIES = 1 << 24  # 2 TiB, the most a VHD holds, in blocks of 128 KiB


@dataclass(frozen=True)
class _Footer:
    data_offset: int
    virtual_size: int
    kind: int


def has_footer(source: ByteSource) -> bool:
    """Whether the last 512 bytes are the footer of a VHD, by name and checksum."""
    data = source.read_at(max(0, source.size - _FOOTER), _FOOTER)
    return len(data) == _FOOTER and data.startswith(b"conectix") and _checksum_fits(data)


def inspect(source: ByteSource, *, deep: bool) -> int:
    """Size of the disk in bytes."""
    if not has_footer(source):
        raise corrupt("is truncated: the footer of a VHD is missing at its end")
    footer = _read_footer(source, source.size - _FOOTER)
    if footer.kind == _FIXED:
        demand(source, footer.virtual_size + _FOOTER, "the disk")
    elif footer.kind == _DYNAMIC:
        _check_dynamic(source, footer, deep=deep)
    elif footer.kind == _DIFFERENCING:
        raise Unfit(
            "is a differencing VHD and needs its parent", "Merge it: Merge-VHD, or qemu-img convert -O vpc OLD NEW."
        )
    else:
        raise corrupt(f"is a VHD of type {footer.kind}; 2 (fixed) and 3 (dynamic) can be used")
    if not footer.virtual_size:
        raise corrupt("holds a disk of 0 bytes")
    return footer.virtual_size


def _checksum_fits(footer: bytes) -> bool:
    total = sum(footer) - sum(footer[64:68])
    return ~total & 0xFFFF_FFFF == int.from_bytes(footer[64:68], "big")


def _read_footer(source: ByteSource, offset: int) -> _Footer:
    data = source.read_at(offset, _FOOTER)
    (data_offset,) = struct.unpack_from(">Q", data, 16)
    (virtual_size,) = struct.unpack_from(">Q", data, 48)
    (kind,) = struct.unpack_from(">I", data, 60)
    return _Footer(data_offset, virtual_size, kind)


def _check_dynamic(source: ByteSource, footer: _Footer, *, deep: bool) -> None:
    demand(source, footer.data_offset + 1024, "the header of the dynamic disk")
    header = source.read_at(footer.data_offset, 1024)
    if not header.startswith(b"cxsparse"):
        raise corrupt("has no header of a dynamic disk where its footer says")
    (offset,) = struct.unpack_from(">Q", header, 16)
    entries, block = struct.unpack_from(">II", header, 28)
    if not block or block % 512 or entries > _ENTRIES or entries * block < footer.virtual_size:
        raise corrupt("has a block table that does not cover its disk")
    demand(source, offset + entries * 4, "the block table")
    if not deep:
        return
    bitmap = -(-block // 512 // 8 // 512) * 512
    last = highest(table(source, offset, entries, code="I", order="big"), below=_UNUSED)
    if last >= 0:
        demand(source, last * 512 + bitmap + block + _FOOTER, "a block of data")
