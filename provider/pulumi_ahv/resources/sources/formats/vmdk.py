"""VMDK: the two kinds that are one file with everything in it, monolithicSparse and streamOptimized.

Layout: VMware's "Virtual Disk Format 5.0". A streamOptimized file may keep the place of its tables in a footer: three
sectors at the end, which a truncated file has lost. All other kinds name further files, which Prism never sees.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import NoReturn

from pulumi_ahv.resources.sources.reading import ByteSource, Unfit, corrupt, demand, numbered, table

_HEADER = struct.Struct("<4sIIQQQQIQQ")
_SECTOR = 512
_AT_END = 0xFFFF_FFFF_FFFF_FFFF
_COMPRESSED = 1 << 16
_DESCRIPTOR_BYTES = 1 << 20
_TABLES = 1 << 19  # grain tables of 16 TiB in grains of 64 KiB; a longer walk would take minutes
_CONVERT = "Write one file that stands alone: qemu-img convert -O vmdk -o subformat=streamOptimized OLD NEW."


@dataclass(frozen=True)
class _Header:
    version: int
    flags: int
    sectors: int
    grain: int
    descriptor: int
    descriptor_sectors: int
    table_entries: int
    redundant: int
    directory: int


def inspect(source: ByteSource, *, deep: bool) -> int:
    """Size of the disk in bytes."""
    if source.read_at(0, 4) != b"KDMV":
        refuse_descriptor(source.read_at(0, _DESCRIPTOR_BYTES))
    header = _header(source, 0)
    _check_descriptor(source, header)
    if header.directory == _AT_END:
        header = _footer(source)
    if not (header.sectors and header.grain and header.table_entries):
        raise corrupt("has a header without a size")
    span = header.grain * header.table_entries
    tables = -(-header.sectors // span)
    demand(source, header.directory * _SECTOR + tables * 4, "the grain directory")
    if deep:
        _check_grains(source, header, tables)
    return header.sectors * _SECTOR


def _header(source: ByteSource, offset: int) -> _Header:
    demand(source, offset + _HEADER.size, "the header")
    header = _Header(*_HEADER.unpack(source.read_at(offset, _HEADER.size))[1:])
    if header.version not in (1, 2, 3):
        raise Unfit(f"is VMDK version {header.version}; 1 to 3 can be used", _CONVERT)
    if header.table_entries > 1 << 16:
        raise corrupt("claims grain tables that are larger than the format allows")
    return header


def _footer(source: ByteSource) -> _Header:
    """Header in the footer: marker, header and end-of-stream marker are the last three sectors."""
    start = source.size - 3 * _SECTOR
    if start < _SECTOR or source.read_at(start + _SECTOR, 4) != b"KDMV":
        raise corrupt("is truncated: the footer that its header announces is not at its end")
    header = _header(source, start + _SECTOR)
    if header.directory == _AT_END:
        raise corrupt("has a footer that points to another footer")
    return header


def _check_descriptor(source: ByteSource, header: _Header) -> None:
    if not header.descriptor:
        raise Unfit("holds no descriptor: it is one extent of a disk in several files", _CONVERT)
    demand(source, (header.descriptor + header.descriptor_sectors) * _SECTOR, "the descriptor")
    length = min(header.descriptor_sectors * _SECTOR, _DESCRIPTOR_BYTES)
    text = source.read_at(header.descriptor * _SECTOR, length).partition(b"\0")[0].decode(errors="replace")
    kind = _value(text, "createType")
    if not kind:
        raise Unfit("is one extent of a VMDK in several files, or its descriptor is broken", _CONVERT)
    if kind.lower() not in ("monolithicsparse", "streamoptimized"):
        raise Unfit(f"is a VMDK of the kind {kind!r}, whose data lies in other files", _CONVERT)
    if _value(text, "parentCID").lower() not in ("", "ffffffff"):
        raise Unfit(f"is a snapshot of another disk, {_value(text, 'parentFileNameHint')!r}", _CONVERT)


def is_descriptor(head: bytes) -> bool:
    """Whether a file starts as the text that describes a VMDK. oslo.utils misses one that is padded with zeros."""
    return head[:512].lstrip().lower().startswith(b"# disk descriptorfile")


def refuse_descriptor(data: bytes) -> NoReturn:
    """Say what the text describes and where its data lies."""
    text = data.decode(errors="replace")
    kind = _value(text, "createType") or "unknown"
    extent = re.search(r'^(?:RW|RDONLY|NOACCESS)\s.*"([^"\n]{1,255})"', text, re.MULTILINE | re.IGNORECASE)
    where = repr(extent[1]) if extent else "another file"
    raise Unfit(f"is only the descriptor of a VMDK of the kind {kind!r}: its data lies in {where}", _CONVERT)


def _value(text: str, key: str) -> str:
    found = re.search(rf'^[ \t]*{key}[ \t]*=[ \t]*"?([^"\r\n]{{0,255}})', text, re.MULTILINE | re.IGNORECASE)
    return found[1].strip() if found else ""


def _check_grains(source: ByteSource, header: _Header, tables: int) -> None:
    """Follow the directory to the grain that lies furthest back, and see that it is there in full."""
    last, guest = 0, 0
    places = table(source, header.directory * _SECTOR, tables, code="I", order="little")
    for number, (index, place) in enumerate(numbered(places)):
        demand(source, place * _SECTOR + header.table_entries * 4, "a grain table")
        if number >= _TABLES:
            break
        grains = table(source, place * _SECTOR, header.table_entries, code="I", order="little")
        for entry, grain in numbered(grains):
            if grain > last:
                last, guest = grain, (index * header.table_entries + entry) * header.grain
    if last <= 1:  # 1 marks a grain of zeros
        return
    length = min(header.grain, max(header.sectors - guest, 1)) * _SECTOR
    if header.flags & _COMPRESSED:
        demand(source, last * _SECTOR + 12, "a grain")
        length = 12 + int.from_bytes(source.read_at(last * _SECTOR + 8, 4), "little")
    demand(source, last * _SECTOR + length, "a grain")
