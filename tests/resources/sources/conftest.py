"""Small writers of disk files, made from the formats' specifications and not from our readers."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import pytest

from pulumi_ahv.resources.sources.inspection import Content, inspect_content

MIB = 1 << 20


@dataclass
class Bytes:
    """A source in memory that counts what is read of it."""

    data: bytes
    taken: int = 0

    @property
    def size(self) -> int:
        return len(self.data)

    def read_at(self, offset: int, length: int) -> bytes:
        found = self.data[offset : offset + length]
        self.taken += len(found)
        return found


def noise(length: int, seed: int = 7) -> bytes:
    return random.Random(seed).randbytes(length)


class Disks:
    """Writers. Every disk holds two blocks of noise and is otherwise empty."""

    def qcow2(
        self, *, version: int = 3, incompatible: int = 0, backing: bytes = b"", data_file: bytes = b"", crypt: int = 0
    ) -> bytes:
        cluster, size = 65536, MIB
        extensions = struct.pack(">II", 0x44415441, len(data_file)) + data_file.ljust(
            -(-len(data_file) // 8) * 8, b"\0"
        )
        extensions = (extensions if data_file else b"") + bytes(8)
        name_at = 112 + len(extensions)
        header = struct.pack(
            ">4sIQIIQIIQQIIQQQQII8x",
            b"QFI\xfb", version, name_at if backing else 0, len(backing), 16, size, crypt, 1, 3 * cluster, cluster, 1, 0, 0,
            incompatible, 0, 0, 4, 112,
        )  # fmt: skip
        first = (header + extensions + backing).ljust(cluster, b"\0")
        table = struct.pack(">Q", 2 * cluster).ljust(cluster, b"\0")
        counts = struct.pack(">7H", *[1] * 7).ljust(cluster, b"\0")
        l1 = struct.pack(">Q", 4 * cluster | 1 << 63).ljust(cluster, b"\0")
        l2 = struct.pack(">QQ", 5 * cluster | 1 << 63, 6 * cluster | 1 << 63).ljust(cluster, b"\0")
        return first + table + counts + l1 + l2 + noise(2 * cluster)

    def qcow2_compressed(self) -> bytes:
        disk = bytearray(self.qcow2())
        packer = zlib.compressobj(wbits=-12)
        data = packer.compress(noise(65536)) + packer.flush()
        data = data.ljust(-(-len(data) // 512) * 512, b"\0")
        struct.pack_into(">Q", disk, 4 * 65536, 1 << 62 | (len(data) // 512 - 1) << 54 | 5 * 65536)
        struct.pack_into(">Q", disk, 4 * 65536 + 8, 0)
        return bytes(disk[: 5 * 65536]) + data

    def vmdk(self, *, kind: str = "monolithicSparse", parent: str = "ffffffff", descriptor_at: int = 1) -> bytes:
        header = self._vmdk_header(1, flags=3, directory=21, descriptor_at=descriptor_at)
        descriptor = self._descriptor(kind, parent).ljust(20 * 512, b"\0")
        directory = struct.pack("<I", 22).ljust(512, b"\0")
        grains = struct.pack("<II", 32, 160).ljust(2048, b"\0")
        return (header + descriptor + directory + grains).ljust(32 * 512, b"\0") + noise(2 * 65536)

    def vmdk_stream(self) -> bytes:
        """A streamOptimized file whose tables are found through the footer."""
        header = self._vmdk_header(3, flags=0x30001, directory=0xFFFFFFFFFFFFFFFF)
        out = bytearray((header + self._descriptor("streamOptimized").ljust(20 * 512, b"\0")).ljust(128 * 512, b"\0"))
        places = []
        for number in range(2):
            places.append(len(out) // 512)
            data = zlib.compress(noise(65536, seed=number))
            grain = struct.pack("<QI", number * 128, len(data)) + data
            out += grain.ljust(-(-len(grain) // 512) * 512, b"\0")
        out += self._marker(4, 1)
        table_at = len(out) // 512
        out += struct.pack("<II", *places).ljust(2048, b"\0")
        out += self._marker(1, 2)
        directory_at = len(out) // 512
        out += struct.pack("<I", table_at).ljust(512, b"\0")
        out += self._marker(1, 3) + self._vmdk_header(3, flags=0x30001, directory=directory_at) + bytes(512)
        return bytes(out)

    @staticmethod
    def _marker(value: int, kind: int) -> bytes:
        return struct.pack("<QII", value, 0, kind).ljust(512, b"\0")

    @staticmethod
    def _vmdk_header(version: int, *, flags: int, directory: int, descriptor_at: int = 1) -> bytes:
        fields = (b"KDMV", version, flags, 2048, 128, descriptor_at, 20, 512, 0, directory, 128, 0, b"\n \r\n")
        return struct.pack("<4sIIQQQQIQQQB4s", *fields).ljust(512, b"\0")

    @staticmethod
    def _descriptor(kind: str, parent: str = "ffffffff") -> bytes:
        return (
            f'# Disk DescriptorFile\nversion=1\nCID=fffffffe\nparentCID={parent}\ncreateType="{kind}"\n'
            'RW 2048 SPARSE "disk.vmdk"\nddb.virtualHWVersion = "4"\n'
        ).encode()

    def vmdk_descriptor(self) -> bytes:
        text = '# Disk DescriptorFile\nversion=1\ncreateType="monolithicFlat"\nRW 2048 FLAT "/etc/shadow" 0\n'
        return text.encode().ljust(512, b"\0")

    @staticmethod
    def _vhd_footer(kind: int, size: int, data_offset: int) -> bytes:
        footer = bytearray(512)
        struct.pack_into(">8sIIQ", footer, 0, b"conectix", 2, 0x10000, data_offset)
        struct.pack_into(">QQ", footer, 40, size, size)
        struct.pack_into(">I", footer, 60, kind)
        struct.pack_into(">I", footer, 64, ~sum(footer) & 0xFFFFFFFF)
        return bytes(footer)

    def vhd_fixed(self) -> bytes:
        return noise(MIB) + self._vhd_footer(2, MIB, 0xFFFFFFFFFFFFFFFF)

    def vhd(self, *, kind: int = 3) -> bytes:
        footer = self._vhd_footer(kind, 8 * MIB, 512)
        header = bytearray(1024)
        struct.pack_into(">8sQQIII", header, 0, b"cxsparse", 0xFFFFFFFFFFFFFFFF, 1536, 0x10000, 4, 2 * MIB)
        table = struct.pack(">4I", 4, 0xFFFFFFFF, 0xFFFFFFFF, 4 + 1 + 4096).ljust(512, b"\xff")
        block = b"\xff" * 512 + noise(2 * MIB)
        return footer + bytes(header) + table + block + block + footer

    def vhdx(self, *, parent: bool = False, log: bytes = bytes(16)) -> bytes:
        out = bytearray(6 * MIB)
        out[0:8] = b"vhdxfile"
        for sequence, at in ((1, 64 << 10), (2, 128 << 10)):
            struct.pack_into("<4sIQ16s16s16s", out, at, b"head", 0, sequence, bytes(16), bytes(16), log)
        regions = (
            ("2dc27766-f623-4200-9d64-115e9bfd4a08", 3 * MIB),
            ("8b7ca206-4790-4b9a-b8fe-575f050f886e", 2 * MIB),
        )
        for at in (192 << 10, 256 << 10):
            struct.pack_into("<4sIII", out, at, b"regi", 0, 2, 0)
            for number, (name, place) in enumerate(regions):
                struct.pack_into("<16sQII", out, at + 16 + 32 * number, UUID(name).bytes_le, place, MIB, 1)
        items = (
            ("caa16737-fa36-4d43-b3b6-33f0aa44e76b", struct.pack("<II", MIB, 2 * parent)),
            ("2fa54224-cd1b-4876-b211-5dbed83bf4b8", struct.pack("<Q", 8 * MIB)),
            ("8141bf1d-a96f-4709-ba47-f233a8faab5f", struct.pack("<I", 512)),
        )
        struct.pack_into("<8sHH", out, 2 * MIB, b"metadata", 0, len(items))
        for number, (name, value) in enumerate(items):
            place = 65536 + 16 * number
            fields = (UUID(name).bytes_le, place, len(value), 0, 0)
            struct.pack_into("<16sIIII", out, 2 * MIB + 32 + 32 * number, *fields)
            out[2 * MIB + place : 2 * MIB + place + len(value)] = value
        struct.pack_into("<QQ", out, 3 * MIB, 4 * MIB | 6, 5 * MIB | 6)
        out[4 * MIB :] = noise(2 * MIB)
        return bytes(out)

    def vdi(self, *, kind: int = 1) -> bytes:
        out = bytearray(1024)
        out[0:40] = b"<<< Oracle VM VirtualBox Disk Image >>>\n"
        struct.pack_into("<IIII", out, 0x40, 0xBEDA107F, 0x10001, 0x180, kind)
        struct.pack_into("<II", out, 0x154, 512, 1024)
        struct.pack_into("<QIIII", out, 0x170, 4 * MIB, MIB, 0, 4, 2)
        struct.pack_into("<4I", out, 512, 1, 0xFFFFFFFF, 0xFFFFFFFE, 0)
        return bytes(out) + noise(2 * MIB)

    def mbr(self) -> bytes:
        """A raw disk with one partition that reaches to its end."""
        sector = bytearray(512)
        struct.pack_into("<B3sB3sII", sector, 446, 0x80, b"\x20\x21\0", 0x83, b"\0\0\0", 2048, 2048)
        sector[510:] = b"\x55\xaa"
        return bytes(sector) + noise(2 * MIB - 512)

    def gpt(self) -> bytes:
        sector = bytearray(512)
        struct.pack_into("<B3sB3sII", sector, 446, 0, b"\0\x02\0", 0xEE, b"\xff\xff\xff", 1, 0xFFFFFFFF)
        sector[510:] = b"\x55\xaa"
        header = bytearray(512)
        struct.pack_into("<8sIIIIQQ", header, 0, b"EFI PART", 0x10000, 92, 0, 0, 1, 4095)
        return bytes(sector) + bytes(header) + noise(2 * MIB - 1024)

    def iso(self, *, sectors: int = 64, mbr: bool = False) -> bytes:
        volume = bytearray(2048)
        volume[0:7] = b"\x01CD001\x01"
        struct.pack_into("<I", volume, 80, sectors)
        struct.pack_into("<H", volume, 128, 2048)
        end = b"\xffCD001\x01".ljust(2048, b"\0")
        area = self.mbr()[:512].ljust(32768, b"\0") if mbr else bytes(32768)
        return (area + bytes(volume) + end).ljust(sectors * 2048, b"\x5a")


@pytest.fixture(scope="session")
def disks() -> Disks:
    return Disks()


@pytest.fixture(scope="session")
def look() -> Callable[..., Content]:
    """Inspect bytes that lie in memory."""

    def look_(data: bytes, *, kind: str = "disk", deep: bool = True) -> Content:
        return inspect_content(Bytes(data), kind=kind, deep=deep)

    return look_


@pytest.fixture(scope="session")
def in_memory() -> type[Bytes]:
    return Bytes
