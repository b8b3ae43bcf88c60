"""A program that looks things up, on a whole stack: the lookups run in the program's own process."""

from __future__ import annotations

from pathlib import Path

import pytest
from stacks import Stack

from pulumi_ahv.simulator.server import Prism

PROGRAM = """
from pulumi_ahv import get_category, get_cluster, get_image_output, get_subnet, render_payload_output

berlin = get_cluster("berlin")
category = get_category("Environment", "Testing")
image = Image("golden", source={"path": "disk.img"}, clusters=[berlin.name], categories=[category.name])
seen = get_image_output("golden", opts=pulumi.InvokeOutputOptions(depends_on=[image]))
payload = render_payload_output(
    {"template": "#cloud-config\\nhostname: {{ name }}\\npassword: {{ word }}\\n", "secrets": {"word": image.id}},
    name="agent-001",
)
pulumi.export("owner", seen.owner)
pulumi.export("same", pulumi.Output.all(seen.uuid, image.id).apply(lambda both: both[0] == both[1]))
pulumi.export("managed", get_subnet("berlin-managed", cluster=berlin.uuid).managed)
pulumi.export("findings", payload.findings.apply(lambda found: len(found)))
pulumi.export("files", payload.files)
"""


def test_a_program_looks_up_what_it_needs_and_a_preview_what_it_can(stack: Stack, prism: Prism, disk: Path) -> None:
    stack.program(PROGRAM)
    preview = stack.preview()
    assert preview.code == 0, preview.text
    ended = stack.up()
    assert ended.code == 0, ended.text
    outputs = stack.outputs()
    assert (outputs["owner"], outputs["same"], outputs["managed"]) == ("shop/test/golden", True, True)
    assert "ciphertext" in outputs["files"], "files that carry a secret are a secret"
    (image,) = prism.control.entities("images")
    assert len(image["clusterLocationExtIds"]) == len(image["categoryExtIds"]) == 1
    assert stack.preview("--refresh", "--expect-no-changes").code == 0
    assert stack.destroy().code == 0


@pytest.mark.parametrize("call", ["get_cluster('berlni').uuid", "get_cluster_output('berlni').uuid"])
def test_a_name_that_does_not_exist_fails_the_program_with_what_there_is(stack: Stack, prism: Prism, call: str) -> None:
    del prism
    stack.program(f"from pulumi_ahv import get_cluster, get_cluster_output\npulumi.export('cluster', {call})")
    ended = stack.up()
    assert ended.code != 0
    lines = {line.strip() for line in ended.text.splitlines() if "get_cluster: name: " in line}
    assert lines, ended.text
    assert all("Did you mean 'berlin'? Known are: 'berlin' (" in line for line in lines)
