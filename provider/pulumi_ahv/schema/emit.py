"""``schema.json``: the declarations as Pulumi's package schema.

Pydantic writes JSON Schema; this turns it into Pulumi's dialect, in which a type has a token, an optional property is
one that is not in a list, and enumerations of words are plain strings whose description names the words.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel

from pulumi_ahv.schema.fields import Bag, Change, Facts, bag_in, facts_of, wire_name
from pulumi_ahv.schema.package import LOOKUPS, NAME, RESOURCES, Config, Lookup, Resource, paragraph

_VARIABLE = re.compile(r" \[`(?P<name>[A-Z_]+)`\]")
_ANNOTATIONS = ("type", "items", "additionalProperties", "$ref")


def package_schema() -> dict[str, Any]:
    """The whole document, without a version: that is stamped on a release."""
    variables = _properties(Config)
    types: dict[str, Any] = {}
    for declared in (*RESOURCES, *LOOKUPS):
        for model in (declared.inputs, declared.outputs):
            _collect(model, types)
    return {
        "name": NAME,
        "displayName": "Nutanix AHV",
        "description": "Golden images, template VMs and pools of machines on Nutanix AHV as code.",
        "keywords": ["pulumi", "nutanix", "ahv", "category/infrastructure", "kind/native"],
        "license": "Apache-2.0",
        "publisher": "pulumi-ahv",
        "config": {"variables": variables},
        "provider": {"description": paragraph(Config), "inputProperties": variables},
        "types": dict(sorted(types.items())),
        "resources": {resource.token: _resource(resource) for resource in RESOURCES},
        "functions": {lookup.token: _function(lookup) for lookup in LOOKUPS},
        "language": {
            "python": {"packageName": "pulumi_ahv", "respectSchemaVersion": True, "pyproject": {"enabled": True}},
            **{language: {"respectSchemaVersion": True} for language in ("nodejs", "go", "csharp", "java")},
        },
    }


def _resource(resource: Resource) -> dict[str, Any]:
    inputs = _properties(resource.inputs)
    computed = _names(resource.inputs, lambda facts: facts.computed)
    filled = _names(resource.inputs, lambda facts: facts.filled)
    written = {name: text for name, text in inputs.items() if name not in computed}
    return {
        "description": resource.doc,
        "properties": inputs | _properties(resource.outputs),
        "required": _required(resource.inputs) + _required(resource.outputs),
        "inputProperties": written,
        "requiredInputs": [name for name in _required(resource.inputs) if name in written and name not in filled],
    }


def _function(lookup: Lookup) -> dict[str, Any]:
    return {"description": lookup.doc, "inputs": _object(lookup.inputs), "outputs": _object(lookup.outputs)}


def _object(model: type[Bag]) -> dict[str, Any]:
    return {
        "type": "object",
        "description": paragraph(model),
        "properties": _properties(model),
        **({"required": required} if (required := _required(model)) else {}),
    }


def _collect(model: type[Bag], types: dict[str, Any]) -> None:
    """Add every object that a declaration holds, at any depth."""
    for field in model.model_fields.values():
        inner = bag_in(field.annotation)
        if inner:
            types[_token(inner)] = _object(inner)
            _collect(inner, types)


def _properties(model: type[Bag]) -> dict[str, Any]:
    schema = model.model_json_schema(by_alias=True)["properties"]
    by_wire = {wire_name(model, name): name for name in model.model_fields}
    return {wire: _property(model, by_wire[wire], schema[wire]) for wire in schema}


def _property(model: type[Bag], name: str, found: dict[str, Any]) -> dict[str, Any]:
    facts = facts_of(model, name)
    description = found.get("description", "")
    variable = _VARIABLE.search(description)
    told: dict[str, Any] = {"description": _VARIABLE.sub("", description), **_type(found)}
    if found.get("default") is not None:
        told["default"] = found["default"]
    if variable:
        told["defaultInfo"] = {"environment": [variable["name"]]}
    return told | _flags(facts)


def _flags(facts: Facts) -> dict[str, Any]:
    replaces = {"willReplaceOnChanges": True} if facts.change is Change.REPLACES else {}
    return replaces | ({"secret": True} if facts.secret else {})


def _type(found: dict[str, Any]) -> dict[str, Any]:
    """The type of a property in Pulumi's words; that it may be left out is said elsewhere."""
    for choice in found.get("anyOf", ()):
        if choice.get("type") != "null":
            return _type(choice)
    kept = {key: found[key] for key in _ANNOTATIONS if key in found}
    if "$ref" in kept:
        kept["$ref"] = f"#/types/{NAME}:index:{kept['$ref'].rpartition('/')[2]}"
    for inner in ("items", "additionalProperties"):
        if isinstance(kept.get(inner), dict):
            kept[inner] = _type(kept[inner])
        elif kept.get(inner) is True:
            kept[inner] = {"$ref": "pulumi.json#/Any"}
    return kept


def _required(model: type[BaseModel]) -> list[str]:
    return [field.alias or "" for field in model.model_fields.values() if field.is_required()]


def _names(model: type[Bag], condition: Callable[[Facts], bool]) -> set[str]:
    return {wire_name(model, name) for name in model.model_fields if condition(facts_of(model, name))}


def _token(model: type[Bag]) -> str:
    return f"{NAME}:index:{model.__name__}"
