from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import pytest

from pulumi_ahv.resources.sources.inspection import Content
from pulumi_ahv.resources.sources.reading import Unfit

MIB = 1 << 20


def test_a_differencing_disk_is_refused(disks: Any, look: Callable[..., Content]) -> None:
    with pytest.raises(Unfit, match="needs its parent"):
        look(disks.vhdx(parent=True))


def test_a_log_that_was_not_replayed_is_refused(disks: Any, look: Callable[..., Content]) -> None:
    with pytest.raises(Unfit, match="not closed cleanly"):
        look(disks.vhdx(log=b"x" * 16))


@pytest.mark.parametrize(
    ("at", "value", "words"),
    [
        (2 * MIB, b"nonsense", "no valid metadata"),
        (2 * MIB + 65536, struct.pack("<I", 7), "sizes that the format does not allow"),
        (2 * MIB + 65552, struct.pack("<Q", 1 << 60), "sizes that the format does not allow"),
        (2 * MIB + 65552, struct.pack("<Q", 1 << 44), "does not cover"),
        (192 << 10, bytes(64 << 10) * 2, "its header is broken"),
        (64 << 10, bytes(128 << 10), "no valid VHDX header"),
        (3 * MIB, struct.pack("<Q", 9 * MIB | 6), "a block of data ends"),
    ],
)
def test_damage_is_named(disks: Any, look: Callable[..., Content], at: int, value: bytes, words: str) -> None:
    disk = bytearray(disks.vhdx())
    disk[at : at + len(value)] = value
    with pytest.raises(Unfit, match=words):
        look(bytes(disk))
