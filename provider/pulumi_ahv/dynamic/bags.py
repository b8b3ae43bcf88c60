"""Between the SDK's bags and ours: its unknown objects become our one, its ``__provider`` stays outside."""

from __future__ import annotations

from typing import Any

from pulumi.output import UNKNOWN as SDK_UNKNOWN
from pulumi.output import Unknown as SdkUnknown

from pulumi_ahv.resources.handler import State
from pulumi_ahv.schema.fields import UNKNOWN, Unknown

PROVIDER_KEY = "__provider"


def to_ours(bag: dict[str, Any]) -> State:
    """A bag as handlers take it."""
    return {name: _ours(value) for name, value in bag.items() if name != PROVIDER_KEY}


def to_sdk(bag: State, source: dict[str, Any]) -> dict[str, Any]:
    """A bag as the SDK takes it, with the ``__provider`` of the bag that it was made from."""
    kept = {PROVIDER_KEY: source[PROVIDER_KEY]} if PROVIDER_KEY in source else {}
    return {**{name: _theirs(value) for name, value in bag.items()}, **kept}


def _ours(value: Any) -> Any:
    if isinstance(value, SdkUnknown):
        return UNKNOWN
    if isinstance(value, dict):
        return {key: _ours(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_ours(item) for item in value]
    return value


def _theirs(value: Any) -> Any:
    if isinstance(value, Unknown):
        return SDK_UNKNOWN
    if isinstance(value, dict):
        return {key: _theirs(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_theirs(item) for item in value]
    return value
