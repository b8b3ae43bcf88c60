"""What starts a program in a process of its own, by language: the command line and what it needs in its environment.

Python programs run under ``program_main``. Programs in TypeScript and JavaScript run under the runner that the Node SDK
brings along (``@pulumi/pulumi/cmd/run``); it takes the same two variables for the configuration (engine facts, 3).
Starting and ending the process is ``program``'s.
"""

from __future__ import annotations

import json
import shlex
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Final, Protocol

from pulumi_ahv.engine import program_main
from pulumi_ahv.engine.project import Project
from pulumi_ahv.engine.serving import StackConfig
from pulumi_ahv.kernel.errors import ConfigError

ORGANIZATION: Final = "organization"
_SDK: Final = Path("node_modules/@pulumi/pulumi")


@dataclass(frozen=True)
class RunInfo:
    """What a program is told of the run."""

    project: str
    stack: str
    preview: bool
    parallel: int
    config: StackConfig


class Runner(Protocol):
    """Runs programs of one language."""

    @property
    def reported(self) -> frozenset[int]:
        """Exit codes that come after an error which the program has already told the engine."""
        ...

    @property
    def environ(self) -> Mapping[str, str]:
        """What it needs in its environment, besides the configuration."""
        ...

    def command(self, info: RunInfo, address: str, directory: Path) -> list[str]:
        """The command that runs the program of a directory."""
        ...


@dataclass(frozen=True)
class PythonRunner:
    """Runs a file, or a directory with a ``__main__.py``."""

    python: str
    entry: str = "."
    environ: Mapping[str, str] = field(default_factory=dict)
    reported: ClassVar[frozenset[int]] = frozenset({1, program_main.EXCEPTION})

    def command(self, info: RunInfo, address: str, directory: Path) -> list[str]:
        """``python -u program_main.py SETTINGS``."""
        settings: dict[str, Any] = {
            "project": info.project,
            "stack": info.stack,
            "monitor": address,
            "engine": address,
            "parallel": info.parallel,
            "dry_run": info.preview,
            "organization": ORGANIZATION,
            "root_directory": str(directory),
        }
        return [self.python, "-u", program_main.__file__, json.dumps({"settings": settings, "entry": self.entry})]


@dataclass(frozen=True)
class NodeRunner:
    """Runs a file, or a directory with an ``index.ts``, an ``index.js`` or a ``package.json`` that names another."""

    node: str
    script: Path
    entry: str = "."
    arguments: tuple[str, ...] = ()
    environ: Mapping[str, str] = field(default_factory=dict)
    reported: ClassVar[frozenset[int]] = frozenset({program_main.EXCEPTION})

    def command(self, info: RunInfo, address: str, directory: Path) -> list[str]:
        """``node .../@pulumi/pulumi/cmd/run ... ENTRY``, as Pulumi's own language host calls it."""
        settings = {
            "--monitor": address,
            "--engine": address,
            "--project": info.project,
            "--stack": info.stack,
            "--organization": ORGANIZATION,
            "--root-directory": str(directory),
            "--pwd": str(directory),
            "--parallel": str(info.parallel),
        }
        flags = [part for pair in settings.items() for part in pair]
        preview = ["--dry-run"] if info.preview else []
        return [self.node, *self.arguments, str(self.script), *flags, *preview, self.entry]


def runner_for(project: Project, python: str, environ: Mapping[str, str]) -> Runner:
    """The runner of a project's language; ConfigError if Node or its SDK is missing."""
    entry = project.main.name if project.main.is_file() else "."
    if project.runtime == "python":
        return PythonRunner(python, entry)
    doing = f"Running the program of {project.directory / 'Pulumi.yaml'}"
    node = shutil.which("node", path=environ.get("PATH"))
    if node is None:
        raise ConfigError(doing, said="there is no 'node' on the PATH", advice="Install Node.js.")
    folder = project.folder
    found = [each / _SDK for each in (folder, *folder.parents) if (each / _SDK / "cmd" / "run").is_dir()]
    if not found:
        raise ConfigError(
            doing, said=f"@pulumi/pulumi is not installed in {folder}", advice="Call 'npm install' there first."
        )
    typescript = "false" if project.options.get("typescript") is False else "true"
    return NodeRunner(
        node,
        found[0] / "cmd" / "run",
        entry,
        tuple(shlex.split(str(project.options.get("nodeargs") or ""))),
        {"PULUMI_NODEJS_TYPESCRIPT": typescript},
    )
