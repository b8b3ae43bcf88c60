"""``ahv drift`` on whole stacks, with either engine."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from golden import Forge, client
from stacks import STACK, Stack

from pulumi_ahv.kernel.clock import SystemClock
from pulumi_ahv.simulator.server import Prism

AHV = (sys.executable, "-m", "pulumi_ahv.cli")
SECRET = "t0ps3cret"


def drift(*words: str, stack: Stack | None = None, given: str = "") -> subprocess.CompletedProcess[str]:
    """Run the command; with a stack, in its folder and on its engine."""
    where: dict[str, Any] = {}
    if stack is not None:
        engine = "pulumi" if stack.engine.prepare else "embedded"
        words = (*words, "--stack", STACK, "--engine", engine)
        where = {"cwd": stack.folder, "env": stack.environ}
    return subprocess.run(
        [*AHV, "drift", *words], input=given, capture_output=True, text=True, timeout=120, check=False, **where
    )


def test_drift_is_told_member_by_member_and_a_check_that_fails_is_told_from_no_drift(
    stack: Stack, prism: Prism
) -> None:
    clean = drift(stack=stack)
    assert (clean.returncode, clean.stdout) == (0, f"## No drift\n\nStack `{STACK}` of `shop`.\n")
    machines = {vm["name"]: vm["extId"] for vm in prism.control.entities("vms")}
    with client(prism) as site:
        Forge(site, SystemClock()).switch_off(machines["agent-002"])
    (stack.folder / "__main__.py").write_text(
        (stack.folder / "__main__.py").read_text().replace("size=2", "size=3"),
    )
    before = stack.state()
    found = drift(stack=stack)
    assert found.returncode == 7, found.stderr
    assert "| `agent-002` | `power` | `off` | `on` |" in found.stdout
    assert "- Pool `agents`: `size`: `2` → `3`" in found.stdout
    assert SECRET not in found.stdout + found.stderr
    told = json.loads(drift("--format", "json", stack=stack).stdout)
    assert (told["drift"], told["exitCode"], told["project"]) == (True, 7, "shop")
    (pool,) = told["resources"]
    changed = {(change["path"], change["cause"]) for change in pool["changes"]}
    assert ('members["agent-002"].power', "prism") in changed
    assert ("size", "program") in changed
    assert stack.state()["deployment"]["resources"] == before["deployment"]["resources"], "it changes nothing"

    del stack.environ["NUTANIX_PASSWORD"]
    failed = drift(stack=stack)
    assert failed.returncode == 1
    assert failed.stdout.startswith("## Drift could not be checked (exit code 1)\n")
    assert "ahv:password is missing" in failed.stdout


def test_a_stack_that_is_not_there_is_no_report_of_no_drift(tmp_path: Path) -> None:
    found = drift("--engine", "embedded", "--cwd", str(tmp_path))
    assert found.returncode == 1
    assert "The engine ended before it had a preview" in found.stdout
    assert "Pulumi.yaml" in found.stderr


def test_a_recorded_preview_is_read_from_a_file_or_from_standard_input(
    recorded: Callable[[str], dict[str, Any]], tmp_path: Path
) -> None:
    text = json.dumps(recorded("member-off"))
    (tmp_path / "preview.json").write_text(text)
    from_file, from_stdin = drift("--from", str(tmp_path / "preview.json")), drift("--from", "-", given=text)
    assert from_file.returncode == from_stdin.returncode == 7
    assert from_file.stdout == from_stdin.stdout
    assert "`agent-002`" in from_file.stdout


@pytest.mark.parametrize("text", ["no JSON", "[]"])
def test_what_is_no_preview_is_refused_as_an_option(text: str) -> None:
    found = drift("--from", "-", given=text)
    assert found.returncode == 2
    assert "--from" in found.stderr
