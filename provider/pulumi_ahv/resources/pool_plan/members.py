"""Members as they are wanted and as they are, and what it takes to get from one to the other.

What a difference costs is declared at the field it is about. That processors and memory want a restart is an
assumption for the general case: AHV adds both to a running machine, but whether a guest takes them nobody tells us.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from enum import IntEnum, StrEnum
from typing import Any

DISABLED = "disabled"


class Effect(IntEnum):
    """What a difference costs the member, in rising order."""

    IN_PLACE = 1
    RESTART = 2
    RECREATE = 3


class Phase(IntEnum):
    """How far a member has come. Everything below ``DONE`` is half-made, by a run that is over."""

    CLONED = 1
    MARKED = 2
    DELIVERED = 3
    STARTED = 4
    DONE = 5


class OnPayloadChange(StrEnum):
    """What a new payload means for members that stand."""

    RECREATE = "recreate"
    NEXT_RECREATE = "nextRecreate"
    IGNORE = "ignore"


def _costs(effect: Effect) -> Any:
    return field(default=None, metadata={"effect": effect})


@dataclass(frozen=True)
class Facts:
    """What is compared of a member. ``None`` is not set by the user, or not known of a half-made member.

    ``memory`` is in bytes; ``power`` is ``on`` or ``off``, always set; ``payload_digest`` is empty where there is none;
    ``guest_tools`` says what they are enabled for, or ``DISABLED``.
    """

    template_version: str | None = _costs(Effect.RECREATE)
    payload_digest: str | None = _costs(Effect.RECREATE)
    vcpus: int | None = _costs(Effect.RESTART)
    memory: int | None = _costs(Effect.RESTART)
    power: str | None = _costs(Effect.IN_PLACE)
    networks: tuple[str, ...] | None = _costs(Effect.IN_PLACE)
    categories: frozenset[str] | None = _costs(Effect.IN_PLACE)
    guest_tools: str | None = _costs(Effect.IN_PLACE)

    def changed_to(self, wanted: Facts) -> Facts:
        """These facts after a change in place: what is wanted, but what only a new member takes stays as it is."""
        taken = {}
        for item in fields(self):
            old, new = getattr(self, item.name), getattr(wanted, item.name)
            stays = item.metadata["effect"] is Effect.RECREATE and old is not None
            taken[item.name] = old if stays or new is None else new
        return Facts(**taken)


@dataclass(frozen=True)
class DesiredMember:
    """The member that a slot is to have. ``born`` is the slot's age, and nothing that is compared."""

    slot: int
    name: str
    facts: Facts
    born: int = 0

    @property
    def demanded(self) -> bool:
        """Whether it is to be up: such members count when availability is at stake."""
        return self.facts.power != "off"


@dataclass(frozen=True)
class ActualMember:
    """A machine that carries the pool's mark.

    ``name`` is its final or its working name. ``ready`` is what the pool's readiness says of it now, ``failed`` that an
    earlier step on it failed. ``created`` is in seconds since the epoch.
    """

    uuid: str
    slot: int
    name: str
    facts: Facts
    phase: Phase = Phase.DONE
    ready: bool = True
    failed: bool = False
    created: float = 0.0

    @property
    def available(self) -> bool:
        """Whether users can work on it."""
        return self.phase == Phase.DONE and self.ready and not self.failed


@dataclass(frozen=True)
class Change:
    """One difference: which fact, from what, to what."""

    fact: str
    old: Any
    new: Any
    effect: Effect

    def __str__(self) -> str:
        if self.fact == "payload_digest":  # every member has a digest of its own, and none means anything to a reader
            return "another payload"
        head, *rest = self.fact.split("_")
        return f"{head}{''.join(map(str.title, rest))} {_text(self.old)} → {_text(self.new)}"


def differences(actual: ActualMember, desired: DesiredMember, policy: OnPayloadChange) -> tuple[Change, ...]:
    """What has to change of a member, the costliest first. What the user did not set is never a difference."""
    half_made = actual.phase < Phase.DONE
    found = []
    for item in fields(Facts):
        old, new = getattr(actual.facts, item.name), getattr(desired.facts, item.name)
        effect = item.metadata["effect"]
        stays = item.name == "payload_digest" and policy is not OnPayloadChange.RECREATE
        if new in (None, old) or stays or (half_made and (old is None or effect is not Effect.RECREATE)):
            continue
        cheaper = effect is Effect.RESTART and actual.facts.power == "off"
        found.append(Change(item.name, old, new, Effect.IN_PLACE if cheaper else effect))
    if not half_made and actual.name != desired.name:
        found.append(Change("name", actual.name, desired.name, Effect.IN_PLACE))
    return tuple(sorted(found, key=lambda change: -change.effect))


def _text(value: object) -> str:
    if isinstance(value, frozenset | tuple):
        return "[" + ", ".join(sorted(map(str, value))) + "]"
    return "(not set)" if value is None else str(value)[:12] or "(none)"
