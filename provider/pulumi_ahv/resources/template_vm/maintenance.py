"""Maintenance mode as a state machine: from what is there and what is wanted to the next step. Pure.

Nothing of it is remembered between runs: where a maintenance stands is read off Prism each time, so that a run that was
cut off at any point is taken up by the next one. The note in the template's description is written before the
guest update is begun and taken away when all is over: an update that has no note is somebody else's and is left alone.

    on:       NOTE → BEGIN → POWER_ON
    publish:  SHUT_DOWN → COMPLETE → CLEAR
    discard:  CANCEL → CLEAR
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum, auto


class Goal(StrEnum):
    """What the program wants."""

    ON = "on"
    PUBLISH = "publish"
    DISCARD = "discard"


class Machine(Enum):
    """The machine of a guest update. ``LOST`` is one that the template still names and nobody knows any more."""

    NONE = auto()
    OFF = auto()
    ON = auto()
    LOST = auto()


class Step(Enum):
    """What is done next."""

    NOTE = auto()
    BEGIN = auto()
    POWER_ON = auto()
    SHUT_DOWN = auto()
    COMPLETE = auto()
    CANCEL = auto()
    CLEAR = auto()


class Refusal(Enum):
    """Why nothing can be done."""

    STRANGERS = auto()
    LOST = auto()


@dataclass(frozen=True)
class Situation:
    """Where a maintenance stands.

    ``noted``: a maintenance of ours is written down. ``published``: it has become a version already.
    """

    noted: bool
    published: bool
    machine: Machine


def next_step(now: Situation, goal: Goal) -> Step | Refusal | None:
    """The next step towards a goal; ``None`` when it is reached."""
    if not now.noted:
        if goal is not Goal.ON:
            return None
        return Step.NOTE if now.machine is Machine.NONE else Refusal.STRANGERS
    if now.published:
        return Step.CLEAR
    if goal is Goal.ON:
        return _towards_on(now.machine)
    return _towards_publish(now.machine) if goal is Goal.PUBLISH else _towards_discard(now.machine)


def _towards_on(machine: Machine) -> Step | None:
    match machine:
        case Machine.NONE:
            return Step.BEGIN
        case Machine.LOST:
            return Step.CANCEL
        case Machine.OFF:
            return Step.POWER_ON
        case Machine.ON:
            return None


def _towards_publish(machine: Machine) -> Step | Refusal:
    match machine:
        case Machine.NONE:
            return Step.CLEAR
        case Machine.LOST:
            return Refusal.LOST
        case Machine.OFF:
            return Step.COMPLETE
        case Machine.ON:
            return Step.SHUT_DOWN


def _towards_discard(machine: Machine) -> Step:
    return Step.CLEAR if machine is Machine.NONE else Step.CANCEL
