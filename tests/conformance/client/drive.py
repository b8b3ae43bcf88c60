"""Drives one life cycle: ``python drive.py`` with what to drive as JSON on stdin; events as JSON lines on stdout."""

from __future__ import annotations

import json
import sys
from typing import Any

import images
import inventory
import many
import protection
import templates
import vms
import volumes
from driven import Site

CHAPTERS = (inventory, images, vms, templates, protection, volumes, many)


def tell(event: str, **more: Any) -> None:
    """One event."""
    print(json.dumps({"event": event, **more}), flush=True)  # noqa: T201 - the way back to the test


def main() -> None:
    """All chapters, one after the other: the later ones use what the earlier ones made."""
    site = Site(json.load(sys.stdin), tell)
    for chapter in CHAPTERS:
        chapter.walk_through(site)
        tell("chapter", name=chapter.__name__)
    for namespace, walker in site.recorder.walkers.items():
        tell("models", namespace=namespace, walked=walker.walked)
    tell("done")


if __name__ == "__main__":
    main()
