"""The official SDKs, as their users call them, live a whole life with the simulator.

Four pairs: the first generation against the first release and the newest, the newest against its own release and, by
version negotiation, against the one before.
"""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_ahv.simulator import families

pytestmark = pytest.mark.sdk
CHAPTERS = ["inventory", "images", "vms", "templates", "protection", "volumes", "many"]


def test_a_whole_life_is_lived(transcript: Any) -> None:
    assert [each["name"] for each in transcript.of("chapter")] == CHAPTERS, transcript.errors
    assert transcript.of("done")
    assert transcript.errors == ""


def test_every_body_passes_the_strict_walk(transcript: Any) -> None:
    assert transcript.findings == []


def test_what_real_prisms_do_too_is_met(transcript: Any) -> None:
    assert {(each["rule"], each["field"]) for each in transcript.allowed} == set(transcript.allowances)


def test_only_answers_without_a_model_are_not_walked(transcript: Any) -> None:
    """The versions, the answer to a delete without a task, an image's file, and a session that ended (HTML)."""
    rest = [call for call in transcript.calls if not call["walked"]]
    plain = {("OPTIONS", 200), ("DELETE", 204)}
    others = [call for call in rest if (call["method"], call["status"]) not in plain and call["status"] != 401]
    assert {call["path"].rsplit("/")[-1] for call in others} == {"file"}


def test_every_operation_of_the_simulator_is_driven(transcript: Any, pairs: dict[str, tuple[str, str]]) -> None:
    newest = 0 if pairs[transcript.pair][0] == "4.0" else 4
    routes = families.routes()
    driven = set()
    for call in transcript.calls:
        _, _, namespace, _, path = call["path"].split("/", 4)
        found = routes.find(call["method"], namespace, path)
        if found is not None and call["status"] < 300:
            driven.add(found[0].operation)
    wanted = {route.operation for route in routes.all if route.since <= newest and route.method != "OPTIONS"}
    assert wanted - driven == set()


def test_the_life_is_wide(transcript: Any) -> None:
    assert len(transcript.calls) > 350
    assert len(transcript.models) > 150
    assert {call["status"] for call in transcript.calls} == {200, 201, 202, 204, 400, 401, 404, 412, 428}
    assert len(transcript.of("refused")) == 24


def test_the_release_is_agreed_on(transcript: Any, pairs: dict[str, tuple[str, str]]) -> None:
    generation, release = pairs[transcript.pair]
    asked = [call["path"] for call in transcript.calls if call["method"] == "OPTIONS"]
    assert bool(asked) == (generation == "4.3")
    wanted = "v4.0" if generation == "4.0" else release
    spoken = {call["path"].split("/")[3] for call in transcript.calls if call["path"].startswith("/api/vmm/v")}
    assert spoken == {wanted}
