"""Each reader against files that a small writer of the tests' own makes from the format's description."""

from __future__ import annotations

import shutil
import struct
import subprocess
import threading
import zlib
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
import zstandard

from pulumi_ahv.simulator.disks import DiskError, convert

SIZE = 3 << 20
CLUSTER = 64 << 10


def content() -> bytes:
    """A disk with data at its beginning, in its middle and at its very end, and holes between."""
    disk = bytearray(SIZE)
    disk[:600] = b"begin!" * 100
    disk[1_500_000 : 1_500_000 + 100_000] = bytes(number % 251 for number in range(100_000))
    disk[-5:] = b"end.."
    return bytes(disk)


DISK = content()


def blocks(size: int) -> list[tuple[int, bytes]]:
    """The blocks that hold data, with their numbers."""
    found = [(number, DISK[at : at + size].ljust(size, b"\0")) for number, at in enumerate(range(0, SIZE, size))]
    return [(number, data) for number, data in found if any(data)]


def qcow2(pack: Callable[[bytes], bytes] | None = None, *, kind: int = 0, version: int = 3, **header: int) -> bytes:
    incompatible = header.get("incompatible", 8 if kind else 0)
    head = struct.pack(
        ">4sIQIIQIIQQIIQ",
        b"QFI\xfb",
        version,
        header.get("backing", 0),
        0,
        16,
        SIZE,
        header.get("encrypted", 0),
        1,
        CLUSTER,
        0,
        0,
        0,
        0,
    )
    head += struct.pack(">QQQIIB7x", incompatible, 0, 0, 4, 112, kind)
    l2, data, at = [0] * (CLUSTER // 8), b"", 3 * CLUSTER
    for number, block in blocks(CLUSTER):
        if pack is None:
            l2[number] = (1 << 63) | (at + len(data))
            data += block
        else:
            packed = pack(block)
            offset = at + len(data)
            sectors = ((offset & 511) + len(packed) - 1) // 512
            l2[number] = (1 << 62) | (sectors << (62 - 8)) | offset
            data += packed
    tables = struct.pack(">Q", (1 << 63) | (2 * CLUSTER)).ljust(CLUSTER, b"\0") + struct.pack(f">{len(l2)}Q", *l2)
    return head.ljust(CLUSTER, b"\0") + tables + data


def deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-12)
    return packer.compress(data) + packer.flush()


DESCRIPTOR = (
    '# Disk DescriptorFile\nversion=1\nCID=fffffffe\nparentCID={parent}\ncreateType="{kind}"\n'
    'RW {sectors} {extent} "disk.vmdk"{tail}\n'
)


