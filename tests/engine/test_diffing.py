"""What the engine decides where a provider cannot tell."""

from __future__ import annotations

from pulumi_ahv.engine.diffing import Difference, PropertyDiff, compare_inputs, replace_on_changes, same, settle
from pulumi_ahv.engine.values import UNKNOWN, SecretValue


def test_equal_inputs_are_no_change_and_secretness_alone_is_none() -> None:
    assert settle(Difference(None, replace_keys=("a",)), {"a": 1}, {"a": SecretValue(1)}, ()).changes is False


def test_changes_are_found_at_any_depth() -> None:
    olds = {"n": {"k": [1, {"z": 1}]}, "gone": 1, "same": "x"}
    news = {"n": {"k": [1, {"z": UNKNOWN}, 3]}, "new": 1, "same": "x"}

    kinds = {path: item.kind for path, item in compare_inputs(olds, news).items()}

    assert kinds == {"n.k[1].z": "update", "n.k[2]": "add", "gone": "delete", "new": "add"}


def test_an_absent_value_equals_null_and_true_is_not_one() -> None:
    assert same({"a": None}, {})
    assert not same({"a": True}, {"a": 1})
    assert same({"a": 3}, {"a": 3.0})
    assert not same({"a": UNKNOWN}, {"a": UNKNOWN})


def test_ignored_changes_do_not_count() -> None:
    difference = settle(Difference(None), {"a": {"b": 1, "c": 1}}, {"a": {"b": 2, "c": 2}}, ["a.b"])

    assert difference.keys == ("a",)
    assert set(difference.detailed) == {"a.c"}


def test_a_provider_that_could_tell_is_believed() -> None:
    answer = Difference(changes=False)

    assert settle(answer, {"a": 1}, {"a": 2}, ()) is answer


def test_a_change_below_a_named_path_replaces() -> None:
    answer = Difference(changes=True, keys=("n",), detailed={"n.k": PropertyDiff("update")})

    assert replace_on_changes(answer, ["n.k"], init_errors=False).replaces
    assert not replace_on_changes(answer, ["m"], init_errors=False).replaces


def test_init_errors_replace_if_everything_does() -> None:
    answer = Difference(changes=False)

    assert replace_on_changes(answer, ["*"], init_errors=True).replaces
    assert not replace_on_changes(answer, ["x"], init_errors=True).replaces
    assert not replace_on_changes(answer, ["*"], init_errors=False).replaces


def test_an_inverted_difference_shows_what_came_in_as_added() -> None:
    assert Difference(changes=True, detailed={"a": PropertyDiff("delete")}).inverted().detailed["a"].kind == "add"
