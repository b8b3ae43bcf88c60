"""From any format that is read to a sparse raw file."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pulumi_ahv.simulator.disks.detect import detect
from pulumi_ahv.simulator.disks.flat import Flat
from pulumi_ahv.simulator.disks.qcow2 import Qcow2
from pulumi_ahv.simulator.disks.sparse import DiskError, Source, Target
from pulumi_ahv.simulator.disks.vdi import Vdi
from pulumi_ahv.simulator.disks.vhd import Vhd
from pulumi_ahv.simulator.disks.vhdx import Vhdx
from pulumi_ahv.simulator.disks.vmdk import Vmdk, refuse_descriptor

LARGEST = 2 << 40


@dataclass(frozen=True)
class Converted:
    """What came of a conversion: the source's format, the disk's size, and how much of it is data."""

    format: str
    size: int
    used: int


class Reader(Protocol):
    """One open image. Opening it checks it; ``size`` is the disk's size."""

    size: int

    def copy_to(self, target: Target) -> None:
        """Write all data of the disk."""
        ...


_READERS: dict[str, Callable[[Source], Reader]] = {
    "raw": Flat,
    "iso": Flat,
    "qcow2": Qcow2,
    "vmdk": Vmdk,
    "vhd": Vhd,
    "vhdx": Vhdx,
    "vdi": Vdi,
}


def convert(source: Path, target: Path, *, stop: threading.Event | None = None, largest: int = LARGEST) -> Converted:
    """Convert a disk image to raw.

    Raises:
        DiskError: with the reason; nothing is left at ``target`` that could be taken for a disk.
    """
    size = source.stat().st_size
    with source.open("rb") as file:
        content = Source(file, size)
        name = detect(content)
        if name == "vmdk-descriptor":
            refuse_descriptor(content)
        if name not in _READERS:
            raise DiskError(f"the format {name} is not supported")
        reader = _READERS[name](content)
        if reader.size > largest:
            raise DiskError(f"the disk would have {reader.size} bytes, more than the {largest} that are taken")
        with Target(target, reader.size, stop or threading.Event()) as output:
            reader.copy_to(output)
    return Converted(name, reader.size, output.used)
