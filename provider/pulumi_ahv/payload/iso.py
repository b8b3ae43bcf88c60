"""Writes a CD-ROM image in process: ISO 9660 with Rock Ridge (Linux reads it) and Joliet (Windows reads only that).

The same files and label give the same bytes: pycdlib asks the clock for every date it writes and has no setting for
it, so it is given a clock that stands still while an image is written (its modules' ``time`` is replaced and put back;
measured: identical bytes under other time zones and insertion orders). The bytes may still change with pycdlib's
version: what decides about an update is :mod:`pulumi_ahv.payload.digest`, never a hash of the image.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from threading import Lock
from types import SimpleNamespace
from typing import Any

import pycdlib
from pycdlib import dates, headervd, udf, utils
from pycdlib import pycdlib as core

from pulumi_ahv.payload.findings import Finding, Place, error

# 2020-01-01T00:00:00Z. Far enough from the epoch that no reader takes it for "no date".
_MOMENT = 1_577_836_800.0
_LOCK = Lock()
_MAX_JOLIET_NAME = 64
_MAX_DEPTH = 7
_FORBIDDEN = frozenset('*/:;?\\"<>|') | {chr(code) for code in range(32)}
_FILE_MODE = 0o100444


def check_names(files: Mapping[str, object], disc: str) -> list[Finding]:
    """Names that some reader of the disc could not find again."""
    findings: list[Finding] = []
    seen: dict[str, str] = {}
    for path in sorted(files):
        findings += [error("bad-file-name", message, Place(disc)) for message in _wrong_with(path)]
        other = seen.setdefault(path.casefold(), path)
        if other != path:
            message = f"{path!r} and {other!r} differ in case only: Windows sees one file"
            findings.append(error("file-name-case", message, Place(disc)))
        if any(parent.startswith(f"{path}/") for parent in files):
            findings.append(error("bad-file-name", f"{path!r} is a file and a folder at once", Place(disc)))
    return findings


def master(label: str, files: Mapping[str, bytes]) -> bytes:
    """Write an image.

    Args:
        label: the volume label, at most 16 characters so that Joliet carries it whole.
        files: contents by path, with forward slashes; names must have passed :func:`check_names`.
    """
    disc = pycdlib.PyCdlib()
    with _standing_clock():
        disc.new(interchange_level=3, joliet=3, rock_ridge="1.09", vol_ident=label)
        folders: dict[str, str] = {"": ""}
        contents = []
        for number, path in enumerate(sorted(files)):
            folder, _, name = path.rpartition("/")
            parent = _make_folders(disc, folder, folders)
            content = BytesIO(files[path])  # pycdlib reads it when it writes the image: it stays open until then
            contents.append(content)
            disc.add_fp(
                content,
                len(files[path]),
                iso_path=f"{parent}/F{number:05}.;1",
                rr_name=name,
                joliet_path=f"/{path}",
                file_mode=_FILE_MODE,
            )
        image = BytesIO()
        disc.write_fp(image)
        disc.close()
    return image.getvalue()


def _make_folders(disc: pycdlib.PyCdlib, path: str, folders: dict[str, str]) -> str:
    """Make a folder and those above it; ``folders`` maps what is there to its short ISO path."""
    if path in folders:
        return folders[path]
    above, _, name = path.rpartition("/")
    short = f"{_make_folders(disc, above, folders)}/D{len(folders):05}"
    disc.add_directory(short, rr_name=name, joliet_path=f"/{path}")
    folders[path] = short
    return short


def _wrong_with(path: str) -> Iterator[str]:
    parts = path.split("/")
    if any(part in {"", ".", ".."} for part in parts):
        yield f"{path!r} is no path inside a disc: write it like folder/file, without '..'"
    for part in parts:
        if bad := sorted(_FORBIDDEN & set(part)):
            yield f"{path!r} holds {bad[0]!r}, which no file name on a disc can carry"
        if len(part.encode("utf-16-le")) > 2 * _MAX_JOLIET_NAME:
            yield f"{part!r} is longer than the {_MAX_JOLIET_NAME} characters that Windows reads from a disc"
    if len(parts) > _MAX_DEPTH:
        yield f"{path!r} lies deeper than the {_MAX_DEPTH} levels of ISO 9660"


def _stand_in() -> SimpleNamespace:
    moment = time.gmtime(_MOMENT)
    return SimpleNamespace(
        time=lambda: _MOMENT,
        localtime=lambda _seconds=None: moment,
        gmtime=lambda _seconds=None: moment,
        strftime=time.strftime,
        strptime=time.strptime,
        struct_time=time.struct_time,
    )


@contextmanager
def _standing_clock() -> Iterator[None]:
    modules: list[Any] = [core, dates, headervd, udf, utils]
    with _LOCK:
        kept = [module.time for module in modules]
        for module in modules:
            module.time = _stand_in()
        try:
            yield
        finally:
            for module, original in zip(modules, kept, strict=True):
                module.time = original
