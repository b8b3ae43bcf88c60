"""The examples of pools, each as a user runs it: up, up again without a change, destroy."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from golden import Forge, client
from stacks import STACK, Ended, Stack, environ_for, wait_until

from pulumi_ahv.cli.engines import Engine
from pulumi_ahv.kernel.clock import SystemClock
from pulumi_ahv.simulator.server import Prism

EXAMPLES = Path(__file__).parents[2] / "examples"
PASSWORD = "correct-horse-battery"


@pytest.fixture
def forge(prism: Prism) -> Iterator[Forge]:
    """Whoever makes the templates that the examples clone. Guests boot in a second of the site's time."""
    prism.control.latency("guest.boot", 1)
    with client(prism) as site:
        yield Forge(site, SystemClock())


@pytest.fixture
def example(engine: Engine, prism: Prism, tmp_path: Path) -> Callable[[str], Stack]:
    """Copies an example to a desk of its own."""

    def copied(name: str) -> Stack:
        made = Stack(engine, tmp_path / name, environ_for(prism, tmp_path))
        shutil.copytree(EXAMPLES / name, made.folder)
        if engine.prepare:
            command = [*engine.command, *engine.prepare]
            subprocess.run(command, cwd=made.folder, env=made.environ, capture_output=True, check=True)
        return made

    return copied


def equipped(forge: Forge, prism: Prism) -> str:
    """A template whose disk has guest tools on it."""
    site, uuid = forge.site, forge.machine("equipped-master")
    site.vms.power_on([uuid], doings=forge.doings())
    wait_until(lambda: prism.control.guest(uuid)["state"] == "running")
    site.guest_tools.install(
        uuid, username="admin", password=PASSWORD, capabilities=[], reboot="skip", doings=forge.doings()
    )
    forge.switch_off(uuid)
    made = site.templates.create(uuid, name="equipped", description="", key="equipped", doings=forge.doings())
    forge.drop("equipped-master")
    return made.uuid


def configure(stack: Stack, plain: dict[str, str], secret: dict[str, str]) -> tuple[str, ...]:
    """Set what the example asks for; answers the words that the embedded engine wants at each run instead."""
    stack.config = plain
    if not stack.engine.prepare:
        return tuple(word for key, value in secret.items() for word in ("--secret-config", f"{key}={value}"))
    for key, value in secret.items():
        command = [*stack.engine.command, "config", "set", "--secret", key, value, "--stack", STACK]
        subprocess.run(command, cwd=stack.folder, env=stack.environ, capture_output=True, check=True)
    return ()


def lives(stack: Stack, words: tuple[str, ...]) -> dict[str, Any]:
    """Bring it up twice; answers the outputs."""
    good(stack.up(*words))
    again = good(stack.up(*words, "--expect-no-changes"))
    assert PASSWORD not in again.text
    assert PASSWORD not in str(stack.state())
    return stack.outputs()


def good(ended: Ended) -> Ended:
    assert ended.code == 0, ended.text
    return ended


def guests(prism: Prism) -> dict[str, dict[str, Any]]:
    return {vm["name"]: prism.control.guest(vm["extId"]) for vm in prism.control.entities("vms")}


def test_linux_agents_are_set_up_by_cloud_init(example: Any, prism: Prism, forge: Forge) -> None:
    stack = example("pool-linux-python")
    plain = {"template": forge.template().uuid, "size": "2", "cluster": "berlin", "discSeconds": "2"}
    outputs = lives(stack, configure(stack, plain, {"registrationToken": PASSWORD}))
    assert outputs["ready"] is True
    found = guests(prism)
    assert sorted(outputs["addresses"]) == sorted(found) == ["agent-001", "agent-002"]
    for name, guest in found.items():
        assert (guest["hostname"], guest["problems"]) == (name, [])
        assert guest["applied"]["files"]["/etc/agent/token"] == PASSWORD
    assert '"release"' in found["agent-001"]["applied"]["files"]["/etc/agent/settings.json"]
    good(stack.destroy())
    assert guests(prism) == {}


def test_windows_desktops_join_their_domain(example: Any, prism: Prism, forge: Forge) -> None:
    stack = example("pool-windows-python")
    plain = {
        "template": equipped(forge, prism),
        "size": "2",
        "cluster": "berlin",
        "network": "berlin-managed",
        "discSeconds": "2",
        "domain": "corp.example",
        "joinAccount": "svc-join",
    }
    secret = {"joinPassword": PASSWORD, "administratorPassword": f"{PASSWORD}-too"}
    outputs = lives(stack, configure(stack, plain, secret))
    assert outputs["ready"] is True
    found = guests(prism)
    assert sorted(outputs["addresses"]) == sorted(found) == ["BER-DESK-001", "BER-DESK-002"]
    for name, guest in found.items():
        assert (guest["os"], guest["hostname"], guest["domain"]) == ("windows", name, "corp.example")
        assert guest["applied"]["organizationalUnit"] == "OU=Desktops,DC=corp,DC=example"
        assert guest["problems"] == []
    good(stack.destroy())
    assert guests(prism) == {}
