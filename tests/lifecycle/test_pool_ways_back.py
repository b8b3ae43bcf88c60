"""What state keeps for the way back of a rollout: it works on a whole stack, and stands nowhere in clear."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from golden import Forge, client
from stacks import Stack

from pulumi_ahv.kernel.clock import SystemClock
from pulumi_ahv.simulator.server import Prism

LITERAL = "a-password-that-somebody-wrote-into-the-file"
JOINING = "the-password-of-the-account"
PROGRAM = """
from pulumi_ahv import Pool
pool = Pool(
    "agents",
    template="{template}",
    size=1,
    cluster="berlin",
    payload={{"template_file": "user-data.yaml", "disc_seconds": 3}},
    domain={{"name": "corp.example", "account": "joiner", "password": "{password}"}},
    shutdown_timeout=10,
)
"""
KIND = "pulumi-python:dynamic/ahv:Pool"


@pytest.fixture
def template(prism: Prism) -> Iterator[str]:
    """UUID of a template with one version. Guests boot in a second of the site's time."""
    prism.control.latency("guest.boot", 1)
    with client(prism) as site:
        yield Forge(site, SystemClock()).template().uuid


def declare(stack: Stack, template: str, generation: str) -> None:
    text = f"#cloud-config\nwrite_files:\n  - {{path: /etc/who, content: {generation} {LITERAL}}}\n"
    (stack.folder / "user-data.yaml").write_text(text)
    stack.program(PROGRAM.format(template=template, password=JOINING))


def pool(stack: Stack) -> dict[str, Any]:
    (found,) = stack.resources(KIND)
    return found


def test_template_files_and_earlier_inputs_are_kept_and_never_in_clear(
    stack: Stack, prism: Prism, template: str
) -> None:
    declare(stack, template, "first")
    ended = stack.up()
    assert ended.code == 0, ended.text
    ended = stack.up("--expect-no-changes")
    assert ended.code == 0, ended.text
    empty = pool(stack)["outputs"]["fallback"]
    prism.control.fault("task-failure", operation="create_image", count=1, code="VMM-77", message="No room.")
    declare(stack, template, "second")
    ended = stack.up("--diff")
    assert ended.code == 1, ended.text
    held = pool(stack)
    assert len(held["outputs"]["fallback"]["ciphertext"]) > len(empty["ciphertext"])
    assert "ciphertext" in held["inputs"]["payload"]["templateTexts"]
    for secret in (LITERAL, JOINING):
        assert secret not in str(stack.state())
        assert secret not in ended.text
    shown = stack.preview("--refresh", "--diff")
    assert LITERAL not in shown.text
    ended = stack.up()
    assert ended.code == 0, ended.text
    (uuid,) = (told["uuid"] for told in pool(stack)["outputs"]["status"].values())
    guest = prism.control.guest(uuid)
    assert guest["applied"]["files"]["/etc/who"].startswith("second")
    assert guest["domain"] == "corp.example"
