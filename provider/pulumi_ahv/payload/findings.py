"""What is wrong with a payload, as a list: all of it at once, each with its place and what to change.

Rendering and checking never stop at the first mistake; they add findings. Who must not go on with a broken payload
calls :func:`demand`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from pulumi_ahv.kernel.errors import PayloadError
from pulumi_ahv.kernel.secrets import Scrubber


class Severity(StrEnum):
    """Whether the payload must not be delivered, or may be."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, or likely to be.

    ``code`` is stable and meant for machines (``unknown-key``). ``line`` and ``column`` count from 1; 0 is unknown.
    They are those of the template ``file``, unless ``rendered`` is set: then of the text it rendered to.
    """

    severity: Severity
    code: str
    message: str
    file: str
    line: int = 0
    column: int = 0
    advice: str = ""
    rendered: bool = False

    @property
    def place(self) -> str:
        """Write the place as compilers do: ``user-data.yaml:12:3``; says so when it is one of the rendered text."""
        numbers = [str(number) for number in (self.line, self.column) if number]
        place = ":".join([self.file, *numbers])
        return f"{place} (of the rendered text)" if self.rendered and self.line else place

    def __str__(self) -> str:
        tail = f". {self.advice}" if self.advice else ""
        return f"{self.place}: {self.severity}: {self.message}{tail} [{self.code}]"


@dataclass(frozen=True)
class Place:
    """A spot in a text. ``line`` and ``column`` count from 1; 0 is unknown."""

    file: str
    line: int = 0
    column: int = 0


@dataclass(frozen=True)
class Problem:
    """One thing wrong at one spot of a rendered text, before it is known which template wrote that spot.

    ``line`` and ``column`` count from 1; 0 is unknown. ``fatal`` makes an error of it.
    """

    code: str
    message: str
    line: int
    column: int
    advice: str = ""
    fatal: bool = True


def error(code: str, message: str, place: Place, *, advice: str = "") -> Finding:
    """A finding that forbids delivery."""
    return Finding(Severity.ERROR, code, message, place.file, place.line, place.column, advice)


def warning(code: str, message: str, place: Place, *, advice: str = "") -> Finding:
    """A finding that the author should look at."""
    return Finding(Severity.WARNING, code, message, place.file, place.line, place.column, advice)


def errors_of(findings: Iterable[Finding]) -> list[Finding]:
    """Those that forbid delivery."""
    return [finding for finding in findings if finding.severity is Severity.ERROR]


def scrubbed(findings: Iterable[Finding], scrubber: Scrubber) -> list[Finding]:
    """The same findings without any known secret in their texts."""
    return [
        replace(finding, message=scrubber.scrub(finding.message), advice=scrubber.scrub(finding.advice))
        for finding in findings
    ]


def demand(findings: Iterable[Finding]) -> None:
    """Do nothing when no finding is an error.

    Raises:
        PayloadError: the first error, with its place; further errors are counted in the advice.
    """
    errors = errors_of(findings)
    if not errors:
        return
    first, more = errors[0], len(errors) - 1
    advice = " ".join(part for part in (first.advice, f"({more} more)" if more else "") if part)
    file = f"{first.file} (rendered)" if first.rendered else first.file
    raise PayloadError(first.message, file=file, line=first.line, column=first.column, advice=advice)
