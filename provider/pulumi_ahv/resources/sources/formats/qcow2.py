"""qcow2: backing files, features and truncation.

Layout: QEMU's docs/interop/qcow2.txt. The file may end inside its last cluster when the disk ends there too; otherwise
a table or cluster beyond the end means that the file lost its tail. That Prism converts neither extended L2 entries
nor encrypted images is assumed: oslo.utils refuses the former, the latter needs a key.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from pulumi_ahv.resources.sources.reading import ByteSource, Unfit, corrupt, demand, numbered, table

_HEADER = struct.Struct(">4sIQIIQIIQQIIQ")
_FLATTEN = "Write one that stands alone: qemu-img convert -O qcow2 OLD NEW."
_DIRTY, _CORRUPT, _DATA_FILE, _COMPRESSION, _EXTENDED_L2 = (1 << bit for bit in range(5))
_DATA_FILE_NAME = 0x44415441
_L1_BYTES = 32 << 20  # QEMU's own limits: nothing larger opens
_REFCOUNT_BYTES = 8 << 20
_OFFSET = 0x00FF_FFFF_FFFF_FE00
_COMPRESSED = 1 << 62
_WALK_BYTES = 1 << 30  # L2 tables of 8 TiB of data in clusters of 64 KiB; a longer walk would take minutes


@dataclass(frozen=True)
class _Header:
    version: int
    backing_offset: int
    backing_length: int
    cluster_bits: int
    virtual_size: int
    encryption: int
    l1_entries: int
    l1_offset: int
    refcount_offset: int
    refcount_clusters: int
    snapshots: int
    snapshots_offset: int

    @property
    def cluster(self) -> int:
        return 1 << self.cluster_bits

    @property
    def l2_span(self) -> int:
        """Bytes of the disk that one L2 table covers."""
        return self.cluster * self.cluster // 8


def inspect(source: ByteSource, *, deep: bool) -> int:
    """Size of the disk in bytes."""
    data = source.read_at(0, _HEADER.size)
    demand(source, _HEADER.size, "the header")
    header = _Header(*_HEADER.unpack(data)[1:])
    _refuse_variants(source, header)
    _check_geometry(header)
    _check_tables(source, header)
    if deep:
        _check_clusters(source, header)
        _check_refcounts(source, header)
    return header.virtual_size


def _refuse_variants(source: ByteSource, header: _Header) -> None:
    if header.version not in (2, 3):
        raise Unfit(f"is qcow version {header.version}; versions 2 and 3 can be used", _FLATTEN)
    if header.backing_offset:
        name = source.read_at(header.backing_offset, min(header.backing_length, 1023)).decode(errors="replace")
        raise Unfit(f"needs a backing file, {name!r}, and cannot stand alone", _FLATTEN)
    if header.encryption:
        raise Unfit("is encrypted", "Decrypt it first: qemu-img convert with the key and -O qcow2.")
    if header.version == 3:
        _refuse_features(source)


def _refuse_features(source: ByteSource) -> None:
    demand(source, 104, "the header")
    features = int.from_bytes(source.read_at(72, 8), "big")
    if features & _DATA_FILE:
        raise Unfit(f"keeps its data in another file, {_data_file(source)!r}", _FLATTEN)
    if features & _CORRUPT:
        raise Unfit("is marked as corrupt by the program that wrote it", "Repair it: qemu-img check -r all FILE.")
    if features & _EXTENDED_L2:
        raise Unfit("uses subclusters (extended L2 entries)", _FLATTEN)
    if unknown := features & ~(_DIRTY | _COMPRESSION):
        raise Unfit(f"uses incompatible features that are not known here (bits {unknown:#x})", _FLATTEN)
    if features & _COMPRESSION and (kind := source.read_at(104, 1)) not in (b"\x00", b"\x01"):
        raise Unfit(f"is compressed in a way that is not known here ({kind.hex()})", _FLATTEN)


def _data_file(source: ByteSource) -> str:
    """Name of the external data file, from the header extensions; empty where none tells."""
    offset = int.from_bytes(source.read_at(100, 4), "big")
    for _ in range(16):
        extension = source.read_at(offset, 8)
        if len(extension) < 8:
            break
        kind, length = struct.unpack(">II", extension)
        if kind == _DATA_FILE_NAME:
            return source.read_at(offset + 8, min(length, 1023)).decode(errors="replace")
        offset += 8 + (length + 7) // 8 * 8
    return ""


def _check_geometry(header: _Header) -> None:
    if not 9 <= header.cluster_bits <= 21:
        raise corrupt(f"has clusters of 2^{header.cluster_bits} bytes; 9 to 21 bits are allowed")
    if not header.virtual_size:
        raise corrupt("holds a disk of 0 bytes")
    if header.l1_entries * 8 > _L1_BYTES or header.refcount_clusters * header.cluster > _REFCOUNT_BYTES:
        raise corrupt("claims tables that are larger than the format allows")
    if header.l1_entries * header.l2_span < header.virtual_size:
        raise corrupt("has an L1 table that does not cover its disk")


def _check_tables(source: ByteSource, header: _Header) -> None:
    demand(source, header.l1_offset + header.l1_entries * 8, "the L1 table")
    demand(source, header.refcount_offset + header.refcount_clusters * header.cluster, "the refcount table")
    if header.snapshots:
        demand(source, header.snapshots_offset + header.snapshots * 40, "the table of snapshots")


def _check_refcounts(source: ByteSource, header: _Header) -> None:
    count = header.refcount_clusters * header.cluster // 8
    for _, offset in numbered(table(source, header.refcount_offset, count, code="Q", order="big")):
        demand(source, (offset & ~0x1FF) + header.cluster, "a refcount block")


def _check_clusters(source: ByteSource, header: _Header) -> None:
    seen: set[int] = set()
    for index, entry in numbered(table(source, header.l1_offset, header.l1_entries, code="Q", order="big")):
        offset = entry & _OFFSET
        if offset % header.cluster:
            raise corrupt(f"has an L2 table at byte {offset}, which is not the start of a cluster")
        if not offset or offset in seen:
            continue
        seen.add(offset)
        demand(source, offset + header.cluster, "an L2 table")
        if len(seen) * header.cluster > _WALK_BYTES:
            return
        _check_l2(source, header, offset, first=index * header.l2_span)


def _check_l2(source: ByteSource, header: _Header, offset: int, *, first: int) -> None:
    """Check the clusters of one L2 table, which covers the disk from byte ``first``."""
    for index, entry in numbered(table(source, offset, header.cluster // 8, code="Q", order="big")):
        if entry & _COMPRESSED:
            shift = 62 - (header.cluster_bits - 8)
            sectors = ((entry & (_COMPRESSED - 1)) >> shift) + 1
            end = ((entry & ((1 << shift) - 1)) // 512 + sectors) * 512
            if end > source.size:
                demand(source, end, "a compressed cluster")
        elif (place := entry & _OFFSET) + header.cluster > source.size:
            left = header.virtual_size - first - index * header.cluster
            demand(source, place + min(header.cluster, max(left, 1)), "a data cluster")