def vmdk(*, packed: bool, **told: str) -> bytes:
    grain, entries = 64 << 10, 512
    values = {
        "parent": "ffffffff",
        "kind": "streamOptimized" if packed else "monolithicSparse",
        "sectors": SIZE // 512,
        "extent": "SPARSE",
        "tail": "",
        **told,
    }
    text = DESCRIPTOR.format(**values).encode().ljust(1024, b"\0")
    flags = 3 | ((1 << 16) | (1 << 17) if packed else 0)
    directory, table = 3, 4
    start = 16 * 512
    grains, data = [0] * entries, b""
    for number, block in blocks(grain):
        grains[number] = (start + len(data)) // 512
        piece = block
        if packed:
            body = zlib.compress(block)
            piece = struct.pack("<QI", number * grain // 512, len(body)) + body
        data += piece.ljust(-(-len(piece) // 512) * 512, b"\0")
    head = struct.pack(
        "<4sIIQQQQIQQQB4sH",
        b"KDMV",
        3 if packed else 1,
        flags,
        SIZE // 512,
        grain // 512,
        1,
        2,
        entries,
        0,
        directory,
        16,
        0,
        b"\n \r\n",
        1 if packed else 0,
    ).ljust(512, b"\0")
    tables = struct.pack("<I", table).ljust(512, b"\0") + struct.pack(f"<{entries}I", *grains)
    return (head + text + tables).ljust(start, b"\0") + data


def vmdk_with_footer() -> bytes:
    """As streaming tools write it: the header does not know the directory yet, the footer does."""
    whole = vmdk(packed=True)
    head = bytearray(whole[:512])
    head[56:64] = b"\xff" * 8
    return bytes(head) + whole[512:] + bytes(512) + whole[:512] + bytes(512)


def vhd_footer(kind: int, offset: int) -> bytes:
    foot = bytearray(512)
    foot[:8] = b"conectix"
    struct.pack_into(">IIQ", foot, 8, 2, 0x10000, offset)
    struct.pack_into(">QQ", foot, 40, SIZE, SIZE)
    struct.pack_into(">I", foot, 60, kind)
    struct.pack_into(">I", foot, 64, ~sum(foot) & 0xFFFFFFFF)
    return bytes(foot)


def vhd_fixed() -> bytes:
    return DISK + vhd_footer(2, 0xFFFFFFFFFFFFFFFF)


def vhd_dynamic(kind: int = 3) -> bytes:
    block, count = 2 << 20, 2
    foot = vhd_footer(kind, 512)
    head = bytearray(1024)
    head[:8] = b"cxsparse"
    struct.pack_into(">QQIII", head, 8, 0xFFFFFFFFFFFFFFFF, 1536, 0x10000, count, block)
    table, data, start = [0xFFFFFFFF] * count, b"", 2048
    for number, piece in blocks(block):
        table[number] = (start + len(data)) // 512
        data += b"\xff" * 512 + piece
    return foot + bytes(head) + struct.pack(f">{count}I", *table).ljust(512, b"\0") + data + foot


def vhdx(*, log: bytes = bytes(16), flags: int = 0, state: int = 6) -> bytes:
    mega = 1 << 20
    image = bytearray(4 * mega)
    image[:8] = b"vhdxfile"
    for number, offset in enumerate((64 << 10, 128 << 10)):
        image[offset : offset + 4] = b"head"
        struct.pack_into("<Q", image, offset + 8, number)
        image[offset + 48 : offset + 64] = log
    image[192 << 10 : (192 << 10) + 4] = b"regi"
    struct.pack_into("<I", image, (192 << 10) + 8, 2)
    regions = (("2dc27766-f623-4200-9d64-115e9bfd4a08", 2), ("8b7ca206-4790-4b9a-b8fe-575f050f886e", 3))
    for number, (name, place) in enumerate(regions):
        entry = UUID(name).bytes_le + struct.pack("<QII", place * mega, mega, 1)
        image[(192 << 10) + 16 + 32 * number : (192 << 10) + 48 + 32 * number] = entry
    meta = 3 * mega
    image[meta : meta + 8] = b"metadata"
    struct.pack_into("<H", image, meta + 10, 3)
    items = (
        ("caa16737-fa36-4d43-b3b6-33f0aa44e76b", struct.pack("<II", mega, flags)),
        ("2fa54224-cd1b-4876-b211-5dbed83bf4b8", struct.pack("<Q", SIZE)),
        ("8141bf1d-a96f-4709-ba47-f233a8faab5f", struct.pack("<I", 512)),
    )
    for number, (name, value) in enumerate(items):
        where = 65536 + 64 * number
        entry = UUID(name).bytes_le + struct.pack("<IIII", where, len(value), 4, 0)
        image[meta + 32 + 32 * number : meta + 64 + 32 * number] = entry
        image[meta + where : meta + where + len(value)] = value
    for number, piece in blocks(mega):
        struct.pack_into("<Q", image, 2 * mega + 8 * number, len(image) | state)
        image += piece
    return bytes(image)


def vdi(*, kind: int = 1) -> bytes:
    mega = 1 << 20
    head = bytearray(1024)
    struct.pack_into("<IIII", head, 0x40, 0xBEDA107F, 0x10001, 0x190, kind)
    struct.pack_into("<II", head, 0x154, 512, 1024)
    struct.pack_into("<QIIII", head, 0x170, SIZE, mega, 0, SIZE // mega, 0)
    table, data = [0xFFFFFFFF] * (SIZE // mega), b""
    for place, (number, piece) in enumerate(blocks(mega)):
        table[number] = place
        data += piece
    struct.pack_into(f"<{len(table)}I", head, 512, *table)
    return bytes(head) + data


MADE: dict[str, tuple[str, Callable[[], bytes]]] = {
    "raw": ("raw", lambda: DISK),
    "qcow2": ("qcow2", qcow2),
    "qcow2 version 2": ("qcow2", lambda: qcow2(version=2)),
    "qcow2 zlib": ("qcow2", lambda: qcow2(deflate)),
    "qcow2 zstd": ("qcow2", lambda: qcow2(zstandard.ZstdCompressor().compress, kind=1)),
    "vmdk sparse": ("vmdk", lambda: vmdk(packed=False)),
    "vmdk stream": ("vmdk", lambda: vmdk(packed=True)),
    "vmdk stream with footer": ("vmdk", vmdk_with_footer),
    "vhd fixed": ("vhd", vhd_fixed),
    "vhd dynamic": ("vhd", vhd_dynamic),
    "vhdx": ("vhdx", vhdx),
    "vdi": ("vdi", vdi),
}
REFUSED: dict[str, tuple[str, bytes]] = {
    "empty": ("empty", b""),
    "backing file": ("backing file", qcow2(backing=600)),
    "external data": ("external file", qcow2(incompatible=4)),
    "corrupt": ("marked corrupt", qcow2(incompatible=2)),
    "extended L2": ("extended L2", qcow2(incompatible=16)),
    "unknown feature": ("incompatible features", qcow2(incompatible=1 << 40)),
    "encrypted": ("encrypted", qcow2(encrypted=1)),
    "qcow2 of the future": ("version 4", qcow2(version=4)),
    "vmdk parent": ("parent", vmdk(packed=False, parent="12345678")),
    "vmdk flat extent": ("other files", vmdk(packed=False, extent="FLAT", tail=" 0")),
    "vmdk type": ("twoGbMaxExtentSparse", vmdk(packed=False, kind="twoGbMaxExtentSparse")),
    "vmdk descriptor": (
        "other files",
        DESCRIPTOR.format(parent="ffffffff", kind="vmfs", sectors=1, extent="VMFS", tail="").encode(),
    ),
    "vhd differencing": ("differencing", vhd_dynamic(kind=4)),
    "vhdx log": ("played back", vhdx(log=b"\x01" * 16)),
    "vhdx parent": ("differencing", vhdx(flags=2)),
    "vhdx partial": ("differencing", vhdx(state=7)),
    "vdi differencing": ("differencing", vdi(kind=4)),
    "qed": ("qed", b"QED\0" + bytes(600)),
    "old qcow": ("qcow", b"QFI\xfb\0\0\0\1" + bytes(600)),
    "gzip": ("gzip", b"\x1f\x8b" + bytes(600)),
    "ova": ("tar", bytes(257) + b"ustar" + bytes(600)),
}


@pytest.mark.parametrize("name", MADE)
def test_a_disk_comes_out_as_it_went_in(name: str, tmp_path: Path) -> None:
    kind, make = MADE[name]
    source, target = tmp_path / "in", tmp_path / "out"
    source.write_bytes(make())
    done = convert(source, target)
    assert (done.format, done.size) == (kind, SIZE)
    assert target.read_bytes() == DISK
    assert done.used < SIZE // 2


@pytest.mark.parametrize("name", REFUSED)
def test_a_hostile_or_foreign_file_is_refused_with_the_reason(name: str, tmp_path: Path) -> None:
    reason, data = REFUSED[name]
    source = tmp_path / "in"
    source.write_bytes(data)
    with pytest.raises(DiskError, match=reason):
        convert(source, tmp_path / "out")


@pytest.mark.parametrize("name", [name for name in MADE if name not in {"raw", "vhd fixed"}])
def test_a_truncated_file_is_refused(name: str, tmp_path: Path) -> None:
    data = MADE[name][1]()
    source = tmp_path / "in"
    source.write_bytes(data[: len(data) * 2 // 3])
    with pytest.raises(DiskError):
        convert(source, tmp_path / "out")


def test_a_disk_larger_than_the_cap_is_refused_before_a_byte_is_written(tmp_path: Path) -> None:
    source, target = tmp_path / "in", tmp_path / "out"
    source.write_bytes(qcow2())
    with pytest.raises(DiskError, match="more than"):
        convert(source, target, largest=SIZE - 1)
    assert not target.exists()


def test_a_cluster_that_unpacks_to_too_much_is_cut(tmp_path: Path) -> None:
    source, target = tmp_path / "in", tmp_path / "out"
    source.write_bytes(qcow2(lambda block: deflate(block + bytes(50 << 20))))
    convert(source, target)
    assert target.read_bytes() == DISK


def test_a_conversion_stops_when_told(tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.write_bytes(DISK)
    stop = threading.Event()
    stop.set()
    with pytest.raises(DiskError, match="stopped"):
        convert(source, tmp_path / "out", stop=stop)


@pytest.fixture(scope="session")
def qemu_img() -> str:
    found = shutil.which("qemu-img")
    assert found is not None, "this test compares with qemu-img: install qemu-utils"
    return found


QEMU: dict[str, list[str]] = {
    "qcow2": ["-O", "qcow2"],
    "qcow2 0.10": ["-O", "qcow2", "-o", "compat=0.10"],
    "qcow2 zlib": ["-c", "-O", "qcow2"],
    "qcow2 zstd": ["-c", "-O", "qcow2", "-o", "compression_type=zstd"],
    "qcow2 large clusters": ["-c", "-O", "qcow2", "-o", "cluster_size=2M"],
    "qcow2 small clusters": ["-c", "-O", "qcow2", "-o", "cluster_size=4096"],
    "vmdk": ["-O", "vmdk"],
    "vmdk stream": ["-O", "vmdk", "-o", "subformat=streamOptimized"],
    "vhd": ["-O", "vpc", "-o", "force_size=on"],
    "vhd fixed": ["-O", "vpc", "-o", "subformat=fixed,force_size=on"],
    "vhdx": ["-O", "vhdx"],
    "vhdx fixed": ["-O", "vhdx", "-o", "subformat=fixed"],
    "vdi": ["-O", "vdi"],
    "vdi static": ["-O", "vdi", "-o", "static=on"],
}


@pytest.mark.guest
@pytest.mark.parametrize("name", QEMU)
def test_what_qemu_writes_is_read(name: str, tmp_path: Path, qemu_img: str) -> None:
    raw, source, target = tmp_path / "raw", tmp_path / "in", tmp_path / "out"
    raw.write_bytes(DISK)
    subprocess.run([qemu_img, "convert", "-f", "raw", *QEMU[name], str(raw), str(source)], check=True)
    convert(source, target)
    assert target.read_bytes() == DISK
