"""What ``ahv sweep`` tells: tables for a person, JSON for a program, and the exit code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pulumi_ahv.kernel.errors import AhvError
from pulumi_ahv.resources.sweeping.looking import Finding, Unknown

ERROR, LEFT_OVER = 1, 7


@dataclass(frozen=True)
class Swept:
    """What was found at one connection. ``failures`` is ``None`` where nothing was to be deleted."""

    connection: str
    findings: Sequence[Finding]
    kept: Sequence[Finding]
    unknown: Sequence[Unknown]
    failures: Mapping[Finding, AhvError] | None

    def fate(self, finding: Finding) -> str:
        """What became of it."""
        if finding in self.kept:
            return "kept"
        if finding.stays:
            return f"stays: {finding.stays}"
        if self.failures is None:
            return "left over"
        return f"not deleted: {self.failures[finding]}" if finding in self.failures else "deleted"


@dataclass(frozen=True)
class Report:
    """Everything that was found of one stack."""

    stack: str
    swept: Sequence[Swept]
    deleting: bool

    @property
    def code(self) -> int:
        """The exit code: 0 when nothing is left over, 7 when something is, 1 when something could not be deleted."""
        if any(one.failures for one in self.swept):
            return ERROR
        fates = [one.fate(finding) for one in self.swept for finding in one.findings]
        return LEFT_OVER if any(fate != "deleted" for fate in fates) else 0

    def document(self) -> dict[str, Any]:
        """All of it, for a program."""
        names = ("kind", "name", "uuid", "owner", "connection", "fate")
        strange = ("name", "uuid", "connection")
        return {
            "stack": self.stack,
            "exitCode": self.code,
            "found": [dict(zip(names, row, strict=True)) for row in self._found()],
            "unknown": [dict(zip(strange, row, strict=True)) for row in self._unknown()],
        }

    def lines(self) -> Iterator[str]:
        """All of it, for a person."""
        rows, strange = self._found(), self._unknown()
        if not rows:
            yield f"{self.stack}: nothing is left over"
        else:
            yield f"{self.stack}: in no state, but with its mark or a working name of its ({len(rows)})"
            yield from _table(("kind", "name", "uuid", "owner", "connection", ""), rows)
        if strange:
            yield f"\nNot ours to judge: working names of owners that are not known ({len(strange)})"
            yield from _table(("name", "uuid", "connection"), strange)
            yield "They may belong to a run that is going on, or to another stack. --resource NAME adds an owner."
        if self.code == LEFT_OVER and not self.deleting:
            yield "\nNothing was deleted: --delete does that."

    def _found(self) -> list[tuple[str, ...]]:
        return [
            (finding.kind.value, finding.name, finding.uuid, finding.owner, one.connection, one.fate(finding))
            for one in self.swept
            for finding in (*one.findings, *one.kept)
        ]

    def _unknown(self) -> list[tuple[str, ...]]:
        return [(each.name, each.uuid, one.connection) for one in self.swept for each in one.unknown]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(row[at]) for row in (head, *rows)) for at in range(len(head))]
    for row in (head, *rows):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield f"  {'  '.join(cells)}".rstrip()
