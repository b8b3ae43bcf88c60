"""Members that fail: the rest stands, state says why, and the next run repairs only those."""

from __future__ import annotations

from typing import Any

import pytest
from golden import Forge

from pulumi_ahv.kernel.errors import AhvError
from pulumi_ahv.prism.vms import Template
from pulumi_ahv.resources.pool.gate import PoolGateHandler

BAD = ("agents-002", "agents-005", "agents-009")
GOOD = {f"agents-{number:03}" for number in range(1, 11)} - {*BAD}


def bad_ones(desk: Any) -> dict[str, Any]:
    return {name: told for name, told in desk.status.items() if told["state"] != "ready"}


def repaired(desk: Any, prism: Any) -> dict[str, int]:
    """Run again without faults; answers the calls by kind."""
    good = {name: uuid for name, uuid in desk.uuids().items() if name not in BAD}
    prism.control.clear_faults()
    prism.control.clear_guest_rules()
    prism.control.clear_journal()
    desk.up()
    assert desk.state["ready"] is True, desk.state["failures"]
    assert {name: uuid for name, uuid in desk.uuids().items() if name not in BAD} == good
    assert desk.machines() == sorted(GOOD | {*BAD})
    assert desk.images() == []
    return prism.control.counts()  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("operation", "step"),
    [
        ("kVmTemplateDeployVm", "cloning the template"),
        ("kImageCreate", "making its disc"),
    ],
)
def test_three_of_ten_fail_and_only_those_are_repaired(desk: Any, prism: Any, operation: str, step: str) -> None:
    prism.control.fault(
        "task-failure", operation=operation, count=3, skip=2, code="VMM-77", message="No host has room."
    )
    desk.up(size=10)
    bad = bad_ones(desk)
    assert len(bad) == 3, desk.state["failures"]
    for told in bad.values():
        assert step in told["reason"]
        assert operation != "kImageCreate" or "No host has room. (VMM-77)" in told["reason"]
    assert desk.state["ready"] is False
    assert len(desk.state["failures"]) == 3
    before = {name: uuid for name, uuid in desk.uuids().items() if name not in bad}
    prism.control.clear_faults()
    prism.control.clear_journal()
    desk.up()
    assert desk.state["ready"] is True, desk.state["failures"]
    assert {name: uuid for name, uuid in desk.uuids().items() if name not in bad} == before
    assert desk.machines() == [f"agents-{number:03}" for number in range(1, 11)]
    assert desk.images() == []
    assert prism.control.counts()["create_cd_rom"] == 3
    assert all(desk.guest(name)["hostname"] == name for name in desk.status)


def test_guests_that_hang_are_replaced_by_the_next_run(desk: Any, prism: Any) -> None:
    for name in BAD:
        prism.control.guest_rule(name, hangs=True)
    desk.up(size=10, networks=["berlin-dhcp"], readiness={"timeout": 60})
    bad = bad_ones(desk)
    assert set(bad) == {*BAD}
    assert {told["state"] for told in bad.values()} == {"failed"}
    assert "waiting for it: it is not ready after 60 s: it is on, with no address" in bad["agents-002"]["reason"]
    counts = repaired(desk, prism)
    assert counts["create_image"] == 3
    assert counts.get("shutdown_vm", 0) == 0, "a guest that never came up is not asked"


def test_a_member_that_came_up_late_is_taken_as_it_is(desk: Any, prism: Any, clock: Any) -> None:
    prism.control.guest_rule("agents-002", bootSeconds=300)
    desk.up(networks=["berlin-dhcp"], readiness={"timeout": 60})
    late = desk.uuids()["agents-002"]
    assert desk.status["agents-002"]["state"] == "failed"
    clock.advance(600)
    desk.up()
    assert desk.state["ready"] is True
    assert desk.uuids()["agents-002"] == late
    assert desk.guest("agents-002")["hostname"] == "agents-002"


def test_a_pool_of_which_nothing_can_be_made_fails_and_leaves_nothing(desk: Any, prism: Any) -> None:
    prism.control.fault("task-failure", operation="kVmTemplateDeployVm", code="VMM-77", message="No host has room.")
    with pytest.raises(
        AhvError, match=r"none of its 3 members could be made: agents-001: missing: cloning the template"
    ):
        desk.up()
    assert desk.machines() == []
    assert desk.images() == []


