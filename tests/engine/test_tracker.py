"""What a run has seen."""

from __future__ import annotations

import pytest

from pulumi_ahv.engine.goals import Alias, Goal
from pulumi_ahv.engine.records import Record
from pulumi_ahv.engine.tracker import Invalid, Tracker

PREFIX = "urn:pulumi:dev::proj::t:t:T::"


def _goal(name: str, **fields: object) -> Goal:
    return Goal("t:t:T", name, custom=True, inputs={}, **fields)  # type: ignore[arg-type]


def _tracker(*names: str) -> Tracker:
    records = [Record(PREFIX + name, "t:t:T", custom=True) for name in names]
    return Tracker("dev", "proj", {record.urn: record for record in records})


def _found(tracker: Tracker, goal: Goal) -> str | None:
    old = tracker.find_old(tracker.admit(goal), goal)
    return old.urn.removeprefix(PREFIX) if old else None


def test_a_name_is_taken_once() -> None:
    tracker = _tracker()
    tracker.admit(_goal("a"))

    with pytest.raises(Invalid, match="Duplicate resource URN"):
        tracker.admit(_goal("a"))


def test_a_parent_has_to_be_registered_before() -> None:
    with pytest.raises(Invalid, match="could not find parent"):
        _tracker().admit(_goal("a", parent=PREFIX + "b"))


@pytest.mark.parametrize(
    "alias",
    [Alias(urn=PREFIX + "old"), Alias(name="old"), Alias(name="old", type="t:t:T"), Alias(name="old", parent="")],
)
def test_a_resource_is_found_under_a_former_name(alias: Alias) -> None:
    assert _found(_tracker("old"), _goal("new", aliases=[alias])) == "old"


def test_its_own_name_comes_before_former_ones() -> None:
    assert _found(_tracker("old", "new"), _goal("new", aliases=[Alias(name="old")])) == "new"


def test_one_old_resource_is_claimed_once() -> None:
    tracker = _tracker("old")
    assert _found(tracker, _goal("a", aliases=[Alias(name="old")])) == "old"

    with pytest.raises(Invalid, match="Duplicate resource alias"):
        _found(tracker, _goal("b", aliases=[Alias(name="old")]))
    with pytest.raises(Invalid, match="conflicting with alias"):
        _found(tracker, _goal("old"))
