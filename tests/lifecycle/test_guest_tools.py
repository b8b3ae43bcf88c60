"""The life of a machine's guest tools on a whole stack, by the program of the examples."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from golden import Forge, client
from stacks import Stack

from pulumi_ahv.kernel.clock import SystemClock
from pulumi_ahv.simulator.server import Prism

EXAMPLE = Path(__file__).parents[2] / "examples" / "guest-tools-python" / "__main__.py"
SECRET = "correct-horse-battery"
KIND = "pulumi-python:dynamic/ahv:GuestTools"


@pytest.fixture
def forge(prism: Prism) -> Iterator[Forge]:
    """Whoever makes machines, and does things behind the program's back."""
    with client(prism) as site:
        yield Forge(site, SystemClock())


@pytest.fixture
def machine(forge: Forge, prism: Prism) -> str:
    """UUID of a running machine, whose guest is up by the clock of the site."""
    uuid, tools = forge.machine("desktop"), forge.site.guest_tools
    for outcomes in (tools.insert([uuid], [], doings=forge.doings()), tools.eject([uuid], doings=forge.doings())):
        assert not outcomes[uuid].error  # what is left of it is an empty drive
    assert not forge.site.vms.power_on([uuid], doings=forge.doings())[uuid].error
    prism.control.advance(60)
    return uuid


@pytest.fixture
def equipped(stack: Stack, machine: str) -> Stack:
    """The example, after its first `up`."""
    (stack.folder / "__main__.py").write_text(EXAMPLE.read_text())
    stack.config |= {"shop:vm": machine, "shop:username": "root", "shop:password": SECRET}
    ended = stack.up()
    assert ended.code == 0, ended.text
    return stack


def held(stack: Stack) -> dict[str, Any]:
    (resource,) = stack.resources(KIND)
    return resource


def test_tools_are_installed_enabled_and_answer_and_the_second_up_changes_nothing(
    equipped: Stack, machine: str
) -> None:
    state = held(equipped)
    assert state["id"] == machine
    outputs = state["outputs"]
    assert (outputs["installed"], outputs["reachable"], outputs["isoMounted"]) == (True, True, False)
    assert equipped.outputs()["version"] == outputs["availableVersion"]
    assert equipped.up("--expect-no-changes").code == 0
    assert equipped.preview("--refresh", "--expect-no-changes").code == 0


def test_neither_its_state_nor_a_line_shows_the_password(equipped: Stack) -> None:
    assert SECRET not in str(held(equipped))
    assert SECRET not in equipped.preview("--diff").text


def test_tools_that_somebody_disabled_show_as_drift_and_are_set_right(
    equipped: Stack, forge: Forge, machine: str
) -> None:
    forge.site.guest_tools.configure([machine], enabled=False, capabilities=[], doings=forge.doings())
    drift = equipped.preview("--refresh", "--expect-no-changes", "--diff")
    assert drift.code != 0
    assert "capabilities" in drift.text
    assert equipped.up("--refresh").code == 0
    tools = forge.site.guest_tools.get(machine)
    assert tools is not None
    assert (tools.enabled, tools.capabilities) == (True, ("vssSnapshot",))


def test_a_destroyed_stack_disables_the_tools_and_leaves_the_machine(
    equipped: Stack, forge: Forge, machine: str
) -> None:
    ended = equipped.destroy()
    assert ended.code == 0, ended.text
    tools = forge.site.guest_tools.get(machine)
    assert tools is not None
    assert (tools.installed, tools.enabled) == (True, False)


def test_a_machine_that_is_gone_takes_its_tools_out_of_the_state(equipped: Stack, forge: Forge, machine: str) -> None:
    forge.delete(machine)
    assert equipped.refresh().code == 0
    assert equipped.resources(KIND) == []


def test_a_machine_that_does_not_exist_is_one_line(stack: Stack, prism: Prism) -> None:
    missing = "11111111-2222-4333-8444-555555555555"
    stack.program(f'from pulumi_ahv import GuestTools\nGuestTools("tools", vm="{missing}")')
    ended = stack.up()
    assert ended.code != 0
    (line,) = ended.errors
    assert line.startswith(f"GuestTools 'tools': vm: Prism Central at {prism.url} has no machine '{missing}'.")
