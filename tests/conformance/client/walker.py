"""The strict walk: holds a JSON body to everything an official SDK says about its own models.

Runs inside an environment of the SDKs. What a generation of them carries, and what is taken from where: field names
and types (``attribute_map``, ``swagger_types``), members of one-ofs (``discriminator_value_class_map``), members of
enums (class attributes), and the checks that live in the property setters: required, length, range, pattern. The SDK
itself is lenient where this walk is not: it never checks enums, ignores setters in constructors, and keeps unknown
fields. Added from the reference (api-v4, sections 2.1 and 2.8): absent values are left out, times are RFC 3339 in UTC,
``$fv`` follows the path, and later elements of a nested list may leave their framing out.
"""

from __future__ import annotations

import functools
import importlib
import re
from dataclasses import dataclass
from typing import Any

_TIME = re.compile(r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z$")
_SCALARS: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "bool": (bool,),
    "float": (int, float),
    "datetime": (str,),
    "date": (str,),
}
_FRAMING = frozenset({"$objectType", "$reserved", "$unknownFields"})
_SCALAR_DISCRIMINATORS = {str: "String", int: "Integer", bool: "Boolean"}


@dataclass(frozen=True)
class Finding:
    """One deviation: where in the body, which rule, and what is there."""

    path: str
    rule: str
    what: str


class Walker:
    """Walks bodies of one namespace, such as ``vmm``; counts the models it has seen in ``walked``."""

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace
        self._package = f"ntnx_{namespace}_py_client.models"
        self.walked: dict[str, int] = {}

    def body(self, answer: str, body: Any, *, minor: int, status: int = 200, partial: bool = False) -> list[Finding]:
        """Everything wrong with a body, given the type of the answer, the minor in the path and the status.

        ``partial`` is for answers to ``$select``: their required fields may be missing.
        """
        walk = _Walk(self, minor, partial)
        walk.model(answer, body, "", framed=True)
        if isinstance(body, dict):
            failed = isinstance(body.get("data"), dict) and body["data"].get("$objectType", "").endswith(
                "ErrorResponse"
            )
            if failed != (status >= 400):
                walk.report("data", "discriminator", f"status {status} with {body.get('data')!r:.80}")
        return walk.findings

    @functools.cache  # noqa: B019 - a walker lives as long as its process
    def model(self, name: str) -> Any:
        """The class of a type by its full name, or ``None``."""
        try:
            return getattr(importlib.import_module(f"{self._package}.{name}"), name.rpartition(".")[2])
        except ImportError:
            return None

    def owns(self, name: str) -> bool:
        """Whether a type belongs to the walked namespace: those of others carry the version of their own service."""
        return name.startswith(f"{self._namespace}.v4.")


