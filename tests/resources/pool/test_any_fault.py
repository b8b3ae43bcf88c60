"""Any fault at any call of any deed, with any settings: the next run ends with exactly the pool.

While Prism misbehaves, the planner keeps its promises: never more members unavailable, and never more machines, than
the rollout allows.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from golden import Forge, client
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st
from pools import LOOKS, SECRET, TOLD_ANEW, Desk, Wanted, bag_of, is_whole, nothing_beside, words_of
from urllib3.connectionpool import HTTPConnectionPool

from pulumi_ahv.kernel.clock import ManualClock
from pulumi_ahv.kernel.errors import AhvError
from pulumi_ahv.resources.pool.marks import PoolMarks, read_line
from pulumi_ahv.simulator.server import Prism, running

GIB = 1 << 30
DEEDS = ("create", "grow", "shrink", "roll", "tell", "resize", "repair", "destroy")

calls = st.sampled_from(
    [
        {"kind": "error", "status": 500},
        {"kind": "error", "status": 500, "body": "html"},
        {"kind": "error", "status": 502, "body": "text"},
        {"kind": "error", "status": 503},
        {"kind": "error", "status": 504, "body": "empty"},
        {"kind": "error", "status": 400, "body": "schema"},
        {"kind": "error", "status": 403},
        {"kind": "error", "status": 404},
        {"kind": "error", "status": 409},
        {"kind": "error", "status": 412, "code": "VMM-30303"},
        {"kind": "error", "status": 429, "retry_after": 3},
        {"kind": "error", "status": 503, "retry_after": 7},
        {"kind": "rate-limit"},
        {"kind": "drop-before"},
        {"kind": "drop-after-commit"},
        {"kind": "stall"},
    ]
)
tasks = st.sampled_from(
    [{"kind": kind, "operation": "*", "method": "TASK"} for kind in ("task-failure", "task-canceled", "late-etag")]
)
faults = st.builds(
    lambda kind, at, count: {**kind, "skip": at, "count": count},
    st.one_of(calls, tasks),
    st.integers(0, 60),
    st.sampled_from([1, 1, 1, 2, 5, 40]),
)


@dataclass(frozen=True)
class Case:
    """A pool, what is done to it, and what goes wrong."""

    deed: str
    size: int
    discs: bool
    full: bool
    dhcp: bool
    rollout: dict[str, Any]
    fault: dict[str, Any]
    victim: int
    drift: str

    @property
    def refuses(self) -> bool:
        """Whether an upload may stay: a refusal to let it go is Prism's last word, for all that is public of it."""
        return self.fault["kind"] == "error" and self.fault["status"] < 429


@st.composite
def cases(draw: st.DrawFn) -> Case:
    unavailable, surge = draw(st.sampled_from([(1, 0), (2, 0), (3, 1), (0, 1), (0, 2), (1, 1)]))
    rollout = {
        "batchSize": draw(st.integers(1, 4)),
        "maxUnavailable": unavailable,
        "maxSurge": surge,
        "maxFailed": draw(st.integers(0, 2)),
        "onFailure": draw(st.sampled_from(["stop", "rollBack"])),
    }
    discs = draw(st.booleans())
    deed = draw(st.sampled_from(DEEDS if discs else [deed for deed in DEEDS if deed != "tell"]))
    return Case(
        deed,
        draw(st.integers(1, 4)),
        discs,
        draw(st.booleans()),
        draw(st.booleans()),
        rollout,
        draw(faults),
        draw(st.integers(0, 3)),
        draw(st.sampled_from(["off", "gone", "renamed"])),
    )


@dataclass
class Bench:
    """One site for all cases, which is put back to a template with nothing made of it."""

    prism: Prism
    clock: ManualClock
    forge: Forge
    template: str
    processes: ExitStack = field(default_factory=ExitStack)

    def desk(self, case: Case) -> Desk:
        """A program of this case on an empty site."""
        self.processes.close()
        self.prism.control.load("template")
        self.prism.control.clear_faults()
        bag = {**bag_of(self.template), "rollout": case.rollout, "timeout": 600, "readiness": {"timeout": 60}}
        if not case.discs:
            del bag["payload"]
        if case.full:
            bag["provisioning"] = "full"
        if case.dhcp:
            bag["networks"] = ["berlin-dhcp"]
        return Desk(self.prism, self.clock, self._open_client, {**bag, "size": case.size})

    def _open_client(self) -> Any:
        return self.processes.enter_context(client(self.prism, self.clock, patience=2))


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    clock = ManualClock(1_800_000_000.0)
    with running(clock=clock) as prism, client(prism, clock) as site:
        forge = Forge(site, clock)
        template = forge.template().uuid
        prism.control.save("template")
        yield Bench(prism, clock, forge, template)


