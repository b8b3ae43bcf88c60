from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import pytest

from pulumi_ahv.resources.sources.inspection import Content
from pulumi_ahv.resources.sources.reading import Unfit


def test_a_disk_that_needs_another_is_refused(disks: Any, look: Callable[..., Content]) -> None:
    with pytest.raises(Unfit, match="needs another file"):
        look(disks.vdi(kind=4))


@pytest.mark.parametrize(
    ("at", "value", "words"),
    [
        (0x170, struct.pack("<Q", 0), "0 bytes"),
        (0x170, struct.pack("<Q", 1 << 50), "does not cover"),
        (0x180, struct.pack("<I", 1 << 27), "the block table ends"),
        (512, struct.pack("<I", 2), "a block of data ends"),
    ],
)
def test_damage_is_named(disks: Any, look: Callable[..., Content], at: int, value: bytes, words: str) -> None:
    disk = bytearray(disks.vdi())
    disk[at : at + len(value)] = value
    with pytest.raises(Unfit, match=words):
        look(bytes(disk))


def test_a_static_disk_is_a_disk(disks: Any, look: Callable[..., Content]) -> None:
    assert look(disks.vdi(kind=2)).format == "vdi"
