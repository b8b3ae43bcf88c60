"""Looking at every resource of the state before anything else, or instead of it."""

from __future__ import annotations

from collections.abc import Sequence

from pulumi_ahv.engine.execution import Execution
from pulumi_ahv.engine.records import Record
from pulumi_ahv.engine.steps import Step


def refresh(resources: Sequence[Record], execution: Execution) -> list[Record]:
    """Read everything, side by side; the resources as they are now, in the old order."""
    steps = [Step("refresh", record.urn, record, record, counted=False) for record in resources]
    execution.side_by_side(steps)
    return rebuild([(step.record if step.refreshed != "delete" else None, step.old) for step in steps])


def rebuild(found: Sequence[tuple[Record | None, Record | None]]) -> list[Record]:
    """The state without what has vanished: nobody depends on it any more, its children go to its parent."""
    lost = {old.urn: old.parent for record, old in found if record is None and old is not None and not old.delete}
    living = [record for record, _ in found if record is not None]
    return [_without(record, lost) if record.all_dependencies() & lost.keys() else record for record in living]


def _without(record: Record, lost: dict[str, str]) -> Record:
    parent = record.parent
    while parent in lost:
        parent = lost[parent]
    return record.copy(
        parent=parent,
        deleted_with="" if record.deleted_with in lost else record.deleted_with,
        dependencies=[urn for urn in record.dependencies if urn not in lost],
        property_dependencies={
            key: [urn for urn in found if urn not in lost] for key, found in record.property_dependencies.items()
        },
    )
