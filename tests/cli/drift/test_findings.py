"""What a preview's JSON says of drift."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from pulumi_ahv.cli.drift.findings import Cause, Change, Finding, read_report
from pulumi_ahv.engine.values import SECRET, SIGNATURE

Recorded = Callable[[str], dict[str, Any]]
POOL = "urn:pulumi:dev::play::pulumi-python:dynamic/ahv:Pool::agents"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def the_pool(digest: dict[str, Any]) -> Finding:
    return next(finding for finding in read_report(digest).findings if finding.urn == POOL)


def step(op: str, *, live: Any = None, wanted: Any = None, urn: str = POOL, **more: Any) -> dict[str, Any]:
    told: dict[str, Any] = {"op": op, "urn": urn, "detailedDiff": None, **more}
    told |= {"oldState": {"inputs": live, "outputs": {}}} if live is not None else {}
    return told | ({"newState": {"inputs": wanted}} if wanted is not None else {})


def update(was: Any, live: Any, wanted: Any, *paths: str, **more: Any) -> dict[str, Any]:
    diff = {path: {"kind": "update", "inputDiff": True} for path in paths}
    refreshed = [step("refresh", live=was, wanted=was)] if was is not None else []
    steps = [*refreshed, step("update", live=live, wanted=wanted, **{"detailedDiff": diff, **more})]
    return {"steps": steps, "changeSummary": {"update": 1}}


def test_a_member_that_is_off_is_one_change_of_that_member(recorded: Recorded) -> None:
    report = read_report(recorded("member-off"))
    assert (report.project, report.stack, report.code) == ("play", "dev", 7)
    (finding,) = report.findings
    assert finding.changes == (
        Change('members["agent-002"].power', "power", "update", "off", "on", Cause.PRISM, "agent-002"),
    )
    assert finding.not_ready == (("agent-002", "notReady", "it is off"),)
    assert (finding.kind, finding.name, finding.verdict, finding.drifted) == ("Pool", "agents", "differs", True)


def test_the_gate_of_a_pool_only_follows(recorded: Recorded) -> None:
    report = read_report(recorded("member-off"))
    assert [urn.rsplit(":", 3)[1] for urn in report.follows] == ["PoolGate"]


def test_a_renamed_member_is_one_change_and_a_missing_one_stays_missing(recorded: Recorded) -> None:
    renamed, gone = the_pool(recorded("member-renamed-and-one-gone")).changes
    assert (renamed.member, renamed.property, renamed.live, renamed.wanted) == (
        "agent-001",
        "name",
        "agent-00x",
        "agent-001",
    )
    assert (gone.member, gone.property, gone.kind) == ("agent-003", "", "add")


def test_a_renamed_member_that_differs_otherwise_tells_that_too() -> None:
    live = {"members": {"x": {"slot": 0, "power": "off", "address": "10.0.0.9"}}}
    wanted = {"members": {"a": {"slot": 0, "power": "on", "memory": 1024}}}
    diff = {"members.x": {"kind": "delete", "inputDiff": True}, "members.a": {"kind": "add", "inputDiff": True}}
    pool = the_pool(update(wanted, live, wanted, detailedDiff=diff))
    assert [(change.member, change.property, change.kind, change.live, change.wanted) for change in pool.changes] == [
        ("a", "name", "update", "x", "a"),
        ("a", "address", "delete", "10.0.0.9", None),
        ("a", "memory", "add", None, 1024),
        ("a", "power", "update", "off", "on"),
    ]


def test_a_surplus_member_of_another_slot_stays_a_surplus_member() -> None:
    live, wanted = {"members": {"a": {"slot": 0}}}, {"members": {"b": {"slot": 1}}}
    diff = {"members.a": {"kind": "delete", "inputDiff": True}, "members.b": {"kind": "add", "inputDiff": True}}
    pool = the_pool(update(wanted, live, wanted, detailedDiff=diff))
    assert [(change.member, change.property, change.kind) for change in pool.changes] == [
        ("a", "", "delete"),
        ("b", "", "add"),
    ]


def test_what_vanished_is_told_from_what_is_new(recorded: Recorded) -> None:
    found = {finding.name: finding for finding in read_report(recorded("images-and-member")).findings}
    assert found["extra"].verdict == "gone"
    assert found["extra"].drifted
    report = read_report({"steps": [step("create", wanted={})], "changeSummary": {"create": 1}})
    assert [finding.verdict for finding in report.findings] == ["new"]
    assert report.drifted == ()
    assert report.code == 7


def test_what_the_program_changed_is_no_drift(recorded: Recorded) -> None:
    found = {finding.name: finding for finding in read_report(recorded("payload-and-half-made")).findings}
    (content,) = found["extra"].changes
    assert (content.path, content.cause) == ("content", Cause.PROGRAM)
    assert not found["extra"].drifted
    assert found["agents"].drifted
    assert "No room. (VMM-77)" in found["agents"].not_ready[0][2]


@pytest.mark.parametrize(
    ("was", "live", "wanted", "cause"),
    [
        ("on", "off", "on", Cause.PRISM),
        ("off", "off", "on", Cause.PROGRAM),
        ("off", "paused", "on", Cause.BOTH),
        (None, "off", "on", Cause.UNTOLD),
    ],
)
def test_the_cause_follows_from_what_was_what_is_and_what_is_wanted(
    was: str | None, live: str, wanted: str, cause: Cause
) -> None:
    bags = [{"power": value} for value in (live, wanted)]
    pool = the_pool(update(None if was is None else {"power": was}, *bags, "power"))
    assert [change.cause for change in pool.changes] == [cause]


def test_a_member_that_somebody_deleted_is_no_change_of_the_program_though_its_slot_counts_as_filled_anew() -> None:
    was, wanted = ({"members": {"a": {"slot": 0, "power": "on", "born": born}}} for born in (1, 3))
    diff = {"members.a": {"kind": "add", "inputDiff": True}}
    pool = the_pool(update(was, {"members": {}}, wanted, detailedDiff=diff))
    assert [(change.member, change.cause) for change in pool.changes] == [("a", Cause.PRISM)]


def test_an_update_without_a_difference_is_something_to_repair() -> None:
    digest = update({"size": 1}, {"size": 1}, {"size": 1})
    digest["steps"][1]["oldState"]["outputs"] = {"status": {"a": {"state": "failed", "reason": "no room"}}}
    pool = the_pool(digest)
    assert pool.drifted
    assert pool.not_ready == (("a", "failed", "no room"),)


def test_reasons_without_details_are_compared_as_a_whole() -> None:
    pool = the_pool(update({"size": 3}, {"size": 2}, {"size": 3}, diffReasons=["size"]))
    assert [(change.path, change.live, change.wanted) for change in pool.changes] == [("size", 2, 3)]


def test_values_that_only_the_run_will_tell_are_left_out() -> None:
    pool = the_pool(update({"a": 1, "b": 1}, {"a": 1, "b": 1}, {"a": UNKNOWN, "b": 2}, "a", "b"))
    assert [change.path for change in pool.changes] == ["b"]


def test_no_secret_gets_into_a_finding_even_if_the_engine_was_told_to_show_them() -> None:
    secret = {SIGNATURE: SECRET, "plaintext": '"hunter2"'}
    bags = [{"payload": {"secrets": secret}, "outer": {"token": secret}}] * 3
    report = read_report(update(*copy.deepcopy(bags), "payload.secrets.token", "outer", "payload.secrets"))
    assert "hunter2" not in str(report)
    assert [change.live for change in report.findings[0].changes] == [
        {"token": "[secret]"},
        "[secret]",
        "[secret]",
    ]


def test_a_preview_without_a_difference_is_code_0() -> None:
    assert read_report({"steps": [step("same", live={}, wanted={})], "changeSummary": {"same": 1}}).code == 0


def test_errors_are_told_once_and_are_code_1() -> None:
    messages = [
        "error: AhvError: no password\n",
        "error: Preview failed: AhvError: no password",
        "error: preview failed",
    ]
    told = [{"severity": "error", "message": message} for message in messages]
    report = read_report({"steps": [], "diagnostics": [*told, {"severity": "info#err", "message": "Traceback"}]})
    assert (report.errors, report.code) == (("AhvError: no password",), 1)


def test_the_code_of_the_engine_wins(recorded: Recorded) -> None:
    assert read_report(recorded("member-off"), 3).code == 3


@pytest.mark.parametrize("digest", [[], {}, {"version": 1}, "text", {"steps": [{"run": "make"}]}, {"steps": ["make"]}])
def test_what_is_no_preview_is_refused(digest: Any) -> None:
    with pytest.raises(ValueError, match=r"no object with steps|none of a preview"):
        read_report(digest)
