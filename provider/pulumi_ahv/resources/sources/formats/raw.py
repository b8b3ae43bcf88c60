"""Raw disks, whose only witness of their length is the partition table.

A disk without one, or with partitions that end early, may have lost its tail unseen. oslo.utils' check of the MBR is
left out on purpose: it refuses boot sectors of bare file systems and hybrid tables, which are no hazard to Prism.
"""

from __future__ import annotations

import struct

from pulumi_ahv.resources.sources.reading import ByteSource, Unfit, demand

_SECTOR = 512
_PROTECTIVE = 0xEE


def inspect(source: ByteSource) -> int:
    """Size of the disk in bytes, which is the file's."""
    _check_partitions(source)
    _check_backup_table(source)
    if source.size % _SECTOR:
        raise Unfit(
            f"is {source.size} bytes long, which no disk is: not a multiple of {_SECTOR}, and of no known format",
            "If it is a disk, copy it again; if it is something else, give the disk image that belongs here.",
        )
    return source.size


def _check_partitions(source: ByteSource) -> None:
    sector = source.read_at(0, _SECTOR)
    if len(sector) < _SECTOR or sector[510:] != b"\x55\xaa":
        return
    partitions = [struct.unpack_from("<B3xB3xII", sector, 446 + 16 * number) for number in range(4)]
    if any(boot not in (0x00, 0x80) for boot, _, _, _ in partitions):
        return  # the boot sector of a bare file system: these bytes are code
    for number, (_, kind, start, count) in enumerate(partitions, 1):
        if kind not in (0, _PROTECTIVE):
            demand(source, (start + count) * _SECTOR, f"partition {number}")


def _check_backup_table(source: ByteSource) -> None:
    for sector in (512, 4096):
        header = source.read_at(sector, 92)
        if len(header) == 92 and header.startswith(b"EFI PART"):
            (backup,) = struct.unpack_from("<Q", header, 32)
            demand(source, (backup + 1) * sector, "the backup of its GPT")
