"""``ahv local``: run a Pulumi program with the embedded engine, for trial and tests.

Only the command line: reads options, prints, chooses exit codes. The engine itself is ``pulumi_ahv.engine``.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from pulumi_ahv.engine.deployment import Deployment, Options
    from pulumi_ahv.engine.stack import LocalStack, Result

BANNER = "pulumi-ahv embedded engine (not pulumi): for trial and tests; production belongs to the pulumi command."
STACK_NOT_FOUND = 6
CHANGES_FOUND = 7

app = typer.Typer(
    name="local",
    help="Run a Pulumi program with the embedded engine: for trial and tests, without the pulumi command.",
    no_args_is_help=True,
)

StackName = Annotated[str, typer.Option("--stack", "-s", help="The stack to work on.")]
Directory = Annotated[Path, typer.Option("--cwd", "-C", help="Work as if started in this directory.")]
StateDirectory = Annotated[
    Path | None,
    typer.Option(
        "--state-dir",
        envvar="AHV_LOCAL_STATE",
        help="Where states are kept, in the layout of pulumi's file backend. [default: .ahv-local beside Pulumi.yaml]",
    ),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")]
SkipPreview = Annotated[bool, typer.Option("--skip-preview", "-f", help="Do not show first what would be done.")]
Details = Annotated[bool, typer.Option("--diff", help="Show every changed property.")]
NoChanges = Annotated[bool, typer.Option("--expect-no-changes", help="Exit with 7 if anything changes.")]
Refresh = Annotated[bool, typer.Option("--refresh", "-r", help="First look at what really exists.")]
Continue = Annotated[bool, typer.Option("--continue-on-error", help="Go on with what does not depend on a failure.")]
Parallel = Annotated[int, typer.Option("--parallel", "-p", min=1, help="Steps that may run at a time.")]
Config = Annotated[list[str] | None, typer.Option("--config", "-c", help="key=value, for this run only.")]
SecretConfig = Annotated[list[str] | None, typer.Option("--secret-config", help="key=value of a secret, for this run.")]
AsJson = Annotated[bool, typer.Option("--json", "-j", help="Print the plan as JSON.")]
PARALLEL = 4 * (os.cpu_count() or 1)


@dataclass(frozen=True)
class Manner:
    """How a command goes about it: what it asks, shows, and exits with."""

    kind: str
    yes: bool = False
    preview: bool = False
    diff: bool = False
    expect_no_changes: bool = False

    def check(self, *, code: int) -> None:
        """Exit with that code if a question would have nobody to answer it."""
        if self.yes or not self.preview or sys.stdin.isatty():
            return
        needed = "--yes or --skip-preview must be passed in to proceed when running in non-interactive mode"
        typer.echo(f"error: {needed}", err=True)
        raise typer.Exit(code)

    def leave(self, result: Result) -> None:
        """Exit as the result deserves."""
        if not result.ok:
            raise typer.Exit(1)
        if self.expect_no_changes and result.summary.changes:
            typer.echo("error: no changes were expected but changes occurred", err=True)
            raise typer.Exit(CHANGES_FOUND)


@app.command()
def up(  # noqa: PLR0913 - one parameter for each option
    *,
    stack: StackName = "dev",
    cwd: Directory = Path(),
    state_dir: StateDirectory = None,
    yes: Yes = False,
    skip_preview: SkipPreview = False,
    diff: Details = False,
    expect_no_changes: NoChanges = False,
    refresh: Refresh = False,
    continue_on_error: Continue = False,
    parallel: Parallel = PARALLEL,
    config: Config = None,
    secret_config: SecretConfig = None,
) -> None:
    """Make the stack what the program wants."""
    how = Manner("update", yes=yes, preview=not skip_preview, diff=diff, expect_no_changes=expect_no_changes)
    how.check(code=2)
    from pulumi_ahv.engine.deployment import Options

    options = Options(refresh=refresh, parallel=parallel, continue_on_error=continue_on_error)
    with _stack(cwd, stack, state_dir, (config, secret_config)) as local:
        _perform(local, options, how)


@app.command()
def preview(  # noqa: PLR0913 - one parameter for each option
    *,
    stack: StackName = "dev",
    cwd: Directory = Path(),
    state_dir: StateDirectory = None,
    diff: Details = False,
    expect_no_changes: NoChanges = False,
    refresh: Refresh = False,
    parallel: Parallel = PARALLEL,
    config: Config = None,
    secret_config: SecretConfig = None,
    as_json: AsJson = False,
) -> None:
    """Show what an update would do."""
    from pulumi_ahv.engine.deployment import Options

    options = Options(preview=True, refresh=refresh, parallel=parallel)
    with _stack(cwd, stack, state_dir, (config, secret_config), quiet=as_json) as local:
        how = Manner("update", diff=diff, expect_no_changes=expect_no_changes)
        how.leave(_planned(local, options) if as_json else _run(local, options, how))


@app.command()
def refresh(  # noqa: PLR0913 - one parameter for each option
    *,
    stack: StackName = "dev",
    cwd: Directory = Path(),
    state_dir: StateDirectory = None,
    yes: Yes = False,
    skip_preview: SkipPreview = False,
    diff: Details = False,
    expect_no_changes: NoChanges = False,
    parallel: Parallel = PARALLEL,
    clear_pending_creates: Annotated[
        bool, typer.Option("--clear-pending-creates", help="Forget creates that were interrupted.")
    ] = False,
) -> None:
    """Make the state what really exists."""
    how = Manner("refresh", yes=yes, preview=not skip_preview, diff=diff, expect_no_changes=expect_no_changes)
    how.check(code=1)
    from pulumi_ahv.engine.deployment import Options

    options = Options(parallel=parallel, clear_pending_creates=clear_pending_creates)
    with _stack(cwd, stack, state_dir, must_exist=True) as local:
        _perform(local, options, how)


@app.command()
def destroy(  # noqa: PLR0913 - one parameter for each option
    *,
    stack: StackName = "dev",
    cwd: Directory = Path(),
    state_dir: StateDirectory = None,
    yes: Yes = False,
    skip_preview: SkipPreview = False,
    diff: Details = False,
    refresh: Refresh = False,
    continue_on_error: Continue = False,
    parallel: Parallel = PARALLEL,
) -> None:
    """Delete everything in the stack."""
    how = Manner("destroy", yes=yes, preview=not skip_preview, diff=diff)
    how.check(code=1)
    from pulumi_ahv.engine.deployment import Options

    options = Options(refresh=refresh, parallel=parallel, continue_on_error=continue_on_error)
    with _stack(cwd, stack, state_dir, must_exist=True) as local:
        _perform(local, options, how)


@app.command(name="export")
def export_(
    *,
    stack: StackName = "dev",
    cwd: Directory = Path(),
    state_dir: StateDirectory = None,
    show_secrets: Annotated[bool, typer.Option("--show-secrets", help="Write secrets in clear.")] = False,
    file: Annotated[Path | None, typer.Option("--file", help="Write to this file.")] = None,
) -> None:
    """Print the state of the stack, as pulumi stack import takes it."""
    from pulumi_ahv.engine.store import export

    with _stack(cwd, stack, state_dir, must_exist=True, quiet=True) as local:
        deployment = export(local.store.read_latest(), local.store.cipher(), show_secrets=show_secrets)
    text = json.dumps(deployment, indent=4)
    if file is None:
        typer.echo(text)
    else:
        file.write_text(text + "\n", encoding="utf-8")


@app.command(name="import")
def import_(
    *,
    stack: StackName = "dev",
    cwd: Directory = Path(),
    state_dir: StateDirectory = None,
    file: Annotated[Path | None, typer.Option("--file", help="Read from this file.")] = None,
) -> None:
    """Replace the state of the stack by one that pulumi stack export, or export, has written."""
    from pulumi_ahv.engine.adopting import adopt

    text = file.read_text(encoding="utf-8") if file else sys.stdin.read()
    with _stack(cwd, stack, state_dir, quiet=True) as local:
        with local.store.locked():
            warnings = adopt(local.store, text, project=local.project.name, stack=local.name)
        for warning in warnings:
            typer.echo(f"warning: {warning}", err=True)
    typer.echo("Import complete.")


@contextmanager
def _stack(
    cwd: Path,
    name: str,
    state_dir: Path | None,
    config: tuple[list[str] | None, list[str] | None] = (None, None),
    *,
    must_exist: bool = False,
    quiet: bool = False,
) -> Iterator[LocalStack]:
    """Open a stack; errors become a line and an exit code."""
    from pulumi_ahv.engine.project import find_project
    from pulumi_ahv.engine.stack import LocalStack
    from pulumi_ahv.kernel.errors import AhvError

    typer.echo(BANNER, err=quiet)
    try:
        project = find_project(cwd)
        plain, secret = (_pairs(pairs) for pairs in config)
        local = LocalStack(project, name, state_dir or project.directory / ".ahv-local", plain, secret)
        if must_exist and not local.store.exists():
            typer.echo(f"error: no stack named '{name}' found", err=True)
            raise typer.Exit(STACK_NOT_FOUND)
        yield local
    except (AhvError, ValueError) as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from error


def _perform(local: LocalStack, options: Options, how: Manner) -> None:
    """Show what would be done, ask, do it."""
    from dataclasses import replace

    if how.preview and not _run(local, replace(options, preview=True), how).ok:
        raise typer.Exit(1)
    if not how.yes and how.preview and not typer.confirm(f"Do you want to perform this {how.kind}?"):
        raise typer.Exit(1)
    how.leave(_run(local, options, how))


def _run(local: LocalStack, options: Options, how: Manner) -> Result:
    from pulumi_ahv.engine.display import Display, Scene

    scene = Scene(how.kind, local.project.name, local.name)
    display = Display(typer.echo, scene, clock=local.clock, preview=options.preview, details=how.diff)
    actions: dict[str, Callable[..., Result]] = {"refresh": local.refresh, "destroy": local.destroy}
    with _interruptible(local):
        result = actions.get(how.kind, local.up)(options, [display])
    display.finish()
    result.summary = display.summary
    return result


def _planned(local: LocalStack, options: Options) -> Result:
    from pulumi_ahv.engine.plan import Plan

    plan = Plan()
    with _interruptible(local):
        result = local.up(options, [plan])
    typer.echo(json.dumps(plan.digest(local.config(), result.summary), indent=4))
    return result


@contextmanager
def _interruptible(local: LocalStack) -> Iterator[None]:
    """The first interrupt lets running steps finish, the second ends everything at once."""
    running: list[Deployment] = []
    local.on_start = running.append

    def interrupt(number: int, frame: Any) -> None:
        del number, frame
        if running and not running[0].execution.cancelled:
            running[0].cancel()  # before it is said: a second interrupt may come while the first is being told of
            typer.echo("^C received; cancelling. If you would like to terminate immediately, press ^C again.", err=True)
        else:
            os._exit(1)

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _pairs(pairs: list[str] | None) -> dict[str, str]:
    found = {}
    for pair in pairs or []:
        key, separator, value = pair.partition("=")
        if not separator:
            raise ValueError(f"configuration {pair!r} is not of the form key=value")
        found[key] = value
    return found
