"""Where templates come from: one folder of the user's, and nothing outside it.

The only module of this package that reads files. Includes and macros reach the folder by names relative to it; absolute
names, ``..`` and links that lead out of it are refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Protocol

from pulumi_ahv.kernel.errors import PayloadError

# Templates are text that a person wrote. Anything bigger is a mistake (an image, a log) and would only use up memory.
MAX_TEMPLATE_BYTES = 1024 * 1024


class TemplateFolder(Protocol):
    """What rendering knows of the user's templates."""

    def read(self, name: str) -> str | None:
        """The text of a template, line ends as they are; ``None`` when there is none of this name.

        Raises:
            PayloadError: the name leads out of the folder, or the file is no UTF-8 text or too big.
        """
        ...

    def content(self, name: str) -> bytes | None:
        """The bytes of a file that is no template; ``None`` when there is none of this name."""
        ...

    def names(self) -> list[str]:
        """All names, sorted, for messages."""
        ...


class TextFolder:
    """A folder that is held in memory."""

    def __init__(self, texts: Mapping[str, str] | None = None) -> None:
        self._texts = dict(texts or {})

    def read(self, name: str) -> str | None:
        """The text of this name, or ``None``."""
        return self._texts.get(confined(name))

    def content(self, name: str) -> bytes | None:
        """The text of this name as UTF-8, or ``None``."""
        text = self.read(name)
        return None if text is None else text.encode()

    def names(self) -> list[str]:
        """All names, sorted."""
        return sorted(self._texts)


class RememberedFolder:
    """A folder that keeps the texts that were read of it, by name."""

    def __init__(self, folder: TemplateFolder) -> None:
        self._folder = folder
        self.texts: dict[str, str] = {}

    def read(self, name: str) -> str | None:
        """The text of this name, or ``None``."""
        text = self._folder.read(name)
        if text is not None:
            self.texts[confined(name)] = text
        return text

    def content(self, name: str) -> bytes | None:
        """The bytes of a file that is no template, or ``None``."""
        return self._folder.content(name)

    def names(self) -> list[str]:
        """All names, sorted."""
        return self._folder.names()


class DiskFolder:
    """A folder of the local file system."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()

    def read(self, name: str) -> str | None:
        """The text of the file, or ``None`` where no such file is."""
        path = self._inside(name)
        if path is None:
            return None
        if path.stat().st_size > MAX_TEMPLATE_BYTES:
            raise PayloadError(f"a template has at most {MAX_TEMPLATE_BYTES} bytes", file=name)
        try:
            return path.read_bytes().decode("utf-8-sig")
        except UnicodeDecodeError as broken:
            advice = "Save it as UTF-8; what is no text can go onto the disc as it is, as a further file."
            raise PayloadError(f"not UTF-8 text (byte {broken.start})", file=name, advice=advice) from None

    def content(self, name: str) -> bytes | None:
        """The bytes of the file, or ``None``."""
        path = self._inside(name)
        return path.read_bytes() if path else None

    def names(self) -> list[str]:
        """All names, relative to the folder and sorted."""
        return sorted(path.relative_to(self._root).as_posix() for path in self._root.rglob("*") if path.is_file())

    def _inside(self, name: str) -> Path | None:
        path = (self._root / confined(name)).resolve()
        if not path.is_relative_to(self._root):
            raise PayloadError("this link leads out of the template folder", file=name, advice="Copy the file into it.")
        return path if path.is_file() else None


def confined(name: str) -> str:
    """The name, when it stays inside its folder.

    Raises:
        PayloadError: it is absolute, climbs up, or is written with backslashes.
    """
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name or not path.parts:
        advice = "Name it relative to that folder, with forward slashes and without '..'."
        raise PayloadError("this name leads out of the template folder", file=name, advice=advice)
    return path.as_posix()
