"""The life of a pool on a whole stack: program, engine, provider process, HTTPS, Prism."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from golden import Forge, client
from stacks import Stack

from pulumi_ahv.kernel.clock import SystemClock
from pulumi_ahv.simulator.server import Prism

SECRET = "correct-horse-battery"
USER_DATA = """#cloud-config
hostname: {{ name }}
users:
  - name: {{ my_user }}
    passwd: {{ my_secret }}
"""
PROGRAM = """
from pulumi_ahv import Pool
pool = Pool(
    "agents",
    template="{template}",
    size={size},
    cluster="berlin",
    payload={{
        "template_file": "user-data.yaml",
        "variables": {{"my_user": "bob"}},
        "secrets": {{"my_secret": "{secret}"}},
        "disc_seconds": 2,
    }},
    rollout={{"batch_size": 2, "max_unavailable": 2}},
    shutdown_timeout=10,
    {more}
)
pulumi.export("ready", pool.ready)
pulumi.export("addresses", pool.member_addresses)
"""
KIND = "pulumi-python:dynamic/ahv:Pool"
GATE = "pulumi-python:dynamic/ahv:PoolGate"


@pytest.fixture
def forge(prism: Prism) -> Iterator[Forge]:
    """Whoever makes templates, and does things behind the pool's back."""
    with client(prism) as site:
        yield Forge(site, SystemClock())


@pytest.fixture
def template(forge: Forge) -> str:
    """UUID of a template with one version."""
    return forge.template().uuid


def declare(stack: Stack, template: str, size: int = 2, secret: str = SECRET, more: str = "") -> None:
    (stack.folder / "user-data.yaml").write_text(USER_DATA)
    stack.program(PROGRAM.format(template=template, size=size, secret=secret, more=more))


@pytest.fixture
def created(stack: Stack, template: str) -> Stack:
    """A stack with a pool of two."""
    declare(stack, template)
    ended = stack.up()
    assert ended.code == 0, ended.text
    return stack


def pool(stack: Stack) -> dict[str, Any]:
    (found,) = stack.resources(KIND)
    return found


def uuids(stack: Stack) -> dict[str, str]:
    return {name: told["uuid"] for name, told in pool(stack)["outputs"]["status"].items()}


def machines(prism: Prism) -> list[str]:
    return sorted(vm["name"] for vm in prism.control.entities("vms"))


def test_a_pool_is_made_as_the_program_says_and_the_second_up_changes_nothing(created: Stack, prism: Prism) -> None:
    assert machines(prism) == ["agents-001", "agents-002"]
    outputs = created.outputs()
    assert outputs["ready"] is True
    assert set(outputs["addresses"]) == {"agents-001", "agents-002"}
    for name, uuid in uuids(created).items():
        guest = prism.control.guest(uuid)
        assert (guest["hostname"], guest["applied"]["users"]) == (name, ["bob"]), "keys of variables stay as they are"
    ended = created.up("--expect-no-changes")
    assert ended.code == 0, ended.text
    assert SECRET not in str(created.state())
    ended = created.destroy()
    assert ended.code == 0, ended.text
    assert machines(prism) == []
    assert prism.control.entities("images") == []


def test_a_preview_tells_the_plan_and_makes_nothing(stack: Stack, prism: Prism, template: str) -> None:
    declare(stack, template, size=3)
    shown = stack.preview("--diff")
    assert shown.code == 0, shown.text
    assert "agents: create 3: agents-001, agents-002, agents-003 (its slot is empty)" in shown.text
    assert SECRET not in shown.text
    assert machines(prism) == []


def test_a_drift_of_one_member_shows_as_that_member_and_is_repaired(created: Stack, prism: Prism, forge: Forge) -> None:
    before = uuids(created)
    forge.switch_off(before["agents-002"])
    drift = created.preview("--refresh", "--diff", "--expect-no-changes")
    assert drift.code == 7, drift.text
    assert 'power: "off" => "on"' in drift.text
    assert "agents: change 1: agents-002 (power off → on)" in drift.text
    repaired = created.up("--refresh")
    assert repaired.code == 0, repaired.text
    assert uuids(created) == before
    assert created.preview("--refresh", "--expect-no-changes").code == 0


def test_a_new_template_version_and_another_size_are_one_update(
    created: Stack, prism: Prism, forge: Forge, template: str
) -> None:
    before = uuids(created)
    forge.version(template, "two")
    declare(created, template, size=3)
    shown = created.preview("--diff")
    assert "agents: create 1: agents-003 (its slot is empty)" in shown.text
    assert "agents: recreate 2: agents-001, agents-002 (templateVersion" in shown.text
    ended = created.up()
    assert ended.code == 0, ended.text
    assert machines(prism) == ["agents-001", "agents-002", "agents-003"]
    assert not set(before.values()) & set(uuids(created).values())


def test_the_gate_fails_the_run_and_the_next_one_repairs_only_what_failed(
    stack: Stack, prism: Prism, template: str
) -> None:
    declare(stack, template)
    prism.control.fault("task-failure", operation="create_image", count=1, code="VMM-77", message="No room.")
    ended = stack.up()
    assert ended.code == 1, ended.text
    assert ended.errors == {"Pool 'agents' is not ready: 1 to repair:"}
    assert "No room. (VMM-77)" in ended.text
    assert "pulumi_ahv/" not in ended.text, "a traceback"
    assert stack.resources(GATE) == []
    good = {name: told["uuid"] for name, told in pool(stack)["outputs"]["status"].items() if told["state"] == "ready"}
    assert len(good) == 1
    again = stack.preview("--expect-no-changes")
    assert again.code != 0, "the pool is to be repaired"
    ended = stack.up()
    assert ended.code == 0, ended.text
    assert len(stack.resources(GATE)) == 1
    assert good.items() <= uuids(stack).items()
    assert machines(prism) == ["agents-001", "agents-002"]
    assert stack.up("--expect-no-changes").code == 0


def test_a_gate_that_stood_fails_the_run_when_its_pool_is_no_longer_whole(
    created: Stack, prism: Prism, template: str
) -> None:
    prism.control.fault("task-failure", operation="create_image", code="VMM-77", message="No room.")
    declare(created, template, size=3)
    ended = created.up()
    assert ended.code == 1, ended.text
    assert "agents-003: halfMade: making its disc" in ended.text
    ended = created.destroy()
    assert ended.code == 0, ended.text
    assert machines(prism) == []


def test_changes_of_a_member_can_be_ignored(created: Stack, prism: Prism, forge: Forge, template: str) -> None:
    before = uuids(created)
    declare(created, template, more='opts=pulumi.ResourceOptions(ignore_changes=["members"]),')
    forge.version(template, "two")
    ended = created.up("--expect-no-changes")
    assert ended.code == 0, ended.text
    assert uuids(created) == before


def test_a_mistake_in_the_template_is_told_with_its_line_before_any_call(
    stack: Stack, prism: Prism, template: str
) -> None:
    declare(stack, template)
    (stack.folder / "user-data.yaml").write_text(USER_DATA.replace("my_user", "my_usr"))
    prism.control.clear_journal()
    ended = stack.preview()
    assert ended.code == 1, ended.text
    assert "user-data.yaml:4" in ended.text
    assert "my_usr" in ended.text
    assert [entry for entry in prism.control.journal() if entry["method"] not in ("GET", "OPTIONS")] == []
