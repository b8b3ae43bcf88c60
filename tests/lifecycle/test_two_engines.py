"""The embedded engine and the real one leave the same state behind."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from stacks import PROJECT, STACK, Colleague, Stack, environ_for, write_disk

from pulumi_ahv.cli.engines import choose_engine
from pulumi_ahv.simulator.server import running

pytestmark = pytest.mark.pulumi

PROGRAM = """
image = Image(
    "golden",
    description="Our base.",
    source={"path": "disk.img"},
    categories=["Environment:Testing"],
)
copy = Image("copy", name=pulumi.Output.concat("copy-of-", image.id), source={"path": "disk.img"})
pulumi.export("image", image.id)
pulumi.export("size", image.size_bytes)
"""
VOLATILE = ("created", "modified", "sourcePosition", "stackTrace")
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def walk(engine: str, home: Path) -> list[tuple[int, Any]]:
    """Create, do it again, drift, repair, replace, destroy: exit code and state after each."""
    with running() as prism:
        chosen = choose_engine(engine, stack=STACK)
        stack = Stack(chosen, home / "program", environ_for(prism, home))
        stack.folder.mkdir(parents=True)
        (stack.folder / "Pulumi.yaml").write_text(PROJECT)
        if chosen.prepare:
            subprocess.run(
                [*chosen.command, *chosen.prepare], cwd=stack.folder, env=stack.environ, capture_output=True, check=True
            )
        write_disk(stack.folder / "disk.img", b"version 1")
        stack.program(PROGRAM)

        def drift() -> None:
            Colleague(prism).change(stack.outputs()["image"], name="other")

        def new_content() -> None:
            write_disk(stack.folder / "disk.img", b"version 2")

        steps: list[tuple[Callable[[], None] | None, tuple[str, ...]]] = [
            (None, ("up", "--yes", "--skip-preview")),
            (None, ("up", "--yes", "--skip-preview", "--expect-no-changes")),
            (drift, ("preview", "--refresh", "--expect-no-changes")),
            (None, ("up", "--yes", "--skip-preview", "--refresh")),
            (new_content, ("up", "--yes", "--skip-preview")),
            (None, ("refresh", "--yes", "--skip-preview", "--expect-no-changes")),
            (None, ("destroy", "--yes", "--skip-preview")),
        ]
        seen = []
        for before, words in steps:
            if before:
                before()
            ended = stack.call(*words)
            seen.append((ended.code, settled(stack.state())))
        assert prism.control.entities("images") == []
        return seen


def settled(state: dict[str, Any]) -> list[dict[str, Any]]:
    """Resources without what differs from run to run: times, places in files, UUIDs, claims."""
    held = state["deployment"].get("resources") or []
    return sorted((plain(resource) for resource in held), key=lambda resource: str(resource["urn"]))


def plain(value: Any) -> Any:
    if isinstance(value, dict):
        if "ciphertext" in value:
            return "secret"
        kept = {key: plain(item) for key, item in value.items() if key not in VOLATILE and item is not None}
        return {**kept, "claim": "claim"} if "claim" in kept else kept
    if isinstance(value, list):
        return [plain(item) for item in value]
    return UUID.sub("uuid", value) if isinstance(value, str) else value


def test_the_same_walk_gives_the_same_exit_codes_and_states(tmp_path: Path) -> None:
    if shutil.which("pulumi") is None:
        pytest.fail("needs pulumi on the PATH")
    real, embedded = (walk(engine, tmp_path / engine) for engine in ("pulumi", "embedded"))
    assert [code for code, _ in real] == [0, 0, 7, 0, 0, 0, 0]
    assert [code for code, _ in embedded] == [code for code, _ in real]
    for (_, there), (_, here) in zip(real, embedded, strict=True):
        assert here == there
