"""Clones of machines and of snapshots of a Prism Element, many with one call.

Facts (api-legacy, sections 1.4 to 1.6): the client chooses the ids, so what an unanswered call made is found by them;
its customization counts for all clones of a call, so clones with texts of their own take a call each; it wants a
storage container where there are several. A snapshot's clone takes it too, which is not documented. Nobody tells how
many clones a call may make, nor what one of them that fails means for the others: a call that failed as a whole is made
again in halves, until each clone has an outcome of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from pulumi_ahv.kernel.errors import AhvError, InputError, TaskFailed
from pulumi_ahv.prism.dispatch import Intention
from pulumi_ahv.prism.element.api import Api
from pulumi_ahv.prism.element.inventory import ElementInventory
from pulumi_ahv.prism.element.vm_bodies import nic_body
from pulumi_ahv.prism.element.vm_many import Many
from pulumi_ahv.prism.tasks import TaskPoller
from pulumi_ahv.prism.vm_interface import Doings, Outcomes
from pulumi_ahv.prism.vms import CloneSpec, Customization, Outcome

_MOST_AT_ONCE = 100
_SIDE_BY_SIDE = 16
_ENOUGH = 8

Errors = dict[str, AhvError | None]
Specs = Mapping[str, CloneSpec]


@dataclass(frozen=True)
class _Try:
    """What came of one call: the clones that are there, those that are not, and why."""

    made: set[str]
    left: Specs
    error: AhvError | None = None

    def further(self, *, hopeless: bool) -> list[Specs]:
        """How to try again: a call fails as a whole when an earlier one, unanswered or interrupted, has made some."""
        if self.made:
            return [self.left] if self.left else []
        if hopeless or len(self.left) < 2 or not isinstance(self.error, TaskFailed):
            return []
        uuids = list(self.left)
        middle = len(uuids) // 2
        return [{uuid: self.left[uuid] for uuid in half} for half in (uuids[:middle], uuids[middle:])]


class VmClones:
    """Clones what a path names: ``/vms/…`` or ``/snapshots/…``."""

    def __init__(self, api: Api, poller: TaskPoller, many: Many, inventory: ElementInventory) -> None:
        self._api = api
        self._poller = poller
        self._many = many
        self._inventory = inventory

    def clone(self, source: str, specs: Specs, *, doings: Doings) -> Outcomes:
        """Make clones; the keys name the intentions, from which the clones' UUIDs follow."""
        uuids = {key: Intention(key, source, _body(spec)).request_id(1) for key, spec in specs.items()}
        errors = self.clone_as(source, {uuids[key]: spec for key, spec in specs.items()}, doings=doings)
        return {key: Outcome(uuid, errors[uuid]) for key, uuid in uuids.items()}

    def clone_as(self, source: str, specs: Specs, *, doings: Doings) -> Errors:
        """Make clones under UUIDs of the caller's choice; those that are there already are done."""
        done: Errors = {}
        groups = list(_groups(specs))
        while groups:
            with ThreadPoolExecutor(min(_SIDE_BY_SIDE, len(groups)), thread_name_prefix="clone") as threads:
                tries = list(threads.map(lambda group: self._try(source, group, doings), groups))
            hopeless = not done and _same_words(tries)
            groups = []
            for one in tries:
                further = one.further(hopeless=hopeless)
                done |= dict.fromkeys(one.made)
                done |= {} if further else dict.fromkeys(one.left, one.error)
                groups += further
        return done

    def _try(self, source: str, specs: Specs, doings: Doings) -> _Try:
        """Make the clones of one call, and look who is there if it fails."""
        doing = f"Cloning {source.strip('/')} {len(specs)} times"
        body: dict[str, Any] = {"spec_list": [{**_body(spec), "uuid": uuid} for uuid, spec in specs.items()]}
        if text := next(iter(specs.values())).customization:
            body |= self._customized(text)
        try:
            task = self._api.start("POST", f"{source}/clone", doing=doing, body=body, deadline=doings.deadline)
            self._poller.wait(task, doing=doing, deadline=doings.deadline)
        except AhvError as error:
            there = self._there(specs, doing)
            return _Try(there, {uuid: spec for uuid, spec in specs.items() if uuid not in there}, error)
        return _Try(set(specs), {})

    def _there(self, specs: Specs, doing: str) -> set[str]:
        """Those that exist; when that cannot be told, the error of the call counts for all."""
        try:
            return set(self._many.read_many(specs, doing))
        except AhvError:
            return set()

    def _customized(self, text: Customization) -> dict[str, Any]:
        """The text in the clear, as v2.0 wants it; an answer file is user data there, too."""
        told = {"userdata_path": text.path} if text.path else {"userdata": text.text.decode("utf-8")}
        config = {"datasource_type": "CONFIG_DRIVE_V2", "fresh_install": False, **told}
        try:
            container = self._inventory.container_for_images("")
        except InputError:
            return {"vm_customization_config": config}  # none is the obvious one; Prism tells whether it wants one
        return {"vm_customization_config": config, "storage_container_uuid": container}


def _groups(specs: Specs) -> Iterator[Specs]:
    """What goes together: clones without a text of their own."""
    plain = [uuid for uuid, spec in specs.items() if not spec.customization]
    for first in range(0, len(plain), _MOST_AT_ONCE):
        yield {uuid: specs[uuid] for uuid in plain[first : first + _MOST_AT_ONCE]}
    for uuid, spec in specs.items():
        if spec.customization:
            yield {uuid: spec}


def _same_words(tries: Sequence[_Try]) -> bool:
    """Whether enough calls failed, all for the same reason: then it is everyone's, and nobody is tried alone."""
    errors = [one.error for one in tries if isinstance(one.error, TaskFailed) and not one.made]
    words = {error.said.replace(error.task, "") for error in errors}
    return len(words) == 1 and len(errors) == len(tries) >= _ENOUGH


def _body(spec: CloneSpec) -> dict[str, Any]:
    wanted = {
        "name": spec.name,
        "num_vcpus": spec.sockets,
        "num_cores_per_vcpu": spec.cores_per_socket,
        "memory_mb": None if spec.memory_bytes is None else spec.memory_bytes >> 20,
    }
    body: dict[str, Any] = {name: value for name, value in wanted.items() if value is not None}
    if spec.nics is not None:
        body |= {"override_network_config": True, "vm_nics": [nic_body(one) for one in spec.nics]}
    return body
