"""The same intention is the same call: request ids that come out of what is wanted, not out of when it is asked for.

Prism Central remembers ``NTNX-Request-Id``: the same id answers with the same task, also with one that failed before
(public test sheet against a live PC; how long it remembers is not public). So a call after a crash finds the work of
the crashed run, and a call after a failure needs another id. Ids are numbered attempts of one intention, and this
module decides when an attempt is used up:

- its task ended badly before this call began: the next attempt;
- its task ended well, but what it made is gone since: the next attempt;
- its task ended badly during this call: an error. The dispatch is repeated, the wait never is.

The body belongs to the intention: a corrected body must not be answered with the refusal of the old one.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from pulumi_ahv.kernel.clock import Deadline
from pulumi_ahv.kernel.errors import TaskFailed
from pulumi_ahv.prism.tasks import ENDED_BADLY, TaskPoller, TaskState, failed
from pulumi_ahv.prism.transport import Transport

NAMESPACE = UUID("6f6c1b0c-3f0e-5d5b-9d0e-2b9a6a0f7c11")
"""Ours, for uuid5; any fixed value would do."""

_MOST_ATTEMPTS = 50
# Nodes of one Prism Central agree on the time by NTP only.
_BLUR = 0.1


@dataclass(frozen=True)
class Intention:
    """One thing that is wanted: ``doing`` for messages, ``key`` and ``body`` for the request ids."""

    key: str
    doing: str
    body: Any = None

    def request_id(self, attempt: int) -> str:
        """The request id of this attempt, the same in every process."""
        digest = hashlib.sha256(json.dumps(self.body, sort_keys=True).encode()).hexdigest()
        return str(uuid5(NAMESPACE, f"{self.key}#{digest}#{attempt}"))


class Dispatcher:
    """Starts tasks at most once for each intention and waits for them."""

    def __init__(self, transport: Transport, poller: TaskPoller) -> None:
        self._transport = transport
        self._poller = poller
        self._lock = threading.Lock()
        self._raised: set[str] = set()

    def run(
        self,
        intention: Intention,
        start: Callable[[str], str],
        *,
        gone: Callable[[TaskState], bool],
        deadline: Deadline,
        percent: Callable[[int], None] | None = None,
        began: float | None = None,
    ) -> TaskState:
        """Have it done, or find it done, and return the task that did it.

        Args:
            intention: What is wanted.
            start: Makes the call with the request id it is given and returns the id of the task that Prism names.
            gone: Whether what a task of an earlier run made is there no more.
            deadline: For everything together.
            percent: Told the progress of the task.
            began: When this run first asked for it, by Prism's clock, where that was before this call.

        Raises:
            TaskError: The task did not end well during this call.
        """
        since = (self._transport.server_time() if began is None else began) - _BLUR
        for attempt in range(_MOST_ATTEMPTS):
            task = start(intention.request_id(attempt))
            state = self._poller.ended(task, doing=intention.doing, deadline=deadline, percent=percent)
            earlier = self._already_raised(task) or 0 < state.created < since
            if state.status in ENDED_BADLY:
                if earlier:
                    continue
                raise self._raise_once(failed(state, intention.doing))
            if not (earlier and gone(state)):
                return state
        raise TaskFailed(
            intention.doing,
            task=task,
            state=state.status,
            said=f"{_MOST_ATTEMPTS} earlier attempts of the same call ended badly: {state.message}",
            advice="Change the name of the object, which makes it another call.",
        )

    def _already_raised(self, task: str) -> bool:
        with self._lock:
            return task in self._raised

    def _raise_once(self, error: TaskFailed) -> TaskFailed:
        """Within this process a failure is told once: the next call of the same intention goes on behind it."""
        with self._lock:
            self._raised.add(error.task)
        return error
