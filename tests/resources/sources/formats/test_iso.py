from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pycdlib
import pytest

from pulumi_ahv.resources.sources.inspection import Content
from pulumi_ahv.resources.sources.reading import Unfit


@pytest.fixture(scope="module")
def bridge() -> bytes:
    """A disc with UDF beside ISO 9660, as Windows is delivered on, whose ISO volume is cut down to a stub."""
    disc = pycdlib.PyCdlib()
    disc.new(udf="2.60")
    disc.add_fp(BytesIO(bytes(300_000)), 300_000, "/INSTALL.WIM;1", udf_path="/install.wim")
    out = BytesIO()
    disc.write_fp(out)
    data = bytearray(out.getvalue())
    data[16 * 2048 + 80 : 16 * 2048 + 84] = (30).to_bytes(4, "little")
    return bytes(data)


def test_a_volume_beyond_the_end_means_truncation(disks: Any, look: Callable[..., Content]) -> None:
    with pytest.raises(Unfit, match="the ISO 9660 volume ends"):
        look(disks.iso()[:-2048], kind="iso")


def test_padding_behind_the_volume_may_go(disks: Any, look: Callable[..., Content]) -> None:
    assert look(disks.iso() + bytes(2048), kind="iso").virtual_size == 65 * 2048


def test_a_udf_partition_beyond_the_end_means_truncation(bridge: bytes, look: Callable[..., Content]) -> None:
    assert look(bridge, kind="iso").format == "iso"
    with pytest.raises(Unfit, match="the UDF partition ends"):
        look(bridge[:-300_000], kind="iso")


def test_a_disc_without_a_primary_volume_is_refused(disks: Any, look: Callable[..., Content]) -> None:
    disc = bytearray(disks.iso())
    disc[16 * 2048] = 2
    with pytest.raises(Unfit, match="no primary volume descriptor"):
        look(bytes(disc), kind="iso")
