"""The text of a run, close to what the pulumi command prints where nobody watches a terminal."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from pulumi_ahv.engine import urns
from pulumi_ahv.engine.diffing import compare_inputs
from pulumi_ahv.engine.showing import DOING, MARKS, changed_keys, detail_lines, outputs_lines
from pulumi_ahv.engine.steps import Step
from pulumi_ahv.engine.values import Bag
from pulumi_ahv.kernel.clock import Clock

TITLES: Final = {"update": "Updating", "refresh": "Refreshing", "destroy": "Destroying"}
_DONE: Final = {
    "create": "created",
    "update": "updated",
    "delete": "deleted",
    "replace": "replaced",
    "import": "imported",
}
_PLANNED: Final = {
    "create": "to create",
    "update": "to update",
    "delete": "to delete",
    "replace": "to replace",
    "import": "to import",
}


@dataclass
class Summary:
    """Counts what a run did: an observer. Default providers do not count, neither do look-ups."""

    counts: dict[str, int] = field(default_factory=dict)
    errored: set[str] = field(default_factory=set)
    refreshing: bool = False

    @property
    def changes(self) -> int:
        """How many resources were changed."""
        return sum(count for op, count in self.counts.items() if op != "same")

    def begun(self, step: Step) -> None:
        """Nothing to count yet."""

    def ended(self, step: Step, error: str | None) -> None:
        """Count a step that went well."""
        if error is not None:
            self.errored.add(step.urn)
            return
        op = step.refreshed if step.op == "refresh" and self.refreshing else step.op
        counted = step.counted or (step.op == "refresh" and self.refreshing)
        if counted and not is_internal(step.urn) and op not in ("read", "discard", "refresh"):
            self.counts[op] = self.counts.get(op, 0) + 1

    def outputs(self, urn: str, olds: Bag, news: Bag) -> None:
        """Outputs do not count."""

    def message(self, severity: str, urn: str, text: str) -> None:
        """Remember where an error was."""
        del text
        if severity == "error":
            self.errored.add(urn)

    def lines(self, *, preview: bool) -> list[str]:
        """The lines below ``Resources:``."""
        words = _PLANNED if preview else _DONE
        kinds = [op for op in words if self.counts.get(op)]
        lines = [f"    {MARKS[op]}{self.counts[op]} {words[op]}" for op in kinds]
        unchanged = self.counts.get("same", 0)
        tail = [f"{self.changes} changes"] if len(kinds) > 1 else []
        tail += [f"{unchanged} unchanged"] if unchanged else []
        if tail:
            lines.append(f"    {'. '.join(tail)}")
        if self.errored:
            lines.append(f"    {len(self.errored)} errored")
        return lines


@dataclass(frozen=True)
class Scene:
    """What is shown: a kind of run (update, refresh or destroy) of a stack of a project."""

    kind: str
    project: str
    stack: str


class Display:
    """Prints a run row by row: an observer."""

    def __init__(
        self, write: Callable[[str], None], scene: Scene, *, clock: Clock, preview: bool, details: bool = False
    ) -> None:
        self._write = write
        self._kind = scene.kind
        self._preview = preview
        self._clock = clock
        self._details = details
        name = f"{scene.project}-{scene.stack}"
        self._stack_urn = urns.make_urn(scene.stack, scene.project, "", urns.STACK_TYPE, name)
        self._started = clock.monotonic()
        self._times: dict[int, float] = {}
        self._messages: dict[str, list[tuple[str, str]]] = {}
        self._stack_outputs: tuple[Bag, Bag] | None = None
        self._stack_step: Step | None = None
        self.summary = Summary(refreshing=scene.kind == "refresh")
        write(f"{f'Previewing {scene.kind}' if preview else TITLES[scene.kind]} ({scene.stack}):")

    def begun(self, step: Step) -> None:
        """Print that a step begins."""
        self.summary.begun(step)
        self._times[id(step)] = self._clock.monotonic()
        if step.urn == self._stack_urn:
            self._stack_step = step
        if self._hidden(step) or self._preview or self._details:
            return
        self._row(step, f"{DOING[step.op][0]} (0s)")

    def ended(self, step: Step, error: str | None) -> None:
        """Print how a step ended."""
        self.summary.ended(step, error)
        if error is not None:
            self._messages.setdefault(step.urn, []).append(("error", error))
            if not self._details:
                self._row(step, f"**{DOING[step.op][0]} failed**", f"error: {_first(error)}")
            return
        if step.urn == self._stack_urn and not step.op.startswith(("delete", "refresh")):
            return
        if self._hidden(step):
            return
        if self._details:
            if step.op not in ("create-replacement", "delete-replaced"):
                op = step.refreshed if step.op == self._kind == "refresh" else step.op
                self._write("\n".join(detail_lines(step, op)))
        elif self._preview:
            self._row(step, step.op.replace("-", " "))
        else:
            took = self._clock.monotonic() - self._times.get(id(step), 0.0)
            self._row(step, f"{DOING[step.op][1]} ({took:.2f}s)")

    def outputs(self, urn: str, olds: Bag, news: Bag) -> None:
        """Keep the stack's outputs for the end."""
        if urn == self._stack_urn:
            self._stack_outputs = (olds, news)

    def message(self, severity: str, urn: str, text: str) -> None:
        """Print a message beside its resource, and once more under Diagnostics."""
        urn = urn or self._stack_urn
        self.summary.message(severity, urn, text)
        self._messages.setdefault(urn, []).append((severity, text))
        shown = _first(text) if severity == "info" else f"{severity}: {_first(text)}"
        if self._details:
            self._write(shown)
        else:
            self._write(f"    {urns.type_of(urn)} {urns.name_of(urn)}  {shown}")

    def finish(self) -> None:
        """Print what a run ends with: diagnostics, outputs, counts and the time."""
        if self._stack_step is not None and not self._details:
            self._stack_row(self._stack_step)
        for line in self._diagnostics():
            self._write(line)
        self._write_outputs()
        self._write("Resources:")
        for line in self.summary.lines(preview=self._preview):
            self._write(line)
        if not self._preview:
            self._write(f"\nDuration: {math.ceil(self._clock.monotonic() - self._started) or 1}s")
        self._write("")

    def _write_outputs(self) -> None:
        """A preview shows outputs only if they change."""
        olds, news = self._stack_outputs or ({}, {})
        if not (olds or news) or (self._preview and not compare_inputs(olds, news)):
            return
        self._write("Outputs:")
        for line in outputs_lines(olds, news):
            self._write(line)
        self._write("")

    def _stack_row(self, step: Step) -> None:
        failed = self._stack_urn in self.summary.errored
        op = DOING[step.op][1] if not self._preview else step.op
        text = "**failed**" if failed else ("" if step.op == "same" else op)
        self._row(step, text, self._counts())

    def _counts(self) -> str:
        messages = self._messages.get(self._stack_urn, [])
        words = (("error", "error"), ("warning", "warning"), ("info", "message"))
        numbers = [(word, sum(1 for severity, _ in messages if severity == kind)) for kind, word in words]
        return "; ".join(f"{number} {word}{'s' if number > 1 else ''}" for word, number in numbers if number)

    def _diagnostics(self) -> list[str]:
        lines = ["Diagnostics:"] if self._messages else []
        for urn, messages in self._messages.items():
            lines.append(f"  {urns.type_of(urn)} ({urns.name_of(urn)}):")
            for severity, text in messages:
                head = text if severity == "info" else f"{severity}: {text}"
                lines += [f"    {line}".rstrip() for line in head.splitlines()]
            lines.append("")
        return lines

    def _row(self, step: Step, text: str, extra: str = "") -> None:
        parts = [text, "" if step.op.startswith("delete") else changed_keys(step), extra]
        type_, name = urns.type_of(step.urn), urns.name_of(step.urn)
        self._write(f" {MARKS[step.op]} {type_} {name} {' '.join(part for part in parts if part)}".rstrip())

    def _hidden(self, step: Step) -> bool:
        if is_internal(step.urn) or step.op == "same":
            return True
        if step.op == "refresh":
            return step.refreshed == "same" and not (step.record.custom and self._kind == "refresh")
        return False


def is_internal(urn: str) -> bool:
    """Whether a resource is a default provider, which users never see."""
    type_ = urns.type_of(urn)
    return urns.is_provider(type_) and urns.name_of(urn).startswith("default")


def _first(text: str) -> str:
    return text.splitlines()[0] if text else ""
