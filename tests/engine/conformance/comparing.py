"""What two engines have to agree on, and where they do not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any


def differences(mine: list[dict[str, Any]], theirs: list[dict[str, Any]], loose: tuple[int, ...] = ()) -> Iterator[str]:
    """Lines that say where two plays of a scenario differ."""
    for number, (my, their) in enumerate(zip(mine, theirs, strict=True)):
        head = f"step {number}"
        if my["rc"] != their["rc"]:
            yield f"{head}: exit code {my['rc']}, not {their['rc']}"
        if number in loose:
            continue
        if my["summary"] != their["summary"]:
            yield f"{head}: summary {my['summary']}, not {their['summary']}"
        yield from _different_calls(head, by_subject(my["calls"]), by_subject(their["calls"]))
        yield from _different_lists(head, "resource", my["state"], their["state"])


def disorder(steps: list[dict[str, Any]]) -> Iterator[str]:
    """Lines that say where something was made before what it needs, or outlived by what needs it."""
    before: list[dict[str, Any]] = []
    for number, step in enumerate(steps):
        needs = {entry["urn"]: _needs(entry) for entry in [*before, *step["state"]]}
        before = step["state"]
        made = _positions(step["calls"], ("Create", "Update"), last=True)
        begun = _positions(step["calls"], ("Create", "Update"), last=False)
        gone = _positions(step["calls"], ("Delete",), last=True)
        for urn, wanted in needs.items():
            for need in wanted & needs.keys():
                if urn in begun and need in made and begun[urn] < made[need]:
                    yield f"step {number}: {urn} was made before {need}"
                if urn in gone and need in gone and gone[urn] > gone[need]:
                    yield f"step {number}: {urn} outlived {need}"


def _needs(entry: dict[str, Any]) -> set[str]:
    values = [urn for urns in entry.get("propertyDependencies", {}).values() for urn in urns]
    return {*entry.get("dependencies", []), *values, entry.get("parent", "")}


def _positions(calls: list[dict[str, Any]], methods: tuple[str, ...], *, last: bool) -> dict[str, int]:
    found: dict[str, int] = {}
    for position, call in enumerate(calls):
        if call["method"] in methods and (last or call["urn"] not in found):
            found[call["urn"]] = position
    return found


def by_subject(calls: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Calls by resource, in their order; those of different resources may come in any."""
    found: dict[str, list[dict[str, Any]]] = {}
    for call in calls:
        found.setdefault(call.get("urn") or call.get("name") or call.get("tok", ""), []).append(call)
    return found


def _different_calls(head: str, mine: dict[str, Any], theirs: dict[str, Any]) -> Iterator[str]:
    for subject in sorted({*mine, *theirs}):
        yield from _different_lists(f"{head}, {subject}", "call", mine.get(subject, []), theirs.get(subject, []))


def _different_lists(head: str, what: str, mine: list[Any], theirs: list[Any]) -> Iterator[str]:
    if len(mine) != len(theirs):
        yield f"{head}: {_names(mine)}, not {_names(theirs)}"
        return
    for my, their in zip(mine, theirs, strict=True):
        if my != their:
            keys = [key for key in sorted({*my, *their}) if my.get(key) != their.get(key)]
            for key in keys:
                yield (
                    f"{head}: {what} {_name(my)}: {key} is {json.dumps(my.get(key))}, not {json.dumps(their.get(key))}"
                )


def _names(entries: list[Any]) -> list[str]:
    return [_name(entry) for entry in entries]


def _name(entry: dict[str, Any]) -> str:
    return str(entry.get("method") or (entry["urn"].rpartition("::")[2] + ("*" if entry.get("delete") else "")))
