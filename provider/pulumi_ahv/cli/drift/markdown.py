"""A report as Markdown: short enough for the summary of a job.

Values come from Prism, where anybody may have written them: all stand in code spans, so that none is read as markup.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from pulumi_ahv.cli.drift.findings import DRIFT, Cause, Change, Finding, Report
from pulumi_ahv.engine.urns import Urn

ROWS = 40
_LONGEST = 80


def markdown(report: Report) -> str:
    """Write a report."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    yield f"## {_headline(report)}"
    yield ""
    yield f"Stack {code(report.stack)} of {code(report.project)}." if report.stack else "No stack was read."
    for error in report.errors:
        yield from ("", "```text", error.replace("```", "'''"), "```")
    for finding in report.findings:
        if finding.drifted:
            yield from ("", f"### {_title(finding)}", "", *_drift(finding))
    ahead = [line for finding in report.findings for line in _ahead(finding)]
    if ahead:
        yield from ("", "### Wanted otherwise since the last `up`", "", *_first(ahead, "changes"))
    if report.follows:
        names = ", ".join(
            f"{Urn.parse(urn).type.rsplit(':', 1)[-1]} {code(Urn.parse(urn).name)}" for urn in report.follows
        )
        yield from ("", f"May follow: {names}.")
    if report.drifted:
        yield from ("", "`pulumi up --refresh` makes it what the program says.")


def _headline(report: Report) -> str:
    if report.code not in (0, DRIFT):
        return f"Drift could not be checked (exit code {report.code})"
    count = len(report.drifted)
    if count:
        return f"Drift: {count} {'resource is' if count == 1 else 'resources are'} not as the program says"
    return "No drift, but the program has changed" if report.code else "No drift"


def _title(finding: Finding) -> str:
    return f"{finding.kind} {code(finding.name)}"


def _drift(finding: Finding) -> Iterator[str]:
    if finding.verdict == "gone":
        yield "It is no longer in Prism; the next `up` makes it anew."
        return
    if finding.verdict == "replaced":
        yield from ("It has to be replaced.", "")
    if finding.in_prism:
        yield from _table(finding.in_prism)
    elif not finding.not_ready:
        yield "The provider has something to repair in it."
    shown = {change.member for change in finding.in_prism}
    bad = [each for each in finding.not_ready if each[1] != "missing" or each[0] not in shown]
    if bad:
        told = [f"- {code(name)} {state}: {code(reason or 'no reason told')}" for name, state, reason in bad]
        yield from ("", "Not ready:", "", *_first(told, "members"))


def _table(changes: tuple[Change, ...]) -> Iterator[str]:
    members = {change.member for change in changes if change.member}
    if members:
        yield from (f"{len(members)} {'member differs' if len(members) == 1 else 'members differ'}.", "")
    columns = ["member"] * bool(members) + ["property", "in Prism", "wanted"]
    yield from (_row(columns), _row(["---"] * len(columns)))
    rows = []
    for change in changes:
        place = [code(change.member) if change.member else ""] * bool(members)
        changed = " (in the program, too)" if change.cause is Cause.BOTH else ""
        property_ = code(change.property) if change.property else ""
        rows.append(_row([*place, property_ + changed, _live(change), _wanted(change)]))
    yield from _first(rows, "rows")


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _ahead(finding: Finding) -> Iterator[str]:
    if finding.verdict in ("new", "removed"):
        yield f"- {_title(finding)}: {'to be made' if finding.verdict == 'new' else 'to be deleted'}"
    for change in finding.in_program:
        yield f"- {_title(finding)}: {code(change.path)}: {_live(change)} → {_wanted(change)}"


def _first(lines: list[str], what: str) -> Iterable[str]:
    if len(lines) <= ROWS:
        return lines
    return [*lines[:ROWS], "", f"… and {len(lines) - ROWS} more {what}."]


def _live(change: Change) -> str:
    if change.kind == "add":
        return "missing" if change.member and not change.property else "not set"
    return "is there" if change.member and not change.property else _value(change.live)


def _wanted(change: Change) -> str:
    if change.kind == "delete":
        return "no such member" if change.member and not change.property else "not set"
    return "a member" if change.member and not change.property else _value(change.wanted)


def _value(value: Any) -> str:
    if value is None:
        return "not set"
    text = value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False, sort_keys=True)
    return code(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")


def code(text: str) -> str:
    """A text as a code span that also holds in a table."""
    flat = _flat(text).replace("|", "\\|")
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", flat)), default=0))
    pad = " " if flat.startswith("`") or flat.endswith("`") else ""
    return f"{fence}{pad}{flat}{pad}{fence}"


def _flat(text: str) -> str:
    return " ".join(text.split())
