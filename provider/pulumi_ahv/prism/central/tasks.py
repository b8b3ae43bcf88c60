"""Tasks of Prism Central: many in one list call, one by a plain read.

A task's id is a pair (``ZXJnb24=:<uuid>``) and is kept as it came. Tasks that a list leaves out are asked for one by
one before they count as unknown, because lists may lag.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from pulumi_ahv.kernel.clock import Deadline
from pulumi_ahv.prism.central.answers import messages
from pulumi_ahv.prism.central.api import Api, Collection, quoted
from pulumi_ahv.prism.tasks import TaskState

TASKS = Collection("prism", "config/tasks", "task")
# Fifty filters of 80 characters keep the request line well below the 8 KiB that gateways allow.
_CHUNK = 50
_STATUS = "Prism.Config.TaskStatus"
_LOOKS = 20
_LOOK_AGAIN = 0.5


class CentralTasks:
    """Reads tasks, as the poller wants them."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def __call__(self, ids: Sequence[str], deadline: Deadline) -> dict[str, TaskState]:
        """The tasks that Prism knows of these."""
        states = {state.id: state for state in self._listed(ids, deadline)} if len(ids) > 1 else {}
        for task in ids:
            if task not in states:
                entity = self._api.get(TASKS, task, doing=f"Reading task {task}", deadline=deadline)
                if entity:
                    states[task] = self._state(entity.data, task)
        return states

    def under(self, parent: str, *, deadline: Deadline) -> list[TaskState]:
        """The subtasks of a task that is over, oldest first, when they are over as well: lists lag behind by a moment.

        A task's own list of them is cut short, so they are asked for by parent.
        """
        # Assumed: public lists of filters say "parentTask", which is an object with this one field.
        wanted = f"parentTask/extId eq {quoted(parent)}"
        for left in reversed(range(_LOOKS)):
            states = self._found(wanted, f"Reading the subtasks of {parent}", deadline)
            if all(state.over for state in states) or not left or deadline.expired():
                break
            self._api.transport.clock.sleep(_LOOK_AGAIN)
        return states[::-1]

    def running_on(self, uuid: str, *, deadline: Deadline) -> list[TaskState]:
        """Tasks that are not over and name this entity."""
        going = f"(status eq {_STATUS}'RUNNING' or status eq {_STATUS}'QUEUED')"
        wanted = f"entitiesAffected/any(e:e/extId eq {quoted(uuid)}) and {going}"
        return self._found(wanted, f"Looking for tasks on {uuid}", deadline)

    def _found(self, filter_by: str, doing: str, deadline: Deadline) -> list[TaskState]:
        listed = self._api.entries(TASKS, doing=doing, filter_by=filter_by, deadline=deadline)
        return [self._state(data, str(data.get("extId"))) for data in listed]

    def _listed(self, ids: Sequence[str], deadline: Deadline) -> Iterator[TaskState]:
        for first in range(0, len(ids), _CHUNK):
            chunk = ids[first : first + _CHUNK]
            wanted = " or ".join(f"extId eq {quoted(task)}" for task in chunk)
            doing = f"Reading {len(chunk)} tasks"
            for data in self._api.entries(TASKS, doing=doing, filter_by=wanted, deadline=deadline):
                yield self._state(data, str(data.get("extId")))

    def _state(self, data: Mapping[str, Any], task: str) -> TaskState:
        complaint = messages(data.get("errorMessages"))
        said = complaint.message or str(data.get("legacyErrorMessage") or "")
        return TaskState(
            id=task,
            status=str(data.get("status", "QUEUED")),
            percent=int(data.get("progressPercentage") or 0),
            created=moment(data.get("createdTime")),
            entities=tuple((str(one.get("rel")), str(one.get("extId"))) for one in data.get("entitiesAffected") or ()),
            code=complaint.code,
            message=self._api.transport.scrubber.scrub(said),
        )


def moment(text: Any) -> float:
    """Seconds since the epoch of a time as v4 writes it; 0 where there is none."""
    try:
        return datetime.fromisoformat(str(text)).timestamp()
    except ValueError:
        return 0.0
