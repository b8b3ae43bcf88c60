"""Names of resources."""

from __future__ import annotations

import pytest

from pulumi_ahv.engine.urns import Urn, is_provider, make_urn, name_of, package_of, split_reference, type_of

STACK = "urn:pulumi:dev::proj::pulumi:pulumi:Stack::proj-dev"


def test_a_child_of_the_stack_carries_its_own_type_only() -> None:
    assert make_urn("dev", "proj", STACK, "ahv:index:Pool", "p") == "urn:pulumi:dev::proj::ahv:index:Pool::p"


def test_a_child_of_a_component_carries_its_parents_types() -> None:
    component = make_urn("dev", "proj", STACK, "my:index:Site", "berlin")

    urn = make_urn("dev", "proj", component, "ahv:index:Pool", "p")

    assert urn == "urn:pulumi:dev::proj::my:index:Site$ahv:index:Pool::p"
    assert type_of(urn) == "ahv:index:Pool"


def test_a_name_may_contain_the_separator() -> None:
    assert name_of("urn:pulumi:dev::proj::t:t:T::a::b") == "a::b"


@pytest.mark.parametrize("text", ["", "urn:x", "urn:pulumi:dev::proj::t", "x::y::z::n"])
def test_what_is_no_urn_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a URN"):
        Urn.parse(text)


def test_packages_are_read_off_types() -> None:
    assert package_of("ahv:index:Pool") == "ahv"
    assert package_of("pulumi-python:dynamic/ahv:Pool") == "pulumi-python"
    assert package_of("pulumi:providers:ahv") == "ahv"
    assert is_provider("pulumi:providers:ahv")


def test_a_reference_is_split_at_its_end() -> None:
    assert split_reference("urn:pulumi:dev::proj::pulumi:providers:x::default::id-1") == (
        "urn:pulumi:dev::proj::pulumi:providers:x::default",
        "id-1",
    )
