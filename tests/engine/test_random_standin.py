"""The stand-in for the random provider."""

from __future__ import annotations

import random
import re
from typing import Any

import pulumi
import pytest

from pulumi_ahv.engine.inline_stack import InlineStack
from pulumi_ahv.engine.random_standin import RandomStandIn
from pulumi_ahv.engine.records import Record
from pulumi_ahv.engine.values import SecretValue


class Thing(pulumi.CustomResource):
    """A resource of pulumi-random, without its package."""

    def __init__(self, type_: str, name: str, **props: Any) -> None:
        super().__init__(f"random:index/{type_[0].lower()}{type_[1:]}:{type_}", name, props)


def _made(type_: str, **props: Any) -> Record:
    stack = InlineStack({"random": lambda: RandomStandIn(random.Random(1))})
    result = stack.up(lambda: Thing(type_, "x", **props) and None)
    assert result.ok, result.errors
    return stack.resources[0]


@pytest.mark.parametrize(
    ("type_", "props", "id_", "outputs"),
    [
        ("RandomPet", {}, r"[a-z]+-[a-z]+", {"length": r"2", "separator": "-"}),
        ("RandomPet", {"length": 3, "prefix": "vm", "separator": "_"}, r"vm(_[a-z]+){3}", {"length": r"3(\.0)?"}),
        ("RandomPet", {"length": 1}, r"[a-z]+", {}),
        ("RandomId", {"byteLength": 4, "prefix": "p-"}, r"[\w-]{6}", {"hex": r"p-[0-9a-f]{8}", "dec": r"p-\d+"}),
        ("RandomString", {"length": 9, "special": False}, r"[A-Za-z0-9]{9}", {"result": r"[A-Za-z0-9]{9}"}),
        ("RandomString", {"length": 4, "upper": False, "lower": False, "numeric": False}, r"[^\w\s]{4}", {}),
        ("RandomInteger", {"min": 3, "max": 5}, r"[345]", {"result": r"[345]"}),
        ("RandomUuid", {}, r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f-]{21}", {}),
        ("RandomShuffle", {"inputs": ["a", "b"], "resultCount": 3}, "-", {"results": r"\['[ab]', '[ab]', '[ab]'\]"}),
    ],
)
def test_values_follow_their_inputs(type_: str, props: dict[str, Any], id_: str, outputs: dict[str, str]) -> None:
    record = _made(type_, **props)

    assert re.fullmatch(id_, record.id)
    for key, pattern in outputs.items():
        assert re.fullmatch(pattern, str(record.outputs[key])), key


def test_at_least_so_many_characters_of_a_class_are_there() -> None:
    text = _made("RandomString", length=6, minNumeric=3, minUpper=3).outputs["result"]

    assert sum(letter.isdigit() for letter in text) == 3
    assert sum(letter.isupper() for letter in text) == 3


def test_a_password_is_secret() -> None:
    result = _made("RandomPassword", length=12).outputs["result"]

    assert isinstance(result, SecretValue)
    assert len(result.element) == 12


def test_values_stay_until_a_keeper_changes() -> None:
    stack = InlineStack()
    ids = []
    for keeper in ("a", "a", "b"):
        stack.up(lambda keeper=keeper: Thing("RandomUuid", "x", keepers={"k": keeper}) and None)
        ids.append(stack.resources[0].id)

    assert ids[0] == ids[1] != ids[2]


def test_a_seed_gives_the_same_value_again() -> None:
    values = {_made("RandomInteger", min=0, max=10**9, seed="s").id for _ in range(2)}

    assert len(values) == 1


def test_what_is_missing_or_unknown_is_said() -> None:
    stack = InlineStack()

    missing = stack.up(lambda: Thing("RandomString", "x") and None)
    unknown = stack.up(lambda: Thing("RandomBytes", "x") and None)

    assert "Missing required property" in missing.errors[0]
    assert "does not know" in unknown.errors[0]
