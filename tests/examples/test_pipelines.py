"""The pipelines of examples/pipelines: they fit the public schemas, and their shell lines do what they say.

The lines run as the services run them, bash with ``-eo pipefail``, in the folder of a program, against an embedded Prism.
Where the real pulumi is not asked for, the embedded engine answers to its name.
"""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from golden import Forge, client
from stacks import STACK, Stack

import pulumi_ahv
from pulumi_ahv.kernel.clock import SystemClock
from pulumi_ahv.simulator.server import Prism

PIPELINES = Path(__file__).parents[2] / "examples" / "pipelines"
GITHUB: dict[Any, Any] = yaml.safe_load((PIPELINES / "github-actions.yml").read_text())
GITLAB: dict[str, Any] = yaml.safe_load((PIPELINES / "gitlab-ci.yml").read_text())
STAND_IN = """#!/bin/bash
words=()
for word in "$@"; do [ "$word" = --non-interactive ] || words+=("$word"); done
[ "${{words[0]}}" = stack ] && words=("${{words[@]:1}}")
exec {python} -m pulumi_ahv.cli local "${{words[@]}}"
"""


@dataclass
class Runner:
    """A runner with a checkout: the folder of the stack's program."""

    stack: Stack
    environ: dict[str, str]

    def run(self, lines: str) -> subprocess.CompletedProcess[str]:
        """Run a script; what it adds to ``GITHUB_PATH`` holds for the next one."""
        added = (self.stack.folder / "paths").read_text().splitlines()
        path = ":".join([*reversed(added), self.environ["PATH"]])
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", lines],
            cwd=self.stack.folder,
            env={**self.environ, "PATH": path},
            capture_output=True,
            text=True,
            timeout=170,
            check=False,
        )

    def summary(self) -> str:
        return (self.stack.folder / "summary.md").read_text()


@pytest.fixture
def runner(stack: Stack, tmp_path: Path) -> Runner:
    """A runner whose lock file asks for nothing: what it would install is on its path already."""
    for name in ("requirements.lock", "paths", "summary.md"):
        (stack.folder / name).touch()
    programs = tmp_path / "programs"
    programs.mkdir()
    if not stack.engine.prepare:
        (programs / "pulumi").write_text(STAND_IN.format(python=sys.executable))
        (programs / "pulumi").chmod(0o755)
        (stack.folder / ".ahv-local").rename(tmp_path / "states")  # no trace of another engine in the folder
    environ = {
        **stack.environ,
        "AHV_LOCAL_STATE": str(tmp_path / "states"),
        "PATH": f"{programs}:{stack.environ['PATH']}",
        "PYTHONPATH": f"{Path(pulumi_ahv.__file__).parents[1]}:{sysconfig.get_path('purelib')}",
        "STACK": STACK,
        "GITHUB_PATH": str(stack.folder / "paths"),
        "GITHUB_STEP_SUMMARY": str(stack.folder / "summary.md"),
    }
    return Runner(stack, environ)


def steps(event: str) -> Iterable[tuple[str, str]]:
    """Names and lines of the steps that GitHub runs for an event."""
    for step in GITHUB["jobs"]["machines"]["steps"]:
        condition = step.get("if", "")
        if "run" in step and ("event_name" not in condition or f"== '{event}'" in condition):
            yield step["name"], step["run"]


def before(name: str) -> str:
    """What GitLab's runner does before the script of a job."""
    return "\n".join(GITLAB[GITLAB[name]["extends"]]["before_script"])


def script(name: str) -> str:
    """The script of a job of GitLab."""
    return "\n".join(GITLAB[name]["script"])


def switch_off(prism: Prism, name: str) -> None:
    machines = {vm["name"]: vm["extId"] for vm in prism.control.entities("vms")}
    with client(prism) as site:
        Forge(site, SystemClock()).switch_off(machines[name])


@pytest.mark.parametrize("name", ["github-actions.yml:vendor.github-workflows", "gitlab-ci.yml:vendor.gitlab-ci"])
def test_a_pipeline_fits_the_public_schema_of_its_service(name: str) -> None:
    file, schema = name.split(":")
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(PIPELINES / file)]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout


def test_no_credential_stands_in_a_pipeline() -> None:
    given = {**GITHUB["env"], **GITLAB["variables"]}
    assert all("secrets." in given[name] for name in given if "PASS" in name or "USERNAME" in name)
    assert "NUTANIX_PASSWORD" not in GITLAB["variables"]


def test_runs_that_change_something_never_run_side_by_side() -> None:
    assert GITHUB["concurrency"]["cancel-in-progress"] is False
    assert GITLAB["up"]["resource_group"] == GITLAB["drift"]["resource_group"]


def test_github_previews_a_change_and_brings_it_about(runner: Runner, prism: Prism) -> None:
    program = runner.stack.folder / "__main__.py"
    program.write_text(program.read_text().replace("size=2", "size=3"))
    for name, lines in steps("pull_request"):
        ended = runner.run(lines)
        assert ended.returncode == 0, f"{name}: {ended.stdout}{ended.stderr}"
    assert "## Preview\n```text" in runner.summary()
    assert "agent-003" in runner.summary()
    assert len(prism.control.entities("vms")) == 2
    for name, lines in steps("push"):
        ended = runner.run(lines)
        assert ended.returncode == 0, f"{name}: {ended.stdout}{ended.stderr}"
    assert len(prism.control.entities("vms")) == 3
    assert "agents: 1 member in" in runner.summary()
    assert (runner.stack.folder / "metrics.svg").exists()


def test_github_checks_for_drift_and_fails_with_the_code_of_the_engine(runner: Runner, prism: Prism) -> None:
    codes = {name: runner.run(lines).returncode for name, lines in steps("schedule")}
    assert set(codes.values()) == {0}, codes
    assert "## No drift" in runner.summary()
    switch_off(prism, "agent-002")
    ended = runner.run(dict(steps("schedule"))["Is it still so?"])
    assert ended.returncode == 7, ended.stdout + ended.stderr
    assert "| `agent-002` | `power` | `off` | `on` |" in runner.summary()


def test_gitlab_previews_a_change_brings_it_about_checks_for_drift_and_fails_where_a_preview_fails(
    runner: Runner, prism: Prism
) -> None:
    program = runner.stack.folder / "__main__.py"
    program.write_text(program.read_text().replace("size=2", "size=1"))
    ended = runner.run("\n".join([before("preview"), script("preview")]))
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "agent-002" in (runner.stack.folder / "preview.txt").read_text()
    ended = runner.run(script("up"))
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert len(prism.control.entities("vms")) == 1
    assert runner.run(script("drift")).returncode == 0
    switch_off(prism, "agent-001")
    ended = runner.run(script("drift"))
    assert ended.returncode == 7, ended.stdout + ended.stderr
    assert "| `agent-001` | `power` | `off` | `on` |" in (runner.stack.folder / "drift.md").read_text()

    program.write_text("raise ValueError('no such farm')\n")
    ended = runner.run(script("preview"))
    assert ended.returncode == 1
    assert "no such farm" in ended.stdout + ended.stderr
