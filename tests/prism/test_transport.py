import base64
import os
import socket
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from pulumi_ahv.kernel.clock import Deadline, ManualClock
from pulumi_ahv.kernel.errors import ConnectionFailed
from pulumi_ahv.kernel.secrets import Secret
from pulumi_ahv.prism.connection import Connection, Timeouts
from pulumi_ahv.prism.rate import Limits
from pulumi_ahv.prism.transport import Request, Transport

GET = Request("GET", "/x", "Reading x")
POST = Request("POST", "/x", "Making x", body={"name": "x"}, request_id="1b4e28ba-2fa1-11d2-883f-0016d3cca427")


def test_a_call_carries_password_request_id_and_encoded_query(script: Any, transport: Transport, reply: Any) -> None:
    script.on("GET", "/x", reply(body={"data": 1}))
    answer = transport.send(Request("GET", "/x", "Reading", query={"$filter": "name eq 'a b&c'", "$page": 0}))
    seen = script.seen[0]
    assert answer.json() == {"data": 1}
    assert seen.query == {"$filter": "name eq 'a b&c'", "$page": "0"}
    assert seen.headers["authorization"] == "Basic " + base64.b64encode(b"admin:hunter22").decode()
    assert UUID(seen.request_id)


def test_an_api_key_goes_in_its_own_header_and_no_password_with_it(
    script: Any, make_transport: Callable[..., Transport], reply: Any
) -> None:
    script.on("GET", "/x", reply())
    make_transport(username="", password=Secret(""), api_key=Secret("k" * 32)).send(GET)
    assert script.seen[0].headers["x-ntnx-api-key"] == "k" * 32
    assert "authorization" not in script.seen[0].headers


@pytest.mark.parametrize("status", [429, 502, 503, 504])
@pytest.mark.parametrize("request_", [GET, POST], ids=["GET", "POST"])
def test_passing_errors_are_tried_again_with_the_same_request_id(
    script: Any, transport: Transport, reply: Any, status: int, request_: Request
) -> None:
    script.on(request_.method, "/x", reply(status, "<html>busy</html>"), reply(status), reply(202, {"data": 1}))
    assert transport.send(request_).status == 202
    assert len(script.seen) == 3
    assert len({seen.request_id for seen in script.seen}) == 1


@pytest.mark.parametrize("request_", [GET, POST], ids=["GET", "POST"])
def test_a_broken_connection_is_tried_again_with_the_same_request_id(
    script: Any, transport: Transport, reply: Any, request_: Request
) -> None:
    script.on(request_.method, "/x", reply(drop=True), reply(202, {"data": 1}))
    assert transport.send(request_).status == 202
    assert len({seen.request_id for seen in script.seen}) == 1


def test_an_answer_that_does_not_come_is_tried_again(
    script: Any, make_transport: Callable[..., Transport], reply: Any
) -> None:
    script.on("POST", "/x", reply(202, wait=1.0), reply(202, {"data": 1}))
    answer = make_transport(timeouts=Timeouts(connect=5, request=0.3, retry=60)).send(POST)
    assert answer.json() == {"data": 1}
    assert len({seen.request_id for seen in script.seen}) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 412, 422, 501])
def test_other_answers_are_final(script: Any, transport: Transport, reply: Any, status: int) -> None:
    script.on("GET", "/x", reply(status, {"data": {"error": []}}))
    assert transport.send(GET).status == status
    assert len(script.seen) == 1


def test_a_500_in_prisms_own_words_is_final(script: Any, transport: Transport, reply: Any) -> None:
    script.on("GET", "/x", reply(500, {"data": {"error": [{"message": "no"}]}}))
    assert transport.send(GET).status == 500
    assert len(script.seen) == 1


def test_a_500_of_the_gateway_is_tried_again_for_a_read(script: Any, transport: Transport, reply: Any) -> None:
    script.on("GET", "/x", reply(500, "Internal Server Error"), reply(200, {"data": 1}))
    assert transport.send(GET).status == 200


