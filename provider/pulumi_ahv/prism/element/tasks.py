"""Tasks of Prism Element: a single one by a plain read, many by the poll that answers those that are over.

There is no list by ids. ``tasks/poll`` names the ones of a set that have ended (api-legacy, section 1.7), which is one
call for a pool's hundred tasks; of the others it says nothing, so they count as running, and one of them in turn is
read by itself: so a task that Prism has lost is found out as well.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

from pulumi_ahv.kernel.clock import Deadline
from pulumi_ahv.prism.element.api import V08, Api
from pulumi_ahv.prism.tasks import TaskState
from pulumi_ahv.prism.transport import Request

_ONE_BY_ONE = 3
_STATES = {"queued": "QUEUED", "none": "QUEUED", "succeeded": "SUCCEEDED", "failed": "FAILED", "aborted": "CANCELED"}
# Seconds: 0 might mean "for ever" to some release, and the poll blocks no longer than this if nothing has ended.
_SHORTEST_POLL = 1


class ElementTasks:
    """Reads tasks, as the poller wants them."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._turn = count()

    def __call__(self, ids: Sequence[str], deadline: Deadline) -> dict[str, TaskState]:
        """The tasks that Prism knows of these."""
        if len(ids) <= _ONE_BY_ONE:
            return self._read(ids, deadline)
        states = self._ended(ids, deadline)
        rest = [task for task in ids if task not in states]
        if rest:
            one = rest[next(self._turn) % len(rest)]
            states |= {task: TaskState(task, "RUNNING") for task in rest if task != one}
            states |= self._read([one], deadline)
        return states

    def of_entity(self, uuid: str, *, doing: str, deadline: Deadline) -> list[TaskState]:
        """Every task that touched an entity, ended ones too. v0.8 is what is known to take an image's id."""
        request = Request("GET", f"{V08}/tasks", doing, query={"entityUuids": uuid, "includeCompleted": "true"})
        body = self._api.call(request, deadline).json()
        return [_state(data) for data in (body.get("entities") if isinstance(body, Mapping) else None) or ()]

    def _read(self, ids: Sequence[str], deadline: Deadline) -> dict[str, TaskState]:
        found = {task: self._api.get(f"/tasks/{task}", doing=f"Reading task {task}", deadline=deadline) for task in ids}
        return {task: _state(data) for task, data in found.items() if data}

    def _ended(self, ids: Sequence[str], deadline: Deadline) -> dict[str, TaskState]:
        body = {"completed_tasks": list(ids), "timeout_interval": _SHORTEST_POLL}
        answer = self._api.post("/tasks/poll", body, doing=f"Reading {len(ids)} tasks", deadline=deadline)
        states = [_state(data) for data in answer.get("completed_tasks_info") or ()]
        return {state.id: state for state in states}


def _state(data: Mapping[str, Any]) -> TaskState:
    """A task in either spelling: v0.8 names its errors, v2.0 numbers them."""
    told = {_snake(name): value for name, value in data.items()}
    response = {_snake(name): value for name, value in (told.get("meta_response") or {}).items()}
    entities = [{_snake(name): value for name, value in one.items()} for one in told.get("entity_list") or ()]
    code = str(response.get("error_code") or response.get("error") or "")
    return TaskState(
        id=str(told.get("uuid") or ""),
        status=_STATES.get(str(told.get("progress_status") or "queued").lower(), "RUNNING"),
        percent=int(told.get("percentage_complete") or 0),
        created=int(told.get("create_time_usecs") or 0) / 1_000_000,
        entities=tuple((str(one.get("entity_type")), str(one.get("entity_id"))) for one in entities),
        code=code,
        message=str(response.get("error_detail") or told.get("message") or ""),
    )


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])([A-Z])", r"_\1", name).lower()
