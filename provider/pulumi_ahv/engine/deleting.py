"""What is deleted after the program has ended, and in which order.

Deletions run in layers: a resource goes only when everything that depends on it is gone; inside a layer, side by side.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pulumi_ahv.engine.execution import Execution
from pulumi_ahv.engine.records import Record
from pulumi_ahv.engine.steps import Step
from pulumi_ahv.engine.tracker import Tracker


def plan_deletes(resources: Iterable[Record], tracker: Tracker) -> list[Step]:
    """Steps for what waits for its deletion, and for what the program did not register."""
    steps = []
    for record in resources:
        if record.delete:
            if id(record) in tracker.condemned:
                continue
            op = "discard-replaced" if record.external else "delete-replaced"
            steps.append(Step(op, record.urn, record, counted=False))
        elif record.urn in tracker.operated or record.urn in tracker.aliased:
            continue
        elif record.pending_replacement:
            steps.append(Step("remove-pending-replace", record.urn, record, counted=False))
        else:
            steps.append(Step("discard" if record.external else "delete", record.urn, record))
        tracker.deleted.add(record.urn)
    return steps


def layers(steps: Sequence[Step], resources: Sequence[Record]) -> list[list[Step]]:
    """Order deletions: the layer whose resources nobody needs any more comes first."""
    needs = _needs(resources)
    remaining = {id(step.record): step for step in steps}
    found: list[list[Step]] = []
    while remaining:
        layer = [step for key, step in remaining.items() if not (needs[key] & remaining.keys() - {key})]
        for step in layer:
            del remaining[id(step.record)]
        found.append(layer)
    return list(reversed(found))


def run_deletes(steps: Sequence[Step], resources: Sequence[Record], execution: Execution) -> None:
    """Carry deletions out layer by layer, leaving out what failed ones still need."""
    needs = _needs(resources)
    for layer in layers(steps, resources):
        needed: set[int] = set()
        for record in execution.failed_records:
            needed |= _all_needs(id(record), needs)
        execution.side_by_side([step for step in layer if id(step.record) not in needed])


def _needs(resources: Sequence[Record]) -> dict[int, set[int]]:
    """What each resource depends on directly. Of two halves of a replacement, the one that stands before."""
    latest: dict[str, Record] = {}
    needs: dict[int, set[int]] = {}
    for record in resources:
        found = {id(latest[urn]) for urn in record.all_dependencies() if urn in latest}
        if record.delete and record.urn in latest:
            found.discard(id(latest[record.urn]))
        needs[id(record)] = found
        latest[record.urn] = record
    return needs


def _all_needs(key: int, needs: dict[int, set[int]]) -> set[int]:
    found: set[int] = set()
    todo = list(needs.get(key, ()))
    while todo:
        need = todo.pop()
        if need not in found:
            found.add(need)
            todo += needs.get(need, ())
    return found
