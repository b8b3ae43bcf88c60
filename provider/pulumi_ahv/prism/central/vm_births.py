"""New machines of Prism Central: made from parts, cloned, deployed from a template version. ``vms`` changes them later.

Facts (api-v4, sections 3, 5, 6.7): a clone takes a name and no description or category, and is born OFF; the task of a
clone names its source as well, that of a deployment names its machines at the top or in subtasks only; names of a bulk
clone end in an index. All differ by version, and all agree that the machines have the names that were asked for. So a
birth is known by its name: the caller gives names that nobody else uses (the mark), and one list tells what was born.

A crash must not lead to twins. What a running task is still making has no name yet; so a call first waits for tasks
on the same source or template, then looks which names are there, and makes the others, under request ids that are
the same for the same names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pulumi_ahv.kernel.errors import AhvError, TaskFailed, TaskVanished
from pulumi_ahv.prism.central.api import Api, Collection, any_of
from pulumi_ahv.prism.central.batches import MOST, Batches, Element, Repeated
from pulumi_ahv.prism.central.tasks import CentralTasks
from pulumi_ahv.prism.central.vm_bodies import VmBodies, sealed
from pulumi_ahv.prism.central.vm_bulk import VMS, side_by_side
from pulumi_ahv.prism.central.vm_reading import vm_of
from pulumi_ahv.prism.dispatch import Dispatcher, Intention
from pulumi_ahv.prism.tasks import ENDED_BADLY, TaskPoller, TaskState, failed
from pulumi_ahv.prism.vm_interface import Doings
from pulumi_ahv.prism.vms import CloneSpec, Outcome, Vm, VmSpec

_RELS = ("vmm:ahv:config:vm", "vmm:ahv:vm")
_MOST_AT_ONCE = 250
_LAG = 20.0
_LOOK_AGAIN = 0.5
_NUMBERED = re.compile(r"(?P<base>.*)-(?P<index>\d{3,})")
_BULK_CLONES = "v4.3"

Specs = Mapping[str, CloneSpec]


@dataclass(frozen=True)
class _Order:
    """One call that makes machines. ``told`` stands for its body in the request id, which may show in a log."""

    where: Collection
    body: Any
    told: Any
    etag: str = ""
    key: str = ""


@dataclass(frozen=True)
class _Numbered:
    """Clones that one call can make: alike, with names that are a base and indexes in a row."""

    base: str
    first: int
    keys: tuple[str, ...]


class VmBirths:
    """Makes machines on one Prism Central."""

    def __init__(
        self, api: Api, poller: TaskPoller, tasks: CentralTasks, batches: Batches, dispatcher: Dispatcher
    ) -> None:
        self._api = api
        self._poller = poller
        self._tasks = tasks
        self._batches = batches
        self._dispatcher = dispatcher
        self._bodies = VmBodies(api)

    def create(self, spec: VmSpec, *, key: str, doings: Doings) -> Vm:
        """Make one machine, or find the one that an interrupted run made under the same key."""
        doing = f"Creating machine '{spec.name}'"
        body = self._bodies.create(spec)

        def start(request_id: str) -> str:
            return self._api.submit(
                "POST", VMS, doing=doing, body=body, request_id=request_id, deadline=doings.deadline
            )

        state = self._dispatcher.run(
            Intention(key, doing, body),
            start,
            gone=lambda state: self._api.get(VMS, _born(state), doing=doing) is None,
            deadline=doings.deadline,
        )
        return self._read_back(state, doing, doings)

    def clone(self, source_uuid: str, specs: Specs, *, doings: Doings) -> dict[str, Outcome]:
        """Make clones of a machine; those whose names are there already are answered as they are."""
        doing = f"Cloning machine {source_uuid}"

        def make(missing: Specs) -> dict[str, AhvError]:
            etag = self._source_etag(source_uuid, doing, doings)
            numbered = self._numbered(missing)
            if numbered:
                return self._clone_numbered(source_uuid, etag, missing, numbered, doings)
            where = VMS.below(f"{source_uuid}/$actions/clone")
            if len(missing) > 1 and self._batches.served:
                self._clone_batch(source_uuid, etag, missing, doing, doings)
                missing = self._unborn(missing, doing)
            return self._each_alone(where, etag, missing, doings)

        return self._born_by_name(source_uuid, specs, make, doing, doings)

    def deploy(
        self, where: Collection, version_uuid: str, cluster_uuid: str, specs: Specs, *, doings: Doings
    ) -> dict[str, Outcome]:
        """Make machines of a version of the template that ``where`` is; otherwise the same as ``clone``."""
        template_uuid = where.path.rpartition("/")[2]
        doing = f"Deploying {len(specs)} machines of template {template_uuid}"

        def make(missing: Specs) -> dict[str, AhvError]:
            errors: dict[str, AhvError] = {}
            keys = list(missing)
            for first in range(0, len(keys), _MOST_AT_ONCE):
                part = {key: missing[key] for key in keys[first : first + _MOST_AT_ONCE]}
                body = self._bodies.deployment(version_uuid, cluster_uuid, part.values())
                order = _Order(where.below("$actions/deploy"), body, [version_uuid, _told(part, list(part))])
                errors |= self._deploy_part(order, part, doing, doings)
            return errors

        return self._born_by_name(template_uuid, specs, make, doing, doings)

    def _born_by_name(
        self,
        origin: str,
        specs: Specs,
        make: Callable[[Specs], dict[str, AhvError]],
        doing: str,
        doings: Doings,
    ) -> dict[str, Outcome]:
        """Make those that are not there, and answer for all by what is there afterwards."""
        for task in self._tasks.running_on(origin, deadline=doings.deadline):
            self._poller.ended(task.id, doing=doing, deadline=doings.deadline)
        missing = self._unborn(specs, doing)
        try:
            errors = make(missing) if missing else {}
        except AhvError as error:
            errors = dict.fromkeys(missing, error)
        there = self._settled(specs, errors, doing, doings)
        return {key: self._outcome(spec, there, errors.get(key), doing) for key, spec in specs.items()}

    def _settled(self, specs: Specs, errors: Mapping[str, AhvError], doing: str, doings: Doings) -> dict[str, str]:
        """Machines by name; lists may lag behind the tasks by some seconds."""
        clock = self._api.transport.clock
        patience = clock.monotonic() + min(_LAG, max(1.0, doings.deadline.remaining()))
        while True:
            there = self._by_name(specs, doing)
            late = [spec.name for key, spec in specs.items() if spec.name not in there and key not in errors]
            if not late or clock.monotonic() >= patience:
                return there
            clock.sleep(_LOOK_AGAIN)

    def _outcome(self, spec: CloneSpec, there: Mapping[str, str], error: AhvError | None, doing: str) -> Outcome:
        if spec.name in there:
            return Outcome(there[spec.name])
        said = f"the task ended well, but machine '{spec.name}' is not there"
        return Outcome(error=error or AhvError(doing, said=said, advice="Run again."))

    def _unborn(self, specs: Specs, doing: str) -> dict[str, CloneSpec]:
        there = self._by_name(specs, doing)
        return {key: spec for key, spec in specs.items() if spec.name not in there}

    def _by_name(self, specs: Specs, doing: str) -> dict[str, str]:
        names = dict.fromkeys(spec.name for spec in specs.values())
        found: dict[str, str] = {}
        for filter_by in any_of("name", names):
            for data in self._api.entries(VMS, doing=doing, filter_by=filter_by):
                if data.get("name") in names:
                    found.setdefault(str(data["name"]), str(data["extId"]))
        return found

    def _source_etag(self, uuid: str, doing: str, doings: Doings) -> str:
        entity = self._api.get(VMS, uuid, doing=doing, deadline=doings.deadline)
        if entity is None:
            raise self._api.not_found(doing)
        return entity.etag

    def _numbered(self, specs: Specs) -> list[_Numbered]:
        """How to make all of them by bulk clones; empty where it cannot be done."""
        first = next(iter(specs.values()))
        alike = all(_template(spec) == _template(first) for spec in specs.values())
        if self._api.version("vmm") != _BULK_CLONES or not alike:
            return []
        parsed = [(key, _NUMBERED.fullmatch(spec.name)) for key, spec in specs.items()]
        found = sorted(
            (match["base"], int(match["index"]), key)
            for key, match in parsed
            if match and match["index"] == f"{int(match['index']):03}" and int(match["index"]) > 0
        )
        runs = list(_runs(found))
        return runs if len(found) == len(specs) and all(len(run.keys) > 1 for run in runs) else []

    def _clone_numbered(
        self, source: str, etag: str, specs: Specs, runs: Sequence[_Numbered], doings: Doings
    ) -> dict[str, AhvError]:
        errors: dict[str, AhvError] = {}
        for run in runs:
            spec = specs[run.keys[0]]
            body = self._bodies.clones(spec, run.base, first=run.first, count=len(run.keys))
            doing = f"Cloning machine {source} {len(run.keys)} times"
            try:
                where = VMS.below(f"{source}/$actions/clone")
                self._started(_Order(where, body, _told(specs, run.keys), etag), doing, doings)
            except AhvError as error:
                errors |= dict.fromkeys(run.keys, error)
        return errors

    def _clone_batch(self, source: str, etag: str, specs: Specs, doing: str, doings: Doings) -> None:
        """Clone by a batch. Who is not there afterwards is cloned alone, under the request id it has in the batch."""
        elements = [
            Element(
                {"extId": source},
                self._bodies.clone(spec),
                {"If-Match": etag, "NTNX-Request-Id": Intention(key, doing, _told(specs, [key])).request_id(0)},
            )
            for key, spec in specs.items()
        ]
        call = Repeated("ACTION", VMS, "{extId}/$actions/clone")
        for first in range(0, len(elements), MOST):
            self._batches.run(call, elements[first : first + MOST], doing=doing, deadline=doings.deadline)

    def _each_alone(self, where: Collection, etag: str, specs: Specs, doings: Doings) -> dict[str, AhvError]:
        def one(key: str) -> TaskState:
            doing = f"Cloning '{specs[key].name}'"
            order = _Order(where, self._bodies.clone(specs[key]), _told(specs, [key]), etag, key)
            return self._started(order, doing, doings)

        results = side_by_side(one, list(specs))
        return {key: result for key, result in results.items() if isinstance(result, AhvError)}

    def _deploy_part(self, order: _Order, specs: Specs, doing: str, doings: Doings) -> dict[str, AhvError]:
        try:
            self._started(order, doing, doings)
        except TaskFailed as error:
            return self._own_errors(error, specs, doing, doings)
        except AhvError as error:
            return dict.fromkeys(specs, error)
        return {}

    def _own_errors(self, error: TaskFailed, specs: Specs, doing: str, doings: Doings) -> dict[str, AhvError]:
        """Whose error is whose: subtasks stand in the order of the indexes, if those that did well do."""
        states = self._tasks.under(error.task, deadline=doings.deadline)
        there = self._by_name(specs, doing)
        keys = list(specs)
        fits = len(states) == len(keys) and all(
            _born(state) == there.get(specs[key].name) for key, state in zip(keys, states, strict=True) if _born(state)
        )
        if not fits:
            return dict.fromkeys(specs, error)
        return {
            key: failed(state, f"Deploying '{specs[key].name}'")
            for key, state in zip(keys, states, strict=True)
            if state.status in ENDED_BADLY
        }

    def _started(self, order: _Order, doing: str, doings: Doings) -> TaskState:
        def start(request_id: str) -> str:
            return self._api.submit(
                "POST",
                order.where,
                doing=doing,
                body=order.body,
                etag=order.etag,
                request_id=request_id,
                deadline=doings.deadline,
            )

        intention = Intention(order.key or order.where.path, doing, order.told)
        return self._dispatcher.run(
            intention, start, gone=lambda state: self._gone(state, order, doing, doings), deadline=doings.deadline
        )

    def _gone(self, state: TaskState, order: _Order, doing: str, doings: Doings) -> bool:
        """Whether what a task of an earlier run made is there no more; its subtasks may know what it made."""
        origin = order.where.path.split("/")[-3]
        for task in (state, *self._tasks.under(state.id, deadline=doings.deadline)):
            for rel, uuid in task.entities:
                if rel in _RELS and uuid != origin and self._api.get(VMS, uuid, doing=doing):
                    return False
        return True

    def _read_back(self, state: TaskState, doing: str, doings: Doings) -> Vm:
        uuid, clock = _born(state), self._api.transport.clock
        patience = clock.monotonic() + min(_LAG, max(1.0, doings.deadline.remaining()))
        while uuid:
            entity = self._api.get(VMS, uuid, doing=doing)
            if entity:
                return vm_of(entity.data)
            if clock.monotonic() >= patience:
                break
            clock.sleep(_LOOK_AGAIN)
        said = f"the task ended well, but machine {uuid or 'it made'} is not there"
        raise TaskVanished(doing, task=state.id, state=state.status, said=said, advice="Run again.")


def _born(state: TaskState) -> str:
    """The machine that a task made; empty where it names none."""
    return next((uuid for rel in _RELS if (uuid := state.entity(rel))), "")


def _template(spec: CloneSpec) -> CloneSpec:
    return replace(spec, name="")


def _told(specs: Specs, keys: Sequence[str]) -> list[Any]:
    """What is asked for, as the request id takes it in: texts, which may hold passwords, only as a costly digest."""
    texts = [text for key in keys if (own := specs[key].customization) for text in (own.text, own.metadata)]
    seal = sealed(texts, keys[0]) if texts else ""
    sizes = [
        [specs[key].name, specs[key].sockets, specs[key].cores_per_socket, specs[key].memory_bytes] for key in keys
    ]
    nics = [[[nic.subnet_uuid, nic.address] for nic in specs[key].nics or ()] for key in keys]
    return [list(keys), sizes, nics, seal]


def _runs(found: Sequence[tuple[str, int, str]]) -> Iterator[_Numbered]:
    """Names that follow each other: the same base, indexes without a gap, no more than one call makes."""
    run: list[tuple[str, int, str]] = []
    for one in found:
        if run and (one[0] != run[-1][0] or one[1] != run[-1][1] + 1 or len(run) == _MOST_AT_ONCE):
            yield _Numbered(run[0][0], run[0][1], tuple(key for _, _, key in run))
            run = []
        run.append(one)
    if run:
        yield _Numbered(run[0][0], run[0][1], tuple(key for _, _, key in run))
