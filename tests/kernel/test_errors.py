import pytest

from pulumi_ahv.kernel import errors
from pulumi_ahv.kernel.errors import Answer, ApiError, InputError, PayloadError, TaskFailed


def test_a_message_says_what_we_did_what_was_said_and_what_to_do_on_one_line() -> None:
    error = errors.AhvError("Creating image 'a'", said="the disk is full", advice="Free some space.")
    assert str(error) == "Creating image 'a': the disk is full. Free some space."


def test_a_message_without_advice_is_what_was_done_and_said() -> None:
    assert str(errors.AhvError("Nothing answers")) == "Nothing answers"


def test_an_api_error_names_status_code_and_request() -> None:
    error = ApiError("Reading image 1", answer=Answer(404, "VMM-20005", "r-1"), said="no such entity")
    assert str(error) == "Reading image 1: no such entity (HTTP 404, VMM-20005, request r-1)"


def test_an_api_error_that_says_nothing_still_names_its_status() -> None:
    assert str(ApiError("Reading image 1", answer=Answer(500))) == "Reading image 1: HTTP 500"


def test_a_task_error_names_the_task_and_its_last_state() -> None:
    error = TaskFailed("Creating image 'a'", task="t:1", state="FAILED", code="X-1", said="no space")
    assert str(error) == "Creating image 'a': task t:1 FAILED: no space (X-1)"
    assert (error.task, error.state, error.code) == ("t:1", "FAILED", "X-1")


@pytest.mark.parametrize(
    ("line", "column", "place"), [(0, 0, "user-data"), (3, 0, "user-data:3"), (3, 7, "user-data:3:7")]
)
def test_a_payload_error_begins_with_its_place(line: int, column: int, place: str) -> None:
    assert str(PayloadError("is wrong", file="user-data", line=line, column=column)) == f"{place}: is wrong"


def test_an_input_error_begins_with_its_property_path() -> None:
    assert str(InputError("source.path", "does not exist")) == "source.path: does not exist"
