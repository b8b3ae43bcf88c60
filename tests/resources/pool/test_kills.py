"""The process ends after any answer of Prism: the next run ends with the exact pool, and nothing beside it."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from golden import Forge

from pulumi_ahv.prism.vms import Template


def points(at: int = 4, most: int = 110) -> list[Any]:
    """After how many answers to kill: every fifth, of which a few are tried each time and all with the slow tests."""
    usual = set(range(at, most, 27))
    every = usual | set(range(2, most, 5))
    return [pytest.param(each, marks=() if each in usual else pytest.mark.slow) for each in sorted(every)]


def settled(desk: Any, prism: Any, size: int) -> None:
    """Run again and find exactly the pool."""
    desk.up()
    assert desk.state["ready"] is True, desk.state["failures"]
    assert desk.machines() == [f"agents-{number:03}" for number in range(1, size + 1)]
    assert desk.images() == []
    assert prism.control.about()["entities"].get("objects", 0) == 0
    assert all(desk.guest(name)["hostname"] == name for name in desk.status)


def killed(desk: Any, answers: int, **changes: Any) -> None:
    """Run until the process is killed, or to the end where that comes first."""
    with suppress(desk.killed):
        desk.up(kill_after=answers, **changes)


@pytest.mark.parametrize("answers", points())
def test_a_kill_while_a_pool_is_made(desk: Any, prism: Any, answers: int) -> None:
    killed(desk, answers, size=2)
    settled(desk, prism, 2)


@pytest.mark.parametrize("answers", points(at=9))
def test_a_kill_while_a_pool_is_rolled(desk: Any, prism: Any, forge: Forge, template: Template, answers: int) -> None:
    desk.up(size=2)
    old = desk.inputs["members"]["agents-001"]["templateVersion"]
    forge.version(template.uuid, "two")
    killed(desk, answers)
    settled(desk, prism, 2)
    assert old not in str(desk.state["members"])


@pytest.mark.parametrize("answers", points(at=9, most=45))
def test_a_kill_while_a_pool_shrinks(desk: Any, prism: Any, answers: int) -> None:
    desk.up(size=4)
    killed(desk, answers, size=2)
    settled(desk, prism, 2)


@pytest.mark.parametrize("answers", points(at=20))
def test_a_pool_that_was_killed_while_it_grew_goes_as_a_whole(desk: Any, prism: Any, answers: int) -> None:
    desk.up(size=1)
    killed(desk, answers, size=3)
    desk.destroy()
    assert desk.machines() == []
    assert desk.images() == []
