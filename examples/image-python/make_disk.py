"""Make a small disk that boots: a hybrid image, like those of Linux distributions, written by pycdlib.

    python make_disk.py disk.img "version 1"

It has an MBR with a bootable partition, an ISO 9660 filesystem with a file that holds the text, and a boot program that
prints the text and halts.
"""

import sys
from io import BytesIO
from pathlib import Path

import pycdlib

HYBRID_SIGNATURE = b"\xfb\xc0\x78\x70"  # an MBR written by pycdlib looks for it at offset 64 of the boot program
TEXT_AT = 0x80
PROGRAM = bytes.fromhex(
    "eb42"  # jump over the signature
)
PRINT_AND_HALT = bytes.fromhex(
    "31c0 8ed8"  # xor ax, ax; mov ds, ax
    "be807c"  # mov si, 0x7c00 + TEXT_AT
    "ac 84c0 7406"  # lodsb; test al, al; jz halt
    "b40e cd10 ebf5"  # mov ah, 0x0e; int 0x10; next character
    "f4 ebfd"  # halt: hlt; jmp halt
)


def boot_program(text: str) -> bytes:
    """2048 bytes of 16-bit code, loaded at 0x7c00."""
    code = bytearray(2048)
    code[0 : len(PROGRAM)] = PROGRAM
    code[0x40:0x44] = HYBRID_SIGNATURE
    code[0x44 : 0x44 + len(PRINT_AND_HALT)] = PRINT_AND_HALT
    message = f"{text}\r\n\0".encode("ascii", "replace")
    code[TEXT_AT : TEXT_AT + len(message)] = message
    return bytes(code)


def make_disk(path: Path, text: str) -> None:
    """Write the disk."""
    boot, note = boot_program(text), text.encode()
    iso = pycdlib.PyCdlib()
    iso.new(interchange_level=3, joliet=3, rock_ridge="1.09", vol_ident="AHV-DEMO")
    iso.add_fp(BytesIO(note), len(note), "/NOTE.TXT;1", rr_name="note.txt", joliet_path="/note.txt")
    iso.add_fp(BytesIO(boot), len(boot), "/BOOT.BIN;1", rr_name="boot.bin", joliet_path="/boot.bin")
    iso.add_eltorito(
        "/BOOT.BIN;1",
        bootcatfile="/BOOT.CAT;1",
        rr_bootcatname="boot.cat",
        joliet_bootcatfile="/boot.cat",
        boot_load_size=4,
    )
    iso.add_isohybrid()
    iso.write(str(path))
    iso.close()


if __name__ == "__main__":
    make_disk(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "pulumi-ahv demo disk")
