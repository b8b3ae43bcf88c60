"""One step of a run, and what carrying it out does to provider and state.

The decision which steps to take is the business of ``registering`` and its neighbours; the order, of ``execution``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from pulumi_ahv.engine import urns
from pulumi_ahv.engine.diffing import Difference, ignore_changes, same, settle
from pulumi_ahv.engine.marking import mark_outputs
from pulumi_ahv.engine.provider import Outcome, Provider, Subject
from pulumi_ahv.engine.records import Record
from pulumi_ahv.engine.registry import Registry
from pulumi_ahv.engine.values import UNKNOWN_ID
from pulumi_ahv.kernel.clock import Clock

PENDING: Final = {
    "create": "creating",
    "create-replacement": "creating",
    "update": "updating",
    "delete": "deleting",
    "delete-replaced": "deleting",
    "discard": "deleting",
    "discard-replaced": "deleting",
    "read": "reading",
    "read-replacement": "reading",
    "import": "importing",
    "import-replacement": "importing",
}
DELETES: Final = frozenset({"delete", "delete-replaced", "discard", "discard-replaced"})


@dataclass(eq=False)
class Step:
    """What is done to one resource. ``counted`` steps appear in the summary.

    ``late`` says for a replacement that the old half is deleted at the end (else it has been deleted before); for a
    delete, that the resource stays in the state until its replacement is made.
    """

    op: str
    urn: str
    old: Record | None = None
    new: Record | None = None
    difference: Difference = field(default_factory=lambda: Difference(changes=False))
    counted: bool = True
    late: bool = False
    refreshed: str = ""

    @property
    def record(self) -> Record:
        """The resource it is about: as it will be, or as it was."""
        record = self.new or self.old
        if record is None:
            raise ValueError(f"step {self.op} of {self.urn} is about nothing")
        return record


class StepFailed(Exception):
    """A step failed. ``partial`` says that the resource was saved nevertheless, with its init errors."""

    def __init__(self, message: str, *, partial: bool = False, protected: bool = False) -> None:
        super().__init__(message)
        self.partial = partial
        self.protected = protected


@dataclass
class Workshop:
    """What steps work with."""

    registry: Registry
    clock: Clock
    preview: bool
    provider_of: Callable[[Record], Provider | Registry]
    warn: Callable[[str, str], None]
    deleted: set[str]

    def now(self) -> str:
        """The time as it stands in states."""
        return datetime.fromtimestamp(self.clock.time(), UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def apply(step: Step, shop: Workshop) -> None:
    """Carry a step out; StepFailed, or what the provider raised."""
    try:
        _ACTIONS[step.op](step, shop)
    finally:
        if (new := step.new) is not None and step.op != "replace":
            new.outputs = mark_outputs(new.outputs, new.inputs, new.additional_secret_outputs)


def _same(step: Step, shop: Workshop) -> None:
    old, new = _halves(step)
    new.id = old.id
    new.outputs = old.outputs
    if urns.is_provider(new.type):
        shop.registry.keep(new, old.inputs)


def _create(step: Step, shop: Workshop) -> None:
    new = step.record
    outcome = Outcome(outputs={})
    if new.custom:
        outcome = shop.provider_of(new).create(
            Subject(new.urn), new.inputs, timeout=new.custom_timeouts.get("create", 0), preview=shop.preview
        )
        if not (outcome.id or shop.preview or outcome.init_errors):
            raise StepFailed("provider did not return an ID from Create")
    _take(new, outcome)
    new.id = outcome.id
    new.created = new.modified = shop.now()
    if step.late and step.old is not None:
        step.old.delete = True
    _complain(outcome)


def _update(step: Step, shop: Workshop) -> None:
    old, new = _halves(step)
    new.id, new.created, new.modified = old.id, old.created, old.modified
    if not new.custom:
        new.outputs = {}
        return
    outcome = shop.provider_of(new).update(
        Subject(new.urn, old.id),
        (old.inputs, old.outputs),
        new.inputs,
        ignored=new.ignore_changes,
        timeout=new.custom_timeouts.get("update", 0),
        preview=shop.preview,
    )
    _take(new, outcome)
    new.modified = shop.now()
    if outcome.init_errors:
        new.inputs = dict(old.inputs)
    _complain(outcome)


def _delete(step: Step, shop: Workshop) -> None:
    old = step.record
    if old.protect and step.op in ("delete", "discard"):
        message = (
            f'resource "{old.urn}" cannot be deleted\nbecause it is protected. To unprotect the resource, either '
            "remove the `protect` flag from the resource in your Pulumi program and run `pulumi up`, or use the "
            f"command:\n`pulumi state unprotect '{old.urn}'`"
        )
        raise StepFailed(message, protected=True)
    carried = not (old.deleted_with and old.deleted_with in shop.deleted)
    if old.custom and not (shop.preview or old.external or old.retain_on_delete) and carried:
        timeout = old.custom_timeouts.get("delete", 0)
        shop.provider_of(old).delete(Subject(old.urn, old.id), old.inputs, old.outputs, timeout=timeout)
    if step.late:
        old.pending_replacement = True


def _read(step: Step, shop: Workshop) -> None:
    new, old = step.record, step.old
    if new.id == UNKNOWN_ID:
        new.outputs = {}
        return
    outcome = shop.provider_of(new).read(Subject(new.urn, new.id), new.inputs, new.inputs)
    if outcome.outputs is None:
        raise StepFailed(f"resource '{new.id}' does not exist")
    _take(new, outcome)
    new.id = outcome.id or new.id
    if old is not None:
        old.delete = old.delete or step.op == "read-replacement"
        new.created, new.modified = old.created, old.modified
        if not (same(old.inputs, new.inputs) and same(old.outputs, new.outputs)):
            new.modified = shop.now()
    _complain(outcome)


def _import(step: Step, shop: Workshop) -> None:
    new = step.record
    timeout = new.custom_timeouts.get("read", 0)
    outcome = shop.provider_of(new).read(Subject(new.urn, new.import_id), None, None, timeout=timeout)
    if outcome.outputs is None:
        raise StepFailed(f"resource '{new.import_id}' does not exist")
    if outcome.inputs is None:
        package = urns.package_of(new.type)
        raise StepFailed(f"provider does not support importing resources; please try updating the '{package}' plugin")
    _take(new, outcome)
    new.id = outcome.id or new.import_id
    new.inputs, _ = ignore_changes(outcome.inputs, outcome.inputs, new.ignore_changes)
    new.created = new.modified = shop.now()
    if step.op == "import-replacement" and step.old is not None:
        step.old.delete = True


def _refresh(step: Step, shop: Workshop) -> None:
    old = step.record
    if not old.custom or urns.is_provider(old.type) or old.pending_replacement:
        step.refreshed = "same"
        return
    provider = shop.provider_of(old)
    subject = Subject(old.urn, old.id)
    outcome = provider.read(subject, old.inputs, old.outputs, timeout=old.custom_timeouts.get("read", 0))
    if outcome.outputs is None:
        step.new, step.refreshed = None, "delete"
        return
    if outcome.init_errors:
        listed = "\n* ".join(outcome.init_errors)
        shop.warn(old.urn, f"Refreshed resource is in an unhealthy state:\n* {listed}")
    inputs = old.inputs if outcome.inputs is None else outcome.inputs
    new = old.copy(id=outcome.id or old.id, inputs=inputs)
    _take(new, outcome)
    if not (same(old.inputs, new.inputs) and same(old.outputs, new.outputs)):
        new.modified = shop.now()
    step.new = new
    if old.external:
        step.refreshed = "same" if same(old.outputs, new.outputs) else "update"
        return
    ignored = old.ignore_changes
    answer = provider.diff(Subject(new.urn, new.id), (new.inputs, new.outputs), old.inputs, ignored)
    step.difference = settle(answer, new.inputs, old.inputs, ignored).inverted()
    step.refreshed = "update" if step.difference.changes else "same"


def _nothing(step: Step, shop: Workshop) -> None:
    del step, shop


_ACTIONS: Final[dict[str, Callable[[Step, Workshop], None]]] = {
    "same": _same,
    "create": _create,
    "create-replacement": _create,
    "update": _update,
    "replace": _nothing,
    "delete": _delete,
    "delete-replaced": _delete,
    "discard": _delete,
    "discard-replaced": _delete,
    "remove-pending-replace": _nothing,
    "read": _read,
    "read-replacement": _read,
    "import": _import,
    "import-replacement": _import,
    "refresh": _refresh,
}


def _halves(step: Step) -> tuple[Record, Record]:
    if step.old is None or step.new is None:
        raise ValueError(f"step {step.op} of {step.urn} needs an old and a new half")
    return step.old, step.new


def _take(new: Record, outcome: Outcome) -> None:
    new.outputs = outcome.outputs or {}
    new.init_errors = list(outcome.init_errors)
    new.refresh_before_update = outcome.refresh_before_update


def _complain(outcome: Outcome) -> None:
    if outcome.init_errors:
        errors = outcome.init_errors
        count = "1 error" if len(errors) == 1 else f"{len(errors)} errors"
        raise StepFailed(f"{count} occurred:" + "".join(f"\n\t* {error}" for error in errors), partial=True)
