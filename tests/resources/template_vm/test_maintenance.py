"""The state machine alone, in a world of three facts: from anywhere, with a crash anywhere."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_ahv.resources.template_vm.maintenance import Goal, Machine, Refusal, Situation, Step, next_step

MAKES_SENSE = {
    Step.BEGIN: {Machine.NONE},
    Step.POWER_ON: {Machine.OFF},
    Step.SHUT_DOWN: {Machine.ON},
    Step.COMPLETE: {Machine.OFF},  # one that runs is never cut off
    Step.CANCEL: {Machine.OFF, Machine.ON, Machine.LOST},
}
EFFECTS: dict[Step, dict[str, Any]] = {
    Step.NOTE: {"noted": True},
    Step.BEGIN: {"machine": Machine.OFF},
    Step.POWER_ON: {"machine": Machine.ON},
    Step.SHUT_DOWN: {"machine": Machine.OFF},
    Step.COMPLETE: {"machine": Machine.NONE, "published": True},
    Step.CANCEL: {"machine": Machine.NONE},
    Step.CLEAR: {"noted": False, "published": False},
}


@dataclass(frozen=True)
class World:
    """What Prism knows, and how often anything was published."""

    now: Situation
    versions: int = 0

    def after(self, step: Step) -> World:
        """Prism once the step is made; a step that Prism would refuse, or that does harm, must not come."""
        assert self.now.noted is (step is not Step.NOTE)
        assert self.now.machine in MAKES_SENSE.get(step, Machine)
        now = replace(self.now, **EFFECTS[step])
        return World(now, self.versions + (step is Step.COMPLETE))

    def bring(self, goal: Goal, steps: int = 9) -> World:
        """As far as it goes, or as many steps as the process lives."""
        world = self
        for _ in range(steps):
            step = next_step(world.now, goal)
            if step is None or isinstance(step, Refusal):
                break
            world = world.after(step)
        return world


situations = st.builds(Situation, st.booleans(), st.booleans(), st.sampled_from(Machine)).filter(
    lambda now: not now.published or (now.noted and now.machine is Machine.NONE)
)
goals = st.sampled_from(Goal)
runs = st.lists(st.tuples(goals, st.integers(0, 4)), max_size=6)
QUIET = Situation(noted=False, published=False, machine=Machine.NONE)


@given(situations, goals)
def test_every_way_comes_to_its_end_or_to_a_refusal(now: Situation, goal: Goal) -> None:
    end = next_step(World(now).bring(goal).now, goal)
    assert end is None or isinstance(end, Refusal)


@given(situations, goals)
def test_an_update_of_somebody_else_is_never_touched(now: Situation, goal: Goal) -> None:
    strangers = replace(now, noted=False, published=False)
    if strangers.machine is not Machine.NONE:
        assert World(strangers).bring(goal).now == strangers


@given(runs, goals)
def test_whatever_runs_were_cut_off_the_last_one_reaches_its_goal(cut_off: list[tuple[Goal, int]], goal: Goal) -> None:
    world = World(QUIET)
    for wanted, steps in cut_off:
        world = world.bring(wanted, steps)
    world = world.bring(goal)
    on = Situation(noted=True, published=False, machine=Machine.ON)
    assert world.now == (on if goal is Goal.ON else QUIET)


@given(st.lists(st.integers(0, 3), max_size=4))
def test_one_maintenance_is_published_once_however_often_its_end_is_cut_off(cuts: list[int]) -> None:
    world = World(QUIET).bring(Goal.ON)
    for steps in cuts:
        world = world.bring(Goal.PUBLISH, steps)
    assert world.bring(Goal.PUBLISH).versions == 1


@given(st.integers(0, 3), st.integers(0, 3))
def test_what_is_discarded_is_never_published(begun: int, dropped: int) -> None:
    world = World(QUIET).bring(Goal.ON, begun).bring(Goal.DISCARD, dropped).bring(Goal.DISCARD)
    assert world == World(QUIET)


@pytest.mark.parametrize(
    ("goal", "end"), [(Goal.ON, Step.CANCEL), (Goal.PUBLISH, Refusal.LOST), (Goal.DISCARD, Step.CANCEL)]
)
def test_a_machine_that_was_deleted_is_not_published(goal: Goal, end: Step | Refusal) -> None:
    assert next_step(Situation(noted=True, published=False, machine=Machine.LOST), goal) is end


def test_a_maintenance_is_not_begun_beside_somebody_elses() -> None:
    now = Situation(noted=False, published=False, machine=Machine.ON)
    assert next_step(now, Goal.ON) is Refusal.STRANGERS
