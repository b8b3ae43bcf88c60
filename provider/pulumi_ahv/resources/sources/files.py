"""What a local file holds, found out in ``check``: before anything is sent and without a call to Prism.

The file's name is never believed. Formats are judged in ``inspection``, digests remembered in ``digests``.
"""

from __future__ import annotations

import io
import stat
from dataclasses import dataclass
from pathlib import Path

from pulumi_ahv.kernel.errors import InputError
from pulumi_ahv.resources.sources.digests import Digests
from pulumi_ahv.resources.sources.reading import OpenFile, Unfit


@dataclass(frozen=True)
class FileFacts:
    """A file that can become an image. ``format`` is qcow2, vmdk, vhd, vhdx, vdi, raw or iso; sizes are in bytes.

    ``virtual_size`` is that of the disk inside; ``sha1`` is empty unless it was asked for.
    """

    format: str
    size: int
    virtual_size: int
    sha256: str
    sha1: str = ""


def inspect_file(path: str, *, path_property: str, kind: str, digests: Digests, sha1: bool = False) -> FileFacts:
    """Look into a file that is to become an image of ``kind``, ``disk`` or ``iso``.

    Raises:
        InputError: on ``path_property``; no image of that kind can be made of this file.
    """
    from pulumi_ahv.resources.sources.inspection import inspect_content  # noqa: PLC0415 - brings oslo.utils, 0.1 s

    try:
        size = _size(path)
        with io.FileIO(path) as file:
            content = inspect_content(OpenFile(file, size), kind=kind, deep=True)
        found = digests.of(Path(path), "sha256", *(["sha1"] if sha1 else []))
    except Unfit as unfit:
        raise InputError(path_property, f"'{path}' {unfit.said}", advice=unfit.advice) from unfit
    except (OSError, ValueError) as error:
        raise _unreadable(path, path_property, error) from error
    return FileFacts(content.format, size, content.virtual_size, found["sha256"], found.get("sha1", ""))


def _size(path: str) -> int:
    status = Path(path).stat()
    if stat.S_ISDIR(status.st_mode):
        raise Unfit("is a folder", "Give the path of a disk image.")
    if not stat.S_ISREG(status.st_mode):
        raise Unfit("is not a regular file but a device, pipe or socket", "Copy it to a file first.")
    return status.st_size


def _unreadable(path: str, path_property: str, error: OSError | ValueError) -> InputError:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        looked = "" if Path(path).is_absolute() else f" (looked for {Path(path).absolute()})"
        return InputError(
            path_property,
            f"'{path}' does not exist{looked}",
            advice="Correct the path; a relative one starts at the folder of the program.",
        )
    if isinstance(error, PermissionError):
        return InputError(
            path_property,
            f"'{path}' cannot be read: permission denied",
            advice="Allow the user who runs this to read it.",
        )
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return InputError(path_property, f"'{path}' cannot be read: {reason}", advice="Give the path of a readable file.")
