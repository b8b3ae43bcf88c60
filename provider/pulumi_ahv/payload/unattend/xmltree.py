"""An XML document with the place of every element.

Expat itself is used, because it is the one parser of the standard library that tells line and column. Document types
are refused: Windows needs none, and entities that unfold without end come in through them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

_SEPARATOR = "\x1f"


@dataclass
class Element:
    """One element. ``line`` and ``column`` count from 1."""

    name: str
    namespace: str
    attributes: dict[str, str]
    line: int
    column: int
    children: list[Element] = field(default_factory=list)
    text: str = ""

    def walk(self) -> Iterator[Element]:
        """This element and all below it, in the order of the document."""
        yield self
        for child in self.children:
            yield from child.walk()

    def all(self, *names: str) -> list[Element]:
        """The elements at a path of names: ``all("UserAccounts", "LocalAccounts", "LocalAccount")``."""
        found = [self]
        for name in names:
            found = [child for element in found for child in element.children if child.name == name]
        return found

    def value(self, *names: str) -> str:
        """The text of the first element at a path, without the white space around it; empty when there is none."""
        return next((element.text.strip() for element in self.all(*names)), "")


class NotXml(Exception):
    """The text is not XML that we read."""

    def __init__(self, message: str, line: int, column: int) -> None:
        self.message, self.line, self.column = message, line, column
        super().__init__(message, line, column)


def parse_xml(text: str) -> Element:
    """Parse a document.

    Raises:
        NotXml: with the place.
    """
    reader = _Reader()
    return reader.read(text)


class _Reader:
    def __init__(self) -> None:
        self._parser = expat.ParserCreate(namespace_separator=_SEPARATOR)
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._open: list[Element] = []
        self._root: Element | None = None

    def read(self, text: str) -> Element:
        try:
            self._parser.Parse(text.encode(), True)  # noqa: FBT003 - expat takes it by position only
        except expat.ExpatError as broken:
            said = expat.errors.messages[broken.code]
            raise NotXml(f"not well-formed XML: {said}", broken.lineno, broken.offset + 1) from None
        except UnicodeEncodeError:
            raise NotXml("not well-formed XML: half a surrogate pair", 1, 0) from None
        if self._root is None:
            raise NotXml("not well-formed XML: no element found", 1, 1)
        return self._root

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        namespace, _, local = name.rpartition(_SEPARATOR)
        plain = {key.rpartition(_SEPARATOR)[2]: value for key, value in attributes.items()}
        line, column = self._parser.CurrentLineNumber, self._parser.CurrentColumnNumber + 1
        element = Element(local, namespace, plain, line, column)
        if self._open:
            self._open[-1].children.append(element)
        else:
            self._root = element
        self._open.append(element)

    def _end(self, name: str) -> None:
        del name
        self._open.pop()

    def _characters(self, text: str) -> None:
        self._open[-1].text += text

    def _doctype(self, *_: object) -> None:
        message = "an answer file has no document type"
        raise NotXml(message, self._parser.CurrentLineNumber, self._parser.CurrentColumnNumber + 1)