class _Walk:
    def __init__(self, walker: Walker, minor: int, partial: bool) -> None:
        self._walker = walker
        self._minor = minor
        self._partial = partial
        self.findings: list[Finding] = []

    def report(self, path: str, rule: str, what: str) -> None:
        self.findings.append(Finding(path, rule, what))

    def value(self, kind: str, value: Any, path: str, *, framed: bool = True) -> None:
        """Check a value against a type in the SDK's notation."""
        if value is None:
            self.report(path, "null", "null instead of left out")
        elif kind == "object":
            pass
        elif kind in _SCALARS:
            self._scalar(kind, value, path)
        elif kind.startswith("list["):
            self._list(kind[5:-1], value, path)
        elif kind.startswith("dict("):
            self._map(kind[5:-1].partition(", ")[2], value, path)
        elif kind.startswith("OneOf"):
            self._one_of(kind, value, path)
        else:
            self.model(kind, value, path, framed=framed)

    def _scalar(self, kind: str, value: Any, path: str) -> None:
        if not isinstance(value, _SCALARS[kind]) or (isinstance(value, bool) and kind != "bool"):
            self.report(path, "type", f"{value!r:.60} is no {kind}")
        elif kind == "datetime" and not _TIME.match(value):
            self.report(path, "pattern", f"{value!r:.60} is no time of RFC 3339 in UTC")

    def _list(self, kind: str, value: Any, path: str) -> None:
        if not isinstance(value, list):
            self.report(path, "type", f"{value!r:.60} is no list")
            return
        for index, item in enumerate(value):
            self.value(kind, item, f"{path}[{index}]", framed=index == 0 or path == "data")

    def _map(self, kind: str, value: Any, path: str) -> None:
        if not isinstance(value, dict):
            self.report(path, "type", f"{value!r:.60} is no map")
            return
        for key, item in value.items():
            if key not in _FRAMING:
                self.value(kind, item, f"{path}.{key}")

    def _one_of(self, kind: str, value: Any, path: str) -> None:
        members: dict[str, str] = self._walker.model(kind).discriminator_value_class_map
        named = _discriminator(value)
        if named in members:
            self.value(members[named], value, path)
        else:
            allowed = ", ".join(name for name in members if not name.startswith("EMPTY_"))
            self.report(path, "discriminator", f"{named or 'no $objectType'} is none of {allowed}")

    def model(self, kind: str, value: Any, path: str, *, framed: bool) -> None:
        """Check an object, or the member of an enum."""
        model = self._walker.model(kind)
        if model is None:
            self.report(path, "discriminator", f"the SDK has no type {kind}")
        elif not hasattr(model, "swagger_types"):
            self._enum(model, value, path)
        elif not isinstance(value, dict):
            self.report(path, "type", f"{value!r:.60} is no {kind}")
        else:
            model = self._framing(kind, model, value, path) if framed or "$objectType" in value else model
            self._fields(model, value, path)

    def _enum(self, model: Any, value: Any, path: str) -> None:
        members = {text for name, text in vars(model).items() if isinstance(text, str) and not name.startswith("_")}
        if value not in members:
            self.report(path, "enum", f"{value!r:.60} is none of {', '.join(sorted(members))}")

    def _framing(self, kind: str, model: Any, value: dict[str, Any], path: str) -> Any:
        """Check ``$objectType`` and ``$reserved``; answers the class that the value names."""
        named = value.get("$objectType")
        actual = self._walker.model(named) if isinstance(named, str) else None
        if actual is None or not issubclass(actual, model):
            self.report(path, "discriminator", f"$objectType is {named!r}, not {kind}")
            actual = model
        reserved = value.get("$reserved")
        version = reserved.get("$fv") if isinstance(reserved, dict) else None
        wanted = r"v1\.r0" if kind.startswith("common.") else r"v4\.r\d+"
        if self._walker.owns(kind):
            wanted = rf"v4\.r{self._minor}"
        if not isinstance(version, str) or not re.fullmatch(wanted, version):
            self.report(path, "version", f"$reserved is {reserved!r}, not {{'$fv': {wanted}}}")
        return actual

    def _fields(self, model: Any, value: dict[str, Any], path: str) -> None:
        instance = model()
        names = {json_name: name for name, json_name in model.attribute_map.items()}
        name = instance._initialize_object_type()
        self._walker.walked[name] = self._walker.walked.get(name, 0) + 1
        siblings = self._siblings(model)
        for key, item in value.items():
            here = f"{path}.{key}" if path else key
            if key in _FRAMING:
                continue
            if key not in names:
                if key not in siblings:
                    self.report(here, "unknown", f"{name} has no such field")
                elif item != _discriminator(value.get(siblings[key])):
                    self.report(here, "discriminator", f"{item!r} is not what stands beside it")
                continue
            before = len(self.findings)
            self.value(model.swagger_types[names[key]], item, here)
            if len(self.findings) == before:
                self._setter(instance, names[key], item, here)
        self._missing(instance, names, value, path)

    def _siblings(self, model: Any) -> dict[str, str]:
        """Names of the discriminators that may stand beside one-of fields, and those fields."""
        return {
            self._walker.model(kind).ONE_OF_ITEM_DISCRIMINATOR_NAME: model.attribute_map[name]
            for name, kind in model.swagger_types.items()
            if kind.startswith("OneOf")
        }

    def _setter(self, instance: Any, name: str, item: Any, path: str) -> None:
        problem = _refusal(instance, name, item)
        if problem:
            self.report(path, "pattern" if "pattern" in problem else "range", f"{item!r:.60}: {problem}")

    def _missing(self, instance: Any, names: dict[str, str], value: dict[str, Any], path: str) -> None:
        if self._partial:
            return
        for json_name, name in names.items():
            if json_name not in value and json_name not in _FRAMING and _refusal(instance, name, None):
                self.report(f"{path}.{json_name}" if path else json_name, "required", "is missing")


def _refusal(instance: Any, name: str, value: Any) -> str:
    """What the SDK's own setter says against a value."""
    descriptor = getattr(type(instance), name, None)
    if not isinstance(descriptor, property) or descriptor.fset is None:
        return ""
    try:
        descriptor.fset(instance, value)
    except ValueError as error:
        return str(error)
    return ""


def _discriminator(value: Any) -> str:
    """The name under which a one-of knows a value: its ``$objectType``, or that of its first element."""
    if isinstance(value, dict):
        return str(value.get("$objectType") or ("" if value else "EMPTY_MAP"))
    if isinstance(value, list):
        return f"List<{_discriminator(value[0])}>" if value else "EMPTY_LIST"
    return _SCALAR_DISCRIMINATORS.get(type(value), "")
