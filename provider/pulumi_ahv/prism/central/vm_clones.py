"""Clones of a machine: by one bulk call where names and version allow it, by a batch, or one by one.

Facts (api-v4, section 6.7): ``bulkCloneOptions`` came with v4.3 and makes 2 to 250 machines that are alike but for
their names, which end in an index of at least three digits counted from 1 or higher. Assumed, and not relied upon: a
hyphen joins name and index.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from pulumi_ahv.kernel.errors import AhvError
from pulumi_ahv.kernel.progress import silent
from pulumi_ahv.prism.central.api import Api, any_of
from pulumi_ahv.prism.central.batches import MOST, Batches, Element, Repeated
from pulumi_ahv.prism.central.vm_births import Order, Specs, VmBirths, all_born, told
from pulumi_ahv.prism.central.vm_bodies import VmBodies
from pulumi_ahv.prism.central.vm_bulk import VMS
from pulumi_ahv.prism.dispatch import Intention
from pulumi_ahv.prism.side_by_side import side_by_side
from pulumi_ahv.prism.tasks import TaskState
from pulumi_ahv.prism.vm_interface import Doings, Outcomes
from pulumi_ahv.prism.vms import CloneSpec, Outcome

_SINCE = "v4.3"
_MOST_AT_ONCE = 250
_NAME = re.compile(r"(?P<base>.+)-(?P<index>\d{3,})")


@dataclass(frozen=True)
class Run:
    """Clones that one call can make: names that are a base and indexes in a row."""

    base: str
    first: int
    keys: tuple[str, ...]


class VmClones:
    """Clones machines of one Prism Central."""

    def __init__(self, api: Api, births: VmBirths, batches: Batches) -> None:
        self._api = api
        self._births = births
        self._batches = batches
        self._bodies = VmBodies(api)

    def clone(self, source_uuid: str, specs: Specs, *, doings: Doings) -> dict[str, Outcome]:
        """Make clones of a machine; those whose names are there already are answered as they are."""
        doing = f"Cloning machine {source_uuid}"

        def make(missing: Specs) -> Outcomes:
            runs = runs_of(missing) if self._api.version("vmm") == _SINCE else []
            if runs:
                return self._in_runs(source_uuid, missing, runs, doings)
            began = self._api.transport.server_time()
            if len(missing) > 1 and self._batches.served:
                self._in_batches(source_uuid, missing, doing, doings)
                missing = self._births.unborn(missing, doing)
            return self._one_by_one(source_uuid, missing, began, doings)

        return self._births.by_name(source_uuid, specs, make, doing=doing, doings=doings)

    def _in_runs(self, source: str, specs: Specs, runs: Sequence[Run], doings: Doings) -> Outcomes:
        known: dict[str, Outcome] = {}
        for run in runs:
            body = self._bodies.clones(specs[run.keys[0]], run.base, first=run.first, count=len(run.keys))
            order = Order(VMS, source, "clone", body, told(specs, run.keys), f"{source} {run.base}")
            doing = f"Cloning machine {source} {len(run.keys)} times"
            try:
                state = self._births.carry_out(order, doing, doings)
                own = {key: specs[key] for key in run.keys}
                known |= self._otherwise_named(own, all_born(state, source), doing)
            except AhvError as error:
                known |= dict.fromkeys(run.keys, Outcome(error=error))
        return known

    def _otherwise_named(self, specs: Specs, born: Sequence[str], doing: str) -> Outcomes:
        """Clones under other names than were assumed: they are alike, so they are given out in the order of names."""
        if len(born) != len(specs) or len(self._births.unborn(specs, doing)) < len(specs):
            return {}
        names: list[tuple[int, str, str]] = []
        for filter_by in any_of("extId", born):
            for data in self._api.entries(VMS, doing=doing, filter_by=filter_by):
                name = str(data.get("name", ""))
                names.append((len(name), name, str(data.get("extId"))))
        return {key: Outcome(uuid) for key, (_, _, uuid) in zip(specs, sorted(names), strict=False)}

    def _in_batches(self, source: str, specs: Specs, doing: str, doings: Doings) -> None:
        """Clone by batches. Who is not there afterwards is cloned alone, under the request id it has here."""
        origin = self._api.get(VMS, source, doing=doing, deadline=doings.deadline)
        if origin is None:
            raise self._api.not_found(doing)
        elements = []
        for key, spec in specs.items():
            request_id = Intention(key, doing, told(specs, [key])).request_id(0)
            headers = {"If-Match": origin.etag, "NTNX-Request-Id": request_id}
            elements.append(Element({"extId": source}, self._bodies.clone(spec), headers))
        call = Repeated("ACTION", VMS, "{extId}/$actions/clone")
        for first in range(0, len(elements), MOST):
            self._batches.run(call, elements[first : first + MOST], doing=doing, deadline=doings.deadline)

    def _one_by_one(self, source: str, specs: Specs, began: float, doings: Doings) -> Outcomes:
        quiet = replace(doings, progress=silent)

        def one(key: str) -> TaskState:
            order = Order(VMS, source, "clone", self._bodies.clone(specs[key]), told(specs, [key]), key, began)
            return self._births.carry_out(order, f"Cloning '{specs[key].name}'", quiet)

        results = side_by_side(one, list(specs))
        return {key: Outcome(error=result) for key, result in results.items() if isinstance(result, AhvError)}


def runs_of(specs: Specs) -> list[Run]:
    """How bulk clones can make all of them; empty where they cannot."""
    found = []
    for key, spec in specs.items():
        name = _NAME.fullmatch(spec.name)
        index = int(name["index"]) if name else 0
        if not name or not index or name["index"] != f"{index:03}" or not _alike(spec, specs):
            return []
        found.append((name["base"], index, key))
    runs = list(_in_a_row(sorted(found)))
    return runs if all(len(run.keys) > 1 for run in runs) else []


def _alike(spec: CloneSpec, specs: Specs) -> bool:
    first = next(iter(specs.values()))
    return replace(spec, name=first.name) == first


def _in_a_row(found: Sequence[tuple[str, int, str]]) -> Iterator[Run]:
    run: list[tuple[str, int, str]] = []
    for one in found:
        if run and (one[0] != run[-1][0] or one[1] != run[-1][1] + 1 or len(run) == _MOST_AT_ONCE):
            yield _run(run)
            run = []
        run.append(one)
    if run:
        yield _run(run)


def _run(members: Sequence[tuple[str, int, str]]) -> Run:
    return Run(members[0][0], members[0][1], tuple(key for _, _, key in members))
