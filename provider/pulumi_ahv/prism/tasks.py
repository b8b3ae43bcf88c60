"""Waiting for tasks: one poller of a site, shared by all threads that wait for something.

There is no thread of its own. Of the threads that wait, one polls for all of them and the others sleep until it has
news; when its own task is over, another takes its place. So a site that nobody waits on costs nothing, and with a
manual clock a test of a twenty-minute task takes milliseconds.

What a task looks like on the wire, and how many are asked for in one call, is the business of the products' packages.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from pulumi_ahv.kernel.clock import Clock, Deadline
from pulumi_ahv.kernel.errors import ApiError, ConnectionFailed, TaskFailed, TaskTimedOut, TaskVanished

SUCCEEDED = "SUCCEEDED"
ENDED_BADLY = ("FAILED", "CANCELED")

# Age of the wait up to which a pace holds, and the seconds until the next look. A look takes time too: 0.9 s keeps the
# promise that the end of a task is seen within a second in its first minute. Hardly a task is over in the first moment.
_PACES = ((0.1, 0.2), (0.4, 0.3), (60.0, 0.9), (600.0, 2.0), (float("inf"), 5.0))
_LONGEST_NAP = 0.9
_ROUNDING = 0.001
# Who is due so soon after another is looked at with him: it is one call for both, and then they go in step.
_TOGETHER = 0.5
# A task that was just started may be unknown to the replica that answers.
_GRACE = 5.0


@dataclass(frozen=True)
class TaskState:
    """A task as Prism tells of it. ``created`` is in seconds since the epoch, 0 where it is not told."""

    id: str
    status: str
    percent: int = 0
    created: float = 0.0
    entities: tuple[tuple[str, str], ...] = ()
    code: str = ""
    message: str = ""

    @property
    def over(self) -> bool:
        """Whether it has ended, well or badly."""
        return self.status == SUCCEEDED or self.status in ENDED_BADLY

    def entity(self, rel: str) -> str:
        """Id of the first affected entity of this kind; empty if the task names none."""
        return next((uuid for kind, uuid in self.entities if kind == rel), "")


class Fetch(Protocol):
    """Reads many tasks at once; an id that is missing in the answer is positively unknown to Prism."""

    def __call__(self, ids: Sequence[str], deadline: Deadline) -> Mapping[str, TaskState]:
        """Read them."""
        ...


@dataclass(eq=False)
class _Watch:
    """One thread's wait for one task."""

    task: str
    doing: str
    deadline: Deadline
    since: float
    due: float
    state: TaskState
    trouble: str = ""
    error: Exception | None = field(default=None)

    @property
    def over(self) -> bool:
        return self.state.over or self.error is not None


