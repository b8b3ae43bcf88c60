"""A page of documentation for each resource and lookup, and the page that says what a change costs."""

from __future__ import annotations

from typing import Any, get_args

from pulumi_ahv.schema.fields import Bag, Support, bag_in, facts_of, wire_name
from pulumi_ahv.schema.package import LOOKUPS, RESOURCES, Config, Lookup, Resource, paragraph
from pulumi_ahv.schema.support import written_properties

_NOTE = "<!-- Written by `make schema` from the declarations in provider/pulumi_ahv/schema. Edit those. -->"


def pages() -> dict[str, str]:
    """Every page, by its path below ``docs``."""
    return {
        **{f"resources/{resource.name.lower()}.md": _resource(resource) for resource in RESOURCES},
        **{f"lookups/{lookup.python}.md": _lookup(lookup) for lookup in LOOKUPS},
        "resources/changes.md": _changes(),
        "resources/products.md": _products(),
        "configuration.md": _configuration(),
    }


def _resource(resource: Resource) -> str:
    sections = [
        f"# {resource.name}",
        _NOTE,
        resource.doc,
        f"Type `{resource.token}`; in Python `pulumi_ahv.{resource.name}`. Python writes names in `snake_case`.",
        f"Example: [examples/{resource.example}](../../examples/{resource.example}).",
        "## Inputs",
        _table(resource.inputs, with_change=True),
        *_tables_inside(resource.inputs),
        "## Outputs",
        _table(resource.outputs),
    ]
    return "\n\n".join(sections) + "\n"


def _lookup(lookup: Lookup) -> str:
    calls = f"`pulumi_ahv.{lookup.python}`, and `pulumi_ahv.{lookup.python}_output` for what only the engine knows yet"
    sections = [
        f"# {lookup.name}",
        _NOTE,
        lookup.doc,
        f"Function `{lookup.token}`; in Python {calls}, with names in `snake_case`. See [lookups](../lookups.md).",
        "## Inputs",
        _table(lookup.inputs),
        *_tables_inside(lookup.inputs),
        "## Answer",
        _table(lookup.outputs),
        *_tables_inside(lookup.outputs),
    ]
    return "\n\n".join(sections) + "\n"


def _tables_inside(model: type[Bag]) -> list[str]:
    return [f"### {inner.__name__}\n\n{paragraph(inner)}\n\n{_table(inner)}" for inner in _objects(model)]


def _changes() -> str:
    rows = [
        f"| {resource.name} | `{wire_name(resource.inputs, name)}` | {facts_of(resource.inputs, name).change} |"
        for resource in RESOURCES
        for name in resource.inputs.model_fields
    ]
    intro = (
        "What a changed property costs. `is only remembered`: the new value goes into state, and Prism is not called."
    )
    return "\n".join(
        [
            "# What a change costs",
            "",
            _NOTE,
            "",
            intro,
            "",
            "| resource | property | a change |",
            "| --- | --- | --- |",
            *rows,
            "",
        ]
    )


def _products() -> str:
    rows = [
        f"| {resource.name} | `{path}` | {_support(facts.central)} | {_support(facts.element)} |"
        for resource in RESOURCES
        for path, facts in written_properties(resource.inputs)
    ]
    intro = (
        "What Prism Central and Prism Element make of each property. `refused`: an error, before anything is made. "
        "`ignored`: it has no effect there, and a line says so whenever the object is made or changed."
    )
    head = ["| resource | property | Prism Central | Prism Element |", "| --- | --- | --- | --- |"]
    return "\n".join(["# Prism Central and Prism Element", "", _NOTE, "", intro, "", *head, *rows, ""])


def _support(support: Support) -> str:
    return f"{support.word}: it {support.why}" if support.why else support.word


def _configuration() -> str:
    return "\n\n".join(["# Configuration", _NOTE, paragraph(Config), _table(Config, prefix="ahv:"), ""])


def _table(model: type[Bag], *, with_change: bool = False, prefix: str = "") -> str:
    head = ["property", "type", *(["a change"] if with_change else []), "meaning"]
    rows = [_row(model, name, with_change=with_change, prefix=prefix) for name in model.model_fields]
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _row(model: type[Bag], name: str, *, with_change: bool, prefix: str) -> list[str]:
    field, facts = model.model_fields[name], facts_of(model, name)
    marks = [
        *(["**required**"] if field.is_required() and not facts.computed and not facts.filled else []),
        *(["secret"] if facts.secret else []),
        *(["computed"] if facts.computed else []),
    ]
    kind = ", ".join([f"`{type_text(field.annotation)}`", *marks])
    default = f" Default: `{field.default}`." if field.default is not None and not field.is_required() else ""
    meaning = (field.description or "").replace("\n", " ") + (
        default if "Default:" not in (field.description or "") else ""
    )
    return [f"`{prefix}{wire_name(model, name)}`", kind, *([facts.change.value] if with_change else []), meaning]


def type_text(annotation: Any) -> str:
    """A type in the words of the schema: ``string``, ``string[]``, ``map of string``, ``ImageSource``.

    >>> type_text(list[str] | None)
    'string[]'
    """
    inner = bag_in(annotation)
    words = {str: "string", int: "integer", float: "number", bool: "boolean", Any: "any"}
    if annotation in words:
        return words[annotation]
    arguments = [argument for argument in get_args(annotation) if argument is not type(None)]
    if getattr(annotation, "__origin__", None) is list:
        return f"{type_text(arguments[0])}[]"
    if getattr(annotation, "__origin__", None) is dict:
        return f"map of {type_text(arguments[1])}"
    if len(arguments) == 1 and getattr(arguments[0], "__origin__", None) is dict:
        return type_text(arguments[0])
    if arguments and all(isinstance(argument, str) for argument in arguments):
        return " or ".join(f'"{word}"' for word in arguments)
    return inner.__name__ if inner else type_text(arguments[0])


def _objects(model: type[Bag]) -> list[type[Bag]]:
    found: list[type[Bag]] = []
    for field in model.model_fields.values():
        inner = bag_in(field.annotation)
        if inner and inner not in found:
            found += [inner, *(each for each in _objects(inner) if each not in found)]
    return found
