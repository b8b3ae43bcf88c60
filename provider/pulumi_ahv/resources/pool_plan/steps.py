"""What the interpreter is told to do and what it tells in return."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pulumi_ahv.resources.pool_plan.members import ActualMember, Change, DesiredMember


class Replacing(StrEnum):
    """Whether the old member goes before the new one comes, or after it is ready (a surge)."""

    DELETE_FIRST = "deleteFirst"
    CREATE_FIRST = "createFirst"


@dataclass(frozen=True)
class CreateMember:
    """Make the member of an empty slot."""

    target: DesiredMember
    reason: str


@dataclass(frozen=True)
class FinishMember:
    """Take a half-made member up where it was left, to all that is wanted of it. Nobody uses it yet."""

    member: ActualMember
    target: DesiredMember
    reason: str


@dataclass(frozen=True)
class RecreateMember:
    """Put a new member in the place of an old one."""

    member: ActualMember
    target: DesiredMember
    replacing: Replacing
    reason: str


@dataclass(frozen=True)
class ChangeMember:
    """Change a member in place. ``restart`` includes a guest shutdown and the power-on after it."""

    member: ActualMember
    target: DesiredMember
    changes: tuple[Change, ...]
    restart: bool
    reason: str


@dataclass(frozen=True)
class RemoveMember:
    """Take a member away."""

    member: ActualMember
    reason: str


Step = CreateMember | FinishMember | RecreateMember | ChangeMember | RemoveMember


class BatchKind(StrEnum):
    """What a batch is for."""

    REMOVE = "remove"
    REPAIR = "repair"
    CHANGE = "change"
    ROLL = "roll"


@dataclass(frozen=True)
class WaitReady:
    """The gate of a batch: the members of these slots have to become ready before the batch has succeeded."""

    slots: tuple[int, ...]


@dataclass(frozen=True)
class Pause:
    """Seconds to leave between this batch and the next."""

    seconds: float


@dataclass(frozen=True)
class Batch:
    """Steps that run side by side; then the gate; then the pause. At most one step is about one machine."""

    kind: BatchKind
    steps: tuple[Step, ...]
    gate: WaitReady | None = None
    pause: Pause | None = None


@dataclass(frozen=True)
class Result:
    """What there is of a slot after a batch, as Prism tells it; ``failure`` is why a step or the gate failed."""

    slot: int
    members: tuple[ActualMember, ...]
    failure: str = ""


class EndKind(StrEnum):
    """How a run ended."""

    DONE = "done"
    STOPPED = "stopped"
    ROLLED_BACK = "rolledBack"


@dataclass(frozen=True)
class End:
    """Nothing is left to do, or nothing more may be done (``reason``). ``failures`` says why, by slot."""

    kind: EndKind
    reason: str = ""
    failures: Mapping[int, str] = field(default_factory=dict)


def slot_of(step: Step) -> int:
    """Slot that a step is about."""
    return step.member.slot if isinstance(step, RemoveMember) else step.target.slot
