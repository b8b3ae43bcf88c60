"""The state while a run changes it: what is done, what is new, what has been begun.

After every begin and end of a step the whole state is handed to be saved, so that a kill at any moment leaves a
readable state. Resources of this run stand first in the order of their completion, those of the old state that were not
touched yet after them; that order is a valid one, because whatever a resource depends on is completed before it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from pulumi_ahv.engine.records import Operation, Record, Snapshot

Save = Callable[[Snapshot], None]


class Journal:
    """Follows one run. Without ``save`` it only keeps account: a preview."""

    def __init__(self, base: Snapshot, save: Save | None = None) -> None:
        self._save = save
        self._lock = threading.RLock()
        self._dirty = False
        self._pending: list[Operation] = []
        self._kept = [operation for operation in base.pending if operation.type == "creating"]
        self._new: list[Record] = []
        self._done: set[int] = set()
        self._base = list(base.resources)
        self._renamed: dict[str, str] = {}

    def rebase(self, resources: list[Record]) -> None:
        """Go on from other old resources: a refresh has looked at them."""
        with self._lock:
            self._base = list(resources)
            self._dirty = True

    def rename(self, old: str, new: str) -> None:
        """Record that a resource goes by another URN now; who refers to it is rewritten when saved."""
        with self._lock:
            self._renamed[old] = new

    def begin(self, type_: str, record: Record) -> Operation:
        """Note that something is about to happen to a resource: creating, updating, deleting, reading, importing."""
        operation = Operation(record, type_)
        with self._lock:
            self._pending.append(operation)
            self._write()
        return operation

    def end(self, operation: Operation) -> None:
        """Note that it happened or failed. Saved together with what follows from it."""
        with self._lock:
            self._pending.remove(operation)
            self._dirty = True

    def settle(self, *, done: Record | None = None, new: Record | None = None) -> None:
        """Take an old resource out, put a new one in, and save."""
        with self._lock:
            if done is not None:
                self._done.add(id(done))
            if new is not None:
                self._new.append(new)
            self._write()

    def keep(self, old: Record, new: Record) -> None:
        """Take over an unchanged resource. Saved with the next step: nothing is lost if that never comes."""
        with self._lock:
            self._done.add(id(old))
            self._new.append(new)
            self._dirty = True

    def touch(self) -> None:
        """Save, because a resource was changed in place."""
        with self._lock:
            self._write()

    def close(self) -> None:
        """Save what was left unsaved."""
        with self._lock:
            if self._dirty:
                self._write()

    def snapshot(self) -> Snapshot:
        """The state as it is now."""
        with self._lock:
            living = [record for record in [*self._new, *self._base] if id(record) not in self._done]
            return Snapshot([self._current(record) for record in living], [*self._pending, *self._kept])

    def _write(self) -> None:
        self._dirty = False
        if self._save is not None:
            self._save(self.snapshot())

    def _current(self, record: Record) -> Record:
        """The record with today's names of what it refers to."""
        if not self._renamed or not (record.all_dependencies() & self._renamed.keys()):
            return record

        def name(urn: str) -> str:
            return self._renamed.get(urn, urn)

        provider, _, id_ = record.provider.rpartition("::")
        return record.copy(
            parent=name(record.parent),
            deleted_with=name(record.deleted_with),
            provider=f"{name(provider)}::{id_}" if provider else "",
            dependencies=[name(urn) for urn in record.dependencies],
            property_dependencies={
                key: [name(urn) for urn in urns] for key, urns in record.property_dependencies.items()
            },
        )
