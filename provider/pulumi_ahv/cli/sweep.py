"""``ahv sweep``: what carries a stack's mark and is in no state; lists it, and deletes it when asked to.

    ahv sweep --stack prod                       in the folder of the program: what an interrupted run left
    ahv sweep --stack prod --delete              deletes it
    pulumi stack export | ahv sweep --state -    with a state that somebody else has exported

Exit codes: 0 when nothing is left over, 7 when something was found and not deleted, 1 for errors, 2 for wrong options.
Nothing is asked. What stands in the state is never deleted.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pulumi_ahv.cli.formats import Format

if TYPE_CHECKING:
    from pulumi_ahv.cli.sweep_report import Swept
    from pulumi_ahv.prism.vm_interface import MachineSite
    from pulumi_ahv.resources.sweeping.declared import Known, Stack
    from pulumi_ahv.resources.sweeping.looking import Finding, Search

ERROR = 1
STDIN = Path("-")


def sweep(  # noqa: PLR0913 - typer reads options from parameters
    *,
    stack: Annotated[str, typer.Option("--stack", "-s", help="The stack. Default: the one that the state is of.")] = "",
    project: Annotated[str, typer.Option(help="Its project. Default: that of Pulumi.yaml, or of the state.")] = "",
    delete: Annotated[bool, typer.Option("--delete", "--yes", "-y", help="Delete what is listed.")] = False,
    state: Annotated[
        Path | None,
        typer.Option(help="What `pulumi stack export` wrote, or - for standard input. Default: the engine is asked."),
    ] = None,
    no_state: Annotated[
        bool, typer.Option("--no-state", help="The stack has been removed: nothing of it is in a state.")
    ] = False,
    engine: Annotated[str, typer.Option(help="embedded or pulumi; without it pulumi, where it is on the PATH")] = "",
    resource: Annotated[
        list[str] | None, typer.Option("--resource", "-r", help="A resource whose unmarked machines are looked for.")
    ] = None,
    keep: Annotated[list[str] | None, typer.Option(help="Name or UUID of something that stays.")] = None,
    connection: Annotated[list[str] | None, typer.Option(help="Look here too; 'default' is ahv:endpoint.")] = None,
    config: Annotated[
        Path | None, typer.Option(help="Settings. Default: the file of the stack; - for standard input.")
    ] = None,
    cwd: Annotated[Path, typer.Option("--cwd", "-C", help="Folder of the program.")] = Path(),
    output: Annotated[Format, typer.Option("--format", "-f", help="text or json.")] = Format.TEXT,
) -> None:
    """List, and with --delete remove, what carries the mark of a stack and is in no state."""
    from pulumi_ahv.cli.sweep_report import Report
    from pulumi_ahv.kernel.errors import AhvError
    from pulumi_ahv.resources.sweeping.declared import Known
    from pulumi_ahv.resources.sweeping.looking import Search

    try:
        known = Known() if no_state else _known(state, cwd, stack, engine)
        whose = _whose(cwd, project, stack, known)
        search = Search(whose, known, tuple(resource or ()))
        with ExitStack() as opened:
            sites = list(_sites(opened, config, cwd, whose.name, [*known.connections, *(connection or ())]))
            swept = _sweep(search, sites, frozenset(keep or ()), delete=delete)
    except AhvError as error:
        typer.echo(f"ahv sweep: {error}", err=True)
        raise typer.Exit(ERROR) from None
    report = Report(str(whose), swept, deleting=delete)
    typer.echo(json.dumps(report.document(), indent=2) if output is Format.JSON else "\n".join(report.lines()))
    raise typer.Exit(report.code)


def _known(state: Path | None, cwd: Path, stack: str, engine: str) -> Known:
    from pulumi_ahv.kernel.errors import InputError
    from pulumi_ahv.resources.sweeping.declared import known_of

    if state is None and not stack:
        raise InputError("--stack", "is missing", advice="Name the stack, or give its state with --state.")
    try:
        text = _exported(cwd, stack, engine) if state is None else _read(state)
        return known_of(json.loads(text))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InputError("--state", f"it cannot be read: {error}") from error


def _read(state: Path) -> str:
    return sys.stdin.read() if state == STDIN else state.read_text("utf-8")


def _exported(cwd: Path, stack: str, wanted: str) -> str:
    """The state as an engine exports it.

    Raises:
        ConfigError: it does not; or it is not clear which engine has the state, and the wrong one would have none.
    """
    from pulumi_ahv.cli.engines import EMBEDDED, choose_engine
    from pulumi_ahv.kernel.errors import ConfigError

    chosen = choose_engine(wanted, stack=stack)
    doing = f"Exporting the state of {stack!r} from {chosen.name}"
    if not wanted and chosen != EMBEDDED and (cwd / ".ahv-local").exists():
        said = "the embedded engine has run here too"
        raise ConfigError(doing, said=said, advice="Say which one has the state: --engine pulumi or embedded.")
    words = ("export",) if chosen == EMBEDDED else ("stack", "export")
    command = [*chosen.command, *words, "--stack", stack]
    ended = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if ended.returncode:
        said = " ".join(line for line in ended.stderr.splitlines() if line.startswith("error:")) or ended.stderr.strip()
        advice = "If the stack has been removed, say --no-state; a state that is elsewhere goes with --state."
        raise ConfigError(doing, said=said.removeprefix("error: "), advice=advice)
    return ended.stdout


def _whose(cwd: Path, project: str, stack: str, known: Known) -> Stack:
    """The stack that is meant, by its name and by its state.

    Raises:
        InputError: its name is not complete, or the state is another stack's.
    """
    from pulumi_ahv.kernel.errors import InputError
    from pulumi_ahv.resources.sweeping.declared import Stack

    of_state = known.stack
    name = stack.rpartition("/")[2] or (of_state.name if of_state else "")
    whole = project or _project_of(cwd) or (of_state.project if of_state else "")
    if not name or not whole:
        missing = "--project" if name else "--stack"
        raise InputError(missing, "is missing: neither Pulumi.yaml nor the state tells it")
    meant = Stack(whole, name)
    if of_state and of_state != meant:
        said = f"it is the state of {of_state}, not of {meant}"
        raise InputError("--state", said, advice="Give the state of the stack that is to be swept.")
    return meant


def _project_of(cwd: Path) -> str:
    """The name in the Pulumi.yaml of the folder or of one above, whatever its language; empty where there is none."""
    import yaml

    for folder in (cwd.absolute(), *cwd.absolute().parents):
        if (folder / "Pulumi.yaml").is_file():
            document = yaml.safe_load((folder / "Pulumi.yaml").read_text("utf-8"))
            return str(document.get("name") or "") if isinstance(document, Mapping) else ""
    return ""


def _sites(
    opened: ExitStack, config: Path | None, cwd: Path, stack: str, wanted: Sequence[str]
) -> Iterator[MachineSite]:
    """Every connection that is wanted; without any, every one that is configured."""
    from typing import cast
    from uuid import uuid4

    from pulumi_ahv.cli.settings import Settings, read_settings
    from pulumi_ahv.kernel.clock import SystemClock
    from pulumi_ahv.kernel.errors import ConfigError
    from pulumi_ahv.prism.connection import DEFAULT, choose, connect, read_connections

    usual = cwd / f"Pulumi.{stack}.yaml"
    file = config or (usual if usual.is_file() else None)
    settings = read_settings(file, cwd) if file else Settings({})
    try:
        known = read_connections(settings.values, os.environ)
        names = list(dict.fromkeys(name or DEFAULT for name in wanted)) or list(known) or [DEFAULT]
        chosen = [choose(known, name) for name in names]
    except ConfigError as error:
        advice = f"{error.advice} {settings.hint('sweep')}".strip()
        raise ConfigError(error.doing, said=error.said, advice=advice) from None
    for each in chosen:
        site = connect(each, clock=SystemClock(), ids=uuid4)
        yield cast("MachineSite", opened.enter_context(closing(site)))


def _sweep(search: Search, sites: Sequence[MachineSite], keep: frozenset[str], *, delete: bool) -> list[Swept]:
    """Look everywhere before anything is deleted. What two connections show is told, and deleted, once."""
    from pulumi_ahv.cli.sweep_report import Swept
    from pulumi_ahv.kernel.clock import SystemClock
    from pulumi_ahv.resources.sweeping.deleting import Sweeper

    sights = [(site, search.look(site)) for site in sites]
    told: set[str] = set()
    found: list[list[Finding]] = []
    for _, sight in sights:
        found.append([one for one in sight.findings if one.id not in told])
        told.update(one.id for one in sight.findings)
    swept = []
    for (site, sight), findings in zip(sights, found, strict=True):
        kept = [one for one in findings if keep & {one.name, one.uuid}]
        left = [one for one in findings if one not in kept]
        failures = Sweeper(site, SystemClock(), _say).sweep(left) if delete else None
        unknown = [one for one in sight.unknown if one.uuid not in told]
        told.update(one.uuid for one in unknown)
        swept.append(Swept(site.info.name, left, kept, unknown, failures))
    return swept


def _say(line: str) -> None:
    typer.echo(line, err=True)
