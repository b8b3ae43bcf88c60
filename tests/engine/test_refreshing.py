"""The state after a look at what exists."""

from __future__ import annotations

from pulumi_ahv.engine.records import Record
from pulumi_ahv.engine.refreshing import rebuild


def _record(name: str, **fields: object) -> Record:
    return Record(name, "t:t:T", custom=True, **fields)  # type: ignore[arg-type]


def test_nobody_depends_on_what_has_vanished() -> None:
    a, b = _record("a"), _record("b", dependencies=["a"], property_dependencies={"x": ["a"]}, deleted_with="a")

    left = rebuild([(None, a), (b, b)])

    assert (left[0].dependencies, left[0].property_dependencies, left[0].deleted_with) == ([], {}, "")


def test_a_child_of_what_has_vanished_has_no_parent() -> None:
    top, middle = _record("top"), _record("middle", parent="top")
    low = _record("low", parent="middle")

    left = rebuild([(top, top), (None, middle), (low, low)])

    assert [record.parent for record in left] == ["", ""]


def test_of_two_halves_one_may_vanish() -> None:
    new, old, user = _record("a"), _record("a", delete=True), _record("u", dependencies=["a"])

    left = rebuild([(new, new), (None, old), (user, user)])

    assert left[1].dependencies == ["a"]
