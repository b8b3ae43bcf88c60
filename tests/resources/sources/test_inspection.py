from __future__ import annotations

import bz2
import contextlib
import gzip
import lzma
import random
import struct
import tarfile
import zipfile
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pulumi_ahv.resources.sources.inspection import Content
from pulumi_ahv.resources.sources.reading import Unfit

MIB = 1 << 20
VALID = {
    "qcow2": ("qcow2", "disk", MIB),
    "qcow2_compressed": ("qcow2", "disk", MIB),
    "vmdk": ("vmdk", "disk", MIB),
    "vmdk_stream": ("vmdk", "disk", MIB),
    "vhd_fixed": ("vhd", "disk", MIB),
    "vhd": ("vhd", "disk", 8 * MIB),
    "vhdx": ("vhdx", "disk", 8 * MIB),
    "vdi": ("vdi", "disk", 4 * MIB),
    "mbr": ("raw", "disk", 2 * MIB),
    "gpt": ("raw", "disk", 2 * MIB),
    "iso": ("iso", "iso", 64 * 2048),
}


def tar(name: str, data: bytes) -> bytes:
    out = BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        info = tarfile.TarInfo(name)
        info.size = len(data)
        archive.addfile(info, BytesIO(data))
    return out.getvalue()


def zipped(data: bytes) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("disk.raw", data)
    return out.getvalue()


