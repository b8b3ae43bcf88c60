from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import pytest

from pulumi_ahv.resources.sources.inspection import Content
from pulumi_ahv.resources.sources.reading import Unfit

CLUSTER = 65536


def test_a_backing_file_is_named_with_the_way_out(disks: Any, look: Callable[..., Content]) -> None:
    with pytest.raises(Unfit, match=r"needs a backing file, 'base.qcow2'") as refused:
        look(disks.qcow2(backing=b"base.qcow2"))
    assert "qemu-img convert" in refused.value.advice


def test_an_external_data_file_is_named(disks: Any, look: Callable[..., Content]) -> None:
    with pytest.raises(Unfit, match=r"another file, '/dev/sda'"):
        look(disks.qcow2(incompatible=4, data_file=b"/dev/sda"))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"incompatible": 2}, "marked as corrupt"),
        ({"incompatible": 16}, "subclusters"),
        ({"incompatible": 1 << 40}, "not known here"),
        ({"crypt": 2}, "encrypted"),
        ({"version": 1}, "qcow version 1"),
        ({"version": 4}, "qcow version 4"),
    ],
)
def test_what_prism_cannot_read_is_refused(
    disks: Any, look: Callable[..., Content], change: dict[str, Any], words: str
) -> None:
    with pytest.raises(Unfit, match=words):
        look(disks.qcow2(**change))


@pytest.mark.parametrize("incompatible", [1, 8])
def test_lazy_refcounts_and_a_named_compression_are_fine(
    disks: Any, look: Callable[..., Content], incompatible: int
) -> None:
    assert look(disks.qcow2(incompatible=incompatible)).format == "qcow2"


def test_version_2_has_no_features_to_look_at(disks: Any, look: Callable[..., Content]) -> None:
    assert look(disks.qcow2(version=2, incompatible=1 << 40)).format == "qcow2"


@pytest.mark.parametrize(
    ("at", "value", "words"),
    [
        (8 + 4 + 8, struct.pack(">I", 30), "clusters of 2.30"),
        (24, struct.pack(">Q", 0), "0 bytes"),
        (24, struct.pack(">Q", 1 << 62), "does not cover"),
        (40, struct.pack(">Q", 1 << 40), "L1 table ends"),
        (48, struct.pack(">Q", 1 << 40), "refcount table ends"),
        (56, struct.pack(">I", 1 << 30), "larger than the format"),
        (60, struct.pack(">IQ", 9, 1 << 40), "table of snapshots ends"),
        (3 * CLUSTER, struct.pack(">Q", 1 << 40), "an L2 table ends"),
        (3 * CLUSTER, struct.pack(">Q", 4 * CLUSTER + 512), "not the start of a cluster"),
        (4 * CLUSTER, struct.pack(">Q", 1 << 40), "a data cluster ends"),
        (CLUSTER, struct.pack(">Q", 1 << 40), "a refcount block ends"),
    ],
)
def test_a_place_beyond_the_end_is_named(
    disks: Any, look: Callable[..., Content], at: int, value: bytes, words: str
) -> None:
    disk = bytearray(disks.qcow2())
    disk[at : at + len(value)] = value
    with pytest.raises(Unfit, match=words):
        look(bytes(disk))


def test_the_last_cluster_may_end_where_the_disk_ends(disks: Any, look: Callable[..., Content]) -> None:
    disk = bytearray(disks.qcow2())
    struct.pack_into(">Q", disk, 24, CLUSTER + 512)
    assert look(bytes(disk[: -CLUSTER + 512])).virtual_size == CLUSTER + 512
    with pytest.raises(Unfit, match="a data cluster ends"):
        look(bytes(disk[: -CLUSTER + 511]))


def test_a_header_alone_is_enough_for_a_shallow_look(disks: Any, look: Callable[..., Content]) -> None:
    assert look(disks.qcow2()[: 3 * CLUSTER + 8], deep=False).virtual_size == 1 << 20
