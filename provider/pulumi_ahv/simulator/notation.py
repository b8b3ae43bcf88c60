"""Reads the field notation in which the types of v4 are written down under ``shapes/``.

One type is one line (a backslash at its end continues it)::

    vmm.v4.content.UrlSource { url!:str{..2000}, shouldAllowInsecureUrl:bool=False, basicAuth:UrlBasicAuth }
    enum vmm.v4.content.ImageType = DISK_IMAGE ISO_IMAGE

``!`` required, ``{lo..hi}`` length of a text or range of a number, ``[]`` list, ``A|B`` one of, ``map<str,X>`` map,
``<uuid>`` a UUID, ``@n`` first served by minor version n, ``+ext`` after the name adds extId, tenantId and links.
It is the notation of the reference that the simulator was written from (api-v4, sections 3 to 8), so that both can
be laid side by side. A type that is named but not declared is carried as it comes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

_FIELD = re.compile(
    r"(?P<name>\w+)(?P<required>!)?:(?P<types>[\w.|]+(?:<[^>]*>)?(?:\|[\w.|]+)*)(?P<list>\[\])?"
    r"(?:\{(?P<low>-?\d*)\.\.(?P<high>-?\d*)\})?(?:=(?P<default>[^@\s]+))?(?:@(?P<since>\d+))?$"
)
_PLAIN = frozenset({"str", "int", "bool", "float", "datetime", "object"})


@dataclass(frozen=True)
class Field:
    """One property of a type."""

    name: str
    types: tuple[str, ...]
    required: bool = False
    is_list: bool = False
    low: int | None = None
    high: int | None = None
    since: int = 0
    default: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether its values are scalars."""
        return self.types[0] in _PLAIN or self.types[0] == "str<uuid>" or self.types[0].startswith("map<")


@dataclass(frozen=True)
class Shape:
    """One object type and its fields by name."""

    name: str
    fields: dict[str, Field]


@dataclass(frozen=True)
class Shapes:
    """All declared types and enumerations, by full name."""

    types: dict[str, Shape] = field(default_factory=dict)
    enums: dict[str, frozenset[str]] = field(default_factory=dict)

    def resolve(self, name: str, package: str) -> str:
        """The full name of a type that a field of ``package`` names: its own package first, then the only one."""
        if "." in name:
            return name
        own = f"{package}.{name}"
        if own in self.types or own in self.enums:
            return own
        found = [full for full in (*self.types, *self.enums) if full.rsplit(".", 1)[1] == name]
        return found[0] if len(found) == 1 else ""


@cache
def load() -> Shapes:
    """Read every file of ``shapes/``."""
    folder = files(__package__) / "shapes"
    texts = [entry.read_text("utf-8") for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)]
    return parse("\n".join(texts))


def parse(text: str) -> Shapes:
    """Read declarations; names of field types come out resolved.

    Raises:
        ValueError: a line is not in the notation.
    """
    raw = Shapes()
    for line in text.replace("\\\n", " ").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("enum "):
            name, _, members = line[5:].partition("=")
            raw.enums[name.strip()] = frozenset(members.split())
        else:
            shape = _shape(line)
            raw.types[shape.name] = shape
    return Shapes({name: _resolved(raw, shape) for name, shape in raw.types.items()}, raw.enums)


def _shape(line: str) -> Shape:
    head, _, rest = line.partition("{")
    name, *marks = head.split()
    fields = {"extId": Field("extId", ("str",))} if "+ext" in marks else {}
    if "+ext" in marks:
        fields["tenantId"] = Field("tenantId", ("str",))
        fields["links"] = Field("links", ("common.v1.response.ApiLink",), is_list=True)
    for text in re.split(r",\s+", rest.strip().rstrip("}").strip()):
        if text:
            parsed = _field(text.strip(), name)
            fields[parsed.name] = parsed
    return Shape(name, fields)


def _field(text: str, owner: str) -> Field:
    match = _FIELD.match(text)
    if match is None:
        raise ValueError(f"{owner}: {text!r} is not in the notation")
    types = match["types"]
    return Field(
        match["name"],
        (types,) if types.startswith("map<") else tuple(types.split("|")),
        required=bool(match["required"]),
        is_list=bool(match["list"]),
        low=int(match["low"]) if match["low"] else None,
        high=int(match["high"]) if match["high"] else None,
        since=int(match["since"] or 0),
        default=match["default"] or "",
    )


def _resolved(shapes: Shapes, shape: Shape) -> Shape:
    package = shape.name.rsplit(".", 1)[0]
    fields = {
        name: each
        if each.is_plain
        else Field(
            each.name,
            tuple(shapes.resolve(kind, package) for kind in each.types),
            each.required,
            each.is_list,
            each.low,
            each.high,
            each.since,
            each.default,
        )
        for name, each in shape.fields.items()
    }
    return Shape(shape.name, fields)
