"""The life of a pool against an embedded Prism Central, without an engine."""

from __future__ import annotations

import json
from typing import Any

import pytest
from golden import Forge

from pulumi_ahv.kernel.errors import AhvError
from pulumi_ahv.prism.vms import Template
from pulumi_ahv.resources.mark import Mark
from pulumi_ahv.resources.pool.marks import read_line

SECRET = "correct-horse-battery"
ANSWERS = """<?xml version="1.0" encoding="utf-8"?>
<unattend xmlns="urn:schemas-microsoft-com:unattend">
  <settings pass="specialize">
    <component name="Microsoft-Windows-Shell-Setup" processorArchitecture="amd64"
      publicKeyToken="31bf3856ad364e35" language="neutral" versionScope="nonSxS">
      <ComputerName>{{ name }}</ComputerName>
      <RegisteredOwner>{{ owner }}</RegisteredOwner>
    </component>
  </settings>
</unattend>
"""


def test_members_are_made_as_the_pool_says(desk: Any, prism: Any) -> None:
    state = desk.up(vcpus=2, memory=2048, networks=["berlin-managed"], categories=["Environment:Testing"])
    assert state["ready"] is True
    assert desk.machines() == ["agents-001", "agents-002", "agents-003"]
    for vm in prism.control.entities("vms"):
        assert vm["powerState"] == "ON"
        assert vm["numSockets"] * vm["numCoresPerSocket"] == 2
        assert vm["memorySizeBytes"] == 2 << 30
        assert len(vm["categories"]) == 1


def test_every_member_carries_the_mark_of_its_owner_and_slot(desk: Any, prism: Any, template: Template) -> None:
    desk.up()
    for vm in prism.control.entities("vms"):
        mark, line = Mark.read(vm["description"]), read_line(vm["description"])
        assert mark is not None
        assert line is not None
        assert (mark.owner, mark.kind) == ("shop/prod/agents", "pool-member")
        assert vm["name"] == f"agents-{line.slot + 1:03}"
        assert line.version == template.versions[0].uuid
        assert line.payload == desk.state["members"][vm["name"]]["payloadDigest"]


@pytest.mark.parametrize("layout", ["configDrive", "noCloud"])
def test_each_guest_finds_on_its_disc_what_was_rendered_for_it(desk: Any, layout: str) -> None:
    desk.up(payload={**desk.bag["payload"], "layout": layout})
    for slot, name in enumerate(("agents-001", "agents-002", "agents-003")):
        guest = desk.guest(name)
        assert guest["problems"] == []
        assert guest["hostname"] == name
        assert guest["applied"]["instanceId"] == desk.uuids()[name]
        assert guest["applied"]["files"] == {"/etc/member": f"{name} in slot {slot} knows {SECRET}"}


def test_no_disc_and_no_image_of_one_is_left(desk: Any, prism: Any) -> None:
    desk.up()
    assert desk.images() == []
    for vm in prism.control.entities("vms"):
        assert [drive for drive in vm.get("cdRoms", ()) if "backingInfo" in drive] == []
    assert prism.control.about()["entities"].get("objects", 0) == 0


def test_a_payload_without_a_secret_goes_by_prisms_own_customisation(desk: Any, prism: Any) -> None:
    text = "#cloud-config\nhostname: {{ name }}\n"
    desk.up(payload={"template": text})
    assert desk.guest("agents-002")["hostname"] == "agents-002"
    assert [disc["kind"] for disc in desk.guest("agents-002")["discs"]] == ["GUEST_CUSTOMIZATION"]
    assert "insert_cd_rom_by_id" not in prism.control.counts()
    assert "create_cd_rom" not in prism.control.counts()


def test_windows_members_find_their_answer_file(desk: Any) -> None:
    desk.up(size=1, payload={"kind": "unattend", "template": ANSWERS, "secrets": {"owner": SECRET}})
    guest = desk.guest("agents-001")
    assert (guest["os"], guest["hostname"], guest["problems"]) == ("windows", "agents-001", [])


def test_a_pool_without_a_payload_is_cloned_and_switched_on(desk: Any) -> None:
    state = desk.up(payload=None)
    assert state["ready"] is True
    assert {told["state"] for told in desk.status.values()} == {"ready"}


