from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pulumi_ahv.resources.sources.inspection import Content
from pulumi_ahv.resources.sources.reading import Unfit


def test_a_partition_beyond_the_end_means_truncation(disks: Any, look: Callable[..., Content]) -> None:
    with pytest.raises(Unfit, match="partition 1 ends"):
        look(disks.mbr()[:-512])


@pytest.mark.parametrize("sector", [512, 4096])
def test_a_gpt_whose_backup_is_beyond_the_end_means_truncation(
    disks: Any, look: Callable[..., Content], sector: int
) -> None:
    disk = bytearray(disks.gpt())
    if sector == 4096:
        disk[4096 : 4096 + 512] = disk[512:1024]
        disk[512:1024] = bytes(512)
    with pytest.raises(Unfit, match="the backup of its GPT ends"):
        look(bytes(disk[:-512]))


def test_a_size_that_is_no_multiple_of_512_is_refused(look: Callable[..., Content]) -> None:
    with pytest.raises(Unfit, match="1000 bytes long"):
        look(bytes(1000))


def test_a_boot_sector_whose_code_looks_like_partitions_is_left_alone(disks: Any, look: Callable[..., Content]) -> None:
    disk = bytearray(disks.mbr())
    disk[446] = 0x33
    assert look(bytes(disk[:-512])).format == "raw"


def test_a_bare_disk_of_zeros_is_a_disk(look: Callable[..., Content]) -> None:
    assert look(bytes(1 << 20)).virtual_size == 1 << 20
