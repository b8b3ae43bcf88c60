"""QCOW2, versions 2 and 3, with zlib and zstd compressed clusters. From the format's public description.

Refused: backing files, external data files, encryption, extended L2 entries, images marked corrupt, unknown features.
Internal snapshots are ignored: the active state is the disk.
"""

from __future__ import annotations

import struct
import zlib

import zstandard

from pulumi_ahv.simulator.disks.sparse import DiskError, Source, Target

_HEADER = struct.Struct(">4sIQIIQIIQQIIQ")
_OFFSET = 0x00FFFFFFFFFFFE00
_COMPRESSED = 1 << 62
_ZERO = 1
_DIRTY, _CORRUPT, _EXTERNAL, _COMPRESSION_TYPE, _EXTENDED_L2 = (1 << bit for bit in range(5))
_LARGEST_L1 = 32 << 20


class Qcow2:
    """An open QCOW2 image."""

    def __init__(self, source: Source) -> None:
        self._source = source
        fields = _HEADER.unpack(source.read(0, _HEADER.size, "the header"))
        _, version, backing, _, bits, self.size, encrypted, l1_size, l1_offset = fields[:9]
        if version not in {2, 3}:
            raise DiskError(f"QCOW2 version {version} is not known")
        if backing:
            raise DiskError("it has a backing file; flatten it first (qemu-img convert)")
        if encrypted:
            raise DiskError("it is encrypted")
        if not 9 <= bits <= 21:
            raise DiskError(f"its cluster size of 2^{bits} bytes is not valid")
        self._zstd = False
        if version == 3:
            self._check_features()
        self._bits = bits
        self._cluster = 1 << bits
        if l1_size * 8 > _LARGEST_L1:
            raise DiskError("its L1 table is larger than any disk needs")
        self._l1 = struct.unpack(f">{l1_size}Q", source.read(l1_offset, l1_size * 8, "the L1 table"))
        if l1_size << (2 * bits - 3) < self.size:
            raise DiskError("its L1 table is too small for the disk")

    def _check_features(self) -> None:
        (incompatible,) = struct.unpack(">Q", self._source.read(72, 8, "the header"))
        if incompatible & _EXTERNAL:
            raise DiskError("its data is in an external file")
        if incompatible & _CORRUPT:
            raise DiskError("it is marked corrupt")
        unknown = incompatible & ~(_DIRTY | _COMPRESSION_TYPE)
        if unknown:
            what = "extended L2 entries" if unknown == _EXTENDED_L2 else f"incompatible features {unknown:#x}"
            raise DiskError(f"it uses {what}, which are not supported")
        if incompatible & _COMPRESSION_TYPE:
            kind = self._source.read(104, 1, "the header")[0]
            if kind not in {0, 1}:
                raise DiskError(f"its compression type {kind} is not known")
            self._zstd = kind == 1

    def copy_to(self, target: Target) -> None:
        """Write every allocated cluster."""
        entries = self._cluster // 8
        for index, l1_entry in enumerate(self._l1):
            table_offset = l1_entry & _OFFSET
            start = index * entries << self._bits
            if not table_offset or start >= self.size:
                continue
            table = struct.unpack(f">{entries}Q", self._source.read(table_offset, self._cluster, "an L2 table"))
            for number, entry in enumerate(table):
                offset = start + (number << self._bits)
                if entry and offset < self.size:
                    self._copy_cluster(entry, offset, target)

    def _copy_cluster(self, entry: int, offset: int, target: Target) -> None:
        length = min(self._cluster, self.size - offset)
        if entry & _COMPRESSED:
            target.write(offset, self._unpacked(entry, length))
        elif not entry & _ZERO and entry & _OFFSET:
            target.write(offset, self._source.read(entry & _OFFSET, length, "a data cluster"))

    def _unpacked(self, entry: int, length: int) -> bytes:
        split = 62 - (self._bits - 8)
        host = entry & ((1 << split) - 1)
        sectors = (entry & (_COMPRESSED - 1)) >> split
        size = (sectors + 1) * 512 - (host & 511)
        if host >= self._source.size:
            raise DiskError("the file is truncated: a compressed cluster lies behind its end")
        packed = self._source.read_some(host, size)
        try:
            if self._zstd:
                data = zstandard.ZstdDecompressor().stream_reader(packed).read(length)
            else:
                data = zlib.decompressobj(-15).decompress(packed, self._cluster)
        except (zlib.error, zstandard.ZstdError) as error:
            raise DiskError(f"a compressed cluster is damaged: {error}") from error
        if len(data) < length:
            raise DiskError("a compressed cluster is shorter than it should be")
        return data[:length]
