"""ISO 9660 and the UDF that bridge discs carry beside it.

The primary volume descriptor (ECMA-119, 8.4) tells the size of the volume. Installation discs of Windows keep their
files in UDF (ECMA-167) and the ISO volume may be a stub, so the UDF partition has to lie within the file as well.
"""

from __future__ import annotations

import struct

from pulumi_ahv.resources.sources.reading import ByteSource, corrupt, demand

_SECTOR = 2048
_ANCHOR, _PARTITION = 2, 5
_DESCRIPTORS = 64  # volume descriptors, and descriptors of a UDF sequence, are few


def inspect(source: ByteSource) -> int:
    """Size of the disc in bytes, which is the file's."""
    _check_volume(source)
    _check_udf(source)
    return source.size


def _check_volume(source: ByteSource) -> None:
    for number in range(16, 16 + _DESCRIPTORS):
        data = source.read_at(number * _SECTOR, _SECTOR)
        demand(source, (number + 1) * _SECTOR, "a volume descriptor")
        if data[1:6] != b"CD001" or data[0] == 255:
            raise corrupt("has no primary volume descriptor")
        if data[0] == 1:
            (blocks,) = struct.unpack_from("<I", data, 80)
            (block,) = struct.unpack_from("<H", data, 128)
            demand(source, blocks * block, "the ISO 9660 volume")
            return


def _check_udf(source: ByteSource) -> None:
    anchor = source.read_at(256 * _SECTOR, _SECTOR)
    if len(anchor) < _SECTOR or not _tagged(anchor, _ANCHOR, 256):
        return
    length, start = struct.unpack_from("<II", anchor, 16)
    for number in range(start, start + min(length // _SECTOR, _DESCRIPTORS)):
        data = source.read_at(number * _SECTOR, _SECTOR)
        demand(source, (number + 1) * _SECTOR, "a UDF descriptor")
        if _tagged(data, _PARTITION, number):
            first, count = struct.unpack_from("<II", data, 188)
            demand(source, (first + count) * _SECTOR, "the UDF partition")


def _tagged(data: bytes, kind: int, place: int) -> bool:
    """Whether a descriptor says that it is of this kind and belongs here."""
    tag, _, checksum = struct.unpack_from("<HHB", data)
    (location,) = struct.unpack_from("<I", data, 12)
    own = (sum(data[:16]) - data[4]) % 256
    return bool(tag == kind and location == place and checksum == own)
