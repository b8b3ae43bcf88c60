"""Picks the one thing that is meant, or says what there is instead."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from typing import Protocol, TypeVar

from pulumi_ahv.kernel.errors import InputError
from pulumi_ahv.prism.values import SiteInfo

_MOST_LISTED = 20
_NEAREST = 3


class _Named(Protocol):
    @property
    def uuid(self) -> str: ...
    @property
    def name(self) -> str: ...


Thing = TypeVar("Thing", bound=_Named)


def chosen(
    what: str,
    wanted: str,
    known: Sequence[Thing],
    *,
    info: SiteInfo,
    others: Callable[[], Iterable[_Named]] | None = None,
    beside: Callable[[Thing], str] = lambda _: "",
    path: str = "name",
    narrower: str = "",
) -> Thing:
    """The one thing of this name or UUID.

    Args:
        what: how to call such a thing in a message, for example ``subnet``.
        wanted: the name or UUID that the program gives.
        known: what may be meant.
        info: the site that was asked.
        others: what to offer when nothing is found, where that is more than ``known``.
        beside: what else tells things of one name apart, for example ``in cluster 'berlin'``.
        path: the property that it was given in.
        narrower: a property that would tell things of one name apart.

    Raises:
        InputError: there is none, or there are several.
    """
    found = [thing for thing in known if wanted == thing.uuid] or [thing for thing in known if wanted == thing.name]
    if len(found) == 1:
        return found[0]
    place = f"{info.product} at {info.url}"
    if found:
        listed = _listed(f"{thing.uuid} {beside(thing)}".rstrip() for thing in found)
        said = f"{place} has {len(found)} {what}s named {wanted!r}: {listed}"
        advice = f"Give the UUID of the one you mean{f', or {narrower}' if narrower else ''}."
        raise InputError(path, said, advice=advice)
    raise InputError(
        path, f"{place} has no {what} {wanted!r}", advice=offer(what, wanted, others() if others else known)
    )


def offer(what: str, wanted: str, known: Iterable[_Named]) -> str:
    """What to say to whoever named something that does not exist: the nearest names, and what there is."""
    things = sorted(known, key=lambda thing: (thing.name, thing.uuid))
    if not things:
        return f"There is no {what} at all that this account may see."
    near = get_close_matches(wanted, dict.fromkeys(thing.name for thing in things), n=_NEAREST)
    hint = f"Did you mean {' or '.join(map(repr, near))}? " if near else ""
    return f"{hint}Known are: {_listed(f'{thing.name!r} ({thing.uuid})' for thing in things)}."


def _listed(texts: Iterable[str]) -> str:
    told = list(texts)
    more = len(told) - _MOST_LISTED
    return ", ".join(told[:_MOST_LISTED]) + (f" and {more} more" if more > 0 else "")
