from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pulumi_ahv.resources.sources.inspection import Content
from pulumi_ahv.resources.sources.reading import Unfit


def test_a_differencing_disk_is_refused(disks: Any, look: Callable[..., Content]) -> None:
    with pytest.raises(Unfit, match="needs its parent"):
        look(disks.vhd(kind=4))


def test_an_unknown_type_is_refused(disks: Any, look: Callable[..., Content]) -> None:
    with pytest.raises(Unfit, match="VHD of type 6"):
        look(disks.vhd(kind=6))


def test_a_dynamic_disk_without_its_footer_is_truncated(disks: Any, look: Callable[..., Content]) -> None:
    with pytest.raises(Unfit, match="footer of a VHD is missing"):
        look(disks.vhd()[:-512])


def test_a_footer_behind_a_hole_does_not_hide_it(disks: Any, look: Callable[..., Content]) -> None:
    disk = disks.vhd()
    with pytest.raises(Unfit, match="a block of data ends"):
        look(disk[: -512 - 65536] + disk[-512:])
    fixed = disks.vhd_fixed()
    with pytest.raises(Unfit, match="the disk ends"):
        look(fixed[: -512 - 65536] + fixed[-512:])


def test_the_word_conectix_at_the_end_makes_no_vhd(disks: Any, look: Callable[..., Content]) -> None:
    disk = bytearray(disks.mbr())
    disk[-512:-504] = b"conectix"
    assert look(bytes(disk)).format == "raw"
