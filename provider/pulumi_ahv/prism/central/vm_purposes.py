"""What can be wanted of a machine, as a question that is asked until it has no answer: ``vm_bulk`` asks it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Data = Mapping[str, Any]


@dataclass(frozen=True)
class Step:
    """One call on one machine. ``path`` is below the machines, with names in braces that ``parts`` fill.

    ``seal`` stands for the body in the request id where the body holds what may be secret.
    """

    action: str
    path: str
    parts: Mapping[str, str]
    body: Any = None
    seal: str = ""


@dataclass(frozen=True)
class Purpose:
    """What is to be done to machines.

    ``plan`` is given a machine's UUID and data and names the next step, or ``None`` when nothing is left to do.
    ``once`` is for what leaves no trace that could be looked for, or one that goes again by itself: its step is done
    when its task has ended well.
    """

    verb: str
    plan: Callable[[str, Data], Step | None]
    once: bool = False
    gone_is_done: bool = False
