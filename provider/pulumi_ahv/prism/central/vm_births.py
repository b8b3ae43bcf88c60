"""How machines come into being on Prism Central; ``vm_clones`` and ``vm_deployments`` stand on this.

Facts (api-v4, sections 3, 5, 6.7): a clone takes a name and no description or category, and is born OFF; the task of a
clone names its source as well, that of a deployment names its machines at the top or in subtasks only; names of a bulk
clone end in an index. All differ by version, and all agree that the machines have the names that were asked for. So a
birth is known by its name: the caller gives names that nobody else uses (the mark), and one list tells what was born.

A crash must not lead to twins. What a running task is still making has no name yet; so a call first waits for tasks
of other processes on the same source or template, then looks which names are there, and makes the others, under
request ids that are the same for the same names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pulumi_ahv.kernel.clock import Deadline
from pulumi_ahv.kernel.errors import AhvError
from pulumi_ahv.prism.central.api import Api, Collection, any_of
from pulumi_ahv.prism.central.results import LAG, read_back
from pulumi_ahv.prism.central.stale import TRIES, is_stale, refused_at_once, while_stale
from pulumi_ahv.prism.central.tasks import CentralTasks
from pulumi_ahv.prism.central.vm_bodies import VmBodies, sealed
from pulumi_ahv.prism.central.vm_bulk import VMS
from pulumi_ahv.prism.central.vm_reading import vm_of
from pulumi_ahv.prism.dispatch import Dispatcher, Intention
from pulumi_ahv.prism.quarters import Quarters
from pulumi_ahv.prism.settling import settled
from pulumi_ahv.prism.tasks import TaskPoller, TaskState
from pulumi_ahv.prism.vm_interface import Doings, Outcomes
from pulumi_ahv.prism.vms import CloneSpec, Outcome, Vm, VmSpec

_RELS = ("vmm:ahv:config:vm", "vmm:ahv:vm")

Specs = Mapping[str, CloneSpec]


@dataclass(frozen=True)
class Order:
    """One call that makes machines out of an origin, which is a machine or a template in ``home``.

    ``told`` stands for the body in the request id, which may show in a log; ``key`` names the intention. ``began`` is
    when this run first asked for it, by Prism's clock, where a batch did so before.
    """

    home: Collection
    origin: str
    action: str
    body: Any
    told: Any
    key: str
    began: float | None = None


class VmBirths:
    """Makes machines on one Prism Central, each once."""

    def __init__(self, api: Api, poller: TaskPoller, tasks: CentralTasks, dispatcher: Dispatcher) -> None:
        self._api = api
        self._poller = poller
        self._tasks = tasks
        self._dispatcher = dispatcher
        self._begun_here: set[str] = set()

    def create(self, spec: VmSpec, *, key: str, doings: Doings) -> Vm:
        """Make one machine, or find the one that an interrupted run made under the same key."""
        doing = f"Creating machine '{spec.name}'"
        body = VmBodies(self._api).create(spec)

        def start(request_id: str) -> str:
            return self._api.start(VMS, doing=doing, body=body, request_id=request_id, deadline=doings.deadline)

        state = self._dispatcher.run(
            Intention(key, doing, body),
            start,
            gone=lambda state: not born(state) or self._api.get(VMS, born(state), doing=doing) is None,
            deadline=doings.deadline,
        )
        made = read_back(self._api, VMS, born(state), state, doing=doing, deadline=doings.deadline)
        return vm_of(made.data)

    def by_name(
        self, origin: str, specs: Specs, make: Callable[[Specs], Outcomes], *, doing: str, doings: Doings
    ) -> dict[str, Outcome]:
        """Have those made that are not there, and answer for all by what is there afterwards.

        ``make`` is given those that are missing and answers what it knows, by key: an error, or a UUID where the
        name is not the one that was asked for.
        """
        known: Outcomes = {}
        try:
            self._wait_for_others(origin, doing, doings.deadline)
            known = self._made(self.unborn(specs, doing), make, doing)
        except AhvError as error:
            known = dict.fromkeys(specs, Outcome(error=error))
        try:
            there = self._settled(specs, known, doing, doings.deadline)
        except AhvError as error:
            return {key: known.get(key, Outcome(error=error)) for key in specs}
        return {key: _outcome(spec, there, known.get(key), doing) for key, spec in specs.items()}

    def _made(self, missing: Specs, make: Callable[[Specs], Outcomes], doing: str) -> Outcomes:
        """Make them; of those whose task found an ETag stale, those that are not there once more."""
        known: dict[str, Outcome] = {}
        for _ in range(TRIES):
            if not missing:
                break
            known = {key: one for key, one in known.items() if key not in missing} | dict(make(missing))
            stale = {key: spec for key, spec in missing.items() if _is_stale(known.get(key))}
            missing = self.unborn(stale, doing) if stale else {}
        return known

    def _wait_for_others(self, origin: str, doing: str, deadline: Deadline) -> None:
        """Wait for tasks on the origin that this process did not begin: a run that was killed may have."""
        for task in self._tasks.running_on(origin, deadline=deadline):
            if task.id not in self._begun_here:
                self._poller.ended(task.id, doing=doing, deadline=deadline)

    def unborn(self, specs: Specs, doing: str) -> dict[str, CloneSpec]:
        """Those of them whose names no machine has."""
        there = self.names(specs, doing)
        return {key: spec for key, spec in specs.items() if spec.name not in there}

    def names(self, specs: Specs, doing: str) -> dict[str, str]:
        """UUIDs of those that are there, by name."""
        names = dict.fromkeys(spec.name for spec in specs.values())
        found: dict[str, str] = {}
        for filter_by in any_of("name", names):
            for data in self._api.entries(VMS, doing=doing, filter_by=filter_by):
                if data.get("name") in names:
                    found.setdefault(str(data["name"]), str(data["extId"]))
        return found

    def carry_out(self, order: Order, doing: str, doings: Doings) -> TaskState:
        """Make the call and wait; an ETag of the origin that is refused as stale is read again.

        A task that fails of it later may have made a part of the machines: it is not repeated here.

        Raises:
            TaskError: It did not end well; some of the machines may have come into being all the same.
        """

        def attempt(refused: int) -> TaskState:
            key = f"{order.key}~{refused}" if refused else order.key
            return self._dispatch(order, Intention(key, doing, order.told), doings)

        clock = self._api.transport.clock
        return while_stale(attempt, clock=clock, deadline=doings.deadline, again=refused_at_once)

    def _dispatch(self, order: Order, intention: Intention, doings: Doings) -> TaskState:
        doing, deadline = intention.doing, doings.deadline
        origin = self._api.get(order.home, order.origin, doing=doing, deadline=deadline)
        if origin is None:
            raise self._api.not_found(doing)
        where = order.home.below(f"{order.origin}/$actions/{order.action}")

        def start(request_id: str) -> str:
            task = self._api.submit(
                "POST",
                where,
                doing=doing,
                body=order.body,
                etag=origin.etag,
                request_id=request_id,
                deadline=deadline,
            )
            self._begun_here.add(task)
            return task

        return self._dispatcher.run(
            intention,
            start,
            gone=lambda state: self._gone(state, order.origin, doing, deadline),
            deadline=deadline,
            percent=Quarters(doings.progress, doing, "under way"),
            began=order.began,
        )

    def _gone(self, state: TaskState, origin: str, doing: str, deadline: Deadline) -> bool:
        """Whether what a task of an earlier run made is there no more; its subtasks may know what it made."""
        tasks = (state, *self._tasks.under(state.id, deadline=deadline))
        made = (uuid for task in tasks for uuid in all_born(task, origin))
        return not any(self._api.get(VMS, uuid, doing=doing) for uuid in made)

    def _settled(self, specs: Specs, known: Outcomes, doing: str, deadline: Deadline) -> dict[str, str]:
        """Machines by name; lists may lag behind the tasks by some seconds."""
        there: dict[str, str] = {}

        def looks_right() -> bool:
            there.update(self.names(specs, doing))
            return all(spec.name in there or key in known for key, spec in specs.items())

        settled(looks_right, self._api.transport.clock, deadline, lag=LAG)
        return there


def born(state: TaskState) -> str:
    """The machine that a task made; empty where it names none."""
    return next((uuid for rel in _RELS if (uuid := state.entity(rel))), "")


def all_born(state: TaskState, origin: str) -> list[str]:
    """Every machine that a task names beside its origin."""
    return [uuid for rel, uuid in state.entities if rel in _RELS and uuid != origin]


def told(specs: Specs, keys: Sequence[str]) -> list[Any]:
    """What is asked for, as a request id takes it in: texts, which may hold passwords, only as a costly digest."""
    texts = [text for key in keys if (own := specs[key].customization) for text in (own.text, own.metadata)]
    seal = sealed(texts, keys[0]) if texts else ""
    wanted = [specs[key] for key in keys]
    sizes = [[spec.name, spec.sockets, spec.cores_per_socket, spec.memory_bytes] for spec in wanted]
    nics = [[[nic.subnet_uuid, nic.address, nic.model] for nic in spec.nics or ()] for spec in wanted]
    return [list(keys), sizes, nics, seal]


def _is_stale(outcome: Outcome | None) -> bool:
    return outcome is not None and outcome.error is not None and is_stale(outcome.error)


def _outcome(spec: CloneSpec, there: Mapping[str, str], known: Outcome | None, doing: str) -> Outcome:
    if spec.name in there:
        return Outcome(there[spec.name])
    said = f"the task ended well, but machine '{spec.name}' is not there"
    return known or Outcome(error=AhvError(doing, said=said, advice="Run again."))
