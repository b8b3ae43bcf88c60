"""Reads ISO 9660 discs: primary volume, Joliet, Rock Ridge names. Written from ECMA-119 and the Joliet specification.

Of Rock Ridge only alternate names (NM, with continuation areas) are read: nobody boots these discs. Names come from
Rock Ridge if there is any, else from Joliet, else from the primary volume in lower case without version. Extents
are checked against the file, depth and number of entries against a limit.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_SECTOR = 2048
_FIRST_DESCRIPTOR = 16
_PRIMARY, _SUPPLEMENTARY, _END = 1, 2, 255
_JOLIET = (b"%/@", b"%/C", b"%/E")
_DIRECTORY = 2
_MOST_ENTRIES = 10_000
_LARGEST_FILE = 64 << 20


class DiscError(Exception):
    """What is in the drive is not a readable ISO 9660 disc."""


@dataclass(frozen=True)
class Entry:
    """One file or folder of a disc."""

    name: str
    extent: int
    size: int
    is_folder: bool
    has_long_name: bool = False


@dataclass(frozen=True)
class Disc:
    """A disc that has been read: its label and its files by path."""

    label: str
    files: dict[str, bytes]


def read_disc(path: Path) -> Disc:
    """Read a whole disc.

    Raises:
        DiscError: it is none, or is damaged.
    """
    with path.open("rb") as file:
        reader = _Reader(file, path.stat().st_size)
        return Disc(reader.label, dict(reader.walk()))


class _Reader:
    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._size = size
        self._entries = 0
        primary, joliet = self._descriptors()
        self.label = primary[40:72].decode("ascii", "replace").rstrip()
        self._root = _entry(primary[156:190], joliet=False)
        self._joliet = False
        rock_ridge = any(entry.has_long_name for entry in self._folder(self._root))
        if joliet is not None and not rock_ridge:
            self._joliet = True
            self._root = _entry(joliet[156:190], joliet=True)
            self.label = joliet[40:72].decode("utf-16-be", "replace").rstrip(" \0") or self.label

    def walk(self) -> Iterator[tuple[str, bytes]]:
        """All files by path."""
        yield from self._walk(self._root, "", 0)

    def _walk(self, folder: Entry, prefix: str, depth: int) -> Iterator[tuple[str, bytes]]:
        if depth > 16:
            raise DiscError("its folders are too deep, or form a circle")
        for entry in self._folder(folder):
            if entry.is_folder:
                yield from self._walk(entry, f"{prefix}{entry.name}/", depth + 1)
            elif entry.size <= _LARGEST_FILE:
                yield prefix + entry.name, self._read(entry.extent, entry.size)

    def _descriptors(self) -> tuple[bytes, bytes | None]:
        primary = joliet = None
        for number in range(_FIRST_DESCRIPTOR, _FIRST_DESCRIPTOR + 64):
            sector = self._read(number, _SECTOR)
            if sector[1:6] != b"CD001":
                raise DiscError("it has no ISO 9660 volume")
            if sector[0] == _PRIMARY and primary is None:
                primary = sector
            elif sector[0] == _SUPPLEMENTARY and sector[88:91] in _JOLIET:
                joliet = sector
            elif sector[0] == _END:
                break
        if primary is None:
            raise DiscError("it has no primary volume")
        return primary, joliet

    def _read(self, sector: int, length: int) -> bytes:
        if sector * _SECTOR + length > self._size:
            raise DiscError("it is truncated")
        self._file.seek(sector * _SECTOR)
        return self._file.read(length)

    def _folder(self, folder: Entry) -> list[Entry]:
        if folder.size > _LARGEST_FILE:
            raise DiscError("a folder is too large")
        data = self._read(folder.extent, folder.size)
        found, at, number = [], 0, 0
        while at < len(data):
            length = data[at]
            if length == 0:
                at = (at // _SECTOR + 1) * _SECTOR
                continue
            number += 1
            record = data[at : at + length]
            if number > 2:  # the first two are the folder itself and its parent
                entry = _entry(record, joliet=self._joliet)
                found.append(entry if self._joliet else self._with_long_name(entry, record))
            at += length
            self._entries += 1
            if self._entries > _MOST_ENTRIES:
                raise DiscError("it has too many entries")
        return found

    def _with_long_name(self, entry: Entry, record: bytes) -> Entry:
        """The entry with its Rock Ridge name, where it has one."""
        name_end = 33 + record[32]
        area = record[name_end + (name_end & 1) :]
        name, found = b"", False
        for kind, data in self._system_use(area):
            if kind == b"NM":
                name += data[1:]
                found = True
        if not found:
            return entry
        return Entry(name.decode("utf-8", "replace"), entry.extent, entry.size, entry.is_folder, has_long_name=True)

    def _system_use(self, area: bytes) -> Iterator[tuple[bytes, bytes]]:
        hops = 0
        while area:
            following = b""
            at = 0
            while at + 4 <= len(area) and area[at + 2] >= 4:
                kind, length = area[at : at + 2], area[at + 2]
                data = area[at + 4 : at + length]
                if kind == b"CE" and hops < 8:
                    sector, offset, size = (struct.unpack("<I", data[index : index + 4])[0] for index in (0, 8, 16))
                    following = self._read(sector, offset + size)[offset:]
                    hops += 1
                elif kind == b"ST":
                    break
                else:
                    yield kind, data
                at += length
            area = following


def _entry(record: bytes, *, joliet: bool) -> Entry:
    if len(record) < 34:
        raise DiscError("a directory record is too short")
    extent, _, size = struct.unpack("<III", record[2:14])
    raw = record[33 : 33 + record[32]]
    name = raw.decode("utf-16-be" if joliet else "ascii", "replace").split(";", maxsplit=1)[0]
    if not joliet:
        name = name.lower().rstrip(".")
    return Entry(name, extent, size, bool(record[25] & _DIRECTORY))
