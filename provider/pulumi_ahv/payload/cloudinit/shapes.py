"""A small notation for what a YAML document may hold.

The declarations beside this module say in it which keys cloud-init takes. Why not JSON Schema: its validators answer
with "is not valid under any of the given schemas" where a user needs the nearest key and a line, know no deprecations,
and cloud-init's own schema (GPLv3 or Apache-2.0, 157 KB) is not to be copied. Why not ``cloud-init-models`` from PyPI:
see docs/payloads.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Text:
    """Text. ``choices`` lists the words allowed, ``pattern`` is a regular expression for all of it."""

    choices: tuple[str, ...] = ()
    pattern: str = ""


@dataclass(frozen=True)
class Flag:
    """true or false (in YAML 1.1 also yes, no, on, off)."""

    only: bool | None = None


@dataclass(frozen=True)
class Whole:
    """A whole number."""

    least: int | None = None
    most: int | None = None


@dataclass(frozen=True)
class Number:
    """Any number."""

    least: float | None = None


@dataclass(frozen=True)
class Nothing:
    """null."""


@dataclass(frozen=True)
class Anything:
    """Whatever there is."""


@dataclass(frozen=True)
class Listing:
    """A list of items of one shape, of some length."""

    item: Shape = field(default_factory=Anything)
    least: int = 0
    most: int | None = None
    unique: bool = False


@dataclass(frozen=True)
class Table:
    """A mapping.

    ``keys`` are the known ones and ``required`` those that must be there. ``old`` names deprecated keys with what to
    write instead. ``others`` is the shape under any further key, which must match ``others_pattern``; ``None`` forbids
    further keys. Of ``one_of``, if any are named, at least one must be there.
    """

    keys: Mapping[str, Shape] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    old: Mapping[str, str] = field(default_factory=dict)
    others: Shape | None = None
    others_pattern: str = ""
    least: int = 0
    one_of: tuple[str, ...] = ()


@dataclass(frozen=True)
class Either:
    """One of several shapes."""

    options: tuple[Shape, ...]


@dataclass(frozen=True)
class Old:
    """A shape that still works and is deprecated; ``advice`` says what to write instead."""

    shape: Shape
    advice: str


Shape = Text | Flag | Whole | Number | Nothing | Anything | Listing | Table | Either | Old

TEXT = Text()
FLAG = Flag()
WHOLE = Whole()
ANYTHING = Anything()
TEXTS = Listing(TEXT)
SOME_TEXTS = Listing(TEXT, least=1)
MAPPING = Table(others=ANYTHING)


def words(choices: str) -> Text:
    """One of these words, separated by spaces."""
    return Text(choices=tuple(choices.split()))


def either(*options: Shape) -> Either:
    """One of these shapes."""
    return Either(options)


def of(names: str, shape: Shape) -> dict[str, Shape]:
    """The same shape under several keys, separated by spaces."""
    return dict.fromkeys(names.split(), shape)


def described(shape: Shape) -> str:
    """What a message calls the shape."""
    match shape:
        case Either(options=options):
            return " or ".join(dict.fromkeys(described(option) for option in options if not isinstance(option, Old)))
        case Text(choices=choices) if choices:
            return f"one of {', '.join(choices)}" if len(choices) > 1 else repr(choices[0])
        case Flag(only=only) if only is not None:
            return str(only).lower()
        case Old(shape=inner):
            return described(inner)
    return _NAMES[type(shape)]


_NAMES: Mapping[type, str] = {
    Text: "text",
    Flag: "true or false",
    Whole: "a whole number",
    Number: "a number",
    Nothing: "null",
    Anything: "anything",
    Listing: "a list",
    Table: "a mapping",
}
