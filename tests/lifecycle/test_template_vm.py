"""The life of a template VM, and of a pool made of it, on a whole stack and on each product."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from stacks import Stack, write_disk

from pulumi_ahv.simulator.server import Prism, running

PROGRAM = """
from pulumi_ahv import TemplateVm
image = Image("disk", source={{"path": "disk.img"}})
golden = TemplateVm(
    "golden", disks=[{{"image": image.id}}], vcpus=2, memory={memory}, networks=["berlin-managed"], cluster="berlin",
    maintenance={maintenance},
)
pulumi.export("template", golden.id)
pulumi.export("version", golden.active_version)
pulumi.export("version_id", golden.version_id)
pulumi.export("machine", golden.maintenance_vm_uuid)
"""

POOLED = """
from pulumi_ahv import Pool, TemplateVm
image = Image("disk", source={{"path": "disk.img"}})
golden = TemplateVm(
    "golden", disks=[{{"image": image.id}}], vcpus=2, memory=2048, networks=["berlin-managed"], cluster="berlin"
)
pool = Pool(
    "agents",
    template=golden.id,
    template_version=golden.version_id,
    size={size},
    cluster="berlin",
    payload={{
        "template": "#cloud-config\\nhostname: {{{{ name }}}}\\npassword: {{{{ word }}}}\\n",
        "secrets": {{"word": "correct-horse-battery"}},
        "disc_seconds": 2,
    }},
    rollout={{"batch_size": 3, "max_unavailable": 3}},
    shutdown_timeout=10,
)
pulumi.export("ready", pool.ready)
pulumi.export("version", golden.version_id)
"""

BOOTED = """
from pulumi_ahv import TemplateVm
image = Image("disk", source={{"path": "disk.img"}})
golden = TemplateVm(
    "golden", disks=[{{"image": image.id}}], vcpus=2, memory=2048, networks=["berlin-managed"], cluster="berlin",
    payload={{
        "template_file": "user-data.j2",
        "variables": {{"of_the_user": {{"own_key": "berlin"}}}},
        "secrets": {{"the_word": "correct-horse-battery"}},
        "timeout": 120,
    }},
    guest_tools={{"capabilities": ["vssSnapshot"]}},
)
pulumi.export("version", golden.active_version)
pulumi.export("version_id", golden.version_id)
"""
USER_DATA = """#cloud-config
locale: {locale}
hostname: {{{{ of_the_user.own_key }}}}
password: {{{{ the_word }}}}
runcmd: [[/mnt/installer/linux/install_ngt.py]]
power_state: {{mode: poweroff}}
"""


@pytest.fixture(params=["central", "element"])
def prism(request: pytest.FixtureRequest) -> Iterator[Prism]:
    """A Prism of each product in turn."""
    with running(product=request.param) as site:
        yield site


def machines(prism: Prism) -> list[dict[str, Any]]:
    """All machines but the one that an Element's template is."""
    return [vm for vm in prism.control.entities("vms") if vm["name"] != "golden"]


def leftovers(prism: Prism) -> list[Any]:
    kinds = ("vms", "templates", "template-versions", "snapshots", "images", "element-images")
    return [one for kind in kinds for one in prism.control.entities(kind)]


def declare(stack: Stack, *, memory: int = 2048, maintenance: bool | None = None) -> None:
    stack.program(PROGRAM.format(memory=memory, maintenance=maintenance))


def up(stack: Stack, *words: str) -> dict[str, Any]:
    ended = stack.up(*words)
    assert ended.code == 0, ended.text
    return stack.outputs()


def test_a_template_lives_through_new_disks_more_memory_and_maintenance(stack: Stack, prism: Prism, disk: Path) -> None:
    declare(stack)
    first = up(stack)
    assert first["version"] == "Initial Version"
    up(stack, "--expect-no-changes")
    write_disk(disk, b"version 2")
    second = up(stack)
    assert (second["template"], second["version"]) == (first["template"], "Version 2")
    declare(stack, memory=4096)
    assert up(stack)["version"] == "Version 3"
    declare(stack, memory=4096, maintenance=True)
    machine = up(stack)["machine"]
    assert [vm["extId"] for vm in machines(prism)] == [machine]
    assert stack.preview("--refresh", "--expect-no-changes").code == 0
    declare(stack, memory=4096)
    assert up(stack)["version"] == "Version 4"
    assert machines(prism) == []
    assert stack.preview("--refresh", "--expect-no-changes").code == 0
    ended = stack.destroy()
    assert ended.code == 0, ended.text
    assert leftovers(prism) == []


def test_a_network_that_does_not_exist_is_one_line_and_leaves_no_machine(
    stack: Stack, prism: Prism, disk: Path
) -> None:
    declare(stack)
    program = stack.folder / "__main__.py"
    program.write_text(program.read_text().replace("berlin-managed", "berlin-manged"))
    ended = stack.up()
    assert ended.code != 0
    (line,) = ended.errors
    assert line.startswith("TemplateVm 'golden': networks[0]: there is no subnet 'berlin-manged'. Did you mean")
    assert machines(prism) == []
    assert prism.control.entities("templates") == []


def test_a_pool_is_rolled_to_the_new_disks_of_its_template(stack: Stack, prism: Prism, disk: Path) -> None:
    stack.program(POOLED.format(size=3))
    first = up(stack)
    assert first["ready"] is True
    before = {vm["extId"] for vm in machines(prism)}
    assert sorted(vm["name"] for vm in machines(prism)) == ["agents-001", "agents-002", "agents-003"]
    for vm in machines(prism):
        assert prism.control.guest(vm["extId"])["hostname"] == vm["name"]
        assert [drive for drive in vm.get("cdRoms", ()) if "backingInfo" in drive] == []
    assert stack.preview("--refresh", "--expect-no-changes").code == 0
    write_disk(disk, b"version 2")
    second = up(stack)
    assert second["version"] != first["version"]
    assert {vm["extId"] for vm in machines(prism)}.isdisjoint(before)
    stack.program(POOLED.format(size=1))
    up(stack)
    assert [vm["name"] for vm in machines(prism)] == ["agents-001"]
    assert "correct-horse-battery" not in str(stack.state())
    ended = stack.destroy()
    assert ended.code == 0, ended.text
    assert leftovers(prism) == []


def test_a_payload_is_told_once_before_the_freeze_and_another_one_is_another_version(
    stack: Stack, prism: Prism, disk: Path
) -> None:
    file = stack.folder / "user-data.j2"
    file.write_text(USER_DATA.format(locale="en_US"))
    stack.program(BOOTED.format())
    first = up(stack)
    assert first["version"] == "Initial Version"
    assert frozen(prism, first)["hostname"] == "berlin"
    assert "ngt" in frozen(prism, first)
    up(stack, "--expect-no-changes")
    assert stack.preview("--refresh", "--expect-no-changes").code == 0
    file.write_text(USER_DATA.format(locale="de_DE"))
    second = up(stack)
    assert second["version"] == "Version 2"
    assert machines(prism) == []
    assert "correct-horse-battery" not in str(stack.state())
    ended = stack.destroy()
    assert ended.code == 0, ended.text
    assert leftovers(prism) == []


def frozen(prism: Prism, told: dict[str, Any]) -> dict[str, Any]:
    """What the guest has written on the disk of a version."""
    kind = "template-versions" if prism.control.entities("templates") else "snapshots"
    found = prism.control.entity(kind, told["version_id"])
    system: dict[str, Any] = found["hidden"]["content"]["disks"][0]["content"]["os"]
    return system
