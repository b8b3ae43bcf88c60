"""Where a walk takes place: a program in a folder, an engine, a Prism; runs commands, and shows them in short."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import typer

from pulumi_ahv.cli.demo.colleague import Colleague
from pulumi_ahv.cli.demo.excerpt import Excerpt
from pulumi_ahv.cli.engines import Engine
from pulumi_ahv.simulator.server import Prism

STACK = "demo"
DRIFTED = 7
DISK_MAKER = "make_disk.py"


@dataclass
class Stage:
    """One demo. A command that does not end as it should ends it."""

    engine: Engine
    prism: Prism
    colleague: Colleague
    program: Path
    environ: dict[str, str]
    full: bool = False
    config: dict[str, str] = field(default_factory=dict)
    scene: int = 0

    def prepare(self) -> None:
        """Do what an engine needs once before a stack can be used."""
        if self.engine.prepare:
            words = [*self.engine.command, *self.engine.prepare]
            subprocess.run(words, cwd=self.program, env=self.environ, capture_output=True, check=True)

    def say(self, headline: str) -> None:
        """Open the next scene."""
        self.scene += 1
        typer.secho(f"\n━━ {self.scene}. {headline}", fg=typer.colors.CYAN, bold=True)

    def disk(self, text: str) -> None:
        """Put a disk file with this text in it into the program's folder."""
        maker = [sys.executable, DISK_MAKER, "disk.img", f"pulumi-ahv demo disk, {text}"]
        subprocess.run(maker, cwd=self.program, check=True)

    def up(self, *words: str) -> None:
        """Make Prism what the program says."""
        self._engine("up", "--yes", "--skip-preview", *words, *self._config())

    def preview(self, *words: str, expected: int = 0) -> None:
        """Show what an update would do."""
        self._engine("preview", *words, *self._config(), expected=expected)

    def destroy(self) -> None:
        """Delete everything."""
        self._engine("destroy", "--yes", "--skip-preview")

    def ahv(self, *words: str, expected: int = 0) -> None:
        """Run one of our own commands on the stack, and show all it says."""
        name = "pulumi" if self.engine.prepare else "embedded"
        given = ["--", *self._config()] if words[0] == "drift" and self.config else []
        command = [sys.executable, "-m", "pulumi_ahv.cli", *words, "--stack", STACK, "--engine", name, *given]
        self._show(f"ahv {' '.join(words)}")
        ended = subprocess.run(command, cwd=self.program, env=self.environ, capture_output=True, text=True, check=False)
        for line in ended.stdout.splitlines():
            if line:
                typer.echo(f"  {line}")
        self._judge(ended.returncode, expected, ended.stderr)

    def _config(self) -> list[str]:
        return [word for key, value in self.config.items() for word in ("--config", f"{key}={value}")]

    def _engine(self, *words: str, expected: int = 0) -> None:
        self._show(f"{'pulumi' if self.engine.prepare else 'ahv local'} {' '.join(words)}")
        command = [*self.engine.command, *words, "--stack", STACK]
        with subprocess.Popen(
            command, cwd=self.program, env=self.environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            said = self._pass_on(process.stdout or ())
        self._judge(process.returncode, expected, said)

    def _pass_on(self, lines: Iterable[str]) -> str:
        """Show the lines of a run as they come; answer all of them."""
        excerpt, said = Excerpt(), []
        for line in lines:
            said.append(line)
            shown = line.rstrip("\n") if self.full else excerpt.line(line.rstrip("\n"))
            if shown:
                room = shutil.get_terminal_size((120, 24)).columns - 3
                typer.echo(f"  {shown if self.full or len(shown) <= room else f'{shown[:room]}…'}")
        if not self.full and excerpt.end():
            typer.secho(f"  {excerpt.end()}", bold=True)
        return "".join(said)

    def _show(self, command: str) -> None:
        typer.secho(f"$ {command}", dim=True)
        sys.stdout.flush()

    def _judge(self, code: int, expected: int, said: str) -> None:
        if code != expected:
            typer.secho(f"{said}\nThis should have ended with exit code {expected}, not {code}.", fg="red", err=True)
            raise typer.Exit(1)
        if expected:
            typer.secho(f"  (exit code {code})", dim=True)