def test_a_500_of_the_gateway_is_final_for_a_write(script: Any, transport: Transport, reply: Any) -> None:
    script.on("POST", "/x", reply(500, "Internal Server Error"), reply(202, {"data": 1}))
    assert transport.send(POST).status == 500


def test_retry_after_is_honoured(script: Any, transport: Transport, clock: ManualClock, reply: Any) -> None:
    script.on("GET", "/x", reply(429, headers={"Retry-After": "7"}), reply())
    before = clock.monotonic()
    transport.send(GET)
    assert 7.0 <= clock.monotonic() - before < 8.1


def test_retry_after_may_be_a_date(script: Any, transport: Transport, clock: ManualClock, reply: Any) -> None:
    at = datetime.fromtimestamp(clock.time() + 9, UTC)
    script.on("GET", "/x", reply(503, headers={"Retry-After": format_datetime(at, usegmt=True)}), reply())
    before = clock.monotonic()
    transport.send(GET)
    assert 9.0 <= clock.monotonic() - before < 10.1


def test_a_storm_of_429_ends_with_the_time_budget(
    script: Any, transport: Transport, clock: ManualClock, reply: Any
) -> None:
    script.on("GET", "/x", reply(429))
    before = clock.monotonic()
    assert transport.send(GET).status == 429
    assert 30 < clock.monotonic() - before <= 60
    assert 4 <= len(script.seen) <= 12


def test_a_retry_after_beyond_the_budget_is_not_waited_for(
    script: Any, transport: Transport, clock: ManualClock, reply: Any
) -> None:
    script.on("GET", "/x", reply(429, headers={"Retry-After": "3600"}))
    before = clock.monotonic()
    assert transport.send(GET).status == 429
    assert clock.monotonic() == before


def test_a_deadline_ends_retries_before_the_budget_does(
    script: Any, transport: Transport, clock: ManualClock, reply: Any
) -> None:
    script.on("GET", "/x", reply(503))
    before = clock.monotonic()
    transport.send(GET, Deadline(clock, 5))
    assert clock.monotonic() - before <= 5


def test_waits_grow_and_vary(script: Any, transport: Transport, clock: ManualClock, reply: Any) -> None:
    script.on("GET", "/x", reply(503))
    waits: list[float] = []
    sleep = clock.sleep
    clock.sleep = lambda seconds: (waits.append(seconds), sleep(seconds))
    transport.send(GET)
    steps = [0.5, 1, 2, 4, 8, 16]
    assert all(step / 2 <= wait < step for step, wait in zip(steps, waits, strict=False))
    assert len({wait / step for step, wait in zip(steps, waits, strict=False)}) == len(steps)


def test_a_connection_that_stays_broken_is_told_after_the_budget(script: Any, transport: Transport, reply: Any) -> None:
    script.on("GET", "/x", reply(drop=True))
    with pytest.raises(ConnectionFailed, match=r"Reading x: 127.0.0.1:\d+ broke the connection off"):
        transport.send(GET)
    assert len(script.seen) > 4


def test_connections_are_kept(script: Any, transport: Transport, reply: Any) -> None:
    script.on("GET", "/x", reply(body={}))
    for _ in range(10):
        transport.send(GET)
    assert len({seen.client for seen in script.seen}) == 1


def test_a_session_cookie_stands_for_the_password_from_then_on(script: Any, transport: Transport, reply: Any) -> None:
    script.on("GET", "/x", reply(headers={"Set-Cookie": "NTNX_IGW_SESSION=abc; Path=/; Secure"}), reply())
    transport.send(GET)
    transport.send(GET)
    assert script.seen[1].headers["cookie"] == "NTNX_IGW_SESSION=abc"
    assert "authorization" not in script.seen[1].headers


def test_a_cookie_that_is_no_session_does_not_replace_the_password(
    script: Any, transport: Transport, reply: Any
) -> None:
    script.on("GET", "/x", reply(headers={"Set-Cookie": "balancer=7; Path=/"}), reply())
    transport.send(GET)
    transport.send(GET)
    assert "authorization" in script.seen[1].headers


