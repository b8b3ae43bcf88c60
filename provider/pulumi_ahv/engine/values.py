"""Property values as Python objects, and their wire form.

Owns the marks that Pulumi hides inside a protobuf Struct: secrets, unknowns, resource references and output values.
Everything above this module sees plain dicts, lists, floats and strings, and three small types of ours. What marks mean
for a provider that does not accept them is the business of ``marking``; where they end up in a state file, of
``records``.

Numbers are doubles on the wire; whole ones are kept as they come, ``3.0 == 3`` in Python anyway.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf import struct_pb2

Bag = dict[str, Any]

SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a constant of the protocol, no password
REFERENCE: Final = "5cf8f73096256a8f31e491e813e4eb8e"
ASSET: Final = "c44067f5952c0a294b673a41bacd8c17"
ARCHIVE: Final = "0def7320c3a5731c473e5ecbe6d01bc7"
OUTPUT: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
UNKNOWN_ID: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_SENTINELS: Final = frozenset(
    {
        UNKNOWN_ID,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)


class Unknown:
    """A value that a preview cannot know. There is one of it: ``UNKNOWN``."""

    def __repr__(self) -> str:
        return "[unknown]"

    def __deepcopy__(self, memo: dict[int, Any]) -> Unknown:
        return self


UNKNOWN: Final = Unknown()


@dataclass(frozen=True)
class SecretValue:
    """A value marked as secret; it prints as ``[secret]``."""

    element: Any

    def __repr__(self) -> str:
        return "[secret]"


@dataclass(frozen=True)
class Reference:
    """Another resource, passed as a value. ``id`` is None for components and UNKNOWN in previews."""

    urn: str
    id: Any = None
    version: str = ""


def from_struct(struct: struct_pb2.Struct) -> Bag:
    """Read a property bag from the wire."""
    return {key: _from_value(value) for key, value in struct.fields.items()}


def from_value(value: struct_pb2.Value) -> Any:
    """Read one value from the wire."""
    return _from_value(value)


@dataclass(frozen=True)
class Dialect:
    """What the other side accepts. Without secrets it gets plain values, without references ids (URNs of components).

    Without ``contents``, of assets it gets the hash alone.
    """

    secrets: bool = True
    references: bool = True
    contents: bool = True


FULL: Final = Dialect()


def to_struct(bag: Mapping[str, Any], dialect: Dialect = FULL) -> struct_pb2.Struct:
    """Write a property bag to the wire, as far as the other side accepts what is in it."""
    struct = struct_pb2.Struct()
    for key, value in bag.items():
        _fill(struct.fields[key], value, dialect)
    return struct


def _from_value(value: struct_pb2.Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        return UNKNOWN if value.string_value in _SENTINELS else value.string_value
    if kind == "struct_value":
        return _from_marked(value.struct_value)
    if kind == "list_value":
        return [_from_value(item) for item in value.list_value.values]
    if kind == "number_value":
        return value.number_value
    return value.bool_value if kind == "bool_value" else None


def _from_marked(struct: struct_pb2.Struct) -> Any:
    bag = from_struct(struct)
    signature = bag.get(SIGNATURE)
    if signature == SECRET:
        return SecretValue(bag.get("value"))
    if signature == REFERENCE:
        return Reference(bag["urn"], bag.get("id"), bag.get("packageVersion", ""))
    if signature == OUTPUT:
        element = bag.get("value", UNKNOWN)
        return SecretValue(element) if bag.get("secret") else element
    return bag


def _fill(target: struct_pb2.Value, value: Any, dialect: Dialect) -> None:
    if isinstance(value, SecretValue):
        value = {SIGNATURE: SECRET, "value": value.element} if dialect.secrets else value.element
        _fill(target, value, dialect)
    elif isinstance(value, Reference):
        _fill(target, _reference(value, keep=dialect.references), dialect)
    elif isinstance(value, Mapping):
        if not dialect.contents and value.get(SIGNATURE) == ASSET:
            value = {key: value[key] for key in (SIGNATURE, "hash") if key in value}
        target.struct_value.SetInParent()
        for key, item in value.items():
            _fill(target.struct_value.fields[key], item, dialect)
    elif isinstance(value, list):
        target.list_value.SetInParent()
        for item in value:
            _fill(target.list_value.values.add(), item, dialect)
    else:
        _fill_plain(target, value)


def _fill_plain(target: struct_pb2.Value, value: Any) -> None:
    if value is None:
        target.null_value = struct_pb2.NULL_VALUE
    elif isinstance(value, bool):
        target.bool_value = value
    elif isinstance(value, (int, float)):
        target.number_value = value
    elif isinstance(value, Unknown):
        target.string_value = UNKNOWN_ID
    else:
        target.string_value = str(value)


def _reference(value: Reference, *, keep: bool) -> Any:
    if not keep:
        return value.urn if value.id is None else value.id
    plain: Bag = {SIGNATURE: REFERENCE, "urn": value.urn}
    if value.id is not None:
        plain["id"] = value.id
    if value.version:
        plain["packageVersion"] = value.version
    return plain
