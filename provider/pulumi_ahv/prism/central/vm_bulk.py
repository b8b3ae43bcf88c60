"""Doing something to many machines until each of them is as it should be, each with an outcome of its own.

A ``Purpose`` looks at a machine and names the next call that it needs, or none. Everything follows from that: a round
reads the machines (for their ETags, which only a single GET tells), makes the calls, a batch where many need the same
one, and looks at what came of it in one list; whoever still needs something is in the next round. So a stale ETag,
told at once or late in the task, a call that a batch lost, a run that was killed halfway and a machine that was right
from the start are all the same case. What failed for another reason is looked at once more and then is an error.

Fact (api-v4, section 2.5): every change of a machine has to show the ETag of a fresh read of this one machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from pulumi_ahv.kernel.errors import AhvError, NotFound
from pulumi_ahv.prism.central.api import Api, Collection, Entity, any_of
from pulumi_ahv.prism.central.batches import MOST, Batches, Element, Repeated
from pulumi_ahv.prism.central.results import LAG
from pulumi_ahv.prism.central.stale import is_stale
from pulumi_ahv.prism.central.tasks import CentralTasks
from pulumi_ahv.prism.central.vm_purposes import Data, Purpose, Step
from pulumi_ahv.prism.central.vm_reading import vm_of
from pulumi_ahv.prism.dispatch import Dispatcher, Intention
from pulumi_ahv.prism.side_by_side import side_by_side
from pulumi_ahv.prism.tasks import ENDED_BADLY, SUCCEEDED, TaskState, failed
from pulumi_ahv.prism.vm_interface import Doings
from pulumi_ahv.prism.vms import Outcome, Vm

VMS = Collection("vmm", "ahv/config/vms", "machine")
_STRIKES = 5
_LOOK_AGAIN = 0.5
_METHODS = {"CREATE": "POST", "MODIFY": "PUT", "ACTION": "POST", "DELETE": "DELETE"}


@dataclass(eq=False)
class _Machine:
    """One machine on its way through the rounds. ``well`` is when its last call ended well, ``batch`` in which task."""

    uuid: str
    name: str = ""
    strikes: int = 0
    step: Step | None = None
    seen: Vm | None = None
    etag: str = ""
    error: AhvError | None = None
    alone: bool = False
    well: float | None = None
    batch: str = ""


@dataclass
class _Round:
    """What the rounds share: who is still on the way, and how the others ended."""

    purpose: Purpose
    doings: Doings
    began: float
    pending: dict[str, _Machine]
    outcomes: dict[str, Outcome] = field(default_factory=dict)

    def end(self, uuid: str, error: Exception | None = None) -> None:
        del self.pending[uuid]
        self.outcomes[uuid] = Outcome(uuid, error)

    def doing(self, machine: _Machine) -> str:
        named = f"'{machine.name}'" if machine.name else machine.uuid
        return f"{self.purpose.verb} machine {named}"


class VmBulk:
    """The rounds, over the machines of one Prism Central."""

    def __init__(self, api: Api, dispatcher: Dispatcher, batches: Batches, tasks: CentralTasks) -> None:
        self._api = api
        self._tasks = tasks
        self._dispatcher = dispatcher
        self._batches = batches

    def listed(self, uuids: Iterable[str], doing: str) -> dict[str, Data]:
        """Those of the machines that exist, in one list call for a hundred of them."""
        found: dict[str, Data] = {}
        wanted = set(uuids)
        for filter_by in any_of("extId", sorted(wanted)):
            for data in self._api.entries(VMS, doing=doing, filter_by=filter_by):
                if data.get("extId") in wanted:
                    found[str(data["extId"])] = data
        return found

    def converge(self, uuids: Iterable[str], purpose: Purpose, doings: Doings) -> dict[str, Outcome]:
        """Do it to all of them; the outcomes are in the order of the machines."""
        ordered = list(dict.fromkeys(uuids))
        began = self._api.transport.server_time()
        course = _Round(purpose, doings, began, {uuid: _Machine(uuid) for uuid in ordered})
        while course.pending:
            self._look(course)
            self._call(course)
            self._look_back(course)
            if any(machine.strikes or machine.step is None for machine in course.pending.values()):
                self._api.transport.clock.sleep(_LOOK_AGAIN)
        return {uuid: course.outcomes[uuid] for uuid in ordered}

    def _look(self, course: _Round) -> None:
        """Read every machine and let the purpose say what it needs."""
        found = side_by_side(lambda uuid: self._read(course, uuid), list(course.pending))
        for uuid, entity in found.items():
            machine = course.pending[uuid]
            if isinstance(entity, AhvError):
                course.end(uuid, entity)
            elif entity is None:
                gone = None if course.purpose.gone_is_done else self._api.not_found(course.doing(machine))
                course.end(uuid, gone)
            else:
                self._plan(course, machine, entity)

    def _read(self, course: _Round, uuid: str) -> Entity | None:
        doing = course.doing(course.pending[uuid])
        return self._api.get(VMS, uuid, doing=doing, deadline=course.doings.deadline)

    def _plan(self, course: _Round, machine: _Machine, entity: Entity) -> None:
        machine.name = str(entity.data.get("name", ""))
        try:
            step = course.purpose.plan(machine.uuid, entity.data)
        except AhvError as error:
            course.end(machine.uuid, error)
            return
        if step is None:
            course.end(machine.uuid)
        elif machine.error is not None:
            course.end(machine.uuid, machine.error)
        elif machine.well is not None and vm_of(entity.data) == machine.seen:
            self._wait_for_sight(course, machine, machine.well)
        elif machine.strikes > _STRIKES or course.doings.deadline.expired():
            course.end(machine.uuid, _given_up(course, machine))
        else:
            machine.step, machine.etag, machine.seen = step, entity.etag, vm_of(entity.data)
            machine.well, machine.batch = None, ""

    def _wait_for_sight(self, course: _Round, machine: _Machine, since: float) -> None:
        """Call no more for a machine that looks as before a call that ended well: what it did may be shown later."""
        machine.step = None
        if self._api.transport.clock.monotonic() - since >= LAG:
            said = "its task ended well, but Prism shows the machine as it was before"
            course.end(machine.uuid, AhvError(course.doing(machine), said=said, advice="Run again."))

    def _call(self, course: _Round) -> None:
        """Make the calls that are needed: the same one for many as a batch, the others side by side."""
        machines = [machine for machine in course.pending.values() if machine.step]
        alone = [machine for machine in machines if machine.alone or not self._batches.served]
        together = sorted((machine for machine in machines if machine not in alone), key=_kind)
        for (action, path), group in groupby(together, key=_kind):
            many = list(group)
            if not self._batches.worth_it(len(many)):
                alone += many
                continue
            for first in range(0, len(many), MOST):
                self._call_many(course, Repeated(action, VMS, path), many[first : first + MOST])
        results = side_by_side(lambda uuid: self._call_one(course, uuid), [machine.uuid for machine in alone])
        for uuid, result in results.items():
            if isinstance(result, AhvError):
                self._note(course, course.pending[uuid], result)
            else:
                self._done(course, course.pending[uuid])

    def _call_one(self, course: _Round, uuid: str) -> TaskState:
        machine, deadline = course.pending[uuid], course.doings.deadline
        step, doing = _step(machine), course.doing(machine)
        where, method = VMS.below(_filled(step)), _METHODS[step.action]

        def start(request_id: str) -> str:
            return self._api.submit(
                method, where, doing=doing, body=step.body, etag=machine.etag, request_id=request_id, deadline=deadline
            )

        # The plan says that it is needed now: an earlier success under the same ETag did not do it.
        intention = _intention(machine, doing)
        return self._dispatcher.run(intention, start, gone=lambda _: True, deadline=deadline, began=course.began)

    def _call_many(self, course: _Round, call: Repeated, machines: Sequence[_Machine]) -> None:
        doing, deadline = f"{course.purpose.verb} {len(machines)} machines", course.doings.deadline
        try:
            batch = self._batches.run(call, [_element(each) for each in machines], doing=doing, deadline=deadline)
            if batch and batch.status == SUCCEEDED and not course.purpose.once:
                for machine in machines:
                    machine.batch = batch.id
                    self._done(course, machine)
                return
            subtasks = self._subtasks(batch.id, course) if batch else {}
        except AhvError as error:
            for machine in machines:
                self._note(course, machine, error)
            return
        for machine in machines:
            self._note_subtask(course, machine, subtasks.get(machine.uuid))

    def _question(self, course: _Round, late: Sequence[_Machine]) -> None:
        """Ask why machines are as before though their batch ended well: it may hide elements that failed."""
        for batch in dict.fromkeys(machine.batch for machine in late if machine.batch):
            subtasks = self._subtasks(batch, course)
            for machine in late:
                state = subtasks.get(machine.uuid)
                if machine.batch == batch and (state is None or state.status != SUCCEEDED):
                    machine.well = None
                    self._note_subtask(course, machine, state)

    def _subtasks(self, batch: str, course: _Round) -> dict[str, TaskState]:
        """What became of the elements of a batch, by machine."""
        states = self._tasks.under(batch, deadline=course.doings.deadline)
        return {uuid: state for state in states for _, uuid in state.entities}

    def _note_subtask(self, course: _Round, machine: _Machine, state: TaskState | None) -> None:
        if state is None or not state.over:
            # Refused before it became a task, or failed before it knew its machine: it tells why when asked alone,
            # under the same request id.
            machine.alone = True
            machine.strikes += 1
        elif state.status in ENDED_BADLY:
            self._note(course, machine, failed(state, course.doing(machine)))
        else:
            self._done(course, machine)

    def _note(self, course: _Round, machine: _Machine, error: AhvError) -> None:
        """Keep what went wrong: a stale ETag is read again, all else stands unless the machine is right after all."""
        machine.step = None
        if is_stale(error):
            machine.strikes += 1
        elif isinstance(error, NotFound) and course.purpose.gone_is_done:
            course.end(machine.uuid)
        else:
            machine.error = error

    def _done(self, course: _Round, machine: _Machine) -> None:
        machine.well = self._api.transport.clock.monotonic()
        if course.purpose.once:
            course.end(machine.uuid)

    def _look_back(self, course: _Round) -> None:
        """See in one list which of those whose calls ended well are as they should be."""
        called = [uuid for uuid, machine in course.pending.items() if machine.step and machine.well is not None]
        if not called:
            return
        try:
            found = self.listed(called, f"{course.purpose.verb} {len(called)} machines")
            for uuid in called:
                if uuid not in found:
                    # Lists lag: only a purpose that ends in nothing takes their word for it.
                    if course.purpose.gone_is_done:
                        course.end(uuid)
                elif course.purpose.plan(uuid, found[uuid]) is None:
                    course.end(uuid)
            self._question(course, [course.pending[uuid] for uuid in called if uuid in course.pending])
        except AhvError:
            return  # the next round reads each of them


def _step(machine: _Machine) -> Step:
    if machine.step is None:  # pragma: no cover - who has no step has left the round
        raise ValueError(machine.uuid)
    return machine.step


def _intention(machine: _Machine, doing: str = "") -> Intention:
    """What is wanted of a machine as it is: alone and in a batch it is the same call."""
    step = _step(machine)
    key = f"{step.action} {machine.uuid} {machine.etag} {VMS.below(_filled(step)).path}"
    return Intention(key, doing, step.seal or step.body)


def _element(machine: _Machine) -> Element:
    step = _step(machine)
    headers = {"If-Match": machine.etag} if machine.etag else {}
    return Element(step.parts, step.body, headers | {"NTNX-Request-Id": _intention(machine).request_id(0)})


def _kind(machine: _Machine) -> tuple[str, str]:
    step = _step(machine)
    return step.action, step.path


def _filled(step: Step) -> str:
    return step.path.format_map(dict(step.parts))


def _given_up(course: _Round, machine: _Machine) -> AhvError:
    doing = course.doing(machine)
    if machine.strikes > _STRIKES:
        advice = "Somebody else may be changing it all the time; run again."
        return AhvError(doing, said=f"tried {machine.strikes} times, and it is still not done", advice=advice)
    said = f"not done after {course.doings.deadline.seconds:g} s"
    return AhvError(doing, said=said, advice="Run again, or allow more time (customTimeouts).")
