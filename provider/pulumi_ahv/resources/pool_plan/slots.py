"""Which slots a pool has and what their members are called.

A slot is a stable index from 0. Growing fills the lowest free slots, shrinking takes away whole slots: no other member
is renamed, moved or touched.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import count, islice

from pulumi_ahv.kernel.errors import InputError

COUNTER = "{n}"


class ScaleDown(StrEnum):
    """Who goes when a pool shrinks."""

    HIGHEST_SLOT = "highestSlot"
    OLDEST = "oldest"
    NEWEST = "newest"


@dataclass(frozen=True)
class Naming:
    """Names of members: ``pattern`` holds the counter ``{n}`` once; slot 0 is ``start``, padded to ``width`` digits.

    >>> Naming("agent-{n}", start=1, width=3).name(6)
    'agent-007'
    """

    pattern: str
    start: int = 1
    width: int = 0

    def __post_init__(self) -> None:
        if self.pattern.count(COUNTER) != 1:
            raise InputError(
                "naming.pattern",
                f"'{self.pattern}' does not hold the counter {COUNTER} exactly once",
                advice=f"Put {COUNTER} where the number goes: 'agent-{COUNTER}'.",
            )

    def name(self, slot: int) -> str:
        """Name of the member of a slot."""
        return self.pattern.replace(COUNTER, str(self.start + slot).zfill(self.width))


def choose_slots(
    size: int,
    held: Mapping[int, float],
    scale_down: ScaleDown = ScaleDown.HIGHEST_SLOT,
    *,
    first: frozenset[int] = frozenset(),
) -> tuple[int, ...]:
    """Slots that a pool of ``size`` has, when it holds some with the times their members were made.

    ``first`` go before all others when the pool shrinks, and say nothing when it does not.
    """
    age = {ScaleDown.HIGHEST_SLOT: 0, ScaleDown.OLDEST: 1, ScaleDown.NEWEST: -1}[scale_down]
    order = sorted(held, key=lambda slot: (slot not in first, age * held[slot], -slot))
    leaving = order[: max(0, len(held) - size)]
    kept = held.keys() - set(leaving)
    fresh = islice((slot for slot in count() if slot not in held), size - len(kept))
    return tuple(sorted([*kept, *fresh]))
