"""Templates see plain copies of plain data; secrets and unknown values are found wherever they are."""

from __future__ import annotations

from datetime import date

import pytest

from pulumi_ahv.kernel.secrets import Secret
from pulumi_ahv.payload.variables import (
    UNKNOWN,
    Domain,
    Member,
    Nic,
    masked,
    replacing,
    revealed,
    scope_of,
    secrets_in,
    unknown_paths,
)

DATA = {"a": [1, {"b": Secret("one")}], "c": Secret("two"), "d": None, "e": ("x", True)}


def test_a_member_brings_its_names_addresses_and_domain() -> None:
    member = Member(
        "vm-3",
        3,
        hostname="agent-3",
        nics=(Nic(addresses=("10.0.0.5/24", "fd00::5/64")),),
        domain=Domain("corp.example", password=Secret("pw")),
        variables={"rack": "r7", "site": "member's"},
    )
    scope = scope_of(member, {"site": "pool's", "user": "bob"})
    assert (scope["name"], scope["slot"], scope["hostname"], scope["fqdn"]) == (
        "vm-3",
        3,
        "agent-3",
        "agent-3.corp.example",
    )
    assert (scope["address"], scope["addresses"]) == ("10.0.0.5", ["10.0.0.5", "fd00::5"])
    assert (scope["rack"], scope["site"], scope["user"]) == ("r7", "member's", "bob")
    assert secrets_in(scope) == [Secret("pw")]


def test_a_member_without_addresses_has_no_address_to_name() -> None:
    scope = scope_of(Member("a"), {})
    assert "address" not in scope
    assert scope["domain"] is None


def test_secrets_are_revealed_masked_or_replaced() -> None:
    assert revealed(DATA) == {"a": [1, {"b": "one"}], "c": "two", "d": None, "e": ["x", True]}
    assert masked(DATA) == {"a": [1, {"b": "[secret]"}], "c": "[secret]", "d": None, "e": ["x", True]}
    assert replacing(lambda secret: f"<{secret.reveal()}>")(DATA) == {
        "a": [1, {"b": "<one>"}],
        "c": "<two>",
        "d": None,
        "e": ["x", True],
    }
    assert secrets_in([DATA, DATA]) == [Secret("one"), Secret("two")]


def test_copies_are_plain_and_independent() -> None:
    class Text(str):
        __slots__ = ("extra",)

    source = {"a": [Text("x")]}
    copy = revealed(source)
    assert isinstance(copy, dict)
    assert type(copy["a"][0]) is str
    copy["a"].append("y")
    assert source == {"a": ["x"]}


def test_an_object_is_no_variable() -> None:
    with pytest.raises(TypeError, match=r"variable 'a\[0\]' is a date"):
        revealed({"a": [date(2026, 1, 1)]})


def test_unknown_values_are_found_by_path_in_data_and_in_members() -> None:
    assert unknown_paths({"a": [1, UNKNOWN], "b": {"c": UNKNOWN}}) == ["a[1]", "b.c"]
    assert unknown_paths(Member("a", variables={"x": UNKNOWN})) == ["variables.x"]
