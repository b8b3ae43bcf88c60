"""Puts v4's framing on objects that go out, and takes it off those that come in.

Owns ``$objectType``, ``$reserved``, validation of bodies against the declared types, and which field which minor
version shows. Facts (api-v4, sections 2.1 and 2.8): a nested list of one type carries its framing on the first
element only; absent values are left out; one-of fields are told apart by the ``$objectType`` of the value; ``$fv``
follows the version in the path. Assumed: a body may leave out ``$objectType`` where only one type is possible;
fields that nobody declared are dropped, and so is a later minor's field that holds its default: a newer SDK that
negotiated an older version sends it unasked (``Subnet.isConnected``).
"""

from __future__ import annotations

import re
from typing import Any

from pulumi_ahv.simulator.answers import Violation
from pulumi_ahv.simulator.notation import Field, Shapes, load

UUID = re.compile(r"^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")
_SCALARS: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "str<uuid>": (str,),
    "datetime": (str,),
    "int": (int,),
    "bool": (bool,),
    "float": (int, float),
}


def reserved(type_name: str, minor: int) -> dict[str, str]:
    """The ``$reserved`` object of a type at a minor version; ``common`` has a version of its own."""
    return {"$fv": "v1.r0" if type_name.startswith("common.") else f"v4.r{minor}"}


def dress(type_name: str, body: dict[str, Any], minor: int, *, bare: bool = False) -> dict[str, Any]:
    """Frame an object for the wire: only declared fields that this minor has, nothing empty.

    ``bare`` leaves the framing of the object itself out, as on the later elements of nested lists.
    """
    shapes = load()
    shape = shapes.types.get(type_name)
    if shape is None:
        return body
    shown: dict[str, Any] = {}
    for name, value in body.items():
        field = shape.fields.get(name)
        if field is None or field.since > minor or value is None or value in ([], {}):
            continue
        shown[name] = value if field.is_plain else _dress_field(shapes, field, value, minor)
    if not bare:
        shown["$reserved"] = reserved(type_name, minor)
        shown["$objectType"] = type_name
    return shown


def _dress_field(shapes: Shapes, field: Field, value: Any, minor: int) -> Any:
    if field.types[0] in shapes.enums:
        return value
    if isinstance(value, list):
        mixed = len(field.types) > 1
        return [
            dress(_type_of(field, item), item, minor, bare=index > 0 and not mixed) if isinstance(item, dict) else item
            for index, item in enumerate(value)
        ]
    return dress(_type_of(field, value), value, minor) if isinstance(value, dict) else value


def _type_of(field: Field, value: dict[str, Any]) -> str:
    named = str(value.get("$objectType", ""))
    return named if named in field.types else field.types[0]


def undress(type_name: str, body: Any, minor: int) -> dict[str, Any]:
    """Check a body that came in and take its framing off; values of one-of fields keep their ``$objectType``.

    Raises:
        Violation: something is missing, of a wrong type or outside its limits: all findings together.
    """
    findings: list[tuple[str, str]] = []
    clean = _Checker(load(), minor, findings).check(type_name, body, "")
    if findings:
        raise Violation(findings)
    return clean


class _Checker:
    def __init__(self, shapes: Shapes, minor: int, findings: list[tuple[str, str]]) -> None:
        self._shapes = shapes
        self._minor = minor
        self._findings = findings

    def check(self, type_name: str, body: Any, path: str) -> dict[str, Any]:
        if not isinstance(body, dict):
            self._findings.append((path, "must be an object"))
            return {}
        shape = self._shapes.types.get(type_name)
        if shape is None:
            return body
        clean = {}
        for name, field in shape.fields.items():
            here = f"{path}.{name}" if path else name
            value = body.get(name)
            if value is None:
                if field.required:
                    self._findings.append((here, "is required and must not be null"))
            elif field.since > self._minor:
                if str(value) != field.default:
                    self._findings.append((here, f"is not part of version v4.{self._minor}"))
            elif field.is_list:
                clean[name] = self._list(field, value, here)
            else:
                clean[name] = self._value(field, value, here)
        return clean

    def _list(self, field: Field, value: Any, path: str) -> list[Any]:
        if not isinstance(value, list):
            self._findings.append((path, "must be a list"))
            return []
        return [self._value(field, item, f"{path}[{index}]") for index, item in enumerate(value)]

    def _value(self, field: Field, value: Any, path: str) -> Any:
        kind = field.types[0]
        if field.is_plain:
            self._scalar(field, value, path)
            return value
        if kind in self._shapes.enums:
            if value not in self._shapes.enums[kind]:
                allowed = ", ".join(sorted(self._shapes.enums[kind]))
                self._findings.append((path, f"must be one of {allowed}"))
            return value
        if len(field.types) == 1:
            return self.check(kind, value, path)
        named = value.get("$objectType") if isinstance(value, dict) else None
        if named not in field.types:
            self._findings.append((path, f"needs an $objectType of {', '.join(field.types)}"))
            return value
        return {**self.check(named, value, path), "$objectType": named}

    def _scalar(self, field: Field, value: Any, path: str) -> None:
        kind = field.types[0]
        wanted = _SCALARS.get(kind)
        if wanted is None:
            return
        if not isinstance(value, wanted) or (isinstance(value, bool) and kind != "bool"):
            self._findings.append((path, f"must be of type {kind}"))
            return
        if kind == "str<uuid>" and not UUID.match(str(value)):
            self._findings.append((path, f"must match {UUID.pattern}"))
        size = len(value) if isinstance(value, str) else value
        if isinstance(value, bool) or not isinstance(size, int):
            return
        if field.low is not None and size < field.low:
            self._findings.append((path, f"must be at least {field.low}{_unit(value)}"))
        if field.high is not None and size > field.high:
            self._findings.append((path, f"must be at most {field.high}{_unit(value)}"))


def _unit(value: object) -> str:
    return " characters" if isinstance(value, str) else ""
