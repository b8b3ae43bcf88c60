"""VMDK in one file: monolithicSparse and streamOptimized. From VMware's public description of the format.

Refused: text descriptors and anything whose extents are other files (they could name any file of the host), parents,
versions and flags that are not known.
"""

from __future__ import annotations

import re
import struct
import zlib
from typing import Any

from pulumi_ahv.simulator.disks.sparse import DiskError, Source, Target

_SECTOR = 512
_HEADER = struct.Struct("<4sIIQQQQIQQQB4sH")
_AT_END = 0xFFFFFFFFFFFFFFFF
_COMPRESSED, _MARKERS = 1 << 16, 1 << 17
_ZEROED_GRAIN = 1
_LARGEST_DESCRIPTOR = 64 * 1024
_LARGEST_TABLE = 1 << 26
_TYPES = ("monolithicSparse", "streamOptimized")


def refuse_descriptor(source: Source) -> None:
    """Say why a text descriptor is not taken.

    Raises:
        DiskError: always.
    """
    text = source.read_some(0, _LARGEST_DESCRIPTOR).decode("latin-1")
    kind = _create_type(text) or "unknown"
    raise DiskError(f"it is a VMDK descriptor ({kind}) that points to other files; convert it to streamOptimized")


def _create_type(descriptor: str) -> str:
    match = re.search(r'^createType\s*=\s*"([^"]*)"', descriptor, re.MULTILINE)
    return match[1] if match else ""


class Vmdk:
    """An open VMDK."""

    def __init__(self, source: Source) -> None:
        self._source = source
        header = self._header(0)
        if header[9] == _AT_END:
            header = self._header(source.size - 2 * _SECTOR)
        _, version, flags, capacity, grain, descriptor, descriptor_size, entries, _, directory = header[:10]
        if version not in {1, 2, 3}:
            raise DiskError(f"VMDK version {version} is not known")
        self.size = capacity * _SECTOR
        self._grain = grain * _SECTOR
        self._entries = entries
        self._packed = bool(flags & _COMPRESSED)
        if not 4096 <= self._grain <= 1 << 21 or not 1 <= entries <= 8192:
            raise DiskError("its grain size or table size is not valid")
        if self._packed and header[13] != 1:
            raise DiskError(f"its compression {header[13]} is not known")
        self._check_descriptor(descriptor, descriptor_size)
        count = -(-self.size // (self._grain * entries))
        if count * 4 > _LARGEST_TABLE:
            raise DiskError("its grain directory is larger than any disk needs")
        data = source.read(directory * _SECTOR, count * 4, "the grain directory")
        self._directory = struct.unpack(f"<{count}I", data)

    def _header(self, offset: int) -> tuple[Any, ...]:
        fields = _HEADER.unpack(self._source.read(offset, _HEADER.size, "the header"))
        if fields[0] != b"KDMV":
            raise DiskError("the file is truncated: its footer is missing")
        return fields

    def _check_descriptor(self, sector: int, sectors: int) -> None:
        if not sector:
            raise DiskError("it has no descriptor: it is one part of a disk in several files")
        size = min(sectors * _SECTOR, _LARGEST_DESCRIPTOR)
        text = self._source.read(sector * _SECTOR, size, "the descriptor").partition(b"\0")[0].decode("latin-1")
        kind = _create_type(text)
        if kind not in _TYPES:
            raise DiskError(f"it is a VMDK of the type {kind or 'unknown'}; only {' and '.join(_TYPES)} are taken")
        extents = re.findall(r"^(?:RW|RDONLY|NOACCESS)\s+\d+\s+(\w+)", text, re.MULTILINE)
        if extents != ["SPARSE"]:
            raise DiskError("its descriptor names other files than itself")
        parent = re.search(r"^parentCID\s*=\s*(\w+)", text, re.MULTILINE)
        if parent is None or parent[1].lower() != "ffffffff":
            raise DiskError("it has a parent disk; consolidate it first")

    def copy_to(self, target: Target) -> None:
        """Write every grain that is there."""
        for number, sector in enumerate(self._directory):
            if not sector:
                continue
            data = self._source.read(sector * _SECTOR, self._entries * 4, "a grain table")
            for index, grain in enumerate(struct.unpack(f"<{self._entries}I", data)):
                offset = (number * self._entries + index) * self._grain
                if grain > _ZEROED_GRAIN and offset < self.size:
                    target.write(offset, self._read_grain(grain * _SECTOR, min(self._grain, self.size - offset)))

    def _read_grain(self, offset: int, length: int) -> bytes:
        if not self._packed:
            return self._source.read(offset, length, "a grain")
        (size,) = struct.unpack("<I", self._source.read(offset + 8, 4, "a grain's marker"))
        if size > 2 * self._grain + 1024:
            raise DiskError("a compressed grain is larger than it can be")
        packed = self._source.read(offset + 12, size, "a compressed grain")
        try:
            data = zlib.decompressobj().decompress(packed, self._grain)
        except zlib.error as error:
            raise DiskError(f"a compressed grain is damaged: {error}") from error
        if len(data) < length:
            raise DiskError("a compressed grain is shorter than it should be")
        return data[:length]
