"""The process is killed at any request of anything that is done to a template VM: `up` finishes it, `destroy` ends it."""

from __future__ import annotations

import random
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

import pytest
from films import Camera, Frame

from pulumi_ahv.kernel.progress import silent
from pulumi_ahv.prism.vms import Power
from pulumi_ahv.resources.sweeping.declared import Known, Stack
from pulumi_ahv.resources.sweeping.deleting import Sweeper
from pulumi_ahv.resources.sweeping.looking import Search

LATER = (0.0, 0.0, 5.0, 60.0, 3600.0)  # how long after the kill the next run begins
ENDED = 60.0  # after that, what the killed run had begun is over


@dataclass(frozen=True)
class Deed:
    """What a user does, in what state the template is before, and which versions it has afterwards."""

    changes: dict[str, Any]
    versions: tuple[str, ...]
    begins: str = "made"
    memory: int = 2
    anew: bool = False
    on: bool = False
    destroys: bool = False


PAYLOAD = {
    "template": "#cloud-config\nhostname: {{ name }}\npassword: {{ word }}\npower_state: {mode: poweroff}\n",
    "secrets": {"word": "correct-horse-battery"},
}
DEEDS = {
    "create": Deed({}, ("Initial Version",), begins="declared"),
    "create-with-payload": Deed({"payload": PAYLOAD}, ("Initial Version",), begins="declared"),
    "another-payload": Deed({"payload": PAYLOAD, "guestTools": {}}, ("Version 2", "Initial Version")),
    "more-memory": Deed({"memory": 4096}, ("Version 2", "Initial Version"), memory=4),
    "another-image": Deed({}, ("Version 2", "Initial Version"), anew=True),
    "pin-an-old-version": Deed({"version": "Initial Version"}, ("Version 2", "Initial Version"), begins="changed"),
    "another-name": Deed({"name": "silver", "description": "Others."}, ("Initial Version",)),
    "maintenance-on": Deed({"maintenance": True}, ("Initial Version",), on=True),
    "maintenance-off": Deed({"maintenance": False}, ("Version 2", "Initial Version"), begins="on"),
    "maintenance-discarded": Deed(
        {"maintenance": False, "onMaintenanceEnd": "discard"}, ("Initial Version",), begins="on"
    ),
    "destroy": Deed({}, ("Initial Version",), destroys=True),
}
USUAL = ("create", "maintenance-off")


def deeds() -> list[Any]:
    return [pytest.param(name, marks=() if name in USUAL else pytest.mark.slow) for name in DEEDS]


def filmed(desk: Any, name: str, make_image: Callable[[str], str]) -> tuple[Camera, list[Frame], Any]:
    """Do it once on film; answers the engine as it was before, with the new program."""
    deed = DEEDS[name]
    november = make_image("november")
    if deed.begins != "declared":
        desk.up()
    if deed.begins == "changed":
        desk.up(memory=4096)
        desk.clock.advance(ENDED)
    if deed.begins == "on":
        desk.up(maintenance=True)
        desk.clock.advance(2 * ENDED)
    before = copied(desk)
    changes = {**deed.changes, **({"disks": [{"image": november}]} if deed.anew else {})}
    if deed.begins == "changed":
        changes["memory"] = 4096
    camera = Camera(desk.prism, desk.clock, random.Random(name))
    with camera.rolling(1.0, 0.2) as frames:
        desk.destroy() if deed.destroys else desk.up(**changes)
    before.bag |= changes
    assert {frame.answered for frame in frames if frame.changes} == {True, False}
    return camera, frames, before


def copied(desk: Any) -> Any:
    return replace(desk, **deepcopy({name: getattr(desk, name) for name in ("bag", "inputs", "state", "said")}))


def images_of(desk: Any) -> list[str]:
    """Names of all images: no disc for a first boot is left among them."""
    kinds = ("images", "element-images")
    return sorted(image["name"] for kind in kinds for image in desk.prism.control.entities(kind))


def is_right(desk: Any, deed: Deed) -> None:
    """The template is as declared, with each version once, and nothing else is there.

    A template that lost its only version to a destroy that was broken off has the next one in its place.
    """
    named = tuple(version.name for version in desk.template.versions)
    assert named == deed.versions or (deed.destroys and named == ("Version 2",))
    assert desk.hardware()["memorySizeBytes"] == deed.memory << 30
    machine = desk.template.guest_update_vm
    assert bool(machine) is deed.on
    assert len(desk.machines()) == deed.on
    assert not deed.on or desk.site.vms.get(machine).power is Power.ON
    assert images_of(desk) == ["november", "october"]
    assert desk.drift() == {}


@pytest.mark.parametrize("name", deeds())
def test_the_next_up_finishes_it(desk: Any, make_image: Callable[[str], str], name: str) -> None:
    deed, chance = DEEDS[name], random.Random(f"up {name}")
    camera, frames, before = filmed(desk, name, make_image)
    for frame in frames:
        again = copied(before)
        camera.put_back(frame, chance.choice(LATER))
        try:
            if deed.destroys:
                again.clock.advance(ENDED)
                refresh(again)
            again.up()
            is_right(again, deed)
        except Exception as error:
            raise AssertionError(f"killed {frame}") from error


@pytest.mark.parametrize("name", deeds())
def test_a_destroy_takes_everything_away(desk: Any, make_image: Callable[[str], str], name: str) -> None:
    chance = random.Random(f"destroy {name}")
    camera, frames, before = filmed(desk, name, make_image)
    for frame in frames:
        again = copied(before)
        camera.put_back(frame, chance.choice(LATER))
        try:
            if again.state is not None:
                again.destroy()
            else:
                again.clock.advance(ENDED)  # what Prism still makes is nobody's yet
                sweep(again)
            assert again.leftovers() == []
            assert images_of(again) == ["november", "october"]
        except Exception as error:
            raise AssertionError(f"killed {frame}") from error


def refresh(desk: Any) -> None:
    """What a refresh does to the state of somebody who broke a destroy off."""
    live = desk.handler().read(desk.uuid, desk.state)
    desk.state, desk.inputs = (live.state, live.inputs) if live else (None, {})


def sweep(desk: Any) -> None:
    """`ahv sweep --delete` for a stack whose state knows nothing of the template."""
    project, stack, name = desk.bag["owner"].split("/")
    seen = Search(Stack(project, stack), Known(), (name,)).look(desk.site)
    assert seen.unknown == ()
    assert Sweeper(desk.site, desk.clock, silent).sweep(seen.findings) == {}
