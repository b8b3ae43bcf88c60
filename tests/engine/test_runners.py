"""What programs are started with; and programs in TypeScript and JavaScript, run from their first step to their last."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pulumi_ahv.engine.project import Project, find_project
from pulumi_ahv.engine.runners import NodeRunner, PythonRunner, RunInfo, runner_for
from pulumi_ahv.engine.serving import StackConfig
from pulumi_ahv.kernel.errors import ConfigError

NODE = Path(__file__).parent / "node"
JAVASCRIPT = """
const pulumi = require("@pulumi/pulumi");
exports.note = new pulumi.Config().require("note");
"""


def _project(directory: Path, runtime: str = "nodejs", main: str = ".") -> Project:
    (directory / "Pulumi.yaml").write_text(f"name: proj\nruntime: {runtime}\nmain: {main}\n")
    return find_project(directory)


@pytest.fixture
def environ(tmp_path: Path) -> Mapping[str, str]:
    """A PATH with a ``node`` on it."""
    node = tmp_path / "bin" / "node"
    node.parent.mkdir()
    node.write_text("#!/bin/sh\n")
    node.chmod(0o755)
    return {"PATH": str(node.parent)}


def _install(directory: Path) -> Path:
    script = directory / "node_modules" / "@pulumi" / "pulumi" / "cmd" / "run"
    script.mkdir(parents=True)
    return script


def test_a_python_program_runs_under_the_given_interpreter(tmp_path: Path) -> None:
    assert runner_for(_project(tmp_path, "python"), "/opt/python", {}) == PythonRunner("/opt/python")


def test_a_file_named_by_the_project_is_what_is_run(tmp_path: Path, environ: Mapping[str, str]) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "app.ts").touch()
    script = _install(tmp_path)

    project = _project(tmp_path, main="src/app.ts")
    runner = runner_for(project, sys.executable, environ)

    assert isinstance(runner, NodeRunner)
    assert (project.folder, runner.script, runner.entry) == (tmp_path / "src", script, "app.ts")


def test_node_gets_its_options_and_is_told_of_a_preview(tmp_path: Path, environ: Mapping[str, str]) -> None:
    script = _install(tmp_path)
    runtime = "{name: nodejs, options: {typescript: false, nodeargs: '--trace-warnings --title x'}}"
    runner = runner_for(_project(tmp_path, runtime), sys.executable, environ)

    command = runner.command(RunInfo("proj", "dev", True, 4, StackConfig()), "127.0.0.1:1", tmp_path)

    assert command[1:5] == ["--trace-warnings", "--title", "x", str(script)]
    assert command[-2:] == ["--dry-run", "."]
    assert runner.environ == {"PULUMI_NODEJS_TYPESCRIPT": "false"}


def test_a_missing_node_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="'node'"):
        runner_for(_project(tmp_path), sys.executable, {"PATH": str(tmp_path)})


def test_a_missing_node_sdk_is_named(tmp_path: Path, environ: Mapping[str, str]) -> None:
    with pytest.raises(ConfigError, match="npm install"):
        runner_for(_project(tmp_path), sys.executable, environ)


@pytest.fixture
def engine(tmp_path: Path) -> Any:
    """``ahv local`` in the directory of a program in TypeScript."""
    from running import CommandEngine, Stage

    place = os.environ.get("AHV_NODE_CACHE")
    if not place:
        pytest.skip("needs the Node SDK: make test-node")
    stage = Stage(tmp_path / "stage")
    _project(stage.program)
    for name in ("index.ts", "package.json"):
        shutil.copy(NODE / name, stage.program)
    (stage.program / "node_modules").symlink_to(Path(place) / "node_modules")
    return CommandEngine(stage, [sys.executable, "-c", "from pulumi_ahv.cli.local import app; app()"], real=False)


def _play(engine: Any, command: str, note: str = "", behaviour: Any = None, *flags: str) -> tuple[Any, list[str]]:
    """Play a step; what it came to, and what the provider was asked for resources."""
    from scenarios import Step

    config = ("--config", f"note={note}") if note else ()
    played = engine.play(Step(command, behaviour=behaviour or {}, flags=(*config, *flags)))
    asked = [f"{call['method']} {call['name']}" for call in played["calls"] if "Config" not in call["method"]]
    return played, asked


def _errors(text: str) -> list[str]:
    """The errors below ``Diagnostics:``."""
    return re.findall(r"error: (.*)", text.partition("Diagnostics:")[2])


@pytest.mark.node
def test_a_program_in_typescript_lives_from_preview_to_destroy(engine: Any) -> None:
    planned = engine.run(["preview", "--stack", "dev", "--config", "note=1"]).stdout
    assert "    + 2 to create" in planned, planned
    assert "    uid: [unknown]" in planned

    made, asked = _play(engine, "up", "1")
    assert (made["rc"], made["summary"], asked) == (0, ["+ 2 created"], 2 * ["Check a", "Create a"]), made["text"]
    assert 'uid: "a-1-uid"' in made["text"]
    (kept,) = [entry for entry in made["state"] if entry["type"] == "actor:index:Res"]
    assert (kept["inputs"]["note"], kept["inputs"]["nest"]) == ("1", {"k": [1, "t"]})
    assert kept["inputs"]["pw"] == {"secret": "hidden"}

    same, asked = _play(engine, "up", "1", None, "--expect-no-changes")
    assert (same["rc"], same["summary"], asked) == (0, ["2 unchanged"], ["Check a", "Diff a"]), same["text"]

    changed, asked = _play(engine, "up", "2")
    assert (changed["rc"], asked) == (0, ["Check a", "Diff a", "Update a"]), changed["text"]

    gone, asked = _play(engine, "destroy")
    assert (gone["rc"], gone["summary"], asked) == (0, ["- 2 deleted"], ["Delete a"]), gone["text"]
    assert gone["state"] == []


@pytest.mark.node
def test_the_failure_of_a_resource_is_all_that_a_typescript_program_shows(engine: Any) -> None:
    failed, _ = _play(engine, "up", "more", {"a": {"Create": {"error": "no room"}}})

    assert (failed["rc"], _errors(failed["text"])) == (1, ["no room", "update failed"]), failed["text"]


@pytest.mark.node
def test_what_a_typescript_program_throws_is_shown_and_nothing_is_deleted(engine: Any) -> None:
    _play(engine, "up", "more")
    thrown, asked = _play(engine, "up", "throw")

    assert thrown["rc"] == 1
    assert "Error: oops" in thrown["text"]
    assert "Delete b" not in asked


@pytest.mark.node
def test_a_typescript_program_that_exits_by_itself_has_failed(engine: Any) -> None:
    ended, _ = _play(engine, "up", "exit")

    assert (ended["rc"], _errors(ended["text"])) == (1, ["program exited with non-zero exit code: 1"]), ended["text"]


@pytest.mark.node
def test_a_program_in_javascript_is_run(engine: Any, tmp_path: Path) -> None:
    program = tmp_path / "stage" / "program"
    (program / "index.ts").unlink()
    (program / "index.js").write_text(JAVASCRIPT)

    made, _ = _play(engine, "up", "1")

    assert (made["rc"], 'note: "1"' in made["text"]) == (0, True), made["text"]
