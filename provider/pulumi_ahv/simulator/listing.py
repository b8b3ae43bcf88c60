"""List calls: paging, ``$filter``, ``$orderby`` and ``$select`` over the bodies of entities.

Facts (api-v4, section 2.3): ``$page`` from 0, ``$limit`` 1 to 100 with 50 as the default, anything else is a
validation error; each list filters and sorts by fields of its own. Assumed: an unknown field is a 400, a page past
the end is empty.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pulumi_ahv.simulator.answers import Refusal, Violation
from pulumi_ahv.simulator.odata import FilterError, compile_filter, lookup

_MOST = 100
_USUAL = 50


@dataclass(frozen=True)
class Listing:
    """What one list lets its callers do."""

    filters: Collection[str] = ()
    orders: Collection[str] = ()
    newest_first: bool = False
    expands: Collection[str] = ()


def page_of(
    items: Iterable[dict[str, Any]], query: Mapping[str, str], listing: Listing, *, code: str = "VMM-30102"
) -> tuple[list[dict[str, Any]], int]:
    """The asked-for page and the number of items in all.

    Raises:
        Violation: ``$page`` or ``$limit`` is out of range, or a parameter is not known.
        Refusal: the filter or order cannot be used here.
    """
    page, limit = _window(query)
    known = {"$page", "$limit", "$filter", "$orderby", "$select", "$expand", "$apply"}
    unknown = sorted(name for name in query if name.startswith("$") and name not in known)
    if unknown:
        raise Violation([(name, "is not a query parameter of this call") for name in unknown], "query")
    try:
        if text := query.get("$filter", ""):
            predicate = compile_filter(text, listing.filters)
            items = [item for item in items if predicate(item)]
        else:
            items = list(items)
        items = _ordered(items, query.get("$orderby", ""), listing)
    except FilterError as error:
        raise Refusal(400, code, f"Invalid query: {error}.", group="VM_INVALID_ARGUMENT") from error
    chosen = items[page * limit : (page + 1) * limit]
    return [_selected(item, query.get("$select", "")) for item in chosen], len(items)


def _window(query: Mapping[str, str]) -> tuple[int, int]:
    numbers = {}
    for name, low, high, usual in (("$page", 0, 2**31, 0), ("$limit", 1, _MOST, _USUAL)):
        text = query.get(name, str(usual))
        if not text.isdecimal() or not low <= int(text) <= high:
            raise Violation([(name, f"must be a number from {low} to {high}")], "query")
        numbers[name] = int(text)
    return numbers["$page"], numbers["$limit"]


def _ordered(items: list[dict[str, Any]], text: str, listing: Listing) -> list[dict[str, Any]]:
    if not text:
        return items[::-1] if listing.newest_first else items
    for part in reversed(text.split(",")):
        path, _, direction = part.strip().partition(" ")
        if path not in listing.orders or direction.strip() not in {"", "asc", "desc"}:
            raise FilterError(f"cannot order by {part.strip()!r}")
        items = sorted(items, key=lambda item: _sort_key(lookup(item, path)), reverse=direction.strip() == "desc")
    return items


def _sort_key(value: Any) -> tuple[bool, Any]:
    return (value is not None, value if value is not None else 0)


def _selected(item: dict[str, Any], text: str) -> dict[str, Any]:
    if not text:
        return item
    names = {name.strip() for name in text.split(",")} | {"extId"}
    return {name: value for name, value in item.items() if name in names}
