"""What is wrong with a domain join, before anybody tries it."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_ahv.kernel.secrets import Secret
from pulumi_ahv.payload.domain import wrong_with_domain, wrong_with_joining_name
from pulumi_ahv.payload.variables import Domain


def wrong(**changes: Any) -> dict[str, str]:
    usual: dict[str, Any] = {"name": "corp.example", "account": "joiner", "password": Secret("pw")}
    return {each.name: f"{each.said}. {each.advice}" for each in wrong_with_domain(Domain(**{**usual, **changes}))}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"ou": "OU=Build Agents,OU=Berlin,DC=corp,DC=example"},
        {"ou": "ou=a\\,b, dc=corp, dc=example"},
        {"ou": "CN=Computers,DC=CORP,DC=EXAMPLE"},
        {"account": "svc join.er-1"},
        {"account_domain": "PARENT"},
        {"account": "", "password": None, "join": False},
    ],
)
def test_a_good_domain_has_nothing_wrong(changes: dict[str, Any]) -> None:
    assert wrong(**changes) == {}


@pytest.mark.parametrize(
    ("changes", "name", "part"),
    [
        ({"name": "CORP"}, "name", "DNS name"),
        ({"name": "corp..example"}, "name", "DNS name"),
        ({"name": "corp.example\n"}, "name", "DNS name"),
        ({"ou": "Agents"}, "ou", "OU=Agents,DC=corp,DC=example"),
        ({"ou": "OU=Agents"}, "ou", "names no domain"),
        ({"ou": "OU=,DC=corp,DC=example"}, "ou", "no distinguished name"),
        ({"ou": "OU=Agents,DC=other,DC=example"}, "ou", "lies in 'other.example'"),
        ({"ou": "DC=corp,DC=example"}, "ou", "begins with DC"),
        ({"account": "CORP\\joiner"}, "account", "account to 'joiner', and accountDomain to 'CORP'"),
        ({"account": "joiner@corp.example"}, "account", "account to 'joiner', and accountDomain to 'corp.example'"),
        ({"account": "a*b"}, "account", "'*'"),
        ({"account": ""}, "account", "empty"),
        ({"account_domain": "a b"}, "accountDomain", "no name"),
        ({"password": None}, "password", "empty"),
        ({"password": Secret("one\ntwo")}, "password", "line end"),
    ],
)
def test_each_mistake_is_told_of_its_property(changes: dict[str, Any], name: str, part: str) -> None:
    assert part in wrong(**changes)[name]


def test_no_mistake_shows_the_password() -> None:
    told = wrong(password=Secret("hunter2\ntwo"), name="CORP", account="a@b")
    assert len(told) == 3
    assert "hunter2" not in str(told)


@pytest.mark.parametrize(("name", "fits"), [("a" * 15, True), ("a" * 16, False), (f"{'a' * 15}.corp.example", True)])
def test_a_computer_name_has_fifteen_characters_at_most(name: str, fits: bool) -> None:
    assert (wrong_with_joining_name(name) == "") is fits
