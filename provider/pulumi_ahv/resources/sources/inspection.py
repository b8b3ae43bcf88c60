"""Which format something is of, by what it holds and never by its name, and whether an image can be made of it.

oslo.utils' inspectors recognise the formats and check qcow2 and VMDK for what reaches outside the file; all of them
look, so that a file which is two formats at once is refused. Ours is what they lack: fixed VHDs, wrappers such as gzip
and OVA, truncation (``formats``), and messages that say what to do. Imported late: oslo.utils costs 0.1 s.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from oslo_utils.imageutils import format_inspector

from pulumi_ahv.resources.sources.formats import iso, qcow2, raw, vdi, vhd, vhdx, vmdk
from pulumi_ahv.resources.sources.reading import ByteSource, Unfit, corrupt

_HEAD = 2 << 20  # holds every header that is recognised, a VMDK's descriptor of 1 MiB included
_TAIL = 1536  # the footer of a VMDK, three sectors; its inspector wants the end of the stream, the others do not
_UNPACK = "Unpack it and give the disk image that is inside."
_CONVERT = "Convert it: qemu-img convert -O qcow2 OLD NEW."
_WRAPPED = (
    (0, b"\x1f\x8b", "is compressed with gzip", _UNPACK),
    (0, b"\xfd7zXZ\x00", "is compressed with xz", _UNPACK),
    (0, b"\x28\xb5\x2f\xfd", "is compressed with zstd", _UNPACK),
    (0, b"BZh", "is compressed with bzip2", _UNPACK),
    (0, b"\x04\x22\x4d\x18", "is compressed with lz4", _UNPACK),
    (0, b"PK\x03\x04", "is a zip archive", _UNPACK),
    (0, b"7z\xbc\xaf\x27\x1c", "is a 7z archive", _UNPACK),
    (257, b"ustar", "is a tar archive, as an OVA is", "Unpack it (tar -xf) and give the .vmdk or .qcow2 inside."),
    (0, b"QED\x00", "is a QED disk, which Prism cannot convert", _CONVERT),
    (0, b"LUKS\xba\xbe", "is encrypted with LUKS", "Decrypt it first: Prism has no key."),
    (0, b"COWD", "is a VMDK of the kind vmfsSparse, a snapshot of another disk", _CONVERT),
    (0, b"WithoutFreeSpace", "is a Parallels disk, which Prism cannot convert", _CONVERT),
    (0, b"WithouFreSpacExt", "is a Parallels disk, which Prism cannot convert", _CONVERT),
    (0, b"MSWIM\x00\x00\x00", "is a Windows image file (WIM)", "Apply it to a disk and give that disk."),
    (0, b"version https://git-lfs", "is a pointer of Git LFS, not the file itself", "Fetch it: git lfs pull."),
    (0, b"<!DOCTYPE", "is a web page", "The download failed and saved an error page; download it again."),
    (0, b"<!doctype", "is a web page", "The download failed and saved an error page; download it again."),
    (0, b"<html", "is a web page", "The download failed and saved an error page; download it again."),
    (0, b"<?xml", "is an XML text", "If it came from S3 or a web server, it is an error message; download it again."),
)
_STARTS = {b"QFI\xfb": "a qcow2", b"KDMV": "a VMDK", b"conectix": "a VHD", b"vhdxfile": "a VHDX"}
_DEEP = {"qcow2": qcow2.inspect, "vmdk": vmdk.inspect, "vhd": vhd.inspect, "vhdx": vhdx.inspect, "vdi": vdi.inspect}

logging.getLogger("oslo_utils").addHandler(logging.NullHandler())  # or its findings would go to stderr as well as to us


@dataclass(frozen=True)
class Content:
    """What a source holds: its format and the size of the disk inside, in bytes."""

    format: str
    virtual_size: int


def inspect_content(source: ByteSource, *, kind: str, deep: bool) -> Content:
    """Recognise the format and check it for use as ``kind``, ``disk`` or ``iso``.

    Raises:
        Unfit: no image of that kind can be made of it.
    """
    if not source.size:
        raise Unfit("is empty", "Copy or download it again.")
    found = _recognise(source)
    names = found.keys() - {"gpt"}
    if len(names) > 1:
        raise Unfit(f"can be read as {' and as '.join(sorted(names))}", "Such files hide things. Convert it anew.")
    name = next(iter(names), "raw")
    if kind == "iso" and name != "iso":
        raise Unfit(f"is no ISO 9660 image but {name}", "Set type to 'disk', or give an ISO.")
    if name == "iso":
        if kind == "disk" and "gpt" not in found:
            raise Unfit("is an ISO image that no machine boots as a disk", "Set type to 'iso'.")
        return Content(name, iso.inspect(source))
    if name == "raw":
        return Content(name, raw.inspect(source))
    size = _DEEP[name](source, deep=deep)
    _check_safety(found[name])
    return Content(name, size)


def _recognise(source: ByteSource) -> dict[str, format_inspector.FileInspector]:
    """Ask every inspector; a raw disk is what none of them claims."""
    head = source.read_at(0, _HEAD)
    for offset, magic, said, advice in _WRAPPED:
        if head.startswith(magic, offset):
            raise Unfit(said, advice)
    if vmdk.is_descriptor(head):
        vmdk.refuse_descriptor(head)
    tail = source.read_at(max(len(head), source.size - _TAIL), _TAIL)
    found = {}
    for name, make in format_inspector.ALL_FORMATS.items():
        inspector = make()
        if name != "raw" and _matches(inspector, [head, tail] if name == "vmdk" else [head]):
            found[name] = inspector
    if vhd.has_footer(source):
        found.setdefault("vhd", format_inspector.VHDInspector())
    for magic, what in _STARTS.items():
        if head.startswith(magic) and not found.keys() - {"gpt"}:
            raise corrupt(f"starts like {what}, but its header is broken or cut off")
    return found


def _matches(inspector: format_inspector.FileInspector, pieces: list[bytes]) -> bool:
    try:
        for piece in pieces:
            inspector.eat_chunk(piece)
        inspector.finish()
        return bool(inspector.format_match)
    except Exception:  # noqa: BLE001 - an inspector answers foreign bytes with any exception; it means "not mine"
        return False


def _check_safety(inspector: format_inspector.FileInspector) -> None:
    """Let oslo.utils have the last word on what reaches outside the file (qcow2 and VMDK; the others have no check)."""
    if inspector.NAME not in ("qcow2", "vmdk"):
        return
    try:
        inspector.safety_check()
    except format_inspector.SafetyCheckFailed as failed:
        reasons = "; ".join(str(reason) for reason in failed.failures.values())
        raise Unfit(f"does not pass the safety check of its format: {reasons}", _CONVERT) from failed
    except format_inspector.ImageFormatError as error:
        raise corrupt(f"has a header that cannot be checked: {error}") from error
