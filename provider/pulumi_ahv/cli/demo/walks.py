"""The stories that ``ahv demo`` tells. Each scene has a headline that needs no knowledge of the project."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pulumi_ahv.cli.demo.stage import DRIFTED, Stage


@dataclass(frozen=True)
class Walk:
    """A story, and the example that it is told with."""

    example: str
    tell: Callable[[Stage], None]


def image(stage: Stage) -> None:
    """The life of an image."""
    stage.disk("version 1")
    stage.say("A disk file becomes an image.")
    stage.up()
    stage.say("The same again: nothing changes, and nothing is uploaded.")
    stage.up("--expect-no-changes")
    stage.colleague.rename_image("renamed-by-a-colleague")
    stage.say("Somebody has renamed the image in Prism. The check tells, and exits 7 for a pipeline to see.")
    stage.ahv("drift", expected=DRIFTED)
    stage.say("Repaired: the name is what the program says.")
    stage.up("--refresh")
    stage.disk("version 2")
    stage.say("New content is a new image: it is made before the old one goes.")
    stage.up()
    stage.say("Destroyed.")
    stage.destroy()


def pool(stage: Stage) -> None:
    """The life of a pool."""
    stage.disk("version 1")
    stage.say("A disk file becomes an image, the image a template, the template a pool of 8 build agents.")
    stage.up()
    stage.ahv("metrics")
    stage.say("The same again: nothing changes.")
    stage.up("--expect-no-changes")
    stage.colleague.switch_off("agent-003")
    stage.say("Somebody has switched agent-003 off in Prism. The check tells, and exits 7 for a pipeline to see.")
    stage.ahv("drift", expected=DRIFTED)
    stage.say("Repaired: agent-003 is switched on, the other seven are not touched.")
    stage.up("--refresh")
    stage.disk("version 2")
    stage.say("A new disk is a new template version. The agents are made anew from it, four at a time.")
    stage.up()
    stage.config["size"] = "5"
    stage.say("Five agents are enough: the highest numbers go.")
    stage.up()
    stage.say("Destroyed.")
    stage.destroy()


WALKS: Mapping[str, Walk] = MappingProxyType({"pool": Walk("demo-python", pool), "image": Walk("image-python", image)})
