"""Computer names that Windows would refuse are refused here."""

from __future__ import annotations

import pytest

from pulumi_ahv.payload.unattend.names import wrong_with_computer_name


@pytest.mark.parametrize("name", ["agent-001", "A", "x" * 15, "*", "1a"])
def test_a_good_name_passes(name: str) -> None:
    assert wrong_with_computer_name(name) == ""


@pytest.mark.parametrize(
    ("name", "said"),
    [("", "empty"), ("x" * 16, "16 characters"), ("123", "digits"), ("a b", "' '"), ("a.b", "'.'"), ("a-", "hyphen")],
)
def test_a_bad_name_is_told_why(name: str, said: str) -> None:
    assert said in wrong_with_computer_name(name)
