"""kill -9 at any answer of Prism, then no `up` any more: the sweep finds all that was begun, and deletes it."""

from __future__ import annotations

from typing import Any

import pytest
from pools import bag_of

Bag = dict[str, Any]


def points(most: int, step: int) -> list[Any]:
    """After how many answers to kill: a few of them each time, all with the slow tests."""
    usual = set(range(3, most, step))
    return [pytest.param(at, marks=() if at in usual else pytest.mark.slow) for at in range(1, most)]


def swept(scene: Any) -> None:
    """Sweep, and find exactly what was there before."""
    before = scene.left()
    sight = scene.look()
    assert bool(sight.findings) == bool(before), (before, sight)
    assert scene.sweep(sight) == {}
    assert scene.left() == {}, (sight, scene.left())
    assert scene.look().findings == ()
    assert sight.unknown == ()


@pytest.mark.parametrize("answers", points(12, 3))
def test_an_image_that_was_cut_off(scene: Any, image_bag: Bag, answers: int) -> None:
    scene.note()
    scene.make("Image", image_bag, kill_after=answers)
    if scene.pending:
        swept(scene)


@pytest.mark.parametrize("answers", points(40, 7))
def test_a_template_that_was_cut_off(scene: Any, image_bag: Bag, answers: int) -> None:
    image = scene.make("Image", image_bag)
    scene.note()
    bag = {
        "name": "golden",
        "owner": "shop/prod/golden",
        "disks": [{"image": image}],
        "vcpus": 2,
        "memory": 2048,
        "cluster": "berlin",
        "networks": ["berlin-managed"],
    }
    scene.make("TemplateVm", bag, kill_after=answers)
    if scene.pending:
        swept(scene)


@pytest.mark.parametrize("provisioning", ["thin", "full"])
@pytest.mark.parametrize("answers", points(110, 37))
def test_a_pool_that_was_cut_off(scene: Any, provisioning: str, answers: int) -> None:
    template = scene.forge.template()
    scene.note()
    bag = bag_of(template.uuid) | {"size": 2, "provisioning": provisioning}
    scene.make("Pool", bag, kill_after=answers)
    if scene.pending:
        swept(scene)