@pytest.mark.parametrize("writer", VALID)
@pytest.mark.parametrize("deep", [True, False])
def test_every_format_that_prism_takes_is_recognised_by_its_content(
    disks: Any, look: Callable[..., Content], writer: str, deep: bool
) -> None:
    name, kind, size = VALID[writer]
    content = look(getattr(disks, writer)(), kind=kind, deep=deep)
    assert (content.format, content.virtual_size) == (name, size)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (gzip.compress(bytes(4096)), "gzip"),
        (lzma.compress(bytes(4096)), "xz"),
        (bz2.compress(bytes(4096)), "bzip2"),
        (b"\x28\xb5\x2f\xfd".ljust(1024, b"\0"), "zstd"),
        (tar("appliance.ovf", b"<Envelope/>"), "OVA"),
        (zipped(bytes(1024)), "zip"),
        (b"QED\0".ljust(1024, b"\0"), "QED"),
        (b"LUKS\xba\xbe\0\x01".ljust(1024, b"\0"), "LUKS"),
        (b"COWD".ljust(1024, b"\0"), "vmfsSparse"),
        (b"WithoutFreeSpace".ljust(1024, b"\0"), "Parallels"),
        (b"MSWIM\0\0\0".ljust(1024, b"\0"), "WIM"),
        (b"<!DOCTYPE html><html>404</html>".ljust(512), "web page"),
        (b"version https://git-lfs.github.com/spec/v1\n".ljust(512), "Git LFS"),
        (b"", "empty"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_prism_cannot_convert_is_refused_by_name(look: Callable[..., Content], data: bytes, words: str) -> None:
    with pytest.raises(Unfit, match=words) as refused:
        look(data)
    assert refused.value.advice


def test_an_iso_declared_as_a_disk_is_refused_with_the_type_to_set(disks: Any, look: Callable[..., Content]) -> None:
    with pytest.raises(Unfit) as refused:
        look(disks.iso(), kind="disk")
    assert refused.value.advice == "Set type to 'iso'."


def test_an_iso_that_also_boots_as_a_disk_may_be_a_disk(disks: Any, look: Callable[..., Content]) -> None:
    assert look(disks.iso(mbr=True), kind="disk").format == "iso"
    assert look(disks.iso(mbr=True), kind="iso").format == "iso"


@pytest.mark.parametrize("writer", [name for name in VALID if name != "iso"])
def test_a_disk_declared_as_an_iso_is_refused(disks: Any, look: Callable[..., Content], writer: str) -> None:
    with pytest.raises(Unfit, match="no ISO 9660 image but") as refused:
        look(getattr(disks, writer)(), kind="iso")
    assert "Set type to 'disk'" in refused.value.advice


def test_a_file_of_two_formats_at_once_is_refused(disks: Any, look: Callable[..., Content]) -> None:
    both = disks.qcow2()[:32768] + disks.iso()[32768:]
    with pytest.raises(Unfit, match="read as iso and as qcow2"):
        look(both, kind="iso")


@pytest.mark.parametrize("magic", [b"QFI\xfb", b"KDMV", b"vhdxfile"])
def test_a_file_that_is_nothing_but_the_start_of_a_header_is_refused(
    look: Callable[..., Content], magic: bytes
) -> None:
    with pytest.raises(Unfit):
        look(magic)


def harmless(writer: str, length: int, full: int) -> bool:
    """What a cut may leave that is still taken, and why nothing is lost or can be known.

    - A fixed VHD without its footer is a raw disk of whole sectors, and says nothing of its length.
    - The tail of a streamOptimized VMDK is its footer, so none is spared here; see its own test for one without.
    - A GPT's last sector is its backup header, an MBR's last partition ends with the disk: nothing is spared.
    """
    return writer == "vhd_fixed" and length % 512 == 0 and 0 < length < full


@pytest.mark.parametrize("writer", VALID)
@settings(max_examples=40, deadline=None)
@given(
    place=st.floats(0, 1, exclude_max=True), near=st.sampled_from([None, 1, 2, 511, 512, 513, 1024, 1536, 4096, 65536])
)
@example(place=0.0, near=1)
def test_a_file_cut_short_anywhere_is_refused_or_lost_nothing(
    disks: Any, look: Callable[..., Content], writer: str, place: float, near: int | None
) -> None:
    data = getattr(disks, writer)()
    length = max(0, len(data) - near) if near else int(place * len(data))
    if harmless(writer, length, len(data)):
        assert look(data[:length]).format == "raw"
        return
    with pytest.raises(Unfit):
        look(data[:length], kind=VALID[writer][1])


@settings(max_examples=150, deadline=None)
@given(data=st.data(), writer=st.sampled_from(sorted(VALID)))
def test_a_file_with_wrong_bytes_in_its_header_is_taken_or_refused_and_nothing_else(
    disks: Any, look: Callable[..., Content], data: bytes, writer: str
) -> None:
    disk = bytearray(getattr(disks, writer)())
    spots = [st.integers(0, 600), st.integers(0, len(disk) - 1), st.integers(len(disk) - 1536, len(disk) - 1)]
    for _ in range(data.draw(st.integers(1, 6))):
        spot = data.draw(st.one_of(spots))
        value = data.draw(
            st.sampled_from([b"\xff" * 8, bytes(8), b"\x80" + bytes(7), b"\x01"]) | st.binary(min_size=1, max_size=8)
        )
        disk[spot : spot + len(value)] = value[: len(disk) - spot]
    for kind in ("disk", "iso"):
        with contextlib.suppress(Unfit):
            assert look(bytes(disk), kind=kind).virtual_size > 0


MAGICS = [
    b"",
    b"QFI\xfb\0\0\0\x03",
    b"KDMV\x01\0\0\0",
    b"conectix",
    b"vhdxfile",
    b"# Disk DescriptorFile\n",
    b"\0" * 64 + struct.pack("<I", 0xBEDA107F),
]


@settings(max_examples=150, deadline=None)
@given(
    start=st.sampled_from(MAGICS),
    rest=st.binary(max_size=3000),
    seed=st.integers(0, 99),
    padding=st.sampled_from([0, 512, 40_000, 300_000]),
)
def test_random_bytes_are_taken_or_refused_and_nothing_else(
    look: Callable[..., Content], start: bytes, rest: bytes, seed: int, padding: int
) -> None:
    data = start + rest + random.Random(seed).randbytes(padding)
    for kind in ("disk", "iso"):
        with contextlib.suppress(Unfit):
            assert look(data, kind=kind).virtual_size == len(data)


def test_a_text_is_no_image(look: Callable[..., Content]) -> None:
    with pytest.raises(Unfit):
        look(b"just some text\n" * 100)


def test_hostile_tables_cost_no_more_than_the_file_is_long(disks: Any, in_memory: Callable[[bytes], Any]) -> None:
    from pulumi_ahv.resources.sources.inspection import inspect_content

    disk = bytearray(disks.qcow2())
    struct.pack_into(">I", disk, 36, (32 << 20) // 8 + 1)
    source = in_memory(bytes(disk))
    with pytest.raises(Unfit, match="larger than the format allows"):
        inspect_content(source, kind="disk", deep=True)
    assert source.taken < 3 * MIB


def test_an_l2_table_that_is_named_many_times_is_read_once(disks: Any, in_memory: Callable[[bytes], Any]) -> None:
    from pulumi_ahv.resources.sources.inspection import inspect_content

    disk = bytearray(disks.qcow2())
    struct.pack_into(">I", disk, 36, 8192)
    disk[3 * 65536 : 4 * 65536] = struct.pack(">Q", 4 * 65536) * 8192
    source = in_memory(bytes(disk))
    inspect_content(source, kind="disk", deep=True)
    assert source.taken < 3 * MIB