def test_a_pool_that_is_to_be_off_is_started_once_for_its_payload(desk: Any, prism: Any) -> None:
    state = desk.up(power="off")
    assert state["ready"] is True
    assert {vm["powerState"] for vm in prism.control.entities("vms")} == {"OFF"}
    assert desk.guest("agents-001")["boots"] == 1
    assert desk.guest("agents-001")["hostname"] == "agents-001"
    desk.up(power="on")
    assert {vm["powerState"] for vm in prism.control.entities("vms")} == {"ON"}


def test_a_payload_that_ends_in_power_off_is_waited_for(desk: Any, prism: Any) -> None:
    text = desk.bag["payload"]["template"] + "power_state:\n  mode: poweroff\n"
    state = desk.up(payload={**desk.bag["payload"], "template": text}, readiness={"when": "payload"})
    assert state["failures"] == []
    assert desk.guest("agents-001")["boots"] == 2
    assert {vm["powerState"] for vm in prism.control.entities("vms")} == {"ON"}


def test_the_second_up_changes_nothing(desk: Any, prism: Any) -> None:
    desk.up()
    prism.control.clear_journal()
    desk.up()
    desk.refresh()
    desk.up()
    assert {entry["method"] for entry in prism.control.journal()} <= {"GET", "OPTIONS"}


def test_a_refresh_is_one_list_call(desk: Any, prism: Any) -> None:
    desk.up()
    asked = desk.inputs
    prism.control.clear_journal()
    assert desk.refresh() == asked
    connecting = {"list_clusters", "vmm_version_info"}
    assert {name: count for name, count in prism.control.counts().items() if name not in connecting} == {"list_vms": 1}


def test_growing_makes_the_new_slots_only(desk: Any) -> None:
    desk.up()
    before = desk.uuids()
    desk.up(size=5)
    assert desk.machines() == [f"agents-{number:03}" for number in range(1, 6)]
    assert {name: uuid for name, uuid in desk.uuids().items() if name in before} == before


def test_shrinking_takes_the_surplus_slots_only(desk: Any) -> None:
    desk.up()
    before = desk.uuids()
    desk.up(size=2)
    assert desk.uuids() == {name: before[name] for name in ("agents-001", "agents-002")}
    assert desk.machines() == ["agents-001", "agents-002"]


def test_named_members_go_first_and_the_others_stay_where_they_are(desk: Any) -> None:
    desk.up()
    desk.up(size=2, removeFirst=["agents-001"])
    assert desk.machines() == ["agents-002", "agents-003"]
    desk.up(size=3)
    assert desk.machines() == ["agents-001", "agents-002", "agents-003"]


def test_a_new_template_version_is_rolled_in_batches(desk: Any, forge: Forge, template: Template) -> None:
    desk.up()
    before = desk.uuids()
    forge.version(template.uuid, "two")
    state = desk.up()
    assert "agents: recreate 3 in 2 batches" in desk.said[0]
    assert state["ready"] is True
    assert not set(before.values()) & set(desk.uuids().values())
    assert desk.machines() == ["agents-001", "agents-002", "agents-003"]
    cloned = [line for line in desk.said if "cloning" in line]
    assert cloned == ["agents: cloning agents-001, agents-002", "agents: cloning agents-003"]


def test_a_surge_makes_the_new_member_before_the_old_one_goes(desk: Any, forge: Forge, template: Template) -> None:
    desk.up(size=2, rollout={"maxUnavailable": 0, "maxSurge": 1})
    forge.version(template.uuid, "two")
    desk.up()
    deeds = [line.split()[1] for line in desk.said if line.split()[1] in ("cloning", "removing")]
    assert deeds == ["cloning", "removing", "cloning", "removing"]
    assert desk.machines() == ["agents-001", "agents-002"]


def test_a_new_secret_is_rolled_out_and_stands_in_no_digest(desk: Any) -> None:
    desk.up()
    desk.up(payload={**desk.bag["payload"], "secrets": {"token": "another-secret-word"}})
    assert desk.guest("agents-003")["applied"]["files"] == {
        "/etc/member": "agents-003 in slot 2 knows another-secret-word"
    }
    shown = json.dumps({name: value for name, value in desk.state.items() if name != "payload"})
    assert "another-secret-word" not in shown + "".join(desk.said)