def test_the_gate_fails_the_run_with_one_line_for_each_member(desk: Any, prism: Any) -> None:
    prism.control.fault("task-failure", operation="kVmPowerOn", count=2, code="VMM-77", message="No host has room.")
    desk.up()
    gate = PoolGateHandler(desk.handler()._context)
    told = {"pool": desk.pool_id, "name": "agents", "ready": desk.state["ready"], "failures": desk.state["failures"]}
    with pytest.raises(AhvError) as raised:
        gate.create(gate.check({}, told).inputs)
    lines = str(raised.value).splitlines()
    assert lines[0] == "Pool 'agents' is not ready: 2 to repair: "
    assert [line.split(":")[0].strip() for line in lines[1:3]] == list(bad_ones(desk))
    assert "The next `up` repairs only these." in lines[-1]
    assert gate.create({**told, "ready": True}).id == f"gate-{desk.pool_id}"


def test_a_rollout_that_fails_stops_and_goes_on_with_the_next_run(
    desk: Any, prism: Any, forge: Forge, template: Template
) -> None:
    desk.up(size=4)
    before = desk.uuids()
    forge.version(template.uuid, "two")
    prism.control.fault("task-failure", operation="kVmTemplateDeployVm", count=1, message="No host has room.")
    desk.up()
    kept = {name for name, uuid in desk.uuids().items() if uuid == before[name]}
    assert kept == {"agents-003", "agents-004"}, "the second batch was not begun"
    assert "1 of 4 members failed, more than maxFailed allows; 2 more members wait" in desk.state["failures"][-1]
    prism.control.clear_faults()
    desk.up()
    assert desk.state["ready"] is True
    assert {member["templateVersion"] for member in desk.state["members"].values()} == {
        desk.inputs["members"]["agents-001"]["templateVersion"]
    }


def test_a_rollout_that_fails_is_taken_back_on_demand(desk: Any, prism: Any, forge: Forge, template: Template) -> None:
    desk.up(size=4, rollout={"batchSize": 2, "maxUnavailable": 2, "onFailure": "rollBack"})
    old = desk.inputs["members"]["agents-001"]["templateVersion"]
    forge.version(template.uuid, "two")
    prism.control.fault("task-failure", operation="kVmTemplateDeployVm", count=1, message="No host has room.")
    desk.up()
    assert desk.state["ready"] is False
    assert "the rollout was taken back" in desk.state["failures"][-1]
    assert desk.handler().needs_repair(desk.state, desk.inputs)
    live = desk.refresh()["members"]
    assert [member["templateVersion"] for member in live.values()] == [old] * 4


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        ("deploy_template", "drop-before"),
        ("deploy_template", "drop-after-commit"),
        ("create_image", "drop-after-commit"),
        ("create_cd_rom", "drop-after-commit"),
    ],
)
def test_a_dropped_connection_is_tried_again_and_makes_nothing_twice(
    desk: Any, prism: Any, operation: str, kind: str
) -> None:
    prism.control.fault(kind, operation=operation, count=1)
    assert desk.up()["ready"] is True
    assert desk.machines() == ["agents-001", "agents-002", "agents-003"]
    assert desk.images() == []


def test_no_error_tells_a_secret(desk: Any, prism: Any) -> None:
    text = desk.bag["payload"]["template"] + "runcmd: [{{ token }}, {{ tokn }}]\n"
    checked = desk.handler().check({}, {**desk.bag, "payload": {**desk.bag["payload"], "template": text}})
    (failure,) = checked.failures
    assert "tokn" in str(failure)
    assert "correct-horse" not in str(failure)


def test_a_create_that_is_broken_off_keeps_what_stands(desk: Any, prism: Any) -> None:
    prism.control.fault("error", operation="power_on_vm", status=403, count=3)
    prism.control.fault("error", operation="list_vms", status=403, skip=8, count=1, message="You may not.")
    desk.up()
    assert desk.state["ready"] is False
    assert "You may not." in desk.state["failures"][-1]
    before = desk.uuids()
    prism.control.clear_faults()
    desk.up()
    assert desk.state["ready"] is True
    assert desk.uuids() == before
