"""Versions, envelopes and errors of the v4 API, as a PC of any minor version answers."""

from typing import Any

import pytest

from pulumi_ahv.kernel.errors import AccessDenied, ApiError, Conflict, NotFound, RateLimited
from pulumi_ahv.prism.central.answers import complaint_of, failure
from pulumi_ahv.prism.central.api import Api, Collection, quoted
from pulumi_ahv.prism.transport import Request, Response, Transport

THINGS = Collection("vmm", "content/things", "thing")
INFO = "/api/vmm/unversioned/info"
REQUEST = Request("GET", "/x", "Reading thing 'x'")


def v4_error(message: str, code: str = "", group: str = "") -> dict[str, object]:
    return {"data": {"error": [{"message": message, "code": code, "errorGroup": group}]}}


@pytest.mark.parametrize(
    ("told", "spoken"),
    [("v4.0", "v4.0"), ("v4.2", "v4.2"), ("v4.3", "v4.3"), ("v4.9", "v4.3"), ("v5.0", "v4.0"), (None, "v4.0")],
)
def test_the_newest_version_that_both_sides_know_is_spoken(
    script: Any, transport: Transport, reply: Any, told: Any, spoken: str
) -> None:
    script.on("OPTIONS", INFO, reply(body={"data": told}))
    api = Api(transport)
    assert [api.version("vmm"), api.version("vmm")] == [spoken, spoken]
    assert len(script.seen) == 1


@pytest.mark.parametrize("status", [401, 404, 405])
def test_a_prism_that_tells_no_version_is_spoken_to_in_the_oldest(
    script: Any, transport: Transport, reply: Any, status: int
) -> None:
    script.on("OPTIONS", INFO, reply(status, "<html></html>"))
    assert Api(transport).version("vmm") == "v4.0"


def test_objects_carry_their_type_and_the_minor_of_their_schema(script: Any, transport: Transport, reply: Any) -> None:
    script.on("OPTIONS", INFO, reply(body={"data": "v4.1"}))
    assert Api(transport).framed("vmm", "content.Image", name="x", description=None) == {
        "$objectType": "vmm.v4.content.Image",
        "$reserved": {"$fv": "v4.r1"},
        "name": "x",
    }


@pytest.mark.parametrize("header", ["ETag", "X-Ntnx-Etag", "etag"])
def test_the_etag_is_read_from_either_header(script: Any, transport: Transport, reply: Any, header: str) -> None:
    script.on("GET", "/api/vmm/v4.0/content/things/1", reply(body={"data": {"extId": "1"}}, headers={header: "abc"}))
    assert Api(transport).get(THINGS, "1", doing="Reading").etag == "abc"


@pytest.mark.parametrize("body", [{"metadata": {}}, {"data": [], "metadata": {"totalAvailableResults": 0}}])
def test_an_empty_list_may_be_absent(script: Any, transport: Transport, reply: Any, body: Any) -> None:
    script.on("GET", "/api/vmm/v4.0/content/things", reply(body=body))
    assert list(Api(transport).entries(THINGS, doing="Listing")) == []


def test_a_list_is_read_to_its_end_without_following_links(script: Any, transport: Transport, reply: Any) -> None:
    def page(*numbers: int) -> object:
        data = [{"extId": str(number)} for number in numbers]
        return reply(body={"data": data, "metadata": {"totalAvailableResults": 250}})

    script.on("GET", "/api/vmm/v4.0/content/things", page(*range(100)), page(*range(100, 200)), page(*range(200, 250)))
    assert len(list(Api(transport).entries(THINGS, doing="Listing"))) == 250
    pages = [seen.query["$page"] for seen in script.calls("GET", "/api/vmm/v4.0/content/things")]
    assert pages == ["0", "1", "2"]


def test_a_list_that_shrinks_while_it_is_read_comes_to_an_end(script: Any, transport: Transport, reply: Any) -> None:
    full = reply(body={"data": [{"extId": "1"}] * 100, "metadata": {"totalAvailableResults": 250}})
    empty = reply(body={"data": [], "metadata": {"totalAvailableResults": 100}})
    script.on("GET", "/api/vmm/v4.0/content/things", full, empty)
    assert len(list(Api(transport).entries(THINGS, doing="Listing"))) == 100


def test_quotes_in_a_literal_are_doubled() -> None:
    assert quoted("it's") == "'it''s'"


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, v4_error("bad", "VMM-30102"), ApiError),
        (400, v4_error("slow down", "X-1", "RATE_LIMIT_EXCEEDED"), RateLimited),
        (401, None, AccessDenied),
        (403, v4_error("no", "X-1", "FORBIDDEN"), AccessDenied),
        (404, v4_error("no entity", "VMM-20005"), NotFound),
        (404, None, ApiError),
        (404, {"message": "no route"}, ApiError),
        (409, v4_error("edit conflict"), Conflict),
        (412, v4_error("stale", "PLAT-10005"), Conflict),
        (400, v4_error("stale", "VMM-30303", "VM_ETAG_MISMATCH"), Conflict),
        (429, None, RateLimited),
        (500, v4_error("oops"), ApiError),
    ],
)
def test_each_answer_becomes_the_error_that_it_means(
    transport: Transport, status: int, body: Any, kind: type[ApiError]
) -> None:
    import json

    response = Response(status, {}, b"" if body is None else json.dumps(body).encode(), "PUT", "request-1")
    error = failure(REQUEST, response, transport.connection, transport.scrubber)
    assert type(error) is kind
    assert str(error).startswith("Reading thing 'x': ")
    assert f"HTTP {status}" in str(error)
    assert "request request-1" in str(error)


@pytest.mark.parametrize("status", [409, 412])
def test_a_look_that_is_refused_is_no_conflict(transport: Transport, status: int) -> None:
    error = failure(REQUEST, Response(status, {}, b"", "GET", "request-1"), transport.connection, transport.scrubber)
    assert type(error) is ApiError


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (v4_error("one"), "one"),
        ({"data": {"error": [{"message": "one"}, {"message": "two"}, {"message": "one"}]}}, "one; two"),
        (
            {"data": {"error": {"validationErrorMessages": [{"attributePath": "/name", "message": "too long"}]}}},
            "/name: too long",
        ),
        ({"message_list": [{"message": "old", "reason": "X", "details": "a string"}]}, "old"),
        ({"message": "other service"}, "other service"),
        ({"data": {"error": "surprise"}}, ""),
        (["list"], ""),
        (None, ""),
    ],
)
def test_errors_are_read_in_every_shape_they_come_in(body: Any, message: str) -> None:
    assert complaint_of(body).message == message


def test_an_html_error_is_told_by_its_title_only(transport: Transport) -> None:
    page = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"
    error = failure(REQUEST, Response(502, {}, page, "GET", "r"), transport.connection, transport.scrubber)
    assert str(error) == "Reading thing 'x': 502 Bad Gateway (HTTP 502, request r)"
