import threading
from collections.abc import Callable, Mapping, Sequence

import pytest

from pulumi_ahv.kernel.clock import Deadline, ManualClock
from pulumi_ahv.kernel.errors import (
    AccessDenied,
    Answer,
    ApiError,
    ConnectionFailed,
    TaskFailed,
    TaskTimedOut,
    TaskVanished,
)
from pulumi_ahv.prism.tasks import TaskPoller, TaskState


class Prism:
    """Tasks that end at a given time, and a count of how they were asked for."""

    def __init__(self, clock: ManualClock, ends: dict[str, float], status: str = "SUCCEEDED") -> None:
        self.clock = clock
        self.ends = ends
        self.status = status
        self.asked: list[tuple[float, tuple[str, ...]]] = []
        self.trouble: list[Exception] = []
        self.crowd: Callable[[], bool] = lambda: True

    def __call__(self, ids: Sequence[str], deadline: Deadline) -> Mapping[str, TaskState]:
        del deadline
        while not (self.asked or self.crowd()):
            threading.Event().wait(0.001)
        self.asked.append((self.clock.monotonic(), tuple(ids)))
        if self.trouble:
            raise self.trouble.pop(0)
        return {task: self.state(task) for task in ids if task in self.ends}

    def state(self, task: str) -> TaskState:
        now = self.clock.monotonic()
        if now >= self.ends[task]:
            return TaskState(task, self.status, 100, code="VMM-1", message="no space left")
        return TaskState(task, "RUNNING", int(100 * now / self.ends[task]))


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def poller(prism: Prism) -> TaskPoller:
    return TaskPoller(prism, clock=prism.clock)


def wait(prism: Prism, task: str = "t", seconds: float = 3600.0) -> TaskState:
    return poller(prism).wait(task, doing="Creating image 'x'", deadline=Deadline(prism.clock, seconds))


@pytest.mark.parametrize("end", [0.0, 0.1, 1.0, 7.3, 31.9, 59.0])
def test_the_end_of_a_task_is_seen_within_a_second_in_its_first_minute(clock: ManualClock, end: float) -> None:
    assert wait(Prism(clock, {"t": end})).status == "SUCCEEDED"
    assert end <= clock.monotonic() < end + 1.0


def test_a_long_task_is_asked_for_less_often_later(clock: ManualClock) -> None:
    prism = Prism(clock, {"t": 3500.0})
    wait(prism)
    assert clock.monotonic() < 3505.5
    assert len(prism.asked) < 1000


@pytest.mark.parametrize("status", ["FAILED", "CANCELED"])
def test_a_task_that_ends_badly_is_told_with_prisms_words(clock: ManualClock, status: str) -> None:
    with pytest.raises(TaskFailed) as caught:
        wait(Prism(clock, {"t": 3.0}, status))
    said = str(caught.value)
    assert (caught.value.task, caught.value.state, caught.value.code) == ("t", status, "VMM-1")
    assert said.startswith(f"Creating image 'x': task t {status}: no space left")


def test_a_task_that_is_not_over_in_time_is_told_with_its_last_state(clock: ManualClock) -> None:
    with pytest.raises(TaskTimedOut) as caught:
        wait(Prism(clock, {"t": 1000.0}), seconds=100)
    assert "Creating image 'x': task t RUNNING at " in str(caught.value)
    assert "not over after 100 s" in str(caught.value)
    assert 100 <= clock.monotonic() < 101


def test_a_task_that_prism_forgot_is_told_as_vanished(clock: ManualClock) -> None:
    with pytest.raises(TaskVanished, match="does not know the task any more"):
        wait(Prism(clock, {}))
    assert clock.monotonic() < 10


def test_a_task_that_is_not_known_at_once_is_waited_for(clock: ManualClock) -> None:
    prism = Prism(clock, {})
    known = {"t": 4.0}
    ask = prism.__call__

    def late(ids: Sequence[str], deadline: Deadline) -> Mapping[str, TaskState]:
        if clock.monotonic() > 2.0:
            prism.ends = known
        return ask(ids, deadline)

    done = TaskPoller(late, clock=clock).wait("t", doing="x", deadline=Deadline(clock, 60))
    assert done.status == "SUCCEEDED"


@pytest.mark.parametrize(
    "trouble",
    [
        ConnectionFailed("x", said="nothing listens"),
        ApiError("x", answer=Answer(503)),
        ApiError("x", answer=Answer(429)),
    ],
    ids=["away", "503", "429"],
)
def test_a_prism_that_is_away_for_a_while_does_not_end_the_wait(clock: ManualClock, trouble: Exception) -> None:
    prism = Prism(clock, {"t": 30.0})
    prism.trouble = [trouble] * 10
    assert wait(prism).status == "SUCCEEDED"


def test_a_prism_that_stays_away_is_named_when_time_is_up(clock: ManualClock) -> None:
    prism = Prism(clock, {"t": 30.0})
    prism.trouble = [ConnectionFailed("Reading", said="nothing listens at pc:9440")] * 1000
    with pytest.raises(TaskTimedOut, match="nothing listens at pc:9440"):
        wait(prism, seconds=60)


def test_a_refusal_to_tell_ends_the_wait(clock: ManualClock) -> None:
    prism = Prism(clock, {"t": 30.0})
    prism.trouble = [AccessDenied("Reading task t", answer=Answer(401))]
    with pytest.raises(AccessDenied):
        wait(prism)


def test_progress_is_told_as_it_changes(clock: ManualClock) -> None:
    prism = Prism(clock, {"t": 10.0})
    told: list[int] = []
    poller(prism).wait("t", doing="x", deadline=Deadline(clock, 60), percent=told.append)
    assert told == sorted(set(told))
    assert told[-1] == 100
    assert len(told) > 5


def in_threads(works: Sequence[Callable[[], object]]) -> None:
    threads = [threading.Thread(target=work, daemon=True) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()


def test_many_threads_share_one_poll(clock: ManualClock) -> None:
    tasks = {f"t{number}": 20.0 + number for number in range(40)}
    prism = Prism(clock, tasks)
    shared = poller(prism)
    prism.crowd = lambda: len(shared._watches) == len(tasks)
    ended: list[str] = []

    def work(task: str) -> Callable[[], None]:
        return lambda: ended.append(shared.wait(task, doing=task, deadline=Deadline(clock, 600)).id)

    in_threads([work(task) for task in tasks])
    assert sorted(ended) == sorted(tasks)
    together = [ids for at, ids in prism.asked if 5 < at < 20]
    assert together
    assert all(len(ids) == 40 for ids in together)
    assert len(prism.asked) < 2 * clock.monotonic()


def test_each_waiter_gets_its_own_end(clock: ManualClock) -> None:
    prism = Prism(clock, {"short": 5.0, "endless": 10_000.0})
    shared = poller(prism)
    ends: dict[str, str] = {}

    def run(task: str, seconds: float) -> Callable[[], None]:
        def work() -> None:
            try:
                ends[task] = shared.wait(task, doing=task, deadline=Deadline(clock, seconds)).status
            except (TaskTimedOut, TaskVanished) as error:
                ends[task] = type(error).__name__

        return work

    in_threads([run("short", 60), run("endless", 30), run("unknown", 60)])
    assert ends == {"short": "SUCCEEDED", "endless": "TaskTimedOut", "unknown": "TaskVanished"}
