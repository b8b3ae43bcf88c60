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
    return rebuild([(step.new, record) for step, record in zip(steps, resources, strict=True)])


def rebuild(found: Sequence[tuple[Record | None, Record]]) -> list[Record]:
    """The state as it is now: who depended on what has vanished depends on it no more, its children lose their parent.

    Property dependencies that are empty are left out, here and only here: the real engine does the same.
    """
    living: list[Record] = []
    present: set[str] = set()
    for record, _ in found:
        if record is not None:
            living.append(_among(present, record))
            present.add(record.urn)
    return living


def _among(present: set[str], record: Record) -> Record:
    """The record with those of its relations that lead to something."""
    kept = {key: [urn for urn in urns if urn in present] for key, urns in record.property_dependencies.items()}
    return record.copy(
        parent=record.parent if record.parent in present else "",
        deleted_with=record.deleted_with if record.deleted_with in present else "",
        dependencies=[urn for urn in record.dependencies if urn in present],
        property_dependencies={key: urns for key, urns in kept.items() if urns},
    )
