"""kill -9 of real processes while a pool is worked on: `up` ends with exactly the pool, `destroy` with nothing.

Every request of these deeds is cut off in ``tests/resources/pool/test_kills.py``; here it is a few moments, with a
provider and an engine that really die.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from golden import Forge, client
from pools import SECRET
from stacks import Stack, kill_group, provider_pids, wait_until

from pulumi_ahv.kernel.clock import SystemClock
from pulumi_ahv.simulator.server import Prism

USER_DATA = """#cloud-config
hostname: {{ name }}
write_files: [{path: /etc/member, content: "{{ name }} knows {{ token }}"}]
"""
PROGRAM = """
from pulumi_ahv import Pool
Pool(
    "agents",
    template="%s",
    size=3,
    cluster="berlin",
    payload={"template_file": "user-data.yaml", "secrets": {"token": "%s"}, "disc_seconds": 2},
    rollout={"batch_size": 3, "max_unavailable": 3},
    shutdown_timeout=10,
)
"""
# What the request is about before which the process dies, by something in its path or body.
BEFORE = ["$actions/deploy", "pool-member", "vmm-images", "pool-disc", "cd-rom", "power-on", "eject"]
# Tasks of Prism that go on while the process is dead.
DURING = ["template.deploy-vm", "image.create", "vm.power-on"]
MOMENTS = [*(("before", text) for text in BEFORE), *(("during", task) for task in DURING)]
USUAL = {("provider", "vmm-images"), ("engine", "template.deploy-vm")}
POOL = "pulumi-python:dynamic/ahv:Pool"


@pytest.fixture
def forge(prism: Prism) -> Iterator[Forge]:
    with client(prism) as site:
        yield Forge(site, SystemClock())


@pytest.fixture
def template(forge: Forge) -> str:
    return forge.template().uuid


@pytest.fixture
def declared(stack: Stack, template: str) -> Stack:
    """A program with a pool of three."""
    (stack.folder / "user-data.yaml").write_text(USER_DATA)
    stack.program(PROGRAM % (template, SECRET))
    return stack


def moments() -> list[Any]:
    """Every moment with either victim; a few are tried each time."""
    return [
        pytest.param(
            victim,
            *moment,
            id="-".join((victim, *moment)),
            marks=() if (victim, moment[1]) in USUAL else pytest.mark.slow,
        )
        for victim in ("provider", "engine")
        for moment in MOMENTS
    ]


def kill(stack: Stack, prism: Prism, victim: str, how: str, what: str) -> None:
    """Run `up`, kill the victim at the moment, and let Prism end what it has begun."""
    if how == "before":
        prism.control.fault("stall", entity=what, count=1)
        running = stack.start("up", "--yes", "--skip-preview")
        wait_until(lambda: prism.control.faults()[0]["hits"] > 0, 90)
    else:
        prism.control.latency(what, 5000)
        running = stack.start("up", "--yes", "--skip-preview")
        wait_until(lambda: any(is_under_way(task, what) for task in prism.control.entities("tasks")), 90)
    if victim == "provider":
        for pid in provider_pids(stack):
            os.kill(pid, signal.SIGKILL)
        text, _ = running.communicate(timeout=60)
        assert running.returncode == 1, text
    else:
        kill_group(running)
        wait_until(lambda: provider_pids(stack) == [])
    prism.control.clear_faults()
    stack.unlock()
    if how == "during":
        prism.control.latency(what, 0.1)
        prism.control.advance(5000)


def is_under_way(task: dict[str, Any], kind: str) -> bool:
    names = {
        "template.deploy-vm": "kVmTemplateDeployVm",
        "image.create": "kImageCreate",
        "vm.power-on": "kVmPowerOn",
    }
    return task["operation"] == names[kind] and task["status"] == "RUNNING"


def nothing_but(prism: Prism, machines: list[str]) -> None:
    """Exactly these machines are there, and nothing that was needed to make them."""
    assert sorted(vm["name"] for vm in prism.control.entities("vms")) == machines
    held = prism.control.about()["entities"]
    assert not any(held.get(kind, 0) for kind in ("images", "objects", "uploads"))


@pytest.mark.parametrize(("victim", "how", "what"), moments())
def test_a_kill_while_a_pool_is_made_ends_with_exactly_the_pool(
    declared: Stack, prism: Prism, victim: str, how: str, what: str
) -> None:
    kill(declared, prism, victim, how, what)
    ended = declared.up()
    assert ended.code == 0, ended.text
    names = ["agents-001", "agents-002", "agents-003"]
    nothing_but(prism, names)
    (pool,) = declared.resources(POOL)
    assert sorted(pool["outputs"]["status"]) == names
    for name, told in pool["outputs"]["status"].items():
        guest = prism.control.guest(told["uuid"])
        assert (guest["hostname"], guest["applied"]["files"]) == (name, {"/etc/member": f"{name} knows {SECRET}"})
    ended = declared.destroy()
    assert ended.code == 0, ended.text
    nothing_but(prism, [])


@pytest.mark.parametrize(("victim", "how", "what"), moments())
def test_a_kill_while_a_pool_is_rolled_leaves_nothing_that_a_destroy_does_not_take(
    declared: Stack, prism: Prism, forge: Forge, template: str, victim: str, how: str, what: str
) -> None:
    ended = declared.up()
    assert ended.code == 0, ended.text
    forge.version(template, "two")
    kill(declared, prism, victim, how, what)
    ended = declared.destroy()
    assert ended.code == 0, ended.text
    nothing_but(prism, [])
