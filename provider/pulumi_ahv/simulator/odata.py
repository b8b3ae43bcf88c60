"""The part of OData 4.01 that Prism's lists take in ``$filter``, compiled to a predicate over plain objects.

Comparison (eq ne gt ge lt le) of a field and a literal, and/or/not and brackets, startswith/endswith/contains, and
``path/any(x:x eq literal)``. Enum literals carry their type (``Prism.Config.TaskStatus'RUNNING'``) or stand as
plain text; both are taken (api-v4, section 2.3). Which fields a list lets through is its own affair: it hands in
the names. Assumed: ``ge`` and ``le`` exist, text compares by case, an absent field equals null.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Collection
from typing import Any

Predicate = Callable[[dict[str, Any]], bool]
_TOKEN = re.compile(
    r"\s*(?:(?P<text>(?:[A-Za-z_][\w.]*)?'(?:[^']|'')*')|(?P<number>-?\d+(?:\.\d+)?(?![\w:-]))|(?P<time>\d{4}-\d\d-\d\dT[\d:.]+Z)"
    r"|(?P<word>[A-Za-z_$][\w./]*)|(?P<mark>[(),:]))"
)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}
_TEXT_TESTS: dict[str, Callable[[str, str], bool]] = {
    "startswith": str.startswith,
    "endswith": str.endswith,
    "contains": operator.contains,
}


class FilterError(ValueError):
    """The filter cannot be read, or names a field that this list does not filter by."""


def compile_filter(text: str, fields: Collection[str]) -> Predicate:
    """Turn a ``$filter`` into a predicate.

    Raises:
        FilterError: with what is wrong and where.
    """
    parser = _Parser(text, fields)
    predicate = parser.disjunction()
    parser.end()
    return predicate


def lookup(item: Any, path: str) -> Any:
    """The value at ``a/b/c``; a list on the way gives the list of its items' values."""
    if "/" not in path:
        return item.get(path) if isinstance(item, dict) else None
    for name in path.split("/"):
        if isinstance(item, list):
            item = [each.get(name) for each in item if isinstance(each, dict)]
        else:
            item = item.get(name) if isinstance(item, dict) else None
    return item


class _Parser:
    def __init__(self, text: str, fields: Collection[str]) -> None:
        self._fields = fields
        self._tokens = list(_tokens(text))
        self._next = 0
        self._variables: set[str] = set()

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._next] if self._next < len(self._tokens) else ("end", "")

    def _take(self) -> tuple[str, str]:
        token = self._peek()
        self._next += 1
        return token

    def _expect(self, text: str) -> None:
        kind, found = self._take()
        if found != text:
            raise FilterError(f"expected {text!r} but found {found or kind!r}")

    def end(self) -> None:
        """Nothing may follow."""
        kind, text = self._peek()
        if kind != "end":
            raise FilterError(f"unexpected {text!r}")

    def disjunction(self) -> Predicate:
        """One or more terms joined by ``or``; equalities on one field become one set test."""
        start = self._next
        parts = [self._conjunction()]
        while self._peek() == ("word", "or"):
            self._take()
            parts.append(self._conjunction())
        if len(parts) == 1:
            return parts[0]
        return self._membership(start) or (lambda item: any(part(item) for part in parts))

    def _membership(self, start: int) -> Predicate | None:
        """A filter by hundreds of ids is one look into a set, not hundreds of comparisons for each of 10,000 VMs."""
        tokens = self._tokens[start : self._next]
        paths = {text for _, text in tokens[0::4]}
        plain = all(
            token == ("word", "eq" if index % 4 == 1 else "or") for index, token in enumerate(tokens) if index % 2 == 1
        )
        texts = [token for token in tokens[2::4] if token[0] == "text"]
        if len(paths) != 1 or not plain or len(texts) * 4 - 1 != len(tokens):
            return None
        path = paths.pop()
        values = {_literal(*token) for token in texts}
        return lambda item: lookup(item, path) in values

    def _conjunction(self) -> Predicate:
        parts = [self._negation()]
        while self._peek() == ("word", "and"):
            self._take()
            parts.append(self._negation())
        return parts[0] if len(parts) == 1 else lambda item: all(part(item) for part in parts)

    def _negation(self) -> Predicate:
        if self._peek() == ("word", "not"):
            self._take()
            inner = self._negation()
            return lambda item: not inner(item)
        return self._term()

    def _term(self) -> Predicate:
        kind, text = self._take()
        if text == "(":
            inner = self.disjunction()
            self._expect(")")
            return inner
        if kind != "word":
            raise FilterError(f"unexpected {text or kind!r}")
        if self._peek() == ("mark", "("):
            return self._call(text)
        return self._comparison(text)

    def _call(self, name: str) -> Predicate:
        if name.endswith("/any"):
            return self._any(self._field(name.removesuffix("/any")))
        test = _TEXT_TESTS.get(name)
        if test is None:
            raise FilterError(f"function {name!r} is not supported")
        self._expect("(")
        path = self._field(self._take()[1])
        self._expect(",")
        wanted = _literal(*self._take())
        self._expect(")")
        if not isinstance(wanted, str):
            raise FilterError(f"{name} needs a text")
        return lambda item: isinstance(value := lookup(item, path), str) and test(value, wanted)

    def _any(self, path: str) -> Predicate:
        self._expect("(")
        variable = self._take()[1]
        self._expect(":")
        self._variables.add(variable)
        inner = self.disjunction()
        self._variables.discard(variable)
        self._expect(")")
        return lambda item: any(
            inner({variable: value, **(value if isinstance(value, dict) else {})}) for value in lookup(item, path) or []
        )

    def _comparison(self, name: str) -> Predicate:
        head, _, rest = name.partition("/")
        path = (rest or head) if head in self._variables else self._field(name)
        word = self._take()[1]
        compare = _COMPARE.get(word)
        if compare is None:
            raise FilterError(f"operator {word!r} is not supported")
        wanted = _literal(*self._take())
        if word in {"eq", "ne"}:
            return lambda item: compare(lookup(item, path), wanted)
        return lambda item: type(value := lookup(item, path)) is type(wanted) and compare(value, wanted)

    def _field(self, path: str) -> str:
        if path.split("/", 1)[0] not in self._variables and path not in self._fields:
            raise FilterError(f"field {path!r} cannot be filtered by here")
        return path


def _tokens(text: str) -> list[tuple[str, str]]:
    found, at = [], 0
    text = text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise FilterError(f"cannot read {text[at : at + 20]!r} at character {at}")
        kind = match.lastgroup or ""
        found.append((kind, match[kind]))
        at = match.end()
    return found


def _literal(kind: str, text: str) -> Any:
    if kind == "text":
        return text[text.index("'") + 1 : -1].replace("''", "'")
    if kind == "number":
        return float(text) if "." in text else int(text)
    if kind == "time":
        return text
    words = {"true": True, "false": False, "null": None}
    if kind == "word" and text in words:
        return words[text]
    raise FilterError(f"expected a literal but found {text or kind!r}")
