"""Plays a scenario on an engine and says what happened, in a form that can be compared."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scenarios import Scenario, Step

HERE = Path(__file__).parent
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
NOISE = (
    "created",
    "modified",
    "sourcePosition",
    "stackTrace",
    "randomSeed",
    "resource_status_address",
    "resource_status_token",
)
MAIN = "import os\nfrom stage import *\nexec(compile(os.environ['PROGRAM'], 'program', 'exec'))\n"


@dataclass
class Stage:
    """A directory in which a scenario is played."""

    directory: Path
    environ: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        binaries = self.directory / "bin"
        binaries.mkdir(parents=True)
        plugin = binaries / "pulumi-resource-actor"
        plugin.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{HERE / "actor.py"}" "$@"\n')
        plugin.chmod(plugin.stat().st_mode | stat.S_IXUSR)
        program = self.directory / "program"
        program.mkdir()
        (program / "__main__.py").write_text(MAIN)
        (program / "program.txt").write_text("the content of a file\n")
        venv = Path(sys.executable).parent.parent
        (program / "Pulumi.yaml").write_text(
            f"name: proj\nruntime: {{name: python, options: {{virtualenv: {venv}}}}}\n"
        )
        self.program = program
        self.environ = {
            **os.environ,
            "PATH": os.pathsep.join([str(binaries), os.environ["PATH"]]),
            "PYTHONPATH": str(HERE),
            "ACTOR_DIR": str(self.directory),
            "PULUMI_CONFIG_PASSPHRASE": "open sesame",
        }
        self.tell({})

    def tell(self, behaviour: Any) -> None:
        (self.directory / "behaviour.json").write_text(json.dumps(behaviour))

    def calls(self) -> list[dict[str, Any]]:
        path = self.directory / "calls.jsonl"
        found = [normal(json.loads(line)) for line in path.read_text().splitlines()] if path.exists() else []
        path.unlink(missing_ok=True)
        return found

    def config_file(self, config: dict[str, str]) -> None:
        if config:
            lines = "".join(f'  {key}: "{value}"\n' for key, value in config.items())
            path = self.program / "Pulumi.dev.yaml"
            path.write_text((path.read_text() if path.exists() else "") + "config:\n" + lines)


class CommandEngine:
    """An engine behind a command: the real one, or ``ahv local``."""

    def __init__(self, stage: Stage, command: list[str], *, real: bool) -> None:
        self._stage = stage
        self._command = command
        self._real = real
        if real:
            stage.environ |= {
                "PULUMI_BACKEND_URL": f"file://{stage.directory}",
                "PULUMI_HOME": str(stage.directory / "home"),
                "PULUMI_SKIP_UPDATE_CHECK": "true",
                "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            }
            self.run(["stack", "init", "dev"]).check_returncode()

    def run(self, arguments: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self._command, *arguments],
            cwd=self._stage.program,
            env=self._stage.environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def play(self, step: Step) -> dict[str, Any]:
        self._stage.environ["PROGRAM"] = step.program
        self._stage.tell(step.behaviour)
        sure = [] if step.command == "preview" else ["--yes", "--skip-preview"]
        done = self.run([step.command, "--stack", "dev", *sure, *step.flags])
        deployment = self._exported()
        return {
            "rc": done.returncode,
            "summary": summary_of(done.stdout),
            "calls": self._stage.calls(),
            "state": state_of(deployment),
            "text": done.stdout + done.stderr,
        }

    def _exported(self) -> dict[str, Any]:
        if self._real:
            exported = self.run(["stack", "export", "--show-secrets", "--stack", "dev"])
            return dict(json.loads(exported.stdout)["deployment"]) if exported.returncode == 0 else {}
        from pulumi_ahv.engine.store import FileStore, export

        passphrase = self._stage.environ["PULUMI_CONFIG_PASSPHRASE"]
        store = FileStore(self._stage.program / ".ahv-local", "proj", "dev", passphrase=lambda: passphrase)
        return dict(export(store.read_latest(), store.cipher(), show_secrets=True)["deployment"])


def play(scenario: Scenario, engine: Any) -> list[dict[str, Any]]:
    return [engine.play(step) for step in scenario.steps]


def summary_of(text: str) -> list[str]:
    """The lines below ``Resources:``, without counts of errors where siblings race."""
    lines = iter(text.splitlines())
    found = []
    for line in lines:
        if line.startswith("Resources:"):
            found = []
            for row in lines:
                if not row.strip() or not row.startswith("    "):
                    break
                found.append(row.strip())
    return found


def state_of(deployment: dict[str, Any]) -> list[dict[str, Any]]:
    """The resources of a state, in an order that does not depend on races; secrets in clear but marked."""
    resources = [normal(resource) for resource in deployment.get("resources") or []]
    return sorted(
        resources, key=lambda entry: json.dumps([entry["urn"], entry.get("delete", False), entry.get("id", "")])
    )


def normal(value: Any) -> Any:
    """The value without what differs from run to run."""
    if isinstance(value, list):
        return [normal(item) for item in value]
    if isinstance(value, dict):
        return _normal_object(value)
    if isinstance(value, str):
        return UUID.sub("UUID", value.replace(UNKNOWN, "[unknown]"))
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _normal_object(value: dict[str, Any]) -> dict[str, Any]:
    if value.get(SIGNATURE) == SECRET:
        text = value.get("plaintext", value.get("ciphertext"))
        return {"secret": normal(value["value"] if text is None else json.loads(text))}
    kept = {key: normal(item) for key, item in value.items() if key not in NOISE}
    if "__provider" in kept:
        kept["__provider"] = "[provider]"
    return {key: item for key, item in kept.items() if item not in ({}, None) or key in ("outputs", "inputs")}
