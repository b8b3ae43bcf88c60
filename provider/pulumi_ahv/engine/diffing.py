"""Comparing bags, and what a provider's answer to Diff means.

The engine compares inputs itself only where a provider answers that it cannot tell (DIFF_UNKNOWN), which is what
dynamic providers do by default; secretness alone is no change then, and an unknown differs from everything.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pulumi_ahv.engine import paths
from pulumi_ahv.engine.marking import plain_bag
from pulumi_ahv.engine.values import Bag, Unknown

INIT_ERROR_KEY = "#initerror"
_OPPOSITE = {"add": "delete", "delete": "add", "update": "update"}


@dataclass(frozen=True)
class PropertyDiff:
    """What happens to one property: ``kind`` is add, delete or update; ``input`` says that inputs were compared."""

    kind: str
    replaces: bool = False
    input: bool = False

    @property
    def name(self) -> str:
        """The kind as the real engine spells it."""
        return f"{self.kind}-replace" if self.replaces else self.kind

    def inverted(self) -> PropertyDiff:
        """The change the other way round."""
        return replace(self, kind=_OPPOSITE[self.kind])


@dataclass(frozen=True)
class Difference:
    """An answer to the question what changes. ``changes`` is None while nobody could tell."""

    changes: bool | None
    keys: tuple[str, ...] = ()
    replace_keys: tuple[str, ...] = ()
    detailed: Mapping[str, PropertyDiff] = field(default_factory=dict)
    delete_before_replace: bool = False

    @property
    def replaces(self) -> bool:
        """Whether the resource has to be made anew."""
        return bool(self.replace_keys) or any(item.replaces for item in self.detailed.values())

    def inverted(self) -> Difference:
        """The same difference seen from the other side, for the display of a refresh."""
        return replace(self, detailed={path: item.inverted() for path, item in self.detailed.items()})


def same(old: Any, new: Any) -> bool:
    """Whether two values are equal; an unknown equals nothing, and True is not 1."""
    return next(_compare((), old, new), None) is None


def compare_inputs(olds: Bag, news: Bag) -> dict[str, PropertyDiff]:
    """Every property that differs, by path; secret marks do not count."""
    found = _compare((), plain_bag(olds), plain_bag(news))
    return {paths.text_of(path): PropertyDiff(kind, input=True) for path, kind in found}


def settle(answer: Difference, olds: Bag, news: Bag, ignored: Iterable[str]) -> Difference:
    """Decide what a provider left open, by comparing old with new inputs."""
    if answer.changes is not None:
        return answer
    kept, _ = ignore_changes(olds, news, ignored)
    detailed = compare_inputs(olds, kept)
    if not detailed:
        return replace(answer, changes=False)
    keys = dict.fromkeys(str(paths.parse(path)[0]) for path in detailed)
    return replace(answer, changes=True, keys=tuple(keys), detailed=detailed)


def ignore_changes(olds: Bag, news: Bag, ignored: Iterable[str]) -> tuple[Bag, list[str]]:
    """The new inputs with ignored paths set back to the old ones, and the paths where that is impossible."""
    ignored = list(ignored)
    if not ignored:
        return news, []
    kept = copy.deepcopy(news)
    impossible = [text for text in ignored if not paths.reset(paths.parse(text), olds, kept)]
    return kept, impossible


def replace_on_changes(answer: Difference, wanted: Iterable[str], *, init_errors: bool) -> Difference:
    """Turn changes at the paths a user named into replacements."""
    wanted_paths = [paths.parse(text) for text in wanted]
    if not wanted_paths or not (answer.changes or init_errors):
        return answer

    def hit(text: str) -> bool:
        return any(paths.contains(path, paths.parse(text)) for path in wanted_paths)

    detailed = {text: replace(item, replaces=True) if hit(text) else item for text, item in answer.detailed.items()}
    keys = dict.fromkeys([*answer.replace_keys, *(key for key in answer.keys if hit(key))])
    changes = answer.changes
    if init_errors and hit(INIT_ERROR_KEY):
        keys[INIT_ERROR_KEY] = None
        changes = True
    return replace(answer, changes=changes, detailed=detailed, replace_keys=tuple(keys))


def _compare(path: paths.Path, old: Any, new: Any) -> Iterator[tuple[paths.Path, str]]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in dict.fromkeys([*old, *new]):
            yield from _compare_item((*path, key), old.get(key), new.get(key))
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            yield from _compare_item((*path, index), _at(old, index), _at(new, index))
    elif not _equal(old, new):
        yield path, "update"


def _compare_item(path: paths.Path, old: Any, new: Any) -> Iterator[tuple[paths.Path, str]]:
    if old is None and new is None:
        return
    if old is None:
        yield path, "add"
    elif new is None:
        yield path, "delete"
    else:
        yield from _compare(path, old, new)


def _at(items: list[Any], index: int) -> Any:
    return items[index] if index < len(items) else None


def _equal(old: Any, new: Any) -> bool:
    if isinstance(old, Unknown) or isinstance(new, Unknown):
        return False
    return isinstance(old, bool) == isinstance(new, bool) and bool(old == new)
