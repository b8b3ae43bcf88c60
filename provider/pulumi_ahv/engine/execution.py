"""Carrying out steps: the one place where a step meets provider, state and observers.

A chain of steps runs one after the other, in the thread of whoever asked for it; chains run side by side, as many as
``parallel`` allows. After the first failure nothing new is begun, and what runs is let finish, so that its result is
saved; with ``continue_on_error`` only what depends on the failed resource is left out.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from pulumi_ahv.engine.events import Observer
from pulumi_ahv.engine.journal import Journal
from pulumi_ahv.engine.records import Record
from pulumi_ahv.engine.steps import DELETES, PENDING, Step, StepFailed, Workshop, apply


class Stopped(Exception):
    """The run has failed or was cancelled: nothing new is begun."""


class Execution:
    """Runs chains of steps for one deployment."""

    def __init__(
        self, shop: Workshop, journal: Journal, observer: Observer, *, parallel: int, continue_on_error: bool
    ) -> None:
        self._shop = shop
        self._journal = journal
        self._observer = observer
        self._continue = continue_on_error
        self._slots = threading.BoundedSemaphore(parallel)
        self._parallel = parallel
        self._lock = threading.RLock()
        self._idle = threading.Condition(self._lock)
        self._busy = 0
        self._stopped = threading.Event()
        self.failed = False
        self.steps_failed = False
        self.bailed = False
        self.cancelled = False
        self.failed_records: list[Record] = []
        self.missing: set[str] = set()

    def chain(self, steps: Sequence[Step]) -> bool:
        """Run steps one after the other; False if one failed and the run goes on. Stopped if it does not."""
        self.check()
        with self._lock:
            self._busy += 1
        try:
            with self._slots:
                for step in steps:
                    self.check()
                    if not self._run(step):
                        self.missing.add(step.urn)
                        self.check()
                        return False
            return True
        finally:
            with self._lock:
                self._busy -= 1
                self._idle.notify_all()

    def side_by_side(self, steps: Sequence[Step]) -> None:
        """Run steps that do not depend on one another; returns when all have ended. Never raises Stopped."""

        def alone(step: Step) -> None:
            try:
                self.chain([step])
            except Stopped:
                return

        if len(steps) == 1:
            alone(steps[0])
        elif steps:
            with ThreadPoolExecutor(max_workers=self._parallel) as pool:
                list(pool.map(alone, steps))

    def check(self) -> None:
        """Raise Stopped once the run has failed or was cancelled."""
        if self._stopped.is_set():
            raise Stopped

    @property
    def stopped(self) -> bool:
        """Whether anything new is begun."""
        return self._stopped.is_set()

    def fail(self, urn: str, message: str) -> None:
        """Report an error that ends the run, whatever ``continue_on_error`` says."""
        self.report("error", urn, message)
        self.failed = self.bailed = True
        self._stopped.set()

    def cancel(self) -> None:
        """Begin nothing new, because the user said so."""
        self.cancelled = True
        self._stopped.set()

    def report(self, severity: str, urn: str, message: str) -> None:
        """Tell the observers."""
        with self._lock:
            self._observer.message(severity, urn, message)

    def show_outputs(self, record: Record, olds: Record | None) -> None:
        """Tell the observers of the outputs of a component."""
        with self._lock:
            self._observer.outputs(record.urn, olds.outputs if olds else {}, record.outputs)

    def wait_idle(self, seconds: float | None = None) -> bool:
        """Wait until no step is running."""
        with self._lock:
            return self._idle.wait_for(lambda: self._busy == 0, seconds)

    @property
    def busy(self) -> bool:
        """Whether a step is running or waits for a slot."""
        return self._busy > 0

    def _run(self, step: Step) -> bool:
        with self._lock:
            self._observer.begun(step)
        operation = None
        if step.op in PENDING:
            operation = self._journal.begin(PENDING[step.op], step.record)
        failure: Exception | None = None
        try:
            apply(step, self._shop)
        except Exception as error:  # noqa: BLE001 - whatever goes wrong in a step is the failure of that step
            failure = error
        partial = isinstance(failure, StepFailed) and failure.partial
        if operation is not None:
            self._journal.end(operation)
        if failure is None or partial:
            self._settle(step)
        else:
            self._journal.touch()
        with self._lock:
            self._observer.ended(step, None if failure is None else str(failure))
        if failure is not None:
            self._blame(step, failure)
        return failure is None

    def _settle(self, step: Step) -> None:
        """Write into the state what a step has brought about."""
        journal, old, new = self._journal, step.old, step.new
        if step.op == "same" and old is not None and new is not None:
            journal.keep(old, new)
        elif step.op in ("create", "create-replacement"):
            journal.settle(new=new, done=old if old is not None and old.pending_replacement else None)
        elif step.op in ("import", "import-replacement"):
            journal.settle(new=new)
        elif step.op in ("update", "read", "read-replacement"):
            replaced = step.op == "read-replacement" or (old is not None and old.delete)
            journal.settle(new=new, done=None if replaced else old)
        elif step.op in DELETES and old is not None and old.pending_replacement:
            journal.touch()
        elif step.op in DELETES or step.op == "remove-pending-replace":
            journal.settle(done=old)

    def _blame(self, step: Step, failure: Exception) -> None:
        with self._lock:
            self.failed = self.steps_failed = True
            self.failed_records += [record for record in (step.new, step.old) if record is not None]
        protected = isinstance(failure, StepFailed) and failure.protected
        if step.op != "refresh" and not (self._continue or protected):
            self._stopped.set()
