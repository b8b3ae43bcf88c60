"""Bags keep their marks on the way to the wire and back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pulumi_ahv.engine.values import OUTPUT, SIGNATURE, UNKNOWN, Dialect, Reference, SecretValue, from_struct, to_struct

PLAIN = (
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=8).filter(lambda text: "-" not in text)
)
MARKED = PLAIN | st.just(UNKNOWN) | PLAIN.map(SecretValue) | st.builds(Reference, st.just("urn"), st.just("id"))
VALUES = st.recursive(
    MARKED,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=4), VALUES, max_size=4))
def test_a_bag_comes_back_from_the_wire_as_it_went(bag: dict[str, object]) -> None:
    assert from_struct(to_struct(bag)) == bag


def test_marks_are_taken_off_for_who_does_not_accept_them() -> None:
    bag = {"pw": SecretValue({"in": SecretValue("x")}), "vm": Reference("urn", "id-1"), "comp": Reference("urn:c")}

    taken = from_struct(to_struct(bag, Dialect(secrets=False, references=False)))

    assert taken == {"pw": {"in": "x"}, "vm": "id-1", "comp": "urn:c"}


def test_output_values_are_read_as_what_they_hold() -> None:
    wire = {
        "known": {SIGNATURE: OUTPUT, "value": 1.0, "dependencies": ["urn"]},
        "hidden": {SIGNATURE: OUTPUT, "value": "x", "secret": True},
        "unknown": {SIGNATURE: OUTPUT},
    }

    assert from_struct(to_struct(wire)) == {"known": 1.0, "hidden": SecretValue("x"), "unknown": UNKNOWN}


def test_a_secret_does_not_print_itself() -> None:
    assert repr({"pw": SecretValue("hunter2")}) == "{'pw': [secret]}"
