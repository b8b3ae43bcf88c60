"""Values, differences and step kinds as text, the way Pulumi writes them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from pulumi_ahv.engine import paths
from pulumi_ahv.engine.diffing import Difference, PropertyDiff, compare_inputs
from pulumi_ahv.engine.records import Record
from pulumi_ahv.engine.steps import Step
from pulumi_ahv.engine.values import Bag, Reference, SecretValue, Unknown

MARKS: Final = {
    "create": "+ ",
    "update": "~ ",
    "delete": "- ",
    "replace": "+-",
    "create-replacement": "++",
    "delete-replaced": "--",
    "read": "> ",
    "read-replacement": ">>",
    "refresh": "~ ",
    "discard": "< ",
    "discard-replaced": "<<",
    "import": "= ",
    "import-replacement": "=>",
    "remove-pending-replace": "~ ",
    "same": "  ",
}
DOING: Final = {
    "create": ("creating", "created"),
    "update": ("updating", "updated"),
    "delete": ("deleting", "deleted"),
    "replace": ("replacing", "replaced"),
    "create-replacement": ("creating replacement", "created replacement"),
    "delete-replaced": ("deleting original", "deleted original"),
    "read": ("reading", "read"),
    "read-replacement": ("reading for replacement", "read for replacement"),
    "refresh": ("refreshing", "refreshed"),
    "discard": ("discarding", "discarded"),
    "discard-replaced": ("discarding original", "discarded original"),
    "import": ("importing", "imported"),
    "import-replacement": ("importing replacement", "imported replacement"),
    "remove-pending-replace": ("completing replacement", "completed replacement"),
    "same": ("", ""),
}
_KIND_MARKS: Final = {"add": "+", "delete": "-", "update": "~"}
_PROVIDER_KEYS: Final = frozenset({"__provider", "__defaults", "__internal"})


def text_of(value: Any, indent: int = 0) -> str:
    """A value as it is shown to users; secrets and unknowns as words."""
    if isinstance(value, (SecretValue, Unknown)):
        return repr(value)
    if isinstance(value, Reference):
        return json.dumps(value.urn if value.id is None or isinstance(value.id, Unknown) else value.id)
    if isinstance(value, Mapping) and value:
        width = max(len(key) for key in value)
        pad = " " * (indent + 4)
        lines = [f"{pad}{key:<{width}}: {text_of(item, indent + 4)}" for key, item in sorted(value.items())]
        return "\n".join(["{", *lines, " " * indent + "}"])
    if isinstance(value, list) and value:
        pad = " " * (indent + 4)
        lines = [f"{pad}[{index}]: {text_of(item, indent + 4)}" for index, item in enumerate(value)]
        return "\n".join(["[", *lines, " " * indent + "]"])
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value, ensure_ascii=False) if not isinstance(value, Mapping) else "{}"


def outputs_lines(olds: Bag, news: Bag) -> Iterator[str]:
    """Stack outputs, changed ones with a mark and both values."""
    width = max((len(key) for key in (*olds, *news)), default=0)
    for key in sorted({**olds, **news}):
        if key not in news:
            yield f"  - {key:<{width}}: {text_of(olds[key], 4)}"
        elif key not in olds and olds:
            yield f"  + {key:<{width}}: {text_of(news[key], 4)}"
        elif olds and compare_inputs({key: olds[key]}, {key: news[key]}):
            if isinstance(news[key], (dict, list)):
                yield f"  ~ {key:<{width}}: {text_of(news[key], 4)}"
            else:
                yield f"  ~ {key:<{width}}: {text_of(olds[key], 4)} => {text_of(news[key], 4)}"
        else:
            yield f"    {key:<{width}}: {text_of(news[key], 4)}"


def difference_of(step: Step) -> Mapping[str, PropertyDiff]:
    """Which properties change: what the provider said, else a comparison of the inputs."""
    old, new = step.old, step.new
    if old is None or new is None or step.op == "same":
        return {}
    if step.difference.detailed:
        return _without_replaced(step.difference)
    if step.op == "refresh":
        return compare_inputs(old.outputs, new.outputs)
    return compare_inputs(old.inputs, new.inputs)


def changed_keys(step: Step) -> str:
    """The short form of a change: ``[diff: ~name,+note]``."""
    marks: dict[str, set[str]] = {}
    for path, item in difference_of(step).items():
        parts = paths.parse(path)
        marks.setdefault(str(parts[0]), set()).add(item.kind if len(parts) == 1 else "update")
    texts = {mark: [] for mark in "+-~"}  # type: dict[str, list[str]]
    for key, kinds in sorted(marks.items()):
        texts[_KIND_MARKS[kinds.pop() if len(kinds) == 1 else "update"]].append(key)
    shown = [mark + ",".join(keys) for mark, keys in texts.items() if keys]
    return f"[diff: {','.join(shown)}]" if shown else ""


def detail_lines(step: Step, op: str) -> Iterator[str]:
    """The long form of a step: what ``--diff`` shows, under the name of ``op``."""
    record = step.record
    indent = "    " if record.parent else ""
    yield f"{indent}{MARKS[op]}{record.type}: ({op})"
    if record.id and step.op not in ("create", "create-replacement"):
        yield f"{indent}    [id={record.id}]"
    yield f"{indent}    [urn={record.urn}]"
    if step.old is not None and step.new is not None:
        yield from _tree(step.old, step.new, difference_of(step), indent, refresh=step.op == "refresh")
        return
    bag = {key: value for key, value in record.inputs.items() if key not in _PROVIDER_KEYS}
    width = max((len(key) for key in bag), default=0)
    for key, value in sorted(bag.items()):
        yield f"{indent}    {key:<{width}}: {text_of(value, len(indent) + 4)}"


def _tree(
    old: Record, new: Record, changes: Mapping[str, PropertyDiff], indent: str, *, refresh: bool
) -> Iterator[str]:
    """Every change at the end of the path that leads to it; what changes have in common is written once."""
    opened: list[str | int] = []
    for text, item in sorted(changes.items(), key=lambda entry: [str(part) for part in paths.parse(entry[0])]):
        path = list(paths.parse(text))
        shared = 0
        while shared < min(len(opened), len(path) - 1) and opened[shared] == path[shared]:
            shared += 1
        yield from _closing(opened, shared, indent)
        for depth in range(shared, len(path) - 1):
            yield f"{indent}{'    ' * depth}  ~ {_label(path[depth])}: {'[' if _in_list(path, depth) else '{'}"
        deep = indent + "    " * (len(path) - 1)
        bags = (old.outputs, new.outputs) if refresh and not item.input else (old.inputs, new.inputs)
        was, is_ = _get(bags[0], path), _get(bags[1], path)
        yield f"{deep}  {_KIND_MARKS[item.kind]} {_label(path[-1])}: {_change(item.kind, was, is_, len(deep) + 4)}"
        opened = path
    yield from _closing(opened, 0, indent)


def _closing(opened: list[str | int], keep: int, indent: str) -> Iterator[str]:
    for depth in reversed(range(keep, len(opened) - 1)):
        yield f"{indent}{'    ' * depth}    {']' if _in_list(opened, depth) else '}'}"


def _in_list(path: list[str | int], depth: int) -> bool:
    return isinstance(path[depth + 1], int)


def _change(kind: str, was: Any, is_: Any, indent: int) -> str:
    if kind == "add":
        return text_of(is_, indent)
    if kind == "delete":
        return text_of(was, indent)
    return f"{text_of(was, indent)} => {text_of(is_, indent)}"


def _label(part: str | int) -> str:
    return f"[{part}]" if isinstance(part, int) else part


def _get(value: Any, path: list[str | int]) -> Any:
    hidden = False
    for part in path:
        while isinstance(value, SecretValue):
            value, hidden = value.element, True
        if isinstance(value, Mapping):
            value = value.get(str(part))
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return None
    return SecretValue(value) if hidden and value is not None else value


def _without_replaced(difference: Difference) -> Mapping[str, PropertyDiff]:
    return {path: item for path, item in difference.detailed.items() if not path.startswith("#")}
