"""Property paths: reading, matching, setting back."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_ahv.engine.paths import contains, parse, reset, text_of
from pulumi_ahv.engine.values import SecretValue


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("a", ("a",)),
        ("a.b[0].c", ("a", "b", 0, "c")),
        ('members["agent-003.x"].power', ("members", "agent-003.x", "power")),
        ('a["say \\"hi\\""]', ("a", 'say "hi"')),
        ("*", ("*",)),
        ("a[*].b", ("a", "*", "b")),
    ],
)
def test_a_path_is_read_and_written(text: str, path: tuple[str | int, ...]) -> None:
    assert parse(text) == path
    assert parse(text_of(path)) == path


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (("with_us", "1a", "12", 3), "with_us.1a.12[3]"),
        (("members", "agent-003", "power"), 'members["agent-003"].power'),
        (("top-key", "a$b", "é"), '["top-key"]["a$b"]["é"]'),
        (("a", "back\\slash"), 'a["back\\slash"]'),
    ],
)
def test_a_path_is_written_as_the_real_engine_writes_it(path: tuple[str | int, ...], text: str) -> None:
    assert text_of(path) == text
    assert parse(text) == path


@pytest.mark.parametrize("text", ["a[", "a[x]", 'a["b'])
def test_a_malformed_path_is_refused_with_its_column(text: str) -> None:
    with pytest.raises(ValueError, match="column"):
        parse(text)


def test_a_path_contains_what_lies_below_it() -> None:
    assert contains(parse("a.*"), parse("a[3].b"))
    assert not contains(parse("a.b"), parse("a"))
    assert not contains(parse("a.b"), parse("a.c"))


@pytest.mark.parametrize(
    ("path", "old", "new", "after", "possible"),
    [
        ("a", {"a": 1}, {"a": 2}, {"a": 1}, True),
        ("a", {}, {"a": 2}, {}, True),
        ("a", {"a": 1}, {}, {"a": 1}, True),
        ("a.b", {"a": {"b": 1}}, {"a": {"b": 2, "c": 3}}, {"a": {"b": 1, "c": 3}}, True),
        ("a.b", {"a": {"b": 1}}, {}, {}, False),
        ("a.b", {}, {"a": {"b": 2}}, {"a": {}}, True),
        ("a[1]", {"a": [1, 2]}, {"a": [3, 4]}, {"a": [3, 2]}, True),
        ("a[1]", {"a": [1]}, {"a": [3, 4]}, {"a": [3, 4]}, False),
        ("a[5]", {"a": [1]}, {"a": [3]}, {"a": [3]}, True),
        ("a[0].b", {"a": [{"b": 1}]}, {"a": [{"b": 2}]}, {"a": [{"b": 1}]}, True),
        ("a[0].b", {"a": []}, {"a": [{"b": 2}]}, {"a": [{"b": 2}]}, False),
        ("*", {"a": 1, "b": 1}, {"a": 2, "c": 3}, {"a": 1, "b": 1}, True),
        ("a[*]", {"a": [1, 2]}, {"a": [3]}, {"a": [1]}, False),
        ("a[*].b", {"a": [{"b": 1}]}, {"a": [{"b": 2}]}, {"a": [{"b": 1}]}, True),
        ("a[*].b", {"a": {"x": {"b": 1}}}, {"a": {"x": {"b": 2}}}, {"a": {"x": {"b": 1}}}, True),
        ("a.b", {"a": 1}, {"a": 2}, {"a": 2}, True),
    ],
)
def test_a_path_is_set_back_to_its_old_value(
    path: str, old: dict[str, Any], new: dict[str, Any], after: dict[str, Any], possible: bool
) -> None:
    assert reset(parse(path), old, new) is possible
    assert new == after


def test_a_value_carried_over_out_of_a_secret_is_marked() -> None:
    new = {"a": {"b": 2}}

    assert reset(parse("a.b"), {"a": SecretValue({"b": 1})}, new)
    assert new == {"a": {"b": SecretValue(1)}}
