"""What secrets and unknowns in a bag mean: looking for them, taking them off, putting them back.

The rules for putting secrets back on the answers of providers that do not accept them are the real engine's: by key,
objects recursively, everything else as a whole (engine facts, 4.4).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pulumi_ahv.engine.values import Bag, Reference, SecretValue, Unknown


def has_secret(value: Any) -> bool:
    """Whether a secret is anywhere inside."""
    if isinstance(value, SecretValue):
        return True
    return any(has_secret(item) for item in _inside(value))


def has_unknown(value: Any) -> bool:
    """Whether an unknown is anywhere inside, secrets included."""
    if isinstance(value, Unknown):
        return True
    return any(has_unknown(item) for item in _inside(value))


def plain(value: Any) -> Any:
    """The value without any secret marks, as a copy."""
    if isinstance(value, SecretValue):
        return plain(value.element)
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def plain_bag(bag: Bag) -> Bag:
    """The bag without any secret marks, as a copy."""
    return {key: plain(item) for key, item in bag.items()}


def known(value: Any) -> Any:
    """The value without its unknown parts, as a copy: what an update sends of inputs that a failure left unknown."""
    if isinstance(value, SecretValue):
        return SecretValue(known(value.element))
    if isinstance(value, Mapping):
        return {key: known(item) for key, item in value.items() if not _is_unknown(item)}
    if isinstance(value, list):
        return [known(item) for item in value if not _is_unknown(item)]
    return value


def remark(answer: Bag, source: Bag) -> Bag:
    """Put back the marks of ``source`` on an answer whose provider dropped them."""
    marked = dict(answer)
    for key, original in source.items():
        if key not in marked:
            continue
        value = marked[key]
        if isinstance(value, Mapping) and isinstance(original, Mapping):
            marked[key] = remark(dict(value), dict(original))
        elif not isinstance(value, SecretValue) and has_secret(original):
            marked[key] = SecretValue(value)
    return marked


def mark_outputs(outputs: Bag, inputs: Bag, named: Iterable[str]) -> Bag:
    """Mark outputs that the user named, and those whose input of the same key is a secret."""
    marked = dict(outputs)
    for key in named:
        if key != "id" and key in marked and not isinstance(marked[key], SecretValue):
            marked[key] = SecretValue(marked[key])
    for key, value in marked.items():
        if not isinstance(value, SecretValue) and isinstance(inputs.get(key), SecretValue):
            marked[key] = SecretValue(value)
    return marked


def _is_unknown(value: Any) -> bool:
    return isinstance(value, Unknown) or (isinstance(value, SecretValue) and _is_unknown(value.element))


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, SecretValue):
        return (value.element,)
    if isinstance(value, Mapping):
        return value.values()
    if isinstance(value, list):
        return value
    return (value.id,) if isinstance(value, Reference) else ()
