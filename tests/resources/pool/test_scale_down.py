"""Who goes when a pool shrinks: decided by check, shown by the preview, and the same after a refresh or a lost state."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_ahv.resources.pool.marks import read_line


@pytest.fixture
def grown(desk: Any) -> Any:
    """A pool that grew twice; its middle slot was filled last."""
    desk.bag |= {"payload": None}
    desk.up(size=3)
    desk.up(size=2, removeFirst=["agents-002"])
    desk.up(size=4, removeFirst=None)
    return desk


def ages(desk: Any) -> dict[str, int]:
    return {name: member["born"] for name, member in desk.inputs["members"].items()}


def test_the_age_of_a_slot_is_the_growth_that_filled_it(grown: Any, prism: Any) -> None:
    assert ages(grown) == {"agents-001": 1, "agents-002": 2, "agents-003": 1, "agents-004": 2}
    told = {vm["name"]: read_line(vm["description"]) for vm in prism.control.entities("vms")}
    assert {name: line.born for name, line in told.items() if line} == ages(grown)


@pytest.mark.parametrize(
    ("policy", "kept"),
    [
        ("highestSlot", ["agents-001", "agents-002"]),
        ("oldest", ["agents-002", "agents-004"]),
        ("newest", ["agents-001", "agents-003"]),
    ],
)
def test_those_go_that_the_policy_names_and_no_other_is_touched(grown: Any, policy: str, kept: list[str]) -> None:
    before = grown.uuids()
    grown.up(size=2, scaleDown=policy)
    assert grown.said[0].startswith("agents: remove 2: ")
    assert grown.machines() == kept
    assert grown.uuids() == {name: before[name] for name in kept}


def test_named_members_go_before_those_of_the_policy(grown: Any) -> None:
    grown.up(size=2, scaleDown="oldest", removeFirst=["agents-004"])
    assert grown.machines() == ["agents-001", "agents-002"]


def test_of_the_same_age_the_highest_slot_goes(grown: Any) -> None:
    grown.up(size=3, scaleDown="newest")
    assert grown.machines() == ["agents-001", "agents-002", "agents-003"]


def test_a_refresh_tells_the_same_ages(grown: Any) -> None:
    asked = grown.inputs
    assert grown.refresh() == asked


def test_a_state_that_was_lost_finds_the_ages_again(grown: Any) -> None:
    before = ages(grown)
    grown.inputs, grown.state = {}, None
    grown.up()
    grown.refresh()
    assert ages(grown) == before
    grown.up(size=2, scaleDown="oldest")
    assert grown.machines() == ["agents-002", "agents-004"]


def test_a_member_that_is_made_anew_keeps_the_age_of_its_slot(grown: Any, forge: Any, template: Any) -> None:
    before = ages(grown)
    forge.version(template.uuid, "two")
    grown.up()
    assert grown.refresh() == grown.inputs
    assert ages(grown) == before


def test_another_policy_alone_changes_nothing_in_prism(grown: Any, prism: Any) -> None:
    prism.control.clear_journal()
    grown.up(scaleDown="oldest")
    assert {entry["method"] for entry in prism.control.journal()} <= {"GET", "OPTIONS"}
