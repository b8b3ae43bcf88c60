"""Tasks as Prism runs them: submitted by a call, going on for some time, ending by themselves.

Owns the life of a task (QUEUED, RUNNING, then SUCCEEDED, FAILED or CANCELED); the calls that show tasks are in
``tasks``. An ``Operation`` says what a kind of task does when it ends, and what slow work (downloads, conversions)
runs beside it in a thread. If it starts subtasks when it ends, it goes on until the last of them has ended.
Operations are found by key, so that a task goes on after a restart. Facts (api-v4, section 3): the id carries the
``ergon`` prefix; a FAILED task always has errorMessages; the result is named in entitiesAffected only. Assumed: a
task's effect is there when it ends, not before; the first answer about a task never shows it ended, as on a busy
PC.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pulumi_ahv.simulator.answers import Refusal
from pulumi_ahv.simulator.store import Record

if TYPE_CHECKING:
    from pulumi_ahv.simulator.site import Site

PREFIX = "ZXJnb24=:"
_VM, _CLUSTER = "vmm:ahv:config:vm", "clustermgmt:config:cluster"
TERMINAL = frozenset({"SUCCEEDED", "FAILED", "CANCELED"})


@dataclass
class Job:
    """Slow work of one task: what it is told, where content goes, whether it should stop, how far it is."""

    arguments: dict[str, Any]
    disks: Path
    name: str
    fetch_anywhere: bool = False
    stop: threading.Event = field(default_factory=threading.Event)
    share: float = 0.0


@dataclass(frozen=True)
class Operation:
    """One kind of task."""

    key: str
    name: str
    title: str
    finish: Callable[[Site, Run], None]
    seconds: float = 1.0
    resume: Callable[[Site, Run], None] | None = None
    abandon: Callable[[Site, Run], None] | None = None
    work: Callable[[Job], dict[str, Any]] | None = None
    cancelable: bool = False


class Run:
    """One task while it ends: what it was asked, what its work found, and where it writes down what it did."""

    def __init__(self, record: Record, result: dict[str, Any]) -> None:
        self.record = record
        self.arguments: dict[str, Any] = record.hidden["arguments"]
        self.result = result

    def affect(self, ext_id: str, rel: str, name: str = "") -> None:
        """Name an entity among those the task touched."""
        entity = {"extId": ext_id, "rel": rel, "name": name}
        entities = self.record.body.setdefault("entitiesAffected", [])
        entities.append({key: value for key, value in entity.items() if value})
        self.record.body["numberOfEntitiesAffected"] = len(entities)

    def detail(self, name: str, value: Any) -> None:
        """Add a pair to completionDetails."""
        self.record.body.setdefault("completionDetails", []).append({"name": name, "value": value})


@dataclass(frozen=True)
class Order:
    """What a handler wants done: an operation, its arguments, and whom it concerns."""

    operation: str
    arguments: dict[str, Any]
    affected: Iterable[tuple[str, str, str]] = ()
    clusters: Iterable[str] = ()
    locks: str = ""


class Engine:
    """All tasks of a site."""

    def __init__(self, site: Site, operations: Iterable[Operation]) -> None:
        self._site = site
        self._operations = {operation.key: operation for operation in operations}
        self._tasks = site.store.table("tasks")
        self._pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="ahv-sim-work")
        self._jobs: dict[str, tuple[Job, Future[dict[str, Any]]]] = {}
        self._overdue: set[str] = set()
        self._busy: dict[str, float] = {}
        self._parent = ""
        site.timeline.handle("task", self._due)
        self.resume()

    def resume(self) -> None:
        """Start the slow work of tasks that were going on before a restart."""
        for record in self._tasks:
            if record.body["status"] not in TERMINAL:
                self._start_work(record)
                if record.ext_id in self._jobs and record.hidden["end"] <= self._site.timeline.now():
                    self._overdue.add(record.ext_id)  # its event has passed: only the work was missing

    def operations(self) -> list[Operation]:
        """What kinds of task there are."""
        return list(self._operations.values())

    def submit(self, order: Order, *, owner: dict[str, str] | None = None) -> str:
        """Take a task on and answer its id."""
        site = self._site
        operation = self._operations[order.operation]
        ext_id = PREFIX + site.new_id()
        now = site.timeline.now()
        start = max(now, self._busy.get(order.locks, 0.0)) if order.locks else now
        end = start + site.latency(operation.key, operation.seconds)
        if order.locks:
            self._busy[order.locks] = end
        body: dict[str, Any] = {
            "extId": ext_id,
            "operation": operation.name,
            "operationDescription": operation.title,
            "createdTime": site.timeline.stamp(),
            "lastUpdatedTime": site.timeline.stamp(),
            "status": "RUNNING",
            "isCancelable": operation.cancelable,
            "isBackgroundTask": False,
            "ownedBy": owner or {"extId": site.admin_id, "name": "admin"},
            "clusterExtIds": list(order.clusters),
            "numberOfSubtasks": 0,
            "numberOfEntitiesAffected": 0,
        }
        hidden = {"key": operation.key, "arguments": order.arguments, "start": start, "end": end, "reads": 0}
        record = self._tasks.add(ext_id, body, **hidden)
        run = Run(record, {})
        for affected in order.affected:
            run.affect(*affected)
        if self._parent:
            self._attach(record, self._parent)
        record.hidden["fault"] = site.injector.task_fault(operation.name, order.arguments)
        self._start_work(record)
        if not record.hidden["fault"] or record.hidden["fault"]["kind"] != "task-stuck":
            site.timeline.at(end, "task", id=ext_id)
        return ext_id

    def view(self, record: Record, *, count: bool = True) -> dict[str, Any]:
        """A task's body as it looks now. Each look counts: the first ones never show an end."""
        body, hidden, now = record.body, record.hidden, self._site.timeline.now()
        early = hidden["reads"] < self._site.settings.reads_before_end
        hidden["reads"] += count
        if body["status"] in TERMINAL and not early:
            return body
        shown = {key: value for key, value in body.items() if key not in {"completedTime", "errorMessages"}}
        shown["progressPercentage"] = self._progress(record, now)
        if body["status"] in TERMINAL or body["status"] == "RUNNING":
            shown["status"] = "QUEUED" if now <= hidden["start"] else "RUNNING"
        if shown["status"] != "QUEUED":
            shown["startedTime"] = self._site.timeline.stamp(hidden["start"])
        return shown

    def cancel(self, record: Record) -> None:
        """Ask a task to stop; it ends as CANCELED at its next step."""
        record.body["status"] = "CANCELING"
        self._tasks.save(record)
        if record.ext_id in self._jobs:
            self._jobs[record.ext_id][0].stop.set()
        self._site.timeline.at(self._site.timeline.now() + 0.1, "task", id=record.ext_id)

    def settle(self) -> None:
        """End tasks whose time had come before their slow work was done."""
        for ext_id in [each for each in self._overdue if self._jobs[each][1].done()]:
            self._end(ext_id)

    def waiting(self) -> list[Future[dict[str, Any]]]:
        """Slow work that is all that holds tasks up."""
        return [self._jobs[ext_id][1] for ext_id in self._overdue]

    def forget(self) -> None:
        """Stop all slow work: the site is being emptied."""
        for job, _ in self._jobs.values():
            job.stop.set()
        self._jobs.clear()
        self._overdue.clear()
        self._busy.clear()

    def close(self) -> None:
        """Stop all slow work and wait for its threads."""
        self.forget()
        self._pool.shutdown(wait=True, cancel_futures=True)

    @contextmanager
    def under(self, parent: str) -> Iterator[None]:
        """Everything submitted in this block is a subtask of a task."""
        self._parent, before = parent, self._parent
        try:
            yield
        finally:
            self._parent = before

    def _attach(self, record: Record, parent_id: str) -> None:
        parent = self._tasks.get(parent_id)
        if parent is None:
            return
        record.body["parentTask"] = {"extId": parent_id}
        record.body["rootTask"] = parent.body.get("rootTask", {"extId": parent_id})
        parent.body.setdefault("subTasks", []).append({"extId": record.ext_id, "rel": "subtask"})
        parent.body["numberOfSubtasks"] += 1
        parent.hidden["open"] = parent.hidden.get("open", 0) + 1
        self._tasks.save(parent)

    def _progress(self, record: Record, now: float) -> int:
        start, end = record.hidden["start"], record.hidden["end"]
        share = (now - start) / (end - start) if end > start else 1.0
        if record.ext_id in self._jobs:
            share = min(share, self._jobs[record.ext_id][0].share)
        return max(0, min(99, int(share * 100)))

    def _start_work(self, record: Record) -> None:
        operation = self._operations[record.hidden["key"]]
        if operation.work is None or record.hidden.get("fault"):
            return
        site = self._site
        job = Job(record.hidden["arguments"], site.store.disks, site.new_id(), site.settings.fetch_anywhere)
        self._jobs[record.ext_id] = (job, self._pool.submit(operation.work, job))

    def _due(self, arguments: dict[str, Any]) -> None:
        ext_id = arguments["id"]
        job = self._jobs.get(ext_id)
        if job is not None and not job[1].done():
            self._overdue.add(ext_id)
            return
        self._end(ext_id)

    def _end(self, ext_id: str) -> None:
        self._overdue.discard(ext_id)
        record = self._tasks.get(ext_id)
        if record is None or record.body["status"] in TERMINAL:
            return
        _, future = self._jobs.pop(ext_id, (None, None))
        run = Run(record, {})
        try:
            with self.under(ext_id):
                self._finish(run, future)
        except Refusal as refusal:
            record.body["errorMessages"] = [refusal.app_message()]
        if not record.hidden.get("open"):
            self._conclude(run)
        self._tasks.save(record)

    def _finish(self, run: Run, future: Future[dict[str, Any]] | None) -> None:
        """Let the operation have its effect.

        Raises:
            Refusal: the task fails, because a rule says so or the service does.
        """
        fault = run.record.hidden.get("fault")
        if fault and fault["kind"] == "task-canceled":
            run.record.body["status"] = "CANCELING"
        elif fault:
            raise Refusal(400, fault["code"], fault["message"], group=fault["group"])
        if run.record.body["status"] == "CANCELING":
            return
        run.result = future.result() if future is not None else {}
        self._operations[run.record.hidden["key"]].finish(self._site, run)

    def _conclude(self, run: Run) -> None:
        """Write down how a task ended, and tell the task above it."""
        record, body, stamp = run.record, run.record.body, self._site.timeline.stamp()
        if body["status"] == "CANCELING":
            body["status"] = "CANCELED"
        else:
            body["status"] = "FAILED" if body.get("errorMessages") else "SUCCEEDED"
        started = self._site.timeline.stamp(record.hidden["start"])
        body.update(completedTime=stamp, lastUpdatedTime=stamp, startedTime=started)
        if body["status"] == "SUCCEEDED":
            body["progressPercentage"] = 100
            if self._site.settings.odd_entities:
                _make_odd(body)
        abandon = self._operations[record.hidden["key"]].abandon
        if body["status"] != "SUCCEEDED" and abandon is not None:
            abandon(self._site, run)
        record.hidden["arguments"] = {}  # may hold passwords, and nobody needs them any more
        self._tasks.save(record)
        parent = self._tasks.get(body.get("parentTask", {}).get("extId", ""))
        if parent is not None and parent.body["status"] not in TERMINAL:
            self._child_ended(parent, record)

    def _child_ended(self, parent: Record, child: Record) -> None:
        parent.hidden["open"] -= 1
        if child.body["status"] != "SUCCEEDED":
            parent.hidden["failed"] = parent.hidden.get("failed", 0) + 1
            if not self._site.settings.hidden_failures:
                parent.body.setdefault("errorMessages", child.body.get("errorMessages", [])[:1])
        if parent.hidden["open"]:
            return
        run = Run(parent, {})
        resume = self._operations[parent.hidden["key"]].resume
        if resume is not None:
            with self.under(parent.ext_id):
                resume(self._site, run)
        if not parent.hidden["open"]:
            self._conclude(run)


def _make_odd(body: dict[str, Any]) -> None:
    """Write down the entities as busy sites do for VMs: the cluster first, and one entity twice."""
    entities = body.get("entitiesAffected", [])
    if any(each["rel"] == _VM for each in entities):
        clusters = [{"extId": each, "rel": _CLUSTER} for each in body["clusterExtIds"][:1]]
        body["entitiesAffected"] = [*clusters, *entities, entities[-1]]
        body["numberOfEntitiesAffected"] = len(body["entitiesAffected"])
