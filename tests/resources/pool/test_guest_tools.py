"""Guest tools of a pool's members, against an embedded Prism Central whose pretend guests know certificates."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from golden import Forge
from pools import SECRET
from tools import INSTALLER, full, seen

from pulumi_ahv.prism.vms import DiscKind, Template

TOOLS = {"capabilities": ["vssSnapshot"]}


@pytest.fixture
def equipped(forge: Forge, clock: Any) -> Template:
    """A template whose disk has the guest tools on it, with the certificate of the machine it was made of."""
    site, uuid = forge.site, forge.machine("equipped-master")
    site.vms.power_on([uuid], doings=forge.doings())
    clock.advance(60)
    site.guest_tools.install(
        uuid, username="root", password=SECRET, capabilities=[], reboot="skip", doings=forge.doings()
    )
    forge.switch_off(uuid)
    made = site.templates.create(uuid, name="equipped", description="", key="equipped", doings=forge.doings())
    forge.drop("equipped-master")
    return made


@pytest.fixture
def pool(desk: Any, equipped: Template) -> Any:
    """A pool of three, whose members are to have guest tools."""
    desk.bag |= {"template": equipped.uuid, "guestTools": TOOLS, "readiness": {"when": "guestTools", "timeout": 300}}
    return desk


def test_tools_of_every_member_answer_with_a_certificate_of_its_own(pool: Any, forge: Forge) -> None:
    state = pool.up()
    assert state["failures"] == []
    for vm, tools in seen(pool, forge):
        assert (tools.installed, tools.reachable, tools.capabilities) == (True, True, ("vssSnapshot",))
        assert full(vm) == []
    assert {told["guestTools"] for told in state["members"].values()} == {"vssSnapshot"}


def test_clones_without_guest_tools_in_the_pool_stay_silent(pool: Any, forge: Forge) -> None:
    pool.up(guestTools=None, readiness=None)
    assert [tools.reachable for _, tools in seen(pool, forge)] == [False] * 3


def test_our_disc_and_that_of_the_tools_are_in_at_the_first_start(pool: Any) -> None:
    pool.up(payload={**pool.bag["payload"], "delivery": "cdrom"})
    guest = pool.guest("agents-001")
    assert sorted(disc["kind"] for disc in guest["discs"]) == ["GUEST_TOOLS", "OTHER"]
    assert guest["hostname"] == "agents-001"


def test_the_payload_can_install_the_tools_from_their_disc(pool: Any, template: Template, forge: Forge) -> None:
    state = pool.up(template=template.uuid, payload={"template": INSTALLER, "delivery": "cdrom"})
    assert state["failures"] == []
    assert [tools.reachable for _, tools in seen(pool, forge)] == [True] * 3


def test_tools_that_are_nowhere_installed_fail_the_member_with_what_to_look_for(pool: Any, template: Template) -> None:
    state = pool.up(template=template.uuid)
    assert len(state["failures"]) == 3
    assert "its guest tools are not installed" in state["failures"][0]
    assert {told["state"] for told in state["status"].values()} == {"failed"}


@pytest.mark.parametrize("when", ["power", "address"])
def test_tools_are_waited_for_whatever_counts_as_ready(pool: Any, forge: Forge, when: str) -> None:
    pool.up(readiness={"when": when})
    assert [(tools.reachable, full(vm)) for vm, tools in seen(pool, forge)] == [(True, [])] * 3


def test_a_pool_that_is_to_be_off_is_started_once_for_its_tools(pool: Any, forge: Forge) -> None:
    state = pool.up(power="off", payload=None)
    assert state["ready"] is True
    assert [(vm.power, tools.enabled, full(vm)) for vm, tools in seen(pool, forge)] == [("off", True, [])] * 3
    assert pool.guest("agents-001")["boots"] == 1
    pool.state = None
    pool.up()
    assert pool.guest("agents-001")["boots"] == 1
    pool.up(power="on")
    assert [tools.reachable for _, tools in seen(pool, forge)] == [True] * 3


def test_tools_that_were_disabled_show_and_are_enabled_again(pool: Any, forge: Forge) -> None:
    pool.up()
    asked, uuids = pool.inputs, pool.uuids()
    tools = forge.site.guest_tools
    tools.configure([uuids["agents-002"]], enabled=False, capabilities=[], doings=forge.doings())
    live = pool.refresh()["members"]["agents-002"]
    assert live == {**asked["members"]["agents-002"], "guestTools": "disabled"}
    assert pool.status["agents-002"]["reason"] == "its guest tools do not answer"
    pool.up()
    assert pool.uuids() == uuids
    assert pool.state["ready"] is True
    assert pool.inputs == asked
    assert [tools.reachable for _, tools in seen(pool, forge)] == [True] * 3


def test_other_capabilities_change_in_place(pool: Any, forge: Forge) -> None:
    pool.up()
    before = pool.uuids()
    pool.up(guestTools={"capabilities": ["selfServiceRestore", "vssSnapshot"]})
    assert "agents: change 3" in pool.said[0]
    assert pool.uuids() == before
    assert {tools.capabilities for _, tools in seen(pool, forge)} == {("selfServiceRestore", "vssSnapshot")}


def test_a_standing_pool_that_gets_guest_tools_gets_certificates(pool: Any, forge: Forge) -> None:
    pool.up(guestTools=None, readiness=None)
    before = pool.uuids()
    state = pool.up(guestTools=TOOLS)
    assert state["failures"] == []
    assert pool.uuids() == before
    assert [(tools.reachable, full(vm)) for vm, tools in seen(pool, forge)] == [(True, [])] * 3


def test_members_that_are_off_get_their_certificate_with_their_next_start(pool: Any, forge: Forge) -> None:
    pool.up(guestTools=None, readiness=None, payload=None, power="off")
    pool.up(guestTools=TOOLS)
    assert [full(vm) for vm, _ in seen(pool, forge)] == [[DiscKind.GUEST_TOOLS]] * 3
    pool.up(power="on")
    assert [(tools.reachable, full(vm)) for vm, tools in seen(pool, forge)] == [(True, [])] * 3


def test_nobody_looks_at_the_tools_of_a_pool_without_guest_tools(pool: Any, forge: Forge) -> None:
    pool.up(guestTools=None, readiness=None)
    asked = pool.inputs
    tools = forge.site.guest_tools
    tools.configure(list(pool.uuids().values()), enabled=True, capabilities=[], doings=forge.doings())
    assert pool.refresh() == asked


def test_a_refresh_with_guest_tools_is_one_list_call_still(pool: Any, prism: Any) -> None:
    pool.up()
    asked = pool.inputs
    prism.control.clear_journal()
    assert pool.refresh() == asked
    connecting = {"list_clusters", "vmm_version_info"}
    assert {name: count for name, count in prism.control.counts().items() if name not in connecting} == {"list_vms": 1}


def test_ready_by_guest_tools_needs_guest_tools(pool: Any) -> None:
    checked = pool.handler().check({}, {key: value for key, value in pool.bag.items() if key != "guestTools"})
    assert "readiness: when is 'guestTools', which needs guestTools" in str(checked.failures[0])


@pytest.mark.parametrize("answers", range(4, 110, 7))
def test_a_kill_on_the_way_to_the_tools(pool: Any, forge: Forge, answers: int) -> None:
    with suppress(pool.killed):
        pool.up(kill_after=answers, size=2)
    pool.up()
    assert pool.state["failures"] == []
    assert sorted(name for name in pool.machines() if name.startswith("a")) == ["agents-001", "agents-002"]
    assert [(tools.reachable, full(vm)) for vm, tools in seen(pool, forge)] == [(True, [])] * 2
