"""The two engines as commands: the real ``pulumi`` and the embedded one take the same words."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import typer


@dataclass(frozen=True)
class Engine:
    """How to call an engine. ``prepare`` is what has to run once before a stack can be used."""

    name: str
    command: tuple[str, ...]
    prepare: tuple[str, ...] = ()


EMBEDDED = Engine("the embedded engine of pulumi-ahv", (sys.executable, "-m", "pulumi_ahv.cli", "local"))


def choose_engine(wanted: str, *, stack: str) -> Engine:
    """The engine of this name; ``pulumi`` where it is on the PATH, else the embedded one, for an empty name."""
    found = shutil.which("pulumi")
    if wanted == "embedded" or (not wanted and not found):
        return EMBEDDED
    if wanted not in ("", "pulumi"):
        raise typer.BadParameter(f"there is no engine {wanted!r}; choose embedded or pulumi", param_hint="--engine")
    if not found:
        raise typer.BadParameter("pulumi is not on the PATH; install it, or use embedded", param_hint="--engine")
    return Engine(f"pulumi ({found})", ("pulumi", "--non-interactive"), prepare=("stack", "init", stack))


def environment(home: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Variables for an engine whose state, plugins and stacks all live under ``home``, and that asks nothing."""
    state = home / "state"
    state.mkdir(parents=True, exist_ok=True)
    programs = str(Path(sys.executable).parent)
    return {
        **environ,
        "PATH": f"{programs}:{environ.get('PATH', '')}",
        "PULUMI_BACKEND_URL": f"file://{state}",
        "PULUMI_CONFIG_PASSPHRASE": environ.get("PULUMI_CONFIG_PASSPHRASE", "demo"),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
