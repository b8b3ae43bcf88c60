"""One run from its first look at the state to its last write: update, preview, refresh or destroy.

Puts the parts together and decides what a run comes to; knows nothing of files, terminals or the command line.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from pulumi_ahv.engine import urns
from pulumi_ahv.engine.deleting import plan_deletes, run_deletes
from pulumi_ahv.engine.events import Observer, Watchers
from pulumi_ahv.engine.execution import Execution
from pulumi_ahv.engine.failures import ProviderFailure
from pulumi_ahv.engine.host import Host
from pulumi_ahv.engine.journal import Journal, Save
from pulumi_ahv.engine.program import Program, Services
from pulumi_ahv.engine.records import Snapshot, by_urn
from pulumi_ahv.engine.refreshing import refresh
from pulumi_ahv.engine.registering import Registrar
from pulumi_ahv.engine.registry import Registry
from pulumi_ahv.engine.runners import RunInfo
from pulumi_ahv.engine.server import Server
from pulumi_ahv.engine.services import Activity, EngineService, Monitor
from pulumi_ahv.engine.serving import Serving, StackConfig
from pulumi_ahv.engine.steps import Workshop
from pulumi_ahv.engine.tracker import Tracker
from pulumi_ahv.kernel.clock import Clock, SystemClock
from pulumi_ahv.kernel.errors import AhvError


@dataclass(frozen=True)
class Options:
    """How a run goes about it."""

    preview: bool = False
    refresh: bool = False
    parallel: int = 16
    continue_on_error: bool = False
    clear_pending_creates: bool = False


@dataclass
class Setting:
    """Where a run takes place."""

    project: str
    stack: str
    host: Host
    config: StackConfig = field(default_factory=StackConfig)
    clock: Clock = field(default_factory=SystemClock)
    observers: Iterable[Observer] = ()
    directory: Path = Path()


class Deployment:
    """One run over one state."""

    def __init__(self, setting: Setting, base: Snapshot, options: Options, *, save: Save | None = None) -> None:
        self._setting = setting
        self._options = options
        self._base = base
        if options.clear_pending_creates:
            base = Snapshot(base.resources, [])
        self._resources = list(base.resources)
        self.journal = Journal(base, None if options.preview else save)
        self._tracker = Tracker(setting.stack, setting.project, by_urn(base.resources))
        self._registry = Registry(setting.host)
        self._serving = Serving(self._registry, setting.config, lambda: self._tracker.olds)
        shop = Workshop(
            self._registry,
            setting.clock,
            options.preview,
            self._serving.provider_of,
            lambda urn, text: self.execution.report("warning", urn, text),
            self._tracker.deleted,
        )
        self.execution = Execution(
            shop,
            self.journal,
            Watchers(setting.observers),
            parallel=options.parallel,
            continue_on_error=options.continue_on_error,
        )
        self._activity = Activity(setting.clock.monotonic)
        self._engine = EngineService(self.execution, self._activity)
        registrar = Registrar(self._tracker, self.execution, self.journal, self._serving, preview=options.preview)
        self._monitor = Monitor(
            registrar=registrar,
            serving=self._serving,
            tracker=self._tracker,
            execution=self.execution,
            journal=self.journal,
            preview=options.preview,
            activity=self._activity,
            directory=setting.directory,
        )
        self._server: Server | None = None

    def update(self, program: Program) -> bool:
        """Make the stack what the program wants; True if all went well."""
        with self:
            if self._options.refresh:
                self._refresh()
            else:
                self._warn_of_pending()
            if not (self.execution.stopped or self.execution.failed):
                self._run(program)
            return self._result("update")

    def refresh(self) -> bool:
        """Make the state what exists; True if all went well."""
        with self:
            self._refresh()
            return self._result("refresh")

    def destroy(self) -> bool:
        """Delete everything; True if all went well."""
        with self:
            if self._options.refresh:
                self._refresh()
            else:
                self._warn_of_pending()
            if not (self.execution.stopped or self.execution.failed):
                self._delete()
            return self._result("destroy")

    def cancel(self) -> None:
        """Begin nothing new, and tell providers; what runs is let finish. Safe to call from a signal handler."""
        self.execution.cancel()
        threading.Thread(target=self._setting.host.cancel, daemon=True).start()

    def __enter__(self) -> Self:
        self._setting.host.serve_at(self._address)
        return self

    def __exit__(self, *exception: object) -> None:
        try:
            self.execution.wait_idle()
            self.journal.close()
        finally:
            self._setting.host.close()
            if self._server is not None:
                self._server.close()

    def _run(self, program: Program) -> None:
        setting, options = self._setting, self._options
        info = RunInfo(setting.project, setting.stack, options.preview, options.parallel, setting.config)
        services = Services(
            self._monitor,
            self._engine,
            lambda: self.execution.stopped and not self.execution.busy,
            lambda: 0.0 if self.execution.busy else self._activity.idle_for(),
            lambda severity, text: self.execution.report(severity, "", text),
            self._address,
        )
        code = program.run(info, services)
        self._activity.settle()
        if code and not self.execution.stopped:
            text = "" if code in program.reported else f"program exited with non-zero exit code: {code}"
            self._fail(text)
        if not code and not self.execution.stopped:
            self._delete()
        self._register_stack_outputs()

    def _delete(self) -> None:
        try:
            steps = plan_deletes(self._resources, self._tracker)
            self._serving.ensure(step.record for step in steps)
            run_deletes(steps, self._resources, self.execution)
        except (AhvError, ProviderFailure) as error:
            self._fail(str(error))

    def _refresh(self) -> None:
        try:
            self._serving.ensure(self._resources)
        except (AhvError, ProviderFailure) as error:
            self.execution.fail("", str(error))
            return
        self._resources = refresh(self._resources, self.execution)
        self._tracker.olds = by_urn(self._resources)
        if not self.execution.cancelled:
            self.journal.rebase(self._resources)

    def _register_stack_outputs(self) -> None:
        """After a failure, what was not registered this time is kept."""
        outputs = self._monitor.stack_outputs
        project, stack = self._setting.project, self._setting.stack
        urn = urns.make_urn(stack, project, "", urns.STACK_TYPE, f"{project}-{stack}")
        record = self._tracker.news.get(urn)
        if outputs is None or record is None:
            return
        old = self._tracker.olds.get(urn)
        kept = old.outputs if old is not None and self.execution.failed else {}
        record.outputs = {**kept, **outputs}
        self.execution.show_outputs(record, old)
        if not self._options.preview:
            self.journal.touch()

    def _fail(self, text: str) -> None:
        if text:
            self.execution.report("error", "", text)
        self.execution.failed = True

    def _result(self, kind: str) -> bool:
        what = "preview" if self._options.preview else kind
        if self.execution.steps_failed and not self.execution.bailed:
            self.execution.report("error", "", f"{what} failed")
        elif self.execution.cancelled and not self.execution.failed:
            self.execution.report("error", "", f"{what} canceled")
        return not (self.execution.failed or self.execution.cancelled)

    def _warn_of_pending(self) -> None:
        pending = self._base.pending
        if not pending or self._options.preview:
            return
        listed = "".join(f"\n  * {item.record.urn}, interrupted while {item.type}" for item in pending)
        self.execution.report(
            "warning",
            "",
            f"Attempting to deploy or update resources with {len(pending)} pending operations from previous deployment."
            f"{listed}\nThese resources are in an unknown state because the run was interrupted while waiting for "
            "changes to these resources to complete. Check by hand whether they exist; "
            "`refresh --clear-pending-creates` forgets them.",
        )

    def _address(self) -> str:
        """Where the services listen; they do so from the first question on."""
        if self._server is None:
            self._server = Server(self._engine, self._monitor)
        return self._server.address
