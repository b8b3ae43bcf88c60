"""Marks that a provider dropped are put back by key."""

from __future__ import annotations

from pulumi_ahv.engine.marking import has_secret, has_unknown, mark_outputs, plain_bag, remark
from pulumi_ahv.engine.values import UNKNOWN, Reference, SecretValue


def test_marks_come_back_inside_objects_and_on_whole_lists() -> None:
    source = {"pw": SecretValue("x"), "n": {"deep": SecretValue(1), "open": 2}, "lst": [1, SecretValue("two")]}
    answer = {"pw": "x", "n": {"deep": 1, "open": 2}, "lst": [1, "two"], "new": "y"}

    assert remark(answer, source) == {
        "pw": SecretValue("x"),
        "n": {"deep": SecretValue(1), "open": 2},
        "lst": SecretValue([1, "two"]),
        "new": "y",
    }


def test_outputs_are_marked_by_name_and_by_secret_input() -> None:
    outputs = {"uid": "u", "pw": "x", "id": "i", "open": 1}

    marked = mark_outputs(outputs, {"pw": SecretValue("x")}, ["uid", "id", "absent"])

    assert marked == {"uid": SecretValue("u"), "pw": SecretValue("x"), "id": "i", "open": 1}


def test_secrets_and_unknowns_are_found_anywhere() -> None:
    assert has_secret({"a": [{"b": SecretValue(1)}]})
    assert has_unknown({"a": SecretValue([UNKNOWN])})
    assert has_unknown([Reference("urn", UNKNOWN)])
    assert not has_secret({"a": [1]})


def test_a_plain_bag_is_a_copy_without_marks() -> None:
    bag = {"a": SecretValue([SecretValue(1)])}

    assert plain_bag(bag) == {"a": [1]}
    assert bag == {"a": SecretValue([SecretValue(1)])}
