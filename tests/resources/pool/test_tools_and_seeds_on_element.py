"""Guest tools and full clones of a pool on a Prism Element, which installs nothing in guests and has no batches."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from golden import Forge
from tools import INSTALLER, full, seen

from pulumi_ahv.kernel.clock import ManualClock
from pulumi_ahv.simulator.server import Prism, running

NAMES = ["agents-001", "agents-002", "agents-003"]


@pytest.fixture
def prism(clock: ManualClock) -> Iterator[Prism]:
    """A Prism Element of this process."""
    with running(clock=clock, product="element") as site:
        yield site


@pytest.fixture
def pool(desk: Any) -> Any:
    """A pool of three, whose payload installs the guest tools from their disc."""
    desk.bag |= {
        "payload": {"template": INSTALLER, "delivery": "cdrom"},
        "guestTools": {"capabilities": ["vssSnapshot"]},
        "readiness": {"when": "guestTools", "timeout": 300},
    }
    return desk


def members(desk: Any) -> list[str]:
    """Names of all machines but the one that the template is."""
    return [name for name in desk.machines() if name != "golden"]


def test_the_payload_installs_the_tools_and_every_member_gets_a_certificate(pool: Any, forge: Forge) -> None:
    state = pool.up()
    assert state["failures"] == []
    assert [(tools.reachable, tools.capabilities, full(vm)) for vm, tools in seen(pool, forge)] == [
        (True, ("vssSnapshot",), [])
    ] * 3


def test_tools_that_were_disabled_show_and_are_enabled_again(pool: Any, forge: Forge) -> None:
    pool.up()
    asked, uuids = pool.inputs, pool.uuids()
    tools = forge.site.guest_tools
    tools.configure([uuids["agents-002"]], enabled=False, capabilities=[], doings=forge.doings())
    assert pool.refresh()["members"]["agents-002"]["guestTools"] == "disabled"
    pool.up()
    assert (pool.uuids(), pool.inputs, pool.state["ready"]) == (uuids, asked, True)


def test_a_refresh_asks_for_the_tools_of_all_members_with_one_call(pool: Any, prism: Prism) -> None:
    pool.up(size=5)
    asked = pool.inputs
    prism.control.clear_journal()
    assert pool.refresh() == asked
    counts = prism.control.counts()
    assert counts["v1_list_guest_tools"] == 1
    assert "v1_get_guest_tools" not in counts


@pytest.mark.parametrize("answers", range(4, 70, 9))
def test_a_kill_on_the_way_to_the_tools(pool: Any, forge: Forge, answers: int) -> None:
    with suppress(pool.killed):
        pool.up(kill_after=answers, size=2)
    pool.up()
    assert pool.state["failures"] == []
    assert members(pool) == NAMES[:2]
    assert [(tools.reachable, full(vm)) for vm, tools in seen(pool, forge)] == [(True, [])] * 2


def test_full_members_are_clones_of_a_seed_that_is_gone_afterwards(desk: Any, prism: Prism) -> None:
    state = desk.up(provisioning="full")
    assert state["failures"] == []
    assert members(desk) == NAMES
    assert desk.up(size=4)["failures"] == []
    assert members(desk) == [*NAMES, "agents-004"]
    desk.up(size=1)
    assert desk.up(size=2)["failures"] == []
    assert members(desk) == NAMES[:2]


@pytest.mark.parametrize("answers", range(3, 60, 8))
def test_after_a_kill_the_next_run_ends_with_the_pool_and_no_seed(desk: Any, answers: int) -> None:
    with suppress(desk.killed):
        desk.up(kill_after=answers, size=2, provisioning="full")
    desk.up()
    assert desk.state["failures"] == []
    assert members(desk) == NAMES[:2]
