"""Which changes need a new object, and what must not be shown: both read off the declarations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pulumi_ahv.kernel.secrets import MASK
from pulumi_ahv.schema.fields import Bag, Change, Facts, bag_in, facts_of, wire_name


def replaced_by(model: type[Bag], olds: Mapping[str, Any], news: Mapping[str, Any]) -> list[str]:
    """Names of changed properties that need a new object.

    An unknown value counts as changed. An absent one is its default, so that writing a default down changes nothing.
    """
    defaults = {wire_name(model, name): field.default for name, field in model.model_fields.items()}
    return [
        name
        for name in _names_with(model, lambda facts: facts.change is Change.REPLACES)
        if olds.get(name, defaults[name]) != news.get(name, defaults[name])
    ]


def redacted(model: type[Bag], bag: Mapping[str, Any]) -> dict[str, Any]:
    """The bag as it may be shown: every secret property masked, at any depth that the declarations reach."""
    secret = set(_names_with(model, lambda facts: facts.secret))
    inner = {wire_name(model, name): field.annotation for name, field in model.model_fields.items()}
    return {
        name: MASK
        if name in secret
        else redacted(kind, value)
        if (kind := bag_in(inner.get(name))) and isinstance(value, Mapping)
        else value
        for name, value in bag.items()
    }


def _names_with(model: type[Bag], condition: Callable[[Facts], bool]) -> list[str]:
    return [wire_name(model, name) for name in model.model_fields if condition(facts_of(model, name))]
