"""A stack with an image, a template and a pool of two, for what looks at whole stacks."""

from __future__ import annotations

import subprocess
from pathlib import Path

from stacks import PROJECT, STACK, Stack, environ_for, write_disk

from pulumi_ahv.cli.engines import choose_engine
from pulumi_ahv.simulator.server import Prism

PROGRAM = """
from pulumi_ahv import Pool, TemplateVm
image = Image("disk", source={"path": "disk.img"})
golden = TemplateVm(
    "golden", disks=[{"image": image.id}], vcpus=1, memory=1024, networks=["berlin-managed"], cluster="berlin"
)
agents = Pool(
    "agents",
    template=golden.id,
    size=2,
    naming={"pattern": "agent-{n}"},
    cluster="berlin",
    payload={"template": "#cloud-config\\nhostname: {{ name }}\\n", "variables": {"token": pulumi.Output.secret("t0ps3cret")}},
    shutdown_timeout=10,
)
pulumi.export("metrics", agents.metrics)
"""


def pool_stack(engine: str, prism: Prism, home: Path) -> Stack:
    """Bring the stack up on an engine, in a folder of its own."""
    chosen = choose_engine(engine, stack=STACK)
    made = Stack(chosen, home / "program", environ_for(prism, home))
    made.folder.mkdir()
    (made.folder / "Pulumi.yaml").write_text(PROJECT)
    write_disk(made.folder / "disk.img", b"version 1")
    made.program(PROGRAM)
    if chosen.prepare:
        command = [*chosen.command, *chosen.prepare]
        subprocess.run(command, cwd=made.folder, env=made.environ, capture_output=True, check=True)
    ended = made.up()
    assert ended.code == 0, ended.text
    return made
