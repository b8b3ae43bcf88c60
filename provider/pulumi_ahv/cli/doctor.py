"""``ahv doctor``: what answers at each configured connection, and whether it will do.

Exit codes: 0 when every connection works, 1 when one does not, 2 when the settings cannot be read or there are none.
Every wait is bounded by ``--timeout``; nothing is changed anywhere.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pulumi_ahv.cli.formats import Format
from pulumi_ahv.kernel.errors import AhvError

if TYPE_CHECKING:
    from pulumi_ahv.cli.settings import Settings
    from pulumi_ahv.prism.connection import Connection
    from pulumi_ahv.prism.interface import Site

_BROKEN, _UNREADABLE = 1, 2


@dataclass(frozen=True)
class Check:
    """One thing that was tried: what was found, or the cause of its failure and what to change."""

    name: str
    found: str = ""
    cause: str = ""
    advice: str = ""

    @property
    def ok(self) -> bool:
        """Whether it works."""
        return not self.cause


@dataclass(frozen=True)
class Finding:
    """One connection, and all that was tried on it, in order; the last check is the first that failed."""

    name: str
    url: str
    product: str
    version: str
    api: dict[str, str]
    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        """Whether all of it works."""
        return all(check.ok for check in self.checks)


def doctor(
    config: Annotated[
        Path | None,
        typer.Option(help="File of a stack (Pulumi.STACK.yaml), or - for what `pulumi config --json` writes."),
    ] = None,
    connection: Annotated[str, typer.Option(help="Only the connection of this name.")] = "",
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds that one wait may take.")] = 10.0,
    output: Annotated[Format, typer.Option("--format", "-f", help="text or json.")] = Format.TEXT,
) -> None:
    """Check every configured connection: what answers, in which version, and what this account may see."""
    from pulumi_ahv.cli.settings import read_settings
    from pulumi_ahv.kernel.errors import ConfigError

    try:
        settings = read_settings(config, Path.cwd())
        chosen = _connections(settings, connection)
    except ConfigError as error:
        _write(output, [], [Check("settings", cause=f"{error.doing}: {error.said}", advice=error.advice)])
        raise typer.Exit(_UNREADABLE) from None
    findings = []
    for one in chosen:
        findings.append(examine(one, timeout))
        if output is Format.TEXT:
            _show(findings[-1])
    if output is Format.JSON:
        _write(output, findings, [])
    raise typer.Exit(0 if all(finding.ok for finding in findings) else _BROKEN)


def _connections(settings: Settings, wanted: str) -> list[Connection]:
    """The connections to look at.

    Raises:
        ConfigError: They are wrong, or there are none.
    """
    from pulumi_ahv.kernel.errors import ConfigError
    from pulumi_ahv.prism.connection import choose, read_connections

    try:
        known = read_connections(settings.values, os.environ)
        if wanted or not known:
            return [choose(known, wanted)]
    except ConfigError as error:
        advice = f"{error.advice} {settings.hint('doctor')}".strip()
        raise ConfigError(error.doing, said=error.said, advice=advice) from None
    return list(known.values())


def examine(connection: Connection, timeout: float) -> Finding:
    """Try everything that a run would need of a connection, and stop at the first thing that fails."""
    from uuid import uuid4

    from pulumi_ahv.kernel.clock import SystemClock
    from pulumi_ahv.prism.connection import Timeouts, connect

    given = connection.timeouts
    short = Timeouts(min(given.connect, timeout), min(given.request, timeout), min(given.retry, timeout))
    checks, sites = [], []

    def join() -> str:
        sites.append(connect(replace(connection, timeouts=short), clock=SystemClock(), ids=uuid4))
        info = sites[0].info
        return f"{info.product} {info.version}".strip()

    for name, attempt in (("connection", join), *_rights(sites)):
        checks.append(_tried(name, attempt))
        if not checks[-1].ok:
            break
    info = sites[0].info if sites else None
    if sites:
        sites[0].close()
    return Finding(
        connection.name,
        connection.url,
        str(info.product) if info else "",
        info.version if info else "",
        info.api if info else {},
        tuple(checks),
    )


def _rights(sites: list[Site]) -> Iterator[tuple[str, Callable[[], str]]]:
    """What every account needs: to see clusters, containers and images."""

    def clusters() -> str:
        return ", ".join(sorted(cluster.name for cluster in sites[0].inventory.clusters())) or "none"

    def containers() -> str:
        return f"{len(sites[0].inventory.storage_containers())} found"

    def images() -> str:
        sites[0].images.named("")
        return "may be read"

    yield "clusters", clusters
    yield "storage containers", containers
    yield "images", images


def _tried(name: str, attempt: Callable[[], str]) -> Check:
    try:
        return Check(name, found=attempt())
    except AhvError as error:
        return Check(name, cause=error.said or error.doing, advice=error.advice)


def _show(finding: Finding) -> None:
    typer.secho(f"{finding.name}  {finding.url}", bold=True)
    for check in finding.checks:
        _show_check(check)
    if finding.api:
        spoken = ", ".join(f"{name} {version}" for name, version in sorted(finding.api.items()))
        _show_check(Check("versions", found=spoken))


def _show_check(check: Check) -> None:
    word = typer.style("ok    ", fg="green") if check.ok else typer.style("FAILED", fg="red")
    typer.echo(f"  {word}  {check.name:<18}  {check.found or check.cause}")
    if check.advice:
        typer.echo(f"          {'advice':<18}  {check.advice}")


def _write(output: Format, findings: list[Finding], failures: list[Check]) -> None:
    if output is Format.TEXT:
        for check in failures:
            _show_check(check)
        return
    document: dict[str, Any] = {"ok": not failures and all(finding.ok for finding in findings)}
    document |= {"connections": [_document(finding) for finding in findings]}
    if failures:
        document |= {"checks": [_check_document(check) for check in failures]}
    typer.echo(json.dumps(document, indent=2))


def _document(finding: Finding) -> dict[str, Any]:
    return {
        "name": finding.name,
        "url": finding.url,
        "ok": finding.ok,
        "product": finding.product,
        "version": finding.version,
        "api": finding.api,
        "checks": [_check_document(check) for check in finding.checks],
    }


def _check_document(check: Check) -> dict[str, Any]:
    told = {"check": check.name, "ok": check.ok, "found": check.found, "cause": check.cause, "advice": check.advice}
    return {name: value for name, value in told.items() if value != ""}