@dataclass
class Watcher:
    """Counts the machines of a pool, and the old slots that nobody works in, before every request that changes anything.

    ``slots`` are those that the pool has before and after the deed.
    """

    desk: Desk
    slots: set[int]
    most: int = 0
    lacking: int = 0

    @contextmanager
    def looking(self) -> Iterator[None]:
        lock, real = threading.Lock(), HTTPConnectionPool.urlopen

        def urlopen(pool: HTTPConnectionPool, method: str, *args: Any, **named: Any) -> Any:
            if method not in LOOKS:
                with lock:
                    self._look()
            return real(pool, method, *args, **named)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(HTTPConnectionPool, "urlopen", urlopen)
            yield

    def _look(self) -> None:
        marks = PoolMarks(self.desk.bag["owner"], ("", self.desk.bag["cluster"]))
        control = self.desk.prism.control
        up = {guest["vm"] for guest in control.entities("guests") if guest["state"] in ("running", "booting")}
        mine, there = 0, set()
        for vm in control.entities("vms"):
            line = read_line(vm.get("description", "")) if marks.is_marked(vm.get("description", "")) else None
            mine += line is not None or marks.working_slot(vm["name"]) is not None
            if line is not None and vm["powerState"] == "ON" and vm["name"] in up:
                there.add(line.slot)
        self.most = max(self.most, mine)
        self.lacking = max(self.lacking, len(self.slots - there))


def try_case(bench: Bench, case: Case) -> None:
    """Build the pool, do the deed while Prism misbehaves, and run once more while it does not."""
    desk = bench.desk(case)
    changes: dict[str, Any] = {}
    size, memory = case.size, 1
    if case.deed != "create":
        desk.up()
        assert desk.state is not None
        assert desk.state["ready"], desk.state["failures"]
    if case.deed in ("grow", "shrink"):
        size = changes["size"] = case.size + 2 if case.deed == "grow" else max(0, case.size - 2)
    elif case.deed == "roll":
        memory = 2
        bench.forge.version(bench.template, "two", memory=2 * GIB)
    elif case.deed == "tell":
        changes["payload"] = {"template": TOLD_ANEW, "secrets": {"token": SECRET}}
    elif case.deed == "resize":
        changes["vcpus"] = 4
    elif case.deed == "repair":
        drift(bench, desk, case)
    desk.bag |= changes
    bench.prism.control.fault(**case.fault)
    watcher = Watcher(desk, set(range(min(case.size, size))) if case.deed in ("roll", "tell", "resize") else set())
    with watcher.looking():
        misbehaving(desk, case)
        note(f"with the fault: {desk.state and desk.state['failures']}, {desk.said}")
        bench.prism.control.clear_faults()
        if case.deed == "destroy":
            desk.destroy()
        else:
            desk.up()
            note(f"without: {desk.said}")
    if case.deed == "destroy":
        assert desk.machines() == []
        assert nothing_beside(bench.prism, uploads=case.refuses)
    else:
        is_whole(desk, Wanted(size, memory * GIB, changes.get("vcpus", 1), words_of(desk.bag)), uploads=case.refuses)
    assert watcher.lacking <= case.rollout["maxUnavailable"]
    assert watcher.most <= max(case.size, size + case.rollout["maxSurge"])


def drift(bench: Bench, desk: Desk, case: Case) -> None:
    """Somebody else does something to a member, and a refresh sees it."""
    name, uuid = sorted(desk.uuids().items())[case.victim % case.size]
    if case.drift == "renamed":
        bench.forge.rename(uuid, f"{name}-old")
    else:
        (bench.forge.switch_off if case.drift == "off" else bench.forge.delete)(uuid)
    desk.refresh()


def misbehaving(desk: Desk, case: Case) -> None:
    """The run that the fault hits; whether it says so by an error or in the state is all the same here."""
    with suppress(AhvError):
        if case.deed == "destroy":
            desk.destroy()
        else:
            desk.up()


CHECKS = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=CHECKS)
@given(case=cases())
def test_the_next_run_ends_with_exactly_the_pool(bench: Bench, case: Case) -> None:
    try_case(bench, case)


@pytest.mark.slow
@pytest.mark.timeout(3000)
@settings(max_examples=400, deadline=None, suppress_health_check=CHECKS, phases=[Phase.generate, Phase.shrink])
@given(case=cases())
def test_the_next_run_ends_with_exactly_the_pool_however_often_one_tries(bench: Bench, case: Case) -> None:
    try_case(bench, case)
