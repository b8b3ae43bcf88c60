"""The formats of user-data, told apart as cloud-init does: by their first characters.

cloud-init strips white space and ignores case before it looks; so do we, and warn where that is not enough for the
program that runs the text later.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from base64 import encodebytes
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Format(StrEnum):
    """What a user-data text is; the values are the MIME types of its parts."""

    SCRIPT = "text/x-shellscript"
    CLOUD_CONFIG = "text/cloud-config"
    INCLUDE = "text/x-include-url"
    INCLUDE_ONCE = "text/x-include-once-url"
    BOOTHOOK = "text/cloud-boothook"
    PART_HANDLER = "text/part-handler"
    ARCHIVE = "text/cloud-config-archive"
    PATCH = "text/cloud-config-jsonp"
    GUEST_JINJA = "text/jinja2"
    MULTIPART = "multipart/mixed"
    EMPTY = "empty"
    UNKNOWN = "text/plain"


# Longest first where one is the beginning of another.
_BEGINNINGS = (
    ("#cloud-config-archive", Format.ARCHIVE),
    ("#cloud-config-jsonp", Format.PATCH),
    ("#cloud-config", Format.CLOUD_CONFIG),
    ("#cloud-boothook", Format.BOOTHOOK),
    ("#include-once", Format.INCLUDE_ONCE),
    ("#include", Format.INCLUDE),
    ("#part-handler", Format.PART_HANDLER),
    ("## template: jinja", Format.GUEST_JINJA),
    ("#!", Format.SCRIPT),
)
_MIME_WINDOW = 4096
_LONGEST_LINE = 900


def format_of(text: str) -> Format:
    """Tell the format by the first characters."""
    start = text.lstrip("\ufeff").lstrip().lower()
    if not start:
        return Format.EMPTY
    for beginning, kind in _BEGINNINGS:
        if start.startswith(beginning):
            return kind
    return Format.MULTIPART if "mime-version:" in start[:_MIME_WINDOW] else Format.UNKNOWN


@dataclass(frozen=True)
class Part:
    """One part of a multipart user-data. An empty ``content_type`` is told from the text."""

    text: str
    filename: str
    content_type: str = ""

    @property
    def mime_type(self) -> str:
        """The type that is written."""
        return self.content_type or str(format_of(self.text))


def multipart(parts: Sequence[Part]) -> str:
    """Join parts to one MIME text.

    The boundary is made from the contents: the same parts give the same bytes.
    """
    digest = hashlib.sha256()
    for part in parts:
        digest.update(f"{part.mime_type}\0{part.filename}\0{part.text}\0".encode())
    boundary = f"part-{digest.hexdigest()[:32]}"
    lines = [f'Content-Type: multipart/mixed; boundary="{boundary}"', "MIME-Version: 1.0", ""]
    for part in parts:
        if part.mime_type == Format.MULTIPART:  # it brings its own headers along
            lines += [f"--{boundary}", part.text.lstrip()]
            continue
        encoding, content = _transferable(part.text)
        lines += [
            f"--{boundary}",
            f'Content-Type: {part.mime_type}; charset="utf-8"',
            "MIME-Version: 1.0",
            f"Content-Transfer-Encoding: {encoding}",
            f'Content-Disposition: attachment; filename="{_filename(part.filename)}"',
            "",
            content,
        ]
    return "\n".join([*lines, f"--{boundary}--", ""])


def _transferable(text: str) -> tuple[str, str]:
    """The text as it is where mail software leaves it alone (short lines of ASCII), else base64."""
    plain = text.isascii() and "\r" not in text and max(map(len, text.split("\n"))) <= _LONGEST_LINE
    return ("7bit", text) if plain else ("base64", encodebytes(text.encode()).decode())


def _filename(name: str) -> str:
    """The name as far as a header carries it unharmed."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", name)


def packed(content: bytes) -> bytes:
    """Gzip without a time; cloud-init unpacks it by its magic."""
    return gzip.compress(content, 9, mtime=0)
