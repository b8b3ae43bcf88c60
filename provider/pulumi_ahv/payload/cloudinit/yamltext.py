"""YAML as cloud-init reads it (YAML 1.1, PyYAML's safe loader), with the place of everything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from pulumi_ahv.payload.cloudinit.checker import problem
from pulumi_ahv.payload.findings import Problem

# libyaml, where the wheel brings it, is ten times faster and gives the same nodes and marks. What it refuses is given
# to the pure parser again: that is the one cloud-init uses, and its messages are better.
_Fast: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class YamlText:
    """A parsed document: its root node (``None`` when empty or broken), its data, and what was wrong on the way."""

    root: yaml.Node | None
    data: object
    problems: tuple[Problem, ...]


def parse(text: str) -> YamlText:
    """Parse one document."""
    try:
        return _load(text, _Fast)
    except (yaml.YAMLError, ValueError, RecursionError, TypeError):
        pass
    try:
        return _load(text, yaml.SafeLoader)
    except yaml.reader.ReaderError as broken:
        line = text.count("\n", 0, broken.position) + 1
        code = broken.character if isinstance(broken.character, int) else ord(broken.character)
        return _unreadable(f"YAML cannot carry the character U+{code:04X}", line)
    except yaml.MarkedYAMLError as broken:
        return YamlText(None, None, (_broken(broken),))
    except (ValueError, TypeError) as broken:  # a date like 2026-02-31, say
        return _unreadable(f"this YAML has no value: {broken}", 1)
    except RecursionError:
        return _unreadable("this YAML is nested too deeply", 1)


def _load(text: str, loader_type: type[yaml.SafeLoader]) -> YamlText:
    loader = loader_type(text)
    try:
        root = loader.get_single_node()
        if root is None:
            return YamlText(None, None, ())
        twice = tuple(_keys_written_twice(root, set()))
        return YamlText(root, loader.construct_document(root), twice)
    finally:
        loader.dispose()


def _unreadable(message: str, line: int) -> YamlText:
    return YamlText(None, None, (Problem("yaml", message, line, 0, "Write values with the yaml filter."),))


def _broken(failure: yaml.MarkedYAMLError) -> Problem:
    mark = failure.problem_mark or failure.context_mark
    message = " ".join(part for part in (failure.context, failure.problem) if part)
    advice = "Write values with the yaml filter: {{ value | yaml }}."
    if failure.problem and "tag" in failure.problem:
        advice = "cloud-init reads plain YAML only: no tags of applications."
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 0)
    return Problem("yaml", f"not YAML: {message}", line, column, advice)


def _keys_written_twice(node: yaml.Node, seen: set[int]) -> Iterator[Problem]:
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _keys_written_twice(item, seen)
    elif isinstance(node, yaml.MappingNode):
        names: set[str] = set()
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in names and key.value != "<<":
                message = f"the key {key.value!r} is written twice; only the last one counts"
                yield problem(key, "repeated-key", message, fatal=False)
            if isinstance(key, yaml.ScalarNode):
                names.add(key.value)
            yield from _keys_written_twice(value, seen)
