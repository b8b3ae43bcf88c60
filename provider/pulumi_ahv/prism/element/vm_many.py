"""One thing done to many machines of an Element: it has no batches, so a call for each, and one poll for all tasks.

Every attempt begins with a look at the machine, because a call that is repeated after its answer got lost would fail:
what is on cannot be switched on (kInvalidState). So what is done already is done, and what failed is looked at once
more before it counts as failed. One that fails does not stop the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from pulumi_ahv.kernel.errors import AhvError, Conflict, NotFound, TaskFailed
from pulumi_ahv.prism.element.answers import STALE
from pulumi_ahv.prism.element.api import Api
from pulumi_ahv.prism.tasks import TaskPoller
from pulumi_ahv.prism.vm_interface import Doings, Outcomes
from pulumi_ahv.prism.vms import Outcome

PATH = "/vms"
WHOLE = {"include_vm_disk_config": "true", "include_vm_nic_config": "true"}
_SIDE_BY_SIDE = 16
_LOOKS = 6
_LOOK_AGAIN = 0.5

Data = Mapping[str, Any]


@dataclass(frozen=True)
class Call:
    """The next call on a machine: what follows its path, and the body."""

    method: str
    below: str = ""
    body: Any = None


Plan = Callable[[str, Data], Call | None]
"""What is to be called next for a machine as it stands; ``None`` when it is as it should be."""


class Many:
    """Brings many machines to what a plan wants of each."""

    def __init__(self, api: Api, poller: TaskPoller) -> None:
        self._api = api
        self._poller = poller

    def bring(
        self, uuids: Iterable[str], word: str, plan: Plan, doings: Doings, *, once: bool = False, gone: bool = False
    ) -> Outcomes:
        """Call until the plan is content, for each machine.

        Args:
            uuids: The machines.
            word: What is done to them: ``Powering on``.
            plan: The next call.
            doings: Deadline and progress.
            once: Whether one call is all; its success is the end.
            gone: Whether a machine that is not there is done.
        """

        def one(uuid: str) -> Outcome:
            try:
                self._bring_one(uuid, f"{word} machine {uuid}", plan, doings, once=once)
            except NotFound as error:
                return Outcome(uuid) if gone else Outcome(uuid, error)
            except AhvError as error:
                return Outcome(uuid, error)
            return Outcome(uuid)

        wanted = list(dict.fromkeys(uuids))
        with ThreadPoolExecutor(max_workers=max(1, min(_SIDE_BY_SIDE, len(wanted)))) as pool:
            return dict(zip(wanted, pool.map(one, wanted), strict=True))

    def read(self, uuid: str, doing: str) -> Data | None:
        """A machine with its disks and cards, or ``None``."""
        return self._api.get(f"{PATH}/{uuid}", doing=doing, query=WHOLE)

    def _bring_one(self, uuid: str, doing: str, plan: Plan, doings: Doings, *, once: bool) -> None:
        failure: AhvError | None = None
        for _ in range(_LOOKS):
            data = self.read(uuid, doing)
            if data is None:
                raise self._api.not_found(doing)
            call = plan(uuid, data)
            if call is None:
                return
            if failure is not None and not _is_stale(failure):
                raise failure
            try:
                self.run(uuid, call, doing, doings)
            except (Conflict, TaskFailed) as error:
                failure = error
                self._api.transport.clock.sleep(_LOOK_AGAIN)
            else:
                failure = None
                if once:
                    return
        raise failure or AhvError(doing, said=f"it is not as it should be after {_LOOKS} calls")

    def run(self, uuid: str, call: Call, doing: str, doings: Doings) -> None:
        """Make one call on a machine and wait for its task."""
        path = f"{PATH}/{uuid}{call.below}"
        task = self._api.start(call.method, path, doing=doing, body=call.body, deadline=doings.deadline)
        self._poller.wait(task, doing=doing, deadline=doings.deadline)


def _is_stale(error: AhvError) -> bool:
    return isinstance(error, Conflict) or (isinstance(error, TaskFailed) and error.code == STALE)
