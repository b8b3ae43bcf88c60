"""The official SDKs, as their users call them, live a whole life with the simulator.

Four pairs: the first generation against the first release and the newest, the newest against its own release and, by
version negotiation, against the one before.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

pytestmark = pytest.mark.sdk
CHAPTERS = ["inventory", "images", "vms", "templates", "protection", "many"]
# What the models forbid and a real Prism sends all the same, with where that is known from.
ALLOWED = {
    # The samples of answers in the documentation of nutanix.ansible's template modules, which are recorded, show no
    # version source, in any release; the models require it.
    ("required", "templateVersionSpec.versionSource"),
    ("required", "versionSource"),
}


def is_allowed(finding: dict[str, str]) -> bool:
    return (finding["rule"], re.sub(r"^data(\[\d+\])?\.", "", finding["path"])) in ALLOWED


def test_a_whole_life_is_lived(transcript: Any) -> None:
    assert [each["name"] for each in transcript.of("chapter")] == CHAPTERS, transcript.errors
    assert transcript.of("done")
    assert transcript.errors == ""


def test_every_body_passes_the_strict_walk(transcript: Any) -> None:
    assert [each for each in transcript.findings if not is_allowed(each)] == []


def test_what_is_allowed_is_met(transcript: Any) -> None:
    met = {(each["rule"], re.sub(r"^data(\[\d+\])?\.", "", each["path"])) for each in transcript.findings}
    assert met == ALLOWED


def test_only_answers_without_a_model_are_not_walked(transcript: Any) -> None:
    rest = [call for call in transcript.calls if not call["walked"]]
    assert {(call["method"], call["status"]) for call in rest} <= {("OPTIONS", 200), ("DELETE", 204)}


def test_the_life_is_wide(transcript: Any) -> None:
    assert len(transcript.calls) > 350
    assert len(transcript.models) > 150
    assert {call["status"] for call in transcript.calls} == {200, 201, 202, 204, 400, 404, 412, 428}
    assert len(transcript.of("refused")) == 22


def test_the_release_is_agreed_on(transcript: Any, pairs: dict[str, tuple[str, str]]) -> None:
    generation, release = pairs[transcript.pair]
    asked = [call["path"] for call in transcript.calls if call["method"] == "OPTIONS"]
    assert bool(asked) == (generation == "4.3")
    wanted = "v4.0" if generation == "4.0" else release
    spoken = {call["path"].split("/")[3] for call in transcript.calls if call["path"].startswith("/api/vmm/v")}
    assert spoken == {wanted}
