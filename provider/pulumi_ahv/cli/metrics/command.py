"""The ``ahv metrics`` command: reads a stack, or what an engine has written of it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from pulumi_ahv.cli.metrics.reading import PoolTimes

STDIN = Path("-")


def metrics(
    *,
    source: Annotated[
        Path | None,
        typer.Option(
            "--from",
            help="Read this file, or - for standard input: what `pulumi stack export`, `pulumi stack output --json` or "
            "`ahv local export` writes.",
        ),
    ] = None,
    pool: Annotated[str, typer.Option(help="Only the pool of this name.")] = "",
    svg: Annotated[Path | None, typer.Option(help="Draw the pool into this file.")] = None,
    stack: Annotated[str, typer.Option("--stack", "-s", help="The stack. Default: as for the engine itself.")] = "",
    cwd: Annotated[Path, typer.Option("--cwd", "-C", help="Folder of the program.")] = Path(),
    engine: Annotated[str, typer.Option(help="embedded or pulumi; without it pulumi, where it is on the PATH")] = "",
) -> None:
    """Say how long the members of a pool took in its last run, phase by phase, and draw it."""
    from pulumi_ahv.cli.metrics.chart import chart
    from pulumi_ahv.cli.metrics.figures import summary

    text = _exported(engine, stack, cwd) if source is None else _read(source)
    found = _chosen(text, pool, place="the state" if source is None else str(source))
    for times in found:
        typer.echo(summary(times))
    if svg is None:
        return
    if len(found) > 1:
        names = ", ".join(times.pool for times in found)
        raise typer.BadParameter(f"there are several pools: {names}; name one with --pool", param_hint="--svg")
    svg.write_text(chart(found[0]), encoding="utf-8")


def _exported(engine: str, stack: str, cwd: Path) -> str:
    from pulumi_ahv.cli.engines import choose_engine

    chosen = choose_engine(engine, stack=stack)
    export = ("stack", "export") if chosen.prepare else ("export",)
    named = ("--stack", stack) if stack else ()
    command = [*chosen.command, *export, *named]
    ended = subprocess.run(command, cwd=cwd, stdout=subprocess.PIPE, text=True, check=False)
    if ended.returncode:
        raise typer.Exit(ended.returncode)
    return ended.stdout


def _read(source: Path) -> str:
    try:
        return sys.stdin.read() if source == STDIN else source.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"{source} cannot be read: {error}", param_hint="--from") from error


def _chosen(text: str, pool: str, *, place: str) -> list[PoolTimes]:
    from pulumi_ahv.cli.metrics.reading import read_times

    try:
        found = read_times(json.loads(text))
    except ValueError as error:
        raise typer.BadParameter(f"{place}: {error}", param_hint="--from") from error
    chosen = [times for times in found if pool in ("", times.pool)]
    if not chosen:
        names = ", ".join(times.pool for times in found)
        raise typer.BadParameter(f"there is no pool {pool!r}, only {names}", param_hint="--pool")
    return chosen
