"""Which line of which template a line of the rendered text came from.

Jinja knows the source line of every stretch of literal text, but the rendered text does not. So, when there is
something to report, the template is rendered a second time with marks in its literal text: a mark says "from here on,
line N of file F". The map is used only when the marked text without its marks equals the first rendering; where a
filter has touched marked text (``{% filter upper %}`` around a block) it does not, and places are then those of the
rendered text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from jinja2 import Environment, nodes
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream

OPEN, CLOSE = "\ue0f0", "\ue0f1"
_MARK = re.compile(f"{OPEN}([0-9]+):([0-9]+){CLOSE}")


class LineMarks(Extension):
    """Puts a mark before every stretch of literal text and after every line end within it."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self.files: list[str] = []

    @classmethod
    def files_of(cls, environment: Environment) -> list[str]:
        """The templates that were marked so far, in the order of their numbers."""
        extension = environment.extensions[cls.identifier]
        return extension.files if isinstance(extension, LineMarks) else []

    def filter_stream(self, stream: TokenStream) -> Iterable[Token]:
        """Mark the literal text of one template."""
        name = stream.name or ""
        if name not in self.files:
            self.files.append(name)
        return self._marked(stream, self.files.index(name))

    def parse(self, parser: object) -> nodes.Node:
        """Never called: this extension brings no tags."""
        raise NotImplementedError

    def _marked(self, stream: TokenStream, file: int) -> Iterator[Token]:
        for token in stream:
            if token.type != "data":
                yield token
                continue
            lines = token.value.split("\n")
            marked = [f"{OPEN}{file}:{token.lineno + number}{CLOSE}{line}" for number, line in enumerate(lines)]
            yield Token(token.lineno, token.type, "\n".join(marked))


@dataclass(frozen=True)
class LineMap:
    """For each line of a rendered text the (file, line) of its template; empty where that cannot be known."""

    places: tuple[tuple[str, int], ...] = ()

    def origin(self, line: int) -> tuple[str, int] | None:
        """The template's file and line of a rendered line (both count from 1)."""
        return self.places[line - 1] if 0 < line <= len(self.places) else None


def read_marks(marked: str, clean: str, files: list[str]) -> LineMap:
    """Take the marks out of ``marked`` and say where each line of ``clean`` came from."""
    if _MARK.sub("", marked) != clean:
        return LineMap()
    places: list[tuple[str, int]] = []
    latest = (files[0] if files else "", 1)
    for line in marked.split("\n"):
        here = latest
        for mark in _MARK.finditer(line):
            latest = (files[int(mark[1])], int(mark[2]))
            # A line belongs to the template line that wrote its first visible character.
            if not _MARK.sub("", line[: mark.start()]).strip():
                here = latest
        places.append(here)
    return LineMap(tuple(places))
