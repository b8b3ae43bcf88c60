"""Replacements that delete first: who has to go before, because it depends on what goes.

A dependent is asked by Diff, with unknowns where its inputs come from what is replaced; if that replaces it, it is
deleted first, dependents of dependents before it (engine facts, 4.2).
"""

from __future__ import annotations

from pulumi_ahv.engine import urns
from pulumi_ahv.engine.diffing import Difference, replace_on_changes, settle
from pulumi_ahv.engine.provider import Subject
from pulumi_ahv.engine.records import Record
from pulumi_ahv.engine.serving import Serving
from pulumi_ahv.engine.steps import Step
from pulumi_ahv.engine.tracker import Invalid, Tracker
from pulumi_ahv.engine.values import UNKNOWN


class Replacing:
    """Plans replacements that delete first."""

    def __init__(self, tracker: Tracker, serving: Serving) -> None:
        self._tracker = tracker
        self._serving = serving

    def delete_first(self, old: Record, new: Record, difference: Difference) -> list[Step]:
        """The deletions of dependents, of the resource itself, and its creation."""
        steps: list[Step] = []
        for dependent, keys in reversed([*self._dependents(old), *self._deleted_with(old.urn)]):
            if id(dependent) in self._tracker.condemned:
                continue
            self._tracker.replace_keys[dependent.urn] = keys
            if dependent.protect:
                raise Invalid(
                    f'unable to replace resource "{dependent.urn}" as part of replacing "{new.urn}" as it is currently '
                    "marked for protection. To unprotect the resource, remove the `protect` flag from the resource in "
                    f"your Pulumi program and run `pulumi up`, or use the command:\n"
                    f"`pulumi state unprotect '{dependent.urn}'`"
                )
            steps.append(Step("delete-replaced", dependent.urn, dependent, counted=False, late=True))
            self._tracker.deleted.add(dependent.urn)
            self._tracker.condemned.add(id(dependent))
        if not old.pending_replacement:
            self._tracker.deleted.add(old.urn)
            steps.append(Step("delete-replaced", old.urn, old, difference=difference, counted=False, late=True))
        steps.append(Step("replace", new.urn, old, new, difference))
        steps.append(Step("create-replacement", new.urn, old, new, difference, counted=False))
        return steps

    def _dependents(self, root: Record) -> list[tuple[Record, tuple[str, ...]]]:
        """Everything that depends on the root and is replaced with it, in the order of dependency."""
        found: list[tuple[Record, tuple[str, ...]]] = []
        replaced = {root.urn}
        reached = {root.urn}
        for record in self._tracker.olds.values():
            if record is root or record.urn in self._tracker.operated or not (_depends_on(record) & reached):
                continue
            reached.add(record.urn)
            keys = self._replace_keys(record, replaced)
            if keys is not None:
                found.append((record, keys))
                replaced.add(record.urn)
        return found

    def _replace_keys(self, record: Record, replaced: set[str]) -> tuple[str, ...] | None:
        """Why a dependent is replaced; None if it is not."""
        if not record.custom or record.external:
            return None
        if urns.split_reference(record.provider)[0] in replaced or record.deleted_with in replaced:
            return ()
        touched = {key for key, found in record.property_dependencies.items() if replaced & set(found)}
        touched &= record.inputs.keys()
        if not touched:
            return None
        inputs = {key: UNKNOWN if key in touched else value for key, value in record.inputs.items()}
        provider = self._serving.provider_of(record)
        subject = Subject(record.urn, record.id)
        answer = provider.diff(subject, (record.inputs, record.outputs), inputs, record.ignore_changes)
        difference = settle(answer, record.inputs, inputs, record.ignore_changes)
        difference = replace_on_changes(difference, record.replace_on_changes, init_errors=False)
        return difference.replace_keys if difference.replaces else None

    def _deleted_with(self, urn: str) -> list[tuple[Record, tuple[str, ...]]]:
        known = {**self._tracker.olds, **self._tracker.news}
        return [(record, ()) for record in known.values() if record.deleted_with == urn]


def _depends_on(record: Record) -> set[str]:
    """What a resource depends on; being somebody's child alone is no dependency here."""
    found = record.all_dependencies()
    values = {urn for urns_of in record.property_dependencies.values() for urn in urns_of}
    if record.parent not in record.dependencies and record.parent not in values:
        found.discard(record.parent)
    return found
