"""Between the snake_case of Python and the lowerCamelCase of state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi


def camel(name: str) -> str:
    """``size_bytes`` to ``sizeBytes``. The SDK's own keys, which begin with an underscore, stay as they are."""
    if name.startswith("_"):
        return name
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def snake(name: str) -> str:
    """``sizeBytes`` to ``size_bytes``."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def camel_keys(value: Any) -> Any:
    """Translate the keys of nested objects, and leave what only the engine knows yet where it is."""
    if isinstance(value, pulumi.Output):
        return value.apply(camel_keys)
    if isinstance(value, Mapping):
        return {camel(key): camel_keys(item) for key, item in value.items()}
    if isinstance(value, list):
        return [camel_keys(item) for item in value]
    return value


def camel_once(value: Any) -> Any:
    """Translate the keys of one object, and of none inside it: those are the user's."""
    if isinstance(value, pulumi.Output):
        return value.apply(camel_once)
    return {camel(key): item for key, item in value.items()} if isinstance(value, Mapping) else value


def camel_payload(value: Any) -> Any:
    """Translate the keys of a payload and of the Windows settings in it, and none of the user's own."""
    if isinstance(value, pulumi.Output):
        return value.apply(camel_payload)
    given = camel_once(value)
    if isinstance(given, Mapping) and given.get("windows") is not None:
        return {**given, "windows": camel_once(given["windows"])}
    return given