def test_a_session_that_ended_is_opened_again_within_the_same_call(
    script: Any, transport: Transport, reply: Any
) -> None:
    cookie = {"Set-Cookie": "NTNX_IGW_SESSION=abc; Path=/"}
    script.on("POST", "/x", reply(202, headers=cookie), reply(401, "<html>login</html>"), reply(202, {"data": 1}))
    transport.send(POST)
    assert transport.send(POST).json() == {"data": 1}
    assert "authorization" in script.seen[2].headers
    assert "cookie" not in script.seen[2].headers
    assert script.seen[2].request_id == script.seen[1].request_id


def test_a_wrong_password_is_not_sent_twice(script: Any, transport: Transport, reply: Any) -> None:
    script.on("GET", "/x", reply(401))
    assert transport.send(GET).status == 401
    assert len(script.seen) == 1


def test_the_environment_has_no_say(
    script: Any, transport: Transport, reply: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login mallory password stolen")
    (tmp_path / ".netrc").chmod(0o600)
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", os.devnull)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    script.on("GET", "/x", reply())
    assert transport.send(GET).status == 200
    assert script.seen[0].headers["authorization"].endswith(base64.b64encode(b"admin:hunter22").decode())


def test_redirects_are_not_followed_with_our_password(script: Any, transport: Transport, reply: Any) -> None:
    script.on("GET", "/x", reply(302, headers={"Location": "https://elsewhere.example.com/"}))
    assert transport.send(GET).status == 302


def test_the_rate_of_a_family_is_kept(script: Any, transport: Transport, clock: ManualClock, reply: Any) -> None:
    script.on("GET", "/x", reply())
    before = clock.monotonic()
    for _ in range(6):
        transport.send(Request("GET", "/x", "Listing", family="slow"))
    assert clock.monotonic() - before == 2.0


def test_the_servers_rate_headers_are_learnt(script: Any, transport: Transport, clock: ManualClock, reply: Any) -> None:
    told = {"X-Api-Ratelimit-Limit": "1", "X-Api-Ratelimit-Refresh-Period-Seconds": "4"}
    script.on("GET", "/x", reply(headers=told))
    for _ in range(2):
        transport.send(Request("GET", "/x", "Listing", family="images"))
    before = clock.monotonic()
    transport.send(Request("GET", "/x", "Listing", family="images"))
    assert clock.monotonic() - before >= 4.0


def test_many_threads_share_one_transport(script: Any, transport: Transport, reply: Any) -> None:
    script.on("GET", "/x", reply(body={"data": 1}, headers={"Set-Cookie": "NTNX_IGW_SESSION=abc; Path=/"}))
    answers: list[int] = []

    def work() -> None:
        answers.extend(transport.send(GET).status for _ in range(20))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 160


def test_the_servers_clock_is_known_from_its_answers(
    script: Any, transport: Transport, reply: Any, clock: ManualClock
) -> None:
    at = datetime(2026, 11, 21, 3, 0, 0, tzinfo=UTC)
    script.on("GET", "/x", reply(headers={"Date": format_datetime(at, usegmt=True)}))
    transport.send(GET)
    clock.advance(30)
    assert transport.server_time() == pytest.approx(at.timestamp() + 30, abs=1)


def test_an_unanswered_connect_is_told_as_such(
    connection: Callable[..., Connection], clock: ManualClock, ids: Callable[[], UUID]
) -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        waiting = [socket.socket() for _ in range(2)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        settings = connection(port, timeouts=Timeouts(connect=0.2, request=0.2, retry=1))
        transport = Transport(settings, Limits(30.0, {}, clock=clock), clock=clock, ids=ids)
        with pytest.raises(ConnectionFailed, match=r"no connection to 127.0.0.1:\d+ within 0.2 s"):
            transport.send(GET, reconnect=False)
        transport.close()
        for one in waiting:
            one.close()
