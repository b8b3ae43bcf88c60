"""A preview as JSON, in the shape of ``pulumi preview --json`` (compared with 3.260).

Like there, what stays the same is left out, but for the stack itself; a replacement is one step; and a refresh is a
step with the state from before it in both halves: what it found is the old state of the step that follows.
"""

from __future__ import annotations

from typing import Any

from pulumi_ahv.engine import urns
from pulumi_ahv.engine.diffing import Difference
from pulumi_ahv.engine.display import Summary, is_internal
from pulumi_ahv.engine.records import write_record
from pulumi_ahv.engine.serving import StackConfig
from pulumi_ahv.engine.steps import Step
from pulumi_ahv.engine.values import UNKNOWN_ID, Bag, SecretValue, Unknown


class Plan:
    """Collects the steps of a preview: an observer."""

    def __init__(self) -> None:
        self._steps: list[dict[str, Any]] = []
        self._diagnostics: list[dict[str, str]] = []

    def begun(self, step: Step) -> None:
        """Wait for its end."""

    def ended(self, step: Step, error: str | None) -> None:
        """Keep a step."""
        if error is not None:
            self.message("error", step.urn, error)
        elif _is_shown(step):
            self._steps.append(_entry(step))

    def outputs(self, urn: str, olds: Bag, news: Bag) -> None:
        """Outputs are no steps."""

    def message(self, severity: str, urn: str, text: str) -> None:
        """Keep a message."""
        self._diagnostics.append(({"urn": urn} if urn else {}) | {"message": text, "severity": severity})

    def digest(self, config: StackConfig, summary: Summary) -> dict[str, Any]:
        """Everything, as one object."""
        shown = {key: "[secret]" if key in config.secret_keys else value for key, value in config.values.items()}
        digest = {"config": shown, "steps": self._steps, "changeSummary": summary.counts}
        return digest | ({"diagnostics": self._diagnostics} if self._diagnostics else {})


def _is_shown(step: Step) -> bool:
    if is_internal(step.urn) or step.op in ("create-replacement", "delete-replaced"):
        return False
    return step.op != "same" or urns.type_of(step.urn) == urns.STACK_TYPE


def _entry(step: Step) -> dict[str, Any]:
    entry: dict[str, Any] = {"op": step.op, "urn": step.urn}
    if step.record.provider:
        entry["provider"] = step.record.provider
    refreshing = step.op == "refresh"
    for name, record in (("oldState", step.old), ("newState", step.old if refreshing else step.new)):
        if record is not None:
            shown = record.copy(inputs=_shown(record.inputs), outputs=_shown(record.outputs))
            entry[name] = write_record(shown, str)
    difference = Difference(changes=False) if refreshing else step.difference
    if difference.keys:
        entry["diffReasons"] = list(difference.keys)
    if difference.replace_keys:
        entry["replaceReasons"] = list(difference.replace_keys)
    told = {path: {"kind": item.name, "inputDiff": item.input} for path, item in difference.detailed.items()}
    return entry | {"detailedDiff": told or None}


def _shown(value: Any) -> Any:
    if isinstance(value, SecretValue):
        return "[secret]"
    if isinstance(value, Unknown):
        return UNKNOWN_ID
    if isinstance(value, dict):
        return {key: _shown(item) for key, item in value.items()}
    return [_shown(item) for item in value] if isinstance(value, list) else value
