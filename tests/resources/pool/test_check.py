"""What check makes of a pool's inputs, before any call that changes something."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pulumi_ahv.kernel.clock import ManualClock
from pulumi_ahv.resources.handler import Context, State
from pulumi_ahv.resources.pool.handler import PoolHandler
from pulumi_ahv.resources.sources.digests import Digests
from pulumi_ahv.schema.fields import UNKNOWN, Unknown

VERSION = "7e0b95de-f1f4-4fe5-a9c1-3ab239402596"
ANSWERS = """<?xml version="1.0" encoding="utf-8"?>
<unattend xmlns="urn:schemas-microsoft-com:unattend">
  <settings pass="specialize">
    <component name="Microsoft-Windows-Shell-Setup" processorArchitecture="amd64"
      publicKeyToken="31bf3856ad364e35" language="neutral" versionScope="nonSxS">
      <ComputerName>{{ name }}</ComputerName>
    </component>
  </settings>
</unattend>
"""


@pytest.fixture
def said() -> list[str]:
    """The lines of progress."""
    return []


@pytest.fixture
def handler(said: list[str]) -> PoolHandler:
    """A handler that has no connection: with a version given, check needs none."""

    def no_site(name: str | None) -> Any:
        raise AssertionError(f"connection {name} was asked for")

    clock = ManualClock()
    return PoolHandler(Context(no_site, clock, said.append, Digests(None, clock), lambda: "token"))


def bag(**changes: Any) -> State:
    usual = {"name": "agents", "owner": "p/s/agents", "template": "t", "templateVersion": VERSION, "size": 2}
    return {key: value for key, value in {**usual, **changes}.items() if value is not None}


def refused(handler: PoolHandler, **changes: Any) -> dict[str, str]:
    return {failure.path: str(failure) for failure in handler.check({}, bag(**changes)).failures}


def test_a_pool_becomes_a_map_of_members(handler: PoolHandler, said: list[str]) -> None:
    members = handler.check({}, bag(vcpus=2, memory=512, networks=["lan"], categories=["B:2", "A:1"])).inputs["members"]
    assert members == {
        f"agents-00{slot + 1}": {
            "slot": slot,
            "born": 1,
            "templateVersion": VERSION,
            "power": "on",
            "vcpus": 2,
            "memory": 512,
            "networks": ["lan"],
            "categories": ["A:1", "B:2"],
        }
        for slot in (0, 1)
    }
    assert said == ["agents: create 2: agents-001, agents-002 (its slot is empty)"]


def test_the_same_inputs_make_the_same_members(handler: PoolHandler) -> None:
    payload = {"template": "#cloud-config\nhostname: {{ name }}\n", "secrets": {"token": "correct-horse"}}
    first, second = (handler.check({}, bag(payload=payload)).inputs["members"] for _ in range(2))
    assert first == second
    digests = {member["payloadDigest"] for member in first.values()}
    assert len(digests) == 2


def test_only_the_member_whose_variables_change_gets_another_digest(handler: PoolHandler) -> None:
    payload = {"template": "#cloud-config\nhostname: {{ role }}\n", "variables": {"role": "worker"}}
    before = handler.check({}, bag(payload=payload)).inputs
    told = {"1": {"role": "leader"}}
    after = handler.check(before, bag(payload=payload, memberVariables=told)).inputs["members"]
    assert after["agents-001"] == before["members"]["agents-001"]
    assert after["agents-002"] != before["members"]["agents-002"]


@pytest.mark.parametrize("name", ["template", "size", "payload", "templateVersion"])
def test_an_unknown_input_makes_the_members_unknown_and_fails_nothing(handler: PoolHandler, name: str) -> None:
    outcome = handler.check({}, bag(**{name: UNKNOWN}))
    assert outcome.failures == ()
    assert isinstance(outcome.inputs["members"], Unknown)
    assert handler.replaces({**bag(), "members": {}}, outcome.inputs) == []


def test_a_version_that_is_not_known_yet_takes_no_texts_from_the_payload(handler: PoolHandler, tmp_path: Path) -> None:
    (tmp_path / "user-data.yaml").write_text("#cloud-config\n")
    given = bag(payload={"templateFile": str(tmp_path / "user-data.yaml")})
    olds = handler.check({}, given).inputs
    assert handler.check(olds, {**given, "templateVersion": UNKNOWN}).inputs["payload"] == olds["payload"]


def test_an_unknown_secret_is_no_failure(handler: PoolHandler) -> None:
    outcome = handler.check({}, bag(payload={"template": "#cloud-config\n", "secrets": {"token": UNKNOWN}}))
    assert outcome.failures == ()


def test_members_that_come_in_by_ignored_changes_hold(handler: PoolHandler) -> None:
    held = {"agents-001": {"slot": 0, "templateVersion": "old", "power": "off"}}
    assert handler.check({}, bag(members=held)).inputs["members"] == held


def test_slots_that_are_held_are_kept(handler: PoolHandler) -> None:
    olds = {"members": {name: {"slot": slot} for name, slot in (("agents-001", 0), ("agents-004", 3))}}
    assert list(handler.check(olds, bag(size=3)).inputs["members"]) == ["agents-001", "agents-002", "agents-004"]


@pytest.mark.parametrize(
    ("changes", "path", "part"),
    [
        ({"naming": {"pattern": "agent"}}, "naming.pattern", "{n}"),
        ({"naming": {"pattern": "a" * 77 + "{n}", "width": 4}}, "naming.pattern", "Prism takes 80"),
        ({"size": -1}, "size", "greater"),
        ({"addresses": ["10.0.0.1", "10.0.0.2"]}, "addresses", "needs networks"),
        ({"networks": ["lan"], "addresses": ["10.0.0.1"]}, "addresses", "slot 1 needs one"),
        ({"rollout": {"maxUnavailable": 0}}, "rollout", "nothing can ever be rolled"),
        ({"payload": {"template": "a", "templateFile": "b"}}, "payload", "both are given"),
        ({"payload": {"templateFile": "missing.yaml"}}, "payload.templateFile", "does not exist"),
        ({"payload": {"template": "#cloud-config\nhostname: {{ nam }}\n"}}, "payload.template", "line 2, column 14: "),
        ({"payload": {"kind": "unattend", "template": "x", "layout": "noCloud"}}, "payload", "cloudInit only"),
        ({"categories": ["nonsense"]}, "categories[0]", "its key and its value"),
    ],
)
def test_what_is_wrong_is_told_with_its_path(
    handler: PoolHandler, changes: dict[str, Any], path: str, part: str
) -> None:
    failures = refused(handler, **changes)
    assert part in failures[path]


def test_windows_names_have_fifteen_characters_at_most(handler: PoolHandler) -> None:
    payload = {"kind": "unattend", "template": ANSWERS}
    assert (
        "Windows takes 15"
        in refused(handler, payload=payload, naming={"pattern": "berlin-desks-{n}"})["naming.pattern"]
    )
    assert refused(handler, payload=payload, naming={"pattern": "berlin-desk-{n}"}) == {}


@pytest.mark.parametrize("name", ["connection", "cluster", "owner"])
def test_another_place_or_owner_is_another_pool(handler: PoolHandler, name: str) -> None:
    state = {**bag(), "members": {}, "status": {}}
    assert handler.replaces(state, {**state, name: "other"}) == [name]


def test_a_preview_says_what_will_be_done_and_why(handler: PoolHandler, said: list[str]) -> None:
    inputs = handler.check({}, bag(size=3)).inputs
    status = {
        name: {"uuid": name, "slot": slot, "addresses": [], "state": "ready", "reason": ""}
        for slot, name in enumerate(inputs["members"])
    }
    state = {**inputs, "status": status, "ready": True}
    said.clear()
    news = handler.check(inputs, bag(size=2, templateVersion="new-version")).inputs
    assert handler.replaces(state, news) == []
    assert said == [
        "agents: remove 1: agents-003 (its slot is surplus)",
        "agents: recreate 2 in 2 batches: agents-001, agents-002 (templateVersion 7e0b95de-f1f → new-version)",
    ]


def test_a_pool_needs_repair_when_no_input_tells_that_it_is_not_ready(handler: PoolHandler) -> None:
    news = handler.check({}, bag()).inputs
    whole = {**news, "ready": True}
    assert not handler.needs_repair(whole, news)
    assert handler.needs_repair({**whole, "ready": False}, news)
    assert not handler.needs_repair({**whole, "ready": False, "members": {}}, news), "the engine sees that by itself"


DOMAIN = {"name": "corp.example", "account": "joiner", "password": "join-password"}
LINUX = {"kind": "cloudInit"}


def test_everything_that_is_wrong_is_told_at_once(handler: PoolHandler) -> None:
    failures = refused(
        handler,
        naming={"pattern": "a-rather-long-name-{n}"},
        networks=["lan"],
        addresses=["10.0.0.5/24", "10.0.0.5/24"],
        network={"gateway": "10.0.1.1"},
        domain={**DOMAIN, "name": "CORP", "ou": "Agents"},
        memberVariables={"agent-001": {}},
        payload={"templateFile": "missing.yaml", "datasourceList": ["NoCloud"]},
    )
    assert set(failures) == {
        "naming.pattern",
        "addresses[1]",
        "network.gateway",
        "domain.name",
        "domain.ou",
        "memberVariables.agent-001",
        "payload.templateFile",
        "payload.layout",
    }


@pytest.mark.parametrize(
    ("changes", "path", "part"),
    [
        ({"domain": DOMAIN}, "domain", "Set payload to {kind: cloudInit}"),
        ({"networks": ["lan"], "addresses": ["10.0.0.5/24", "10.0.0.6/24"]}, "addresses", "Set payload to"),
        ({"payload": LINUX}, "payload", "it says nothing"),
        (
            {"domain": DOMAIN, "payload": {"delivery": "path", "path": "adsf:///a/{{ name }}"}},
            "domain",
            "the delivery is path",
        ),
        ({"domain": {**DOMAIN, "account": "CORP\\joiner"}, "payload": LINUX}, "domain.account", "accountDomain"),
        ({"domain": {**DOMAIN, "password": None}, "payload": LINUX}, "domain.password", "empty"),
        (
            {"domain": DOMAIN, "payload": LINUX, "naming": {"pattern": "berlin-agents-{n}"}},
            "naming.pattern",
            "at most 15",
        ),
        ({"payload": {"kind": "unattend", "windows": {}, "template": "a"}}, "payload", "without a template"),
        ({"payload": {"windows": {}, "template": "a"}}, "payload", "goes with the kind unattend"),
        (
            {"domain": DOMAIN, "payload": {"kind": "unattend", "windows": {"workgroup": "LAB"}}},
            "payload.windows.workgroup",
            "in no workgroup",
        ),
        (
            {"payload": {"kind": "unattend", "windows": {"firstLogonCommands": ["{{ a }}"]}}},
            "payload.windows.firstLogonCommands[0]",
            "'a'",
        ),
        ({"payload": {**LINUX, "metaData": {"rack": "{{ rack }}"}}}, "payload.metaData.rack", "'rack'"),
        ({"payload": {**LINUX, "template": "#!/bin/sh\n", "variables": {"name": "x"}}}, "payload.variables", "'name'"),
        ({"removeFirst": ["agents-001", "agent-2"]}, "removeFirst[1]", "Did you mean 'agents-002'?"),
        ({"memberVariables": {"agents-01": {}}}, "memberVariables.agents-01", "Did you mean 'agents-001'?"),
        ({"memberVariables": {"1000": {}}}, 'memberVariables["1000"]', "no member can be called"),
        (
            {"payload": {**LINUX, "template": "#!/bin/sh\n", "datasourceList": ["NoCloud", "None"]}},
            "payload.layout",
            "Use layout noCloud",
        ),
    ],
)
def test_what_does_not_go_together_is_told_with_its_path(
    handler: PoolHandler, changes: dict[str, Any], path: str, part: str
) -> None:
    assert part in refused(handler, **changes)[path]


@pytest.mark.parametrize("changes", [{"removeFirst": ["agents-007"]}, {"memberVariables": {"6": {}, "agents-008": {}}}])
def test_a_member_that_is_not_there_at_this_size_may_be_named(
    handler: PoolHandler, said: list[str], changes: dict[str, Any]
) -> None:
    assert refused(handler, **changes) == {}
    warned = [line for line in said if "has no 6, agents-008 at its present size" in line]
    assert len(warned) == ("memberVariables" in changes)


def test_a_member_of_an_earlier_pattern_may_go_first(handler: PoolHandler) -> None:
    olds = {"members": {"old-1": {"slot": 0}, "old-2": {"slot": 1}, "old-3": {"slot": 2}}}
    outcome = handler.check(olds, bag(removeFirst=["old-1"]))
    assert outcome.failures == ()
    assert list(outcome.inputs["members"]) == ["agents-002", "agents-003"]


def test_one_mistake_of_many_members_is_one_line_that_names_them(handler: PoolHandler) -> None:
    text = "#cloud-config\nhostname: {{ name }}\n{% if role %}hostnam: x{% endif %}\n"
    variables = {str(slot): {"role": slot >= 2} for slot in range(7)}
    payload = {"template": text}
    failures = handler.check({}, bag(size=7, payload=payload, memberVariables=variables)).failures
    (failure,) = failures
    who = "(agents-003, agents-004, agents-005 and 2 more)"
    assert failure.path == "payload.template"
    assert failure.said == f"line 3, column 1: unknown key 'hostnam' in cloud-config {who}"


def test_a_mistake_that_tells_the_name_of_its_member_is_one_line_too(handler: PoolHandler) -> None:
    payload = {"template": "#!/bin/sh\n"}
    failures = handler.check({}, bag(size=3, payload=payload, naming={"pattern": "a_{n}"})).failures
    assert [str(failure) for failure in failures] == [
        "naming.pattern: 'a_001' is no host name: letters, digits and hyphens, at most 63 between dots (all 3 members)"
    ]


def test_a_computer_name_that_stands_in_an_answer_file_is_a_mistake_of_that_file(handler: PoolHandler) -> None:
    answers = ANSWERS.replace("{{ name }}", "a name with blanks")
    failures = refused(handler, payload={"kind": "unattend", "template": answers})
    assert failures.keys() == {"payload.template"}
    assert "line 6, column 7: the computer name" in failures["payload.template"]


def test_a_mistake_in_an_included_file_is_one_of_the_template_file(handler: PoolHandler, tmp_path: Path) -> None:
    (tmp_path / "user-data.yaml").write_text("#cloud-config\n{% include 'variables.j2' %}\n")
    (tmp_path / "variables.j2").write_text("hostname: {{ nam }}\n")
    failures = refused(handler, payload={"templateFile": str(tmp_path / "user-data.yaml")})
    assert failures.keys() == {"payload.templateFile"}
    assert "variables.j2:1:14: 'nam' is undefined (all 2 members)" in failures["payload.templateFile"]


def test_a_mistake_of_one_members_variables_is_told_there(handler: PoolHandler) -> None:
    payload = {"template": "#!/bin/sh\n"}
    for key in ("agents-002", "1"):
        failures = handler.check({}, bag(payload=payload, memberVariables={key: {"slot": 1}})).failures
        assert [failure.path for failure in failures] == [
            "memberVariables.agents-002" if key != "1" else 'memberVariables["1"]'
        ]


def test_no_failure_shows_a_secret(handler: PoolHandler) -> None:
    domain = {**DOMAIN, "password": "join\npassword"}
    payload = {"template": "#cloud-config\nhostnam: {{ domain.password | yaml }}\n{{ missing }}"}
    failures = handler.check({}, bag(payload=payload, domain=domain)).failures
    assert len(failures) == 2
    assert 'password"' not in str(failures)
    assert "join\\n" not in str([str(failure) for failure in failures])
