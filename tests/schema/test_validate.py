from typing import Any

import pytest

from pulumi_ahv.schema.fields import UNKNOWN
from pulumi_ahv.schema.image import ImageInputs
from pulumi_ahv.schema.validate import property_path, validate

GOOD: dict[str, Any] = {"name": "a", "source": {"url": "https://host/a.qcow2"}, "owner": "p/s/a"}


def failures(**changes: Any) -> dict[str, str]:
    found = validate(ImageInputs, {**GOOD, **changes}).failures
    return {failure.path: failure.said for failure in found}


def test_good_inputs_come_out_typed() -> None:
    checked = validate(ImageInputs, {**GOOD, "timeout": 600.0})
    assert checked.failures == ()
    assert checked.inputs is not None
    assert (checked.inputs.timeout, checked.inputs.type) == (600, "disk")


def test_everything_wrong_is_said_at_once_with_its_path() -> None:
    wrong = failures(type="floppy", timeout=1, categories=["Environment:Testing", "nonsense"])
    assert set(wrong) == {"type", "timeout", "categories[1]"}


def test_a_text_of_the_wrong_form_is_told_what_it_should_be_and_not_by_a_pattern() -> None:
    assert failures(categories=["Environment"]) == {
        "categories[0]": "is not a category. Write its key and its value: 'Environment:Testing'"
    }
    wrong = failures(source={"url": "ftp://host/a.qcow2"}, checksum={"sha256": "x" * 64})
    assert wrong["source.url"] == "is not an address that begins with http, https or nfs"
    assert wrong["checksum.sha256"].endswith("is not hexadecimal")


def test_a_missing_property_is_named() -> None:
    found = validate(ImageInputs, {"owner": "p/s/a"}).failures
    assert {failure.path for failure in found} == {"name", "source"}
    assert {failure.said for failure in found} == {"is required"}


def test_a_misspelt_property_gets_a_suggestion() -> None:
    assert failures(catgories=[]) == {"catgories": "is not a property here; did you mean 'categories'?"}


def test_a_misspelt_property_of_a_nested_object_gets_a_suggestion_of_that_object() -> None:
    wrong = failures(source={"s3": {"bucket": "b", "key": "k", "versionid": "1"}})
    assert wrong == {"source.s3.versionid": "is not a property here; did you mean 'versionId'?"}


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ({}, "none is given"),
        ({"url": "http://a", "path": "b"}, "url and path are given together"),
        ({"path": "b", "insecure": True}, "insecure goes with url only"),
    ],
)
def test_a_source_takes_exactly_one_way(source: dict[str, Any], said: str) -> None:
    assert said in failures(source=source)["source"]


@pytest.mark.parametrize("digest", ["abc", "z" * 64, "a" * 63])
def test_a_checksum_that_cannot_be_one_is_refused(digest: str) -> None:
    assert "checksum.sha256" in failures(checksum={"sha256": digest})


@pytest.mark.parametrize("path", ["name", "source", "type", "timeout"])
def test_an_unknown_is_let_through_and_nothing_typed_comes_out(path: str) -> None:
    checked = validate(ImageInputs, {**GOOD, path: UNKNOWN})
    assert checked == type(checked)(None, ())


def test_an_unknown_inside_does_not_hide_what_is_wrong_beside_it() -> None:
    checked = validate(ImageInputs, {**GOOD, "name": UNKNOWN, "source": {"url": UNKNOWN}, "type": "floppy"})
    assert [failure.path for failure in checked.failures] == ["type"]


def test_an_unknown_element_of_a_list_is_let_through() -> None:
    assert validate(ImageInputs, {**GOOD, "categories": [UNKNOWN]}).failures == ()


def test_paths_are_written_as_pulumi_writes_them() -> None:
    assert property_path(("a", "b", 0, "c d", "e-f")) == 'a.b[0]["c d"].e-f'