class TaskPoller:
    """Watches the tasks of one site for any number of threads."""

    def __init__(self, fetch: Fetch, *, clock: Clock) -> None:
        self._fetch = fetch
        self._clock = clock
        self._news = threading.Condition()
        self._watches: list[_Watch] = []
        self._somebody_polls = False

    def wait(
        self, task: str, *, doing: str, deadline: Deadline, percent: Callable[[int], None] | None = None
    ) -> TaskState:
        """Wait until the task has ended well.

        Args:
            task: Its id.
            doing: What it is for and for which object; errors begin with it.
            deadline: When to give up waiting; the task itself goes on.
            percent: Called in this thread with the task's progress whenever it has changed.

        Raises:
            TaskFailed: It ended FAILED or CANCELED.
            TaskTimedOut: The deadline passed before it ended.
            TaskVanished: Prism does not know it any more.
            ApiError: Prism refuses to tell.
        """
        state = self.ended(task, doing=doing, deadline=deadline, percent=percent)
        if state.status in ENDED_BADLY:
            raise failed(state, doing)
        return state

    def ended(
        self, task: str, *, doing: str, deadline: Deadline, percent: Callable[[int], None] | None = None
    ) -> TaskState:
        """Wait until the task has ended, well or badly. Otherwise the same as ``wait``."""
        now = self._clock.monotonic()
        watch = _Watch(task, doing, deadline, since=now, due=now + _pace(0.0), state=TaskState(task, "QUEUED"))
        with self._news:
            self._watches.append(watch)
        try:
            self._follow(watch, percent)
        finally:
            with self._news:
                self._watches.remove(watch)
        if watch.error:
            raise watch.error
        return watch.state

    def _follow(self, watch: _Watch, percent: Callable[[int], None] | None) -> None:
        told = 0
        while not watch.over:
            self._wait_for_news(watch)
            if percent and watch.state.percent != told:
                told = watch.state.percent
                percent(told)

    def _wait_for_news(self, watch: _Watch) -> None:
        """Sleep while another thread polls; poll once if none does."""
        with self._news:
            if watch.over:
                return
            if self._somebody_polls:
                self._news.wait()
                return
            self._somebody_polls = True
        try:
            self._poll_once()
        finally:
            with self._news:
                self._somebody_polls = False
                self._news.notify_all()

    def _poll_once(self) -> None:
        with self._news:
            waiting = [watch for watch in self._watches if not watch.over]
        now = self._clock.monotonic()
        soonest = min(watch.due for watch in waiting)
        if soonest > now:
            # Short naps: a thread that comes meanwhile with a new task is not kept waiting by the old ones' pace.
            self._clock.sleep(min(_LONGEST_NAP, soonest - now))
            now = self._clock.monotonic()
        if soonest <= now + _ROUNDING:
            self._look_at([watch for watch in waiting if watch.due <= now + _TOGETHER])
        for watch in waiting:
            if not watch.over and watch.deadline.expired():
                watch.error = _timed_out(watch)

    def _look_at(self, watches: list[_Watch]) -> None:
        ids = list(dict.fromkeys(watch.task for watch in watches))
        patience = Deadline(self._clock, min(watch.deadline.remaining() for watch in watches))
        try:
            states = self._fetch(ids, patience)
        except (ApiError, ConnectionFailed) as error:
            self._note_trouble(watches, error)
        else:
            for watch in watches:
                self._note(watch, states.get(watch.task))
        now = self._clock.monotonic()
        for watch in watches:
            watch.due = now + _pace(now - watch.since)

    def _note(self, watch: _Watch, state: TaskState | None) -> None:
        if state:
            watch.state, watch.trouble = state, ""
        elif self._clock.monotonic() - watch.since >= _GRACE:
            watch.error = _vanished(watch)

    def _note_trouble(self, watches: list[_Watch], error: ApiError | ConnectionFailed) -> None:
        """A refusal is final; a Prism that is busy or away says nothing about the task, which goes on meanwhile."""
        final = isinstance(error, ApiError) and error.answer.status < 500 and error.answer.status != 429
        for watch in watches:
            watch.trouble = str(error)
            if final:
                watch.error = error


def failed(state: TaskState, doing: str) -> TaskFailed:
    """The error for a task that ended badly."""
    advice = "Somebody, or Prism itself, canceled it; run again." if state.status == "CANCELED" else ""
    said = state.message or "Prism gave no reason"
    return TaskFailed(doing, task=state.id, state=state.status, code=state.code, said=said, advice=advice)


def _pace(age: float) -> float:
    return next(step for until, step in _PACES if age < until)


def _timed_out(watch: _Watch) -> TaskTimedOut:
    said = f"not over after {watch.deadline.seconds:g} s"
    if watch.trouble:
        said += f"; the last look at it failed ({watch.trouble})"
    advice = "It may still end well: run again to find out, or raise the resource's timeout."
    state = f"{watch.state.status} at {watch.state.percent} %"
    return TaskTimedOut(watch.doing, task=watch.task, state=state, said=said, advice=advice)


def _vanished(watch: _Watch) -> TaskVanished:
    return TaskVanished(
        watch.doing,
        task=watch.task,
        state=watch.state.status,
        said="Prism does not know the task any more, so how it ended cannot be told",
        advice="Run again: what it made, if anything, is found by its owner mark.",
    )
