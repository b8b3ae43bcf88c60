"""One thing done to many machines of an Element: it has no batches, so a call for each, and one poll for all tasks.

All are looked at before a call and after it, in one list, because a call that is repeated after its answer got lost
would fail: what is on cannot be switched on (kInvalidState). So what is done already is done, and what failed is looked
at once more before it counts as failed. One that fails does not stop the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from pulumi_ahv.kernel.errors import AhvError, Conflict, TaskFailed
from pulumi_ahv.prism.element.answers import STALE
from pulumi_ahv.prism.element.api import Api
from pulumi_ahv.prism.tasks import TaskPoller
from pulumi_ahv.prism.vm_interface import Doings, Outcomes
from pulumi_ahv.prism.vms import Outcome

PATH = "/vms"
WHOLE = {"include_vm_disk_config": "true", "include_vm_nic_config": "true"}
_SIDE_BY_SIDE = 16
_LOOKS = 6
_FEW = 3
_LOOK_AGAIN = 0.5

Data = Mapping[str, Any]


@dataclass(frozen=True)
class Call:
    """The next call on a machine: what follows its path, the body, and the query."""

    method: str
    below: str = ""
    body: Any = None
    query: Mapping[str, str] = field(default_factory=dict)


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
        """Look at all, call for those that are not as they should be, and look again, until the plan is content.

        Args:
            uuids: The machines.
            word: What is done to them: ``Powering on``.
            plan: The next call.
            doings: Deadline and progress.
            once: Whether one call is all; its success is the end.
            gone: Whether a machine that is not there is done.
        """
        round_ = _Round(word, plan, gone=gone)
        pending = list(dict.fromkeys(uuids))
        for _ in range(_LOOKS):
            calls = round_.judge(pending, self._looked_at(pending, word), self._api)
            round_.failures = self._run_all(calls, word, doings)
            pending = [uuid for uuid in calls if uuid in round_.failures or not once]
            round_.outcomes |= {uuid: Outcome(uuid) for uuid in calls if uuid not in pending}
            if not pending:
                break
            if round_.failures:
                self._api.transport.clock.sleep(_LOOK_AGAIN)
        return round_.outcomes | {uuid: Outcome(uuid, round_.unfinished(uuid)) for uuid in pending}

    def read(self, uuid: str, doing: str) -> Data | None:
        """A machine with its disks and cards, or ``None``."""
        return self._api.get(f"{PATH}/{uuid}", doing=doing, query=WHOLE)

    def read_many(self, uuids: Iterable[str], doing: str) -> dict[str, Data]:
        """Those of the machines that exist: one by one when they are few, else out of all in one call."""
        wanted = set(uuids)
        if len(wanted) <= _FEW:
            return {uuid: data for uuid in wanted if (data := self.read(uuid, doing))}
        listed = self._api.entities(PATH, doing=doing, query=WHOLE)
        return {str(data.get("uuid")): data for data in listed if data.get("uuid") in wanted}

    def run(self, uuid: str, call: Call, doing: str, doings: Doings) -> None:
        """Make one call on a machine and wait for its task."""
        path = f"{PATH}/{uuid}{call.below}"
        task = self._api.start(
            call.method, path, doing=doing, body=call.body, query=call.query, deadline=doings.deadline
        )
        self._poller.wait(task, doing=doing, deadline=doings.deadline)

    def _looked_at(self, uuids: list[str], word: str) -> Mapping[str, Data] | AhvError:
        try:
            return self.read_many(uuids, f"{word} {len(uuids)} machines")
        except AhvError as error:
            return error

    def _run_all(self, calls: Mapping[str, Call], word: str, doings: Doings) -> dict[str, AhvError]:
        """Make the calls side by side; the errors of those that failed."""

        def one(uuid: str) -> AhvError | None:
            try:
                self.run(uuid, calls[uuid], f"{word} machine {uuid}", doings)
            except AhvError as error:
                return error
            return None

        with ThreadPoolExecutor(max_workers=max(1, min(_SIDE_BY_SIDE, len(calls)))) as pool:
            return {uuid: error for uuid, error in zip(calls, pool.map(one, calls), strict=True) if error}


def timestamp(data: Data) -> dict[str, Any]:
    """What lets a change be refused when somebody else was faster."""
    told = data.get("vm_logical_timestamp")
    return {} if told is None else {"vm_logical_timestamp": told}


class _Round:
    """What is known of the machines between two looks at them."""

    def __init__(self, word: str, plan: Plan, *, gone: bool) -> None:
        self.outcomes: dict[str, Outcome] = {}
        self.failures: dict[str, AhvError] = {}
        self._word = word
        self._plan = plan
        self._gone = gone

    def judge(self, uuids: Iterable[str], found: Mapping[str, Data] | AhvError, api: Api) -> dict[str, Call]:
        """The next calls; what is done, or will never be, goes to the outcomes."""
        calls: dict[str, Call] = {}
        for uuid in uuids:
            data = None if isinstance(found, AhvError) else found.get(uuid)
            if isinstance(found, AhvError):
                self.outcomes[uuid] = Outcome(uuid, found)
            elif data is None:
                missing = None if self._gone else api.not_found(f"{self._word} machine {uuid}")
                self.outcomes[uuid] = Outcome(uuid, missing)
            else:
                self._judge_one(uuid, data, calls)
        return calls

    def unfinished(self, uuid: str) -> AhvError:
        """The error of a machine that was looked at often enough."""
        said = f"it is not as it should be after {_LOOKS} calls"
        return self.failures.get(uuid) or AhvError(f"{self._word} machine {uuid}", said=said)

    def _judge_one(self, uuid: str, data: Data, calls: dict[str, Call]) -> None:
        try:
            call = self._plan(uuid, data)
        except AhvError as error:
            self.outcomes[uuid] = Outcome(uuid, error)
            return
        failure = self.failures.get(uuid)
        if call is None:
            self.outcomes[uuid] = Outcome(uuid)
        elif failure is not None and not _is_stale(failure):
            self.outcomes[uuid] = Outcome(uuid, failure)
        else:
            calls[uuid] = call


def _is_stale(error: AhvError) -> bool:
    return isinstance(error, Conflict) or (isinstance(error, TaskFailed) and error.code == STALE)
