"""What a template of an Element says of itself, in the two texts that there are for it.

v2.0 knows no templates (api-legacy, section 4.1 tells how others do without). Ours is a machine that stays switched
off, the anchor, and a snapshot for each version. A snapshot carries one text, its name (section 1.5), which tells
template, version and description; the anchor's description ends in a line that tells the rest:

    ahv-template 6d0f91ab-… | Version 2 | Built from the images. | [version 5d41402abc-7d793037a0]
    [template 6d0f91ab active 91ab02ce changes 1c9d03fe-…]

Versions and the anchor itself are named by the first digits of their UUIDs, to leave room in the description. A clone
may come with its source's description: the anchor is the one machine whose own UUID stands in its line.

Assumed: a snapshot's name takes 255 characters, a machine's description 1000.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

Data = Mapping[str, Any]

_DIGITS = 8
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_LINE = re.compile(
    rf"\n?\[template (?P<anchor>[0-9a-f]{{8}})(?: active (?P<active>[0-9a-f]{{8}}))?"
    rf"(?: (?P<phase>begins|changes|ends) (?P<update>{_UUID}))?\]"
)
_HEAD = re.compile(rf"ahv-template (?P<template>{_UUID})")
_JOINT = " | "


class Phase(StrEnum):
    """Where a guest update stands: its machine is being made, can be changed, or is frozen and has to go."""

    BEGINS = "begins"
    CHANGES = "changes"
    ENDS = "ends"


@dataclass(frozen=True)
class Line:
    """What stands in an anchor's line. ``active`` are digits of a version; without them the newest is active."""

    active: str = ""
    update: str = ""
    phase: Phase = Phase.CHANGES

    @classmethod
    def read(cls, description: str, anchor: str) -> Line | None:
        """The line of this very machine, or ``None``."""
        found = _LINE.search(description)
        if not found or found["anchor"] != digits(anchor):
            return None
        return cls(found["active"] or "", found["update"] or "", Phase(found["phase"] or Phase.CHANGES))

    def with_active(self, version: str) -> Line:
        """The same with another active version."""
        return replace(self, active=digits(version))

    def write(self, text: str, anchor: str) -> str:
        """A description: the text with the line below it."""
        active = f" active {self.active}" if self.active else ""
        update = f" {self.phase} {self.update}" if self.update else ""
        line = f"[template {digits(anchor)}{active}{update}]"
        return f"{text}\n{line}" if text else line


def without_line(description: str) -> str:
    """A description as whoever uses the template knows it."""
    return _LINE.sub("", description)


def digits(uuid: str) -> str:
    """The first digits of a UUID."""
    return uuid[:_DIGITS]


@dataclass(frozen=True)
class Frozen:
    """A snapshot that is a version. ``machine`` is the one that was frozen; it may be gone."""

    uuid: str
    template: str
    name: str
    description: str
    machine: str
    created: int

    @classmethod
    def read(cls, data: Data) -> Frozen | None:
        """The version that a snapshot is, or ``None``."""
        head, *rest = str(data.get("snapshot_name") or "").split(_JOINT)
        found = _HEAD.fullmatch(head)
        if not found or not rest:
            return None
        return cls(
            uuid=str(data.get("uuid")),
            template=found["template"],
            name=rest[0],
            description="\n".join(rest[1:]),
            machine=str(data.get("vm_uuid") or ""),
            created=int(data.get("created_time") or 0),
        )

    @property
    def moment(self) -> str:
        """When it was made, as Central writes it."""
        if not self.created:
            return ""
        return datetime.fromtimestamp(self.created / 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def snapshot_name(template: str, name: str, description: str) -> str:
    """The one text of a snapshot that is a version."""
    parts = [f"ahv-template {template}", name.replace(_JOINT, " ")]
    return _JOINT.join([*parts, *description.splitlines()])
