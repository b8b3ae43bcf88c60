"""The ``ahv drift`` command: runs the engine's preview, or reads what one has written, and exits as the engine did."""

from __future__ import annotations

import json
import subprocess
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from pulumi_ahv.cli.drift.findings import Report

PREVIEW = ("preview", "--refresh", "--expect-no-changes", "--json")
STDIN = Path("-")


class Format(StrEnum):
    """How the report is written."""

    MD = "md"
    JSON = "json"


def drift(
    words: Annotated[
        list[str] | None,
        typer.Argument(help="After --: further options of the preview, as they are.", show_default=False),
    ] = None,
    *,
    output: Annotated[Format, typer.Option("--format", "-f", help="md or json.")] = Format.MD,
    source: Annotated[
        Path | None,
        typer.Option("--from", help="Read the JSON of a preview from this file, or - for standard input; run nothing."),
    ] = None,
    stack: Annotated[str, typer.Option("--stack", "-s", help="The stack. Default: as for the engine itself.")] = "",
    cwd: Annotated[Path, typer.Option("--cwd", "-C", help="Folder of the program.")] = Path(),
    engine: Annotated[str, typer.Option(help="embedded or pulumi; without it pulumi, where it is on the PATH")] = "",
) -> None:
    """Report what Prism holds otherwise than the program says, member by member; change nothing.

    The exit code is the engine's: 7 when anything differs, 0 when nothing does, another one when it could not be told.
    """
    from pulumi_ahv.cli.drift.document import document
    from pulumi_ahv.cli.drift.markdown import markdown

    if source is not None:
        report = _parsed(_read(source), None, place=str(source))
    else:
        text, code = _preview(engine, stack, cwd, words or [])
        report = _parsed(text, code, place="the engine")
    sys.stdout.write(markdown(report) if output is Format.MD else json.dumps(document(report), indent=2) + "\n")
    raise typer.Exit(report.code)


def _preview(engine: str, stack: str, cwd: Path, words: list[str]) -> tuple[str, int]:
    from pulumi_ahv.cli.engines import choose_engine

    chosen = choose_engine(engine, stack=stack)
    named = ("--stack", stack) if stack else ()
    ended = subprocess.run(
        [*chosen.command, *PREVIEW, *named, *words], cwd=cwd, stdout=subprocess.PIPE, text=True, check=False
    )
    return ended.stdout, ended.returncode


def _read(source: Path) -> str:
    try:
        return sys.stdin.read() if source == STDIN else source.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"{source} cannot be read: {error}", param_hint="--from") from error


def _parsed(text: str, code: int | None, *, place: str) -> Report:
    """Read a digest. An engine that failed before it had one has said why on standard error, which is passed on."""
    from pulumi_ahv.cli.drift.findings import Report, read_report

    try:
        return read_report(json.loads(text), code)
    except ValueError as error:
        if code is None:
            said = f"{place} is not what `preview --refresh --json` writes: {error}"
            raise typer.BadParameter(said, param_hint="--from") from error
        said = "The engine ended before it had a preview; its standard error says why."
        return Report("", "", (), (), (said,), code or 1)
