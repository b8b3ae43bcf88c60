import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_ahv.dynamic.names import camel, camel_keys, snake

WORD = st.from_regex(r"[a-z][a-z0-9]*(_[a-z][a-z0-9]*)*", fullmatch=True)


@pytest.mark.parametrize(("python", "wire"), [("size_bytes", "sizeBytes"), ("sha256", "sha256"), ("vm_disk", "vmDisk")])
def test_names_are_translated_both_ways(python: str, wire: str) -> None:
    assert (camel(python), snake(wire)) == (wire, python)


def test_the_key_of_the_sdk_itself_is_left_alone() -> None:
    assert camel("__provider") == snake("__provider") == "__provider"


@given(WORD)
def test_every_python_name_survives_the_way_there_and_back(name: str) -> None:
    assert snake(camel(name)) == name


def test_keys_are_translated_at_every_depth_and_values_are_not() -> None:
    given_ = {"vm_disk": "a_b", "s3": {"version_id": "c_d"}, "list_of": [{"e_f": 1}]}
    assert camel_keys(given_) == {"vmDisk": "a_b", "s3": {"versionId": "c_d"}, "listOf": [{"eF": 1}]}
