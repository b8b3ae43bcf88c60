"""Tells what a file is by its magic (guest.md, section 5.2). A name says nothing."""

from __future__ import annotations

from pulumi_ahv.simulator.disks.sparse import Source

_HEADS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"QFI\xfb\x00\x00\x00\x01", "qcow"),
    (0, b"QFI\xfb", "qcow2"),
    (0, b"QED\x00", "qed"),
    (0, b"KDMV", "vmdk"),
    (0, b"COWD", "vmdk-esx"),
    (0, b"# Disk DescriptorFile", "vmdk-descriptor"),
    (0, b"conectix", "vhd"),
    (0, b"vhdxfile", "vhdx"),
    (0x40, b"\x7f\x10\xda\xbe", "vdi"),
    (0x8001, b"CD001", "iso"),
    (0, b"LUKS\xba\xbe", "luks"),
    (0, b"\x1f\x8b", "gzip"),
    (0, b"\xfd7zXZ\x00", "xz"),
    (0, b"\x28\xb5\x2f\xfd", "zstd"),
    (0, b"BZh", "bzip2"),
    (257, b"ustar", "tar"),
)


def detect(source: Source) -> str:
    """The format's name; ``raw`` where nothing is recognised."""
    head = source.read_some(0, 0x8006)
    for offset, magic, name in _HEADS:
        if head[offset : offset + len(magic)] == magic:
            return name
    if source.size >= 512 and source.read_some(source.size - 512, 8) == b"conectix":
        return "vhd"
    return "raw"