@pytest.mark.parametrize("policy", ["nextRecreate", "ignore"])
def test_a_new_payload_waits_where_the_pool_says_so(desk: Any, policy: str) -> None:
    desk.up(onPayloadChange=policy)
    before = desk.uuids()
    desk.up(payload={**desk.bag["payload"], "secrets": {"token": "another-secret-word"}})
    assert desk.uuids() == before
    desk.refresh()
    desk.up()
    assert desk.uuids() == before
    desk.up(size=4)
    assert "another-secret-word" in desk.guest("agents-004")["applied"]["files"]["/etc/member"]


def test_a_member_that_was_switched_off_shows_and_is_repaired(desk: Any, forge: Forge) -> None:
    desk.up()
    asked, before = desk.inputs, desk.uuids()
    forge.switch_off(before["agents-002"])
    assert desk.refresh()["members"] == {
        **asked["members"],
        "agents-002": {**asked["members"]["agents-002"], "power": "off"},
    }
    assert desk.state["ready"] is False
    desk.up()
    assert "agents: change 1: agents-002 (power off → on)" in desk.said[0]
    assert desk.uuids() == before
    assert desk.state["ready"] is True


def test_a_member_that_was_deleted_shows_and_is_made_anew(desk: Any, forge: Forge) -> None:
    desk.up()
    before = desk.uuids()
    forge.delete(before["agents-002"])
    assert set(desk.refresh()["members"]) == {"agents-001", "agents-003"}
    desk.up()
    after = desk.uuids()
    assert {name for name in after if after[name] == before[name]} == {"agents-001", "agents-003"}
    assert desk.machines() == ["agents-001", "agents-002", "agents-003"]


def test_a_member_that_was_renamed_gets_its_name_back(desk: Any, forge: Forge) -> None:
    desk.up()
    before = desk.uuids()
    forge.rename(before["agents-002"], "mine")
    assert set(desk.refresh()["members"]) == {"agents-001", "mine", "agents-003"}
    desk.up()
    assert desk.uuids() == before
    assert desk.machines() == ["agents-001", "agents-002", "agents-003"]


def test_more_memory_restarts_members_one_batch_after_the_other(desk: Any, prism: Any) -> None:
    desk.up(memory=1024)
    before = desk.uuids()
    desk.up(memory=2048)
    assert desk.uuids() == before
    assert {vm["memorySizeBytes"] for vm in prism.control.entities("vms")} == {2 << 30}
    assert desk.guest("agents-001")["boots"] == 2
    assert len([line for line in desk.said if line.startswith("agents: changing")]) == 2


def test_static_addresses_are_those_of_the_slots(desk: Any) -> None:
    addresses = ["10.42.7.1", "10.42.7.2", "10.42.7.3"]
    desk.up(networks=["berlin-managed"], addresses=addresses)
    assert [told["addresses"] for told in desk.status.values()] == [[address] for address in addresses]


def test_a_pool_goes_with_its_members(desk: Any) -> None:
    desk.up()
    desk.destroy()
    assert desk.machines() == []
    desk.destroy()


def test_guests_are_asked_before_they_are_switched_off(desk: Any, prism: Any) -> None:
    desk.up()
    prism.control.guest_rule("agents-002", ignoresShutdown=True)
    prism.control.clear_journal()
    desk.destroy()
    counts = prism.control.counts()
    assert counts["shutdown_vm"] == 3
    assert counts["power_off_vm"] == 1


def test_members_are_kept_on_demand(desk: Any) -> None:
    desk.up(onDelete="keep")
    desk.destroy()
    assert desk.machines() == ["agents-001", "agents-002", "agents-003"]


def test_a_stranger_with_a_members_name_is_an_error_that_names_it(desk: Any, forge: Forge) -> None:
    stranger = forge.machine("agents-002")
    with pytest.raises(AhvError, match=rf"already have names of its members: agents-002 \({stranger}\)"):
        desk.up()
    assert desk.machines() == ["agents-002"]


def test_two_pools_of_one_template_do_not_touch_each_other(desk: Any) -> None:
    desk.up()
    first = desk.uuids()
    desk.inputs, desk.state = {}, None
    desk.up(name="runners", owner="shop/prod/runners")
    desk.destroy()
    assert desk.machines() == ["agents-001", "agents-002", "agents-003"]
    assert set(first.values()).isdisjoint(desk.uuids().values())
