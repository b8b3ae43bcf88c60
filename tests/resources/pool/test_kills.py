"""The process is killed at any request of any deed of a pool of twenty: the next run ends with exactly the pool.

Each deed is filmed once with a disc for every member and once without. A frame is put back, the engine has the state
that it had before the deed, and then the user either runs `up` again or destroys the stack. A create that was killed is
in no state: what it has left is the sweep's business.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

import pytest
from films import Camera, Frame, chosen
from golden import Forge, client
from pools import SECRET, TOLD_ANEW, Desk, Wanted, bag_of, is_whole, nothing_beside, words_of

from pulumi_ahv.kernel.clock import ManualClock
from pulumi_ahv.kernel.progress import silent
from pulumi_ahv.resources.sweeping.declared import Known, Stack
from pulumi_ahv.resources.sweeping.deleting import Sweeper
from pulumi_ahv.resources.sweeping.looking import Search
from pulumi_ahv.simulator.server import Prism, running

SEED = 20
GIB = 1 << 30
FIVES = {"batchSize": 5, "maxUnavailable": 5}
LATER = (0.0, 0.0, 2.0, 45.0, 3600.0)  # how long after the kill the next run begins
ENDED = LATER[-2:]  # when what the killed run had begun is over


@dataclass(frozen=True)
class Deed:
    """What a user does with a pool: how large it was before, what he changes, and at how many points it is killed.

    ``discs`` and ``bare`` are the numbers of points with a disc for each member and without.
    """

    before: int
    changes: dict[str, Any]
    discs: int
    bare: int
    publishes: bool = False
    destroys: bool = False


DEEDS = {
    "create": Deed(0, {"size": 20}, 44, 12),
    "grow": Deed(13, {"size": 20}, 22, 8),
    "shrink": Deed(20, {"size": 13}, 8, 6),
    "roll": Deed(20, {}, 44, 16, publishes=True),
    "surge": Deed(20, {"rollout": {"batchSize": 7, "maxUnavailable": 0, "maxSurge": 7}}, 24, 8, publishes=True),
    "tell": Deed(20, {"payload": {"template": TOLD_ANEW, "secrets": {"token": SECRET}}}, 12, 0),
    "resize": Deed(20, {"vcpus": 4}, 8, 8),
    "destroy": Deed(20, {}, 8, 6, destroys=True),
}
POINTS = [
    (name, discs, index)
    for name, deed in DEEDS.items()
    for discs in (True, False)
    for index in range(deed.discs if discs else deed.bare)
]
USUAL = 8  # every eighth point is tried each time, all of them with the slow tests


@dataclass(frozen=True)
class Scene:
    """A deed on film, and the engine as it was before: its program is the new one, its state the old one."""

    deed: Deed
    discs: bool
    frames: list[Frame]
    desk: Desk
    wanted: Wanted


class Studio:
    """One site for all films: each scene is filmed when the first of its points is wanted."""

    def __init__(self, prism: Prism, clock: ManualClock, held: ExitStack) -> None:
        self.prism = prism
        self.clock = clock
        self.camera = Camera(prism, clock, random.Random(SEED))
        self.forge = Forge(held.enter_context(client(prism, clock)), clock)
        self._processes = held.enter_context(ExitStack())
        self.template = self.forge.template().uuid
        self._scenes: dict[tuple[str, bool], Scene] = {}
        self._pools: dict[tuple[int, bool], Desk] = {}
        prism.control.save("pool-0")

    def scene(self, name: str, *, discs: bool) -> Scene:
        """The scene, filmed now or before."""
        if (name, discs) not in self._scenes:
            self._scenes[name, discs] = self._film(name, DEEDS[name], discs=discs)
        return self._scenes[name, discs]

    def killed(self, scene: Scene, frame: Frame, chance: random.Random) -> Desk:
        """The engine after the kill, when the user comes back.

        Who broke a destroy off and wants the pool back refreshes, which sees what is gone and not what is about to go.
        """
        self._processes.close()
        self.camera.put_back(frame, chance.choice(ENDED if scene.deed.destroys else LATER))
        return self.copy(scene.desk)

    def copy(self, desk: Desk) -> Desk:
        """An engine with the same program and state."""
        return replace(desk, **deepcopy({name: getattr(desk, name) for name in ("bag", "inputs", "state", "said")}))

    def _open_client(self) -> Any:
        return self._processes.enter_context(client(self.prism, self.clock))

    def _film(self, name: str, deed: Deed, *, discs: bool) -> Scene:
        desk = self._pool(deed.before, discs=discs)
        if deed.publishes:
            self.forge.version(self.template, "two", memory=2 * GIB)
        before = self.copy(desk)
        many = discs and deed.discs > 10
        with self.camera.rolling(*((0.4, 0.1) if many else (1.0, 0.3))) as frames:
            desk.destroy() if deed.destroys else desk.up(**deed.changes)
        before.bag |= deed.changes
        count = deed.discs if discs else deed.bare
        wanted = Wanted(
            size=before.bag["size"],
            memory=(1 + deed.publishes) * GIB,
            vcpus=before.bag.get("vcpus", 1),
            words=words_of(before.bag),
        )
        chance = random.Random(f"{SEED} {name} {discs}")
        return Scene(deed, discs, chosen(frames, count, chance), before, wanted)

    def _pool(self, size: int, *, discs: bool) -> Desk:
        """A pool of this size, made once and put back then."""
        shot = f"pool-{size}-{discs}" if size else "pool-0"
        if (size, discs) not in self._pools:
            self.prism.control.load("pool-0")
            bag = {**bag_of(self.template), "rollout": FIVES}
            if not discs:
                del bag["payload"]
            desk = Desk(self.prism, self.clock, self._open_client, bag)
            if size:
                desk.up(size=size)
                self.prism.control.save(shot)
            self._pools[size, discs] = desk
        self.prism.control.load(shot)
        return self.copy(self._pools[size, discs])


@pytest.fixture(scope="module")
def studio() -> Iterator[Studio]:
    clock = ManualClock(1_800_000_000.0)
    with running(clock=clock) as prism, ExitStack() as held:
        yield Studio(prism, clock, held)


def points() -> list[Any]:
    """Every point as a parameter; a few of each deed are tried each time."""
    return [
        pytest.param(*point, id=f"{point[0]}-{'discs' if point[1] else 'bare'}-{point[2]}", marks=_slow(point[2]))
        for point in POINTS
    ]


def _slow(index: int) -> tuple[pytest.MarkDecorator, ...]:
    return () if index % USUAL == USUAL // 2 else (pytest.mark.slow,)


def run_again(desk: Desk, chance: random.Random, deed: Deed) -> None:
    """`up` as a user runs it: some refresh first, and who broke a destroy off has to."""
    if desk.state is not None and (deed.destroys or chance.random() < 0.25):
        desk.refresh()
    desk.up()


@pytest.mark.parametrize(("deed", "discs", "index"), points())
def test_the_next_up_ends_with_exactly_the_pool(studio: Studio, deed: str, discs: bool, index: int) -> None:
    scene, chance = studio.scene(deed, discs=discs), random.Random(f"{SEED} up {deed} {discs} {index}")
    frame = scene.frames[index]
    desk = studio.killed(scene, frame, chance)
    kept = desk.uuids() if desk.state is not None and deed in ("grow", "shrink", "resize") else {}
    again = studio.copy(desk)
    if index % 4:
        run_again(desk, chance, scene.deed)
    else:
        with studio.camera.rolling(0.05, 0.02) as frames:
            run_again(desk, chance, scene.deed)
    is_whole(desk, scene.wanted)
    assert {name: uuid for name, uuid in kept.items() if name in desk.uuids()}.items() <= desk.uuids().items()
    if index % 4 == 0 and frames:
        studio.camera.put_back(chance.choice(frames), chance.choice(ENDED if scene.deed.destroys else LATER))
        run_again(again, chance, scene.deed)
        is_whole(again, scene.wanted)


@pytest.mark.parametrize(("deed", "discs", "index"), points())
def test_a_destroy_takes_everything_away_that_state_or_marks_know(
    studio: Studio, deed: str, discs: bool, index: int
) -> None:
    scene, chance = studio.scene(deed, discs=discs), random.Random(f"{SEED} destroy {deed} {discs} {index}")
    desk = studio.killed(scene, scene.frames[index], chance)
    if desk.state is not None:
        desk.destroy()
    else:
        studio.clock.advance(ENDED[0])  # what Prism still makes is nobody's yet
        sweep(desk)
    assert desk.machines() == []
    assert nothing_beside(studio.prism)


def sweep(desk: Desk) -> None:
    """`ahv sweep --delete` for a stack whose state knows nothing of the pool."""
    project, stack, name = desk.bag["owner"].split("/")
    site = desk.open_client()
    seen = Search(Stack(project, stack), Known(), (name,)).look(site)
    assert seen.unknown == ()
    assert Sweeper(site, desk.clock, silent).sweep(seen.findings) == {}


@pytest.mark.slow
def test_the_points_are_many_and_lie_everywhere(studio: Studio) -> None:
    tried = [(name, discs, studio.scene(name, discs=discs).frames[index]) for name, discs, index in POINTS]
    spread = Counter(name for name, _, _ in tried)
    sys.stdout.write(f"{len(tried)} points: {dict(spread)}\n")
    assert len({(name, discs, frame.snapshot) for name, discs, frame in tried}) == len(POINTS) >= 200
    for name, deed in DEEDS.items():
        for discs in (True, False) if deed.bare else (True,):
            frames = studio.scene(name, discs=discs).frames
            assert {frame.answered for frame in frames} == {True, False}
            assert sum(frame.changes for frame in frames) > len(frames) / 5
