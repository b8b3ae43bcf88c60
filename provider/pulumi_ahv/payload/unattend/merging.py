"""Puts components into an answer file that somebody else wrote, and leaves every other byte of it as it is.

A component that the pass ``specialize`` has already stays the author's: Windows refuses a file that has one twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

from pulumi_ahv.payload.unattend.elements import NAMESPACE

_SPECIALIZE = "specialize"
_SEPARATOR = "\x1f"


@dataclass
class _Found:
    """What there is of the pass; places are offsets of bytes, -1 where there is none."""

    names: set[str] = field(default_factory=set)
    opened: int = -1
    closed: int = -1
    root_closed: int = -1


def merged(text: str, components: Mapping[str, str]) -> str:
    """The answer file with those components that it has none of. What is not XML stays as it is: its check says why."""
    data = text.encode(errors="surrogatepass")
    found = _look(data)
    new = [written for name, written in components.items() if found and name not in found.names]
    if not found or not new:
        return text
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = "\n".join(new).replace("\n", newline)
    head = f'<settings xmlns="{NAMESPACE}" pass="{_SPECIALIZE}">'
    whole = f"{head}{newline}{lines}{newline}  </settings>"
    if found.closed < 0:  # no such pass
        at, end, put = found.root_closed, found.root_closed, f"  {whole}{newline}"
    elif data[found.closed :][:2] != b"</":  # <settings pass="specialize"/>, which ends where it is over
        at, end, put = found.opened, found.closed, whole
    else:
        at, end, put = found.closed, found.closed, f"{lines.strip()}{newline}  "
    return (data[:at] + put.encode() + data[end:]).decode(errors="surrogatepass")


def _look(data: bytes) -> _Found | None:
    reader = _Reader()
    try:
        reader.parser.Parse(data, True)  # noqa: FBT003 - expat takes it by position only
    except (expat.ExpatError, ValueError):
        return None
    return reader.found if reader.found.root_closed >= 0 else None


class _Reader:
    def __init__(self) -> None:
        self.parser = expat.ParserCreate(namespace_separator=_SEPARATOR)
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.found = _Found()
        self._path: list[str] = []
        self._inside = False

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(_SEPARATOR)[2]
        self._path.append(local)
        if self._path == ["unattend", "settings"] and attributes.get("pass") == _SPECIALIZE:
            self._inside, self.found.opened = True, self.parser.CurrentByteIndex
        elif self._inside and self._path == ["unattend", "settings", "component"]:
            self.found.names.add(attributes.get("name", ""))

    def _end(self, name: str) -> None:
        del name
        if self._inside and self._path == ["unattend", "settings"]:
            self._inside, self.found.closed = False, self.parser.CurrentByteIndex
        elif self._path == ["unattend"]:
            self.found.root_closed = self.parser.CurrentByteIndex
        self._path.pop()

    def _doctype(self, *_: object) -> None:
        raise ValueError("an answer file has no document type")
