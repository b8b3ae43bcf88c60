"""The life of a template VM on a whole stack: program, engine, provider process, HTTPS, Prism."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from stacks import Stack, write_disk

from pulumi_ahv.simulator.server import Prism

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
    assert [vm["extId"] for vm in prism.control.entities("vms")] == [machine]
    assert stack.preview("--refresh", "--expect-no-changes").code == 0
    declare(stack, memory=4096)
    assert up(stack)["version"] == "Version 4"
    assert prism.control.entities("vms") == []
    assert stack.preview("--refresh", "--expect-no-changes").code == 0
    ended = stack.destroy()
    assert ended.code == 0, ended.text
    assert prism.control.entities("templates") == []
    assert prism.control.entities("images") == []


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
    assert prism.control.entities("vms") == []
    assert prism.control.entities("templates") == []
