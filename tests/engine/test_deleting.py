"""The order of deletions."""

from __future__ import annotations

from pulumi_ahv.engine.deleting import layers, plan_deletes
from pulumi_ahv.engine.records import Record
from pulumi_ahv.engine.tracker import Tracker


def _record(name: str, needs: str = "", **fields: object) -> Record:
    dependencies = [f"urn:pulumi:dev::proj::t:t:T::{need}" for need in needs]
    urn = f"urn:pulumi:dev::proj::t:t:T::{name}"
    return Record(urn, "t:t:T", custom=True, dependencies=dependencies, **fields)  # type: ignore[arg-type]


def _tracker(resources: list[Record]) -> Tracker:
    return Tracker("dev", "proj", {record.urn: record for record in resources})


def _names(found: list[list[object]]) -> list[str]:
    return ["".join(sorted(step.urn[-1] for step in layer)) for layer in found]  # type: ignore[attr-defined]


def test_what_nobody_needs_goes_first() -> None:
    resources = [_record("a"), _record("b", "a"), _record("c", "b"), _record("d", "a"), _record("e")]
    steps = plan_deletes(resources, _tracker(resources))

    assert _names(layers(steps, resources)) == ["c", "bd", "ae"]  # type: ignore[arg-type]


def test_a_resource_that_stays_orders_nothing() -> None:
    resources = [_record("a"), _record("b", "a"), _record("c", "b")]
    tracker = _tracker(resources)
    tracker.operated.add(resources[1].urn)
    steps = plan_deletes(resources, tracker)

    assert _names(layers(steps, resources)) == ["ac"]  # type: ignore[arg-type]


def test_each_kind_of_leftover_gets_its_step() -> None:
    resources = [
        _record("a", delete=True),
        _record("b", external=True),
        _record("c", external=True, delete=True),
        _record("d", pending_replacement=True),
        _record("e"),
    ]

    steps = plan_deletes(resources, _tracker(resources))

    assert [step.op for step in steps] == [
        "delete-replaced",
        "discard",
        "discard-replaced",
        "remove-pending-replace",
        "delete",
    ]


def test_what_was_registered_is_not_deleted_but_its_old_half_is() -> None:
    old, new = _record("a", delete=True), _record("a")
    tracker = _tracker([new])
    tracker.operated.add(new.urn)

    assert [step.old for step in plan_deletes([new, old], tracker)] == [old]
