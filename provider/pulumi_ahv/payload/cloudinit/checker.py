"""Checks a YAML document against shapes, node by node, so that every problem has its line and column.

Works on PyYAML's node graph after construction: merge keys (``<<``) are flattened then, and plain scalars carry the
type that cloud-init's own ``safe_load`` gives them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Iterator
from difflib import get_close_matches

import yaml

from pulumi_ahv.payload.cloudinit.shapes import (
    Anything,
    Either,
    Flag,
    Listing,
    Nothing,
    Number,
    Old,
    Shape,
    Table,
    Text,
    Whole,
    described,
)
from pulumi_ahv.payload.findings import Problem

_TAG = "tag:yaml.org,2002:"
_KINDS = {
    "str": "text",
    "binary": "text",
    "bool": "a flag",
    "int": "a whole number",
    "float": "a number",
    "null": "null",
    "timestamp": "a date",
    "seq": "a list",
    "map": "a mapping",
}


def check(node: yaml.Node, shape: Shape, path: str = "") -> list[Problem]:
    """Everything that is wrong with a node, in the order of the document."""
    return list(dict.fromkeys(_Walk().visit(node, shape, path)))


def problem(node: yaml.Node, code: str, message: str, *, advice: str = "", fatal: bool = True) -> Problem:
    """A problem at the start of a node."""
    return Problem(code, message, node.start_mark.line + 1, node.start_mark.column + 1, advice, fatal)


def kind_of(node: yaml.Node) -> str:
    """The short type name that YAML 1.1 gives a node: ``str``, ``int``, ``map``."""
    return str(node.tag).removeprefix(_TAG)


class _Walk:
    """One pass. Pairs that were seen are not walked again: aliases can make a small document enormous, or endless."""

    def __init__(self) -> None:
        self._seen: set[tuple[int, int]] = set()

    def visit(self, node: yaml.Node, shape: Shape, path: str) -> Iterator[Problem]:
        match shape:
            case Anything():
                return
            case Old(shape=inner, advice=advice):
                found = list(self.visit(node, inner, path))
                yield from found
                if not any(each.fatal for each in found):
                    yield problem(node, "deprecated", f"this form of {path} is deprecated", advice=advice, fatal=False)
            case Either():
                yield from self._either(node, shape, path)
            case Listing():
                yield from self._listing(node, shape, path)
            case Table():
                yield from self._table(node, shape, path)
            case _:
                yield from _scalar(node, shape, path)

    def _again(self, node: yaml.Node, shape: Shape) -> bool:
        key = (id(node), id(shape))
        seen = key in self._seen
        self._seen.add(key)
        return seen

    def _either(self, node: yaml.Node, shape: Either, path: str) -> Iterator[Problem]:
        if self._again(node, shape):
            return
        tried = [(option, list(_Walk().visit(node, option, path))) for option in shape.options]
        for _, found in tried:
            if not any(each.fatal for each in found):
                yield from found
                return
        near = [found for option, found in tried if _same_kind(node, option) or found[0].code == "out-of-range"]
        yield from min(near, key=len) if near else [_not_allowed(node, shape, path)]

    def _listing(self, node: yaml.Node, shape: Listing, path: str) -> Iterator[Problem]:
        if not isinstance(node, yaml.SequenceNode):
            yield _wrong_type(node, shape, path)
            return
        if self._again(node, shape):
            return
        count = len(node.value)
        if count < shape.least or (shape.most is not None and count > shape.most):
            bounds = f"at least {shape.least}" if shape.most is None else f"{shape.least} to {shape.most}"
            yield problem(node, "wrong-length", f"{path} has {count} items; it takes {bounds}")
        for index, item in enumerate(node.value):
            yield from self.visit(item, shape.item, f"{path}[{index}]")
        if shape.unique:
            yield from _repeated(node, path)

    def _table(self, node: yaml.Node, shape: Table, path: str) -> Iterator[Problem]:
        if not isinstance(node, yaml.MappingNode):
            yield _wrong_type(node, shape, path)
            return
        if self._again(node, shape):
            return
        names = [str(key.value) for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        for name in shape.required:
            if name not in names:
                yield problem(node, "missing-key", f"{path or 'the document'} has no {name!r}, which is required")
        if shape.one_of and not set(shape.one_of) & set(names):
            yield problem(node, "missing-key", f"{path} has none of {', '.join(shape.one_of)}")
        if len(names) < shape.least:
            yield problem(node, "empty", f"{path} is empty")
        for key, value in node.value:
            yield from self._entry(key, value, shape, path)

    def _entry(self, key: yaml.Node, value: yaml.Node, shape: Table, path: str) -> Iterator[Problem]:
        name = str(key.value) if isinstance(key, yaml.ScalarNode) else "?"
        inner = f"{path}.{name}" if path else name
        known = shape.keys.get(name) if kind_of(key) == "str" else None
        if known is None and shape.others is not None and re.fullmatch(shape.others_pattern or ".+", name, re.DOTALL):
            known = shape.others
        if known is None:
            yield _unknown_key(key, name, shape, path)
            return
        if name in shape.old:
            message = f"the key {name!r} of {path or 'cloud-config'} is deprecated"
            yield problem(key, "deprecated", message, advice=shape.old[name], fatal=False)
        yield from self.visit(value, known, inner)


def _scalar(node: yaml.Node, shape: Shape, path: str) -> Iterator[Problem]:
    kind = kind_of(node)
    match shape:
        case Text(choices=choices, pattern=pattern) if kind in {"str", "binary"}:
            if (choices and node.value not in choices) or (pattern and not re.search(rf"^(?:{pattern})$", node.value)):
                yield _not_allowed(node, shape, path)
        case Flag(only=only) if kind == "bool":
            if only is not None and truth(node) is not only:
                yield problem(node, "not-allowed", f"{path} is {node.value}; it must be {described(shape)}")
        case Whole(least=least, most=most) if kind == "int":
            number = int(yaml.safe_load(node.value))
            if (least is not None and number < least) or (most is not None and number > most):
                yield problem(node, "out-of-range", f"{path} is {number}; it must be {_range(least, most)}")
        case Number(least=lowest) if kind in {"int", "float"}:
            if lowest is not None and float(yaml.safe_load(node.value)) < lowest:
                yield problem(node, "out-of-range", f"{path} is {node.value}; it must be at least {lowest}")
        case Nothing() if kind == "null":
            return
        case _:
            yield _wrong_type(node, shape, path)


def truth(node: yaml.Node) -> bool:
    """The value of a flag node."""
    return str(node.value).lower() in {"yes", "true", "on"}


def _range(least: int | None, most: int | None) -> str:
    if least is not None and most is not None:
        return f"from {least} to {most}"
    return f"at least {least}" if least is not None else f"at most {most}"


def _not_allowed(node: yaml.Node, shape: Shape, path: str) -> Problem:
    choices = [choice for text in _texts(shape) for choice in text.choices]
    patterns = [text.pattern for text in _texts(shape) if text.pattern]
    if not (choices or patterns) or kind_of(node) != "str":
        return _wrong_type(node, shape, path)
    near = get_close_matches(str(node.value), choices, 1)
    wanted = described(shape) if choices or not isinstance(shape, Text) else f"text like {patterns[0]}"
    advice = f"Did you mean {near[0]!r}?" if near else ""
    return problem(node, "not-allowed", f"{path} is {node.value!r}; it must be {wanted}", advice=advice)


def _texts(shape: Shape) -> Iterator[Text]:
    if isinstance(shape, Text):
        yield shape
    elif isinstance(shape, Either):
        for option in shape.options:
            yield from _texts(option)


def _wrong_type(node: yaml.Node, shape: Shape, path: str) -> Problem:
    kind = kind_of(node)
    takes_text = any(not text.choices for text in _texts(shape))
    advice = "Put it into quotes." if takes_text and kind in {"int", "float", "bool", "timestamp"} else ""
    message = f"{path or 'the document'} is {_KINDS.get(kind, kind)}; it must be {described(shape)}"
    return problem(node, "wrong-type", message, advice=advice)


def _unknown_key(key: yaml.Node, name: str, shape: Table, path: str) -> Problem:
    near = get_close_matches(name, [known for known in shape.keys if known not in shape.old], 1)
    advice = f"Did you mean {near[0]!r}?" if near else ""
    if not near and 0 < len(shape.keys) <= 12:
        advice = f"Known are: {', '.join(sorted(shape.keys))}."
    return problem(key, "unknown-key", f"unknown key {name!r} in {path or 'cloud-config'}", advice=advice)


def _same_kind(node: yaml.Node, shape: Shape) -> bool:
    match shape:
        case Old(shape=inner):
            return _same_kind(node, inner)
        case Either(options=options):
            return any(_same_kind(node, option) for option in options)
        case Listing():
            return isinstance(node, yaml.SequenceNode)
        case Table():
            return isinstance(node, yaml.MappingNode)
    return False


def _repeated(node: yaml.SequenceNode, path: str) -> Iterator[Problem]:
    values: Counter[Hashable] = Counter(item.value for item in node.value if isinstance(item, yaml.ScalarNode))
    for item in node.value:
        if isinstance(item, yaml.ScalarNode) and values[item.value] > 1:
            yield problem(item, "repeated", f"{path} holds {item.value!r} more than once")
            values[item.value] = 0
