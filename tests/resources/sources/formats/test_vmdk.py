from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pulumi_ahv.resources.sources.inspection import Content
from pulumi_ahv.resources.sources.reading import Unfit


@pytest.mark.parametrize("kind", ["monolithicFlat", "twoGbMaxExtentSparse", "twoGbMaxExtentFlat", "vmfs", "custom"])
def test_a_kind_that_lies_in_other_files_is_refused_by_its_name(
    disks: Any, look: Callable[..., Content], kind: str
) -> None:
    with pytest.raises(Unfit, match=kind) as refused:
        look(disks.vmdk(kind=kind))
    assert "streamOptimized" in refused.value.advice


def test_a_descriptor_alone_is_refused_with_the_file_it_points_to(disks: Any, look: Callable[..., Content]) -> None:
    with pytest.raises(Unfit, match=r"monolithicFlat.*'/etc/shadow'"):
        look(disks.vmdk_descriptor())
    with pytest.raises(Unfit, match="only the descriptor"):
        look(disks.vmdk_descriptor().rstrip(b"\0") * 9)


def test_a_snapshot_of_another_disk_is_refused(disks: Any, look: Callable[..., Content]) -> None:
    with pytest.raises(Unfit, match="snapshot of another disk"):
        look(disks.vmdk(parent="12345678"))


def test_an_extent_without_a_descriptor_is_refused(disks: Any, look: Callable[..., Content]) -> None:
    with pytest.raises(Unfit, match="starts like a VMDK"):
        look(disks.vmdk(descriptor_at=0))


def test_an_extent_that_names_a_path_does_not_pass_the_safety_check(disks: Any, look: Callable[..., Content]) -> None:
    disk = disks.vmdk().replace(b'"disk.vmdk"', b'"/etc/pass"')
    with pytest.raises(Unfit, match="safety check"):
        look(disk)


def test_a_stream_without_its_footer_is_truncated(disks: Any, look: Callable[..., Content]) -> None:
    with pytest.raises(Unfit, match="the footer that its header announces is not at its end"):
        look(disks.vmdk_stream()[:-512], deep=False)


def test_the_kind_is_read_without_regard_to_case(disks: Any, look: Callable[..., Content]) -> None:
    assert look(disks.vmdk(kind="MONOLITHICSPARSE")).format == "vmdk"
