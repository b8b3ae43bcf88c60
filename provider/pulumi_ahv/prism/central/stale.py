"""Trying again when somebody else was faster: an ETag that is not the present one any more.

Fact (api-v4, section 2.5): this is told at once, as a refusal, or later, in the failed task.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from pulumi_ahv.kernel.clock import Clock, Deadline
from pulumi_ahv.kernel.errors import Conflict, TaskFailed
from pulumi_ahv.prism.central.answers import Complaint

TRIES = 5
"""How often something is tried that somebody else is faster with."""

_PAUSE = 0.5

T = TypeVar("T")


def is_stale(error: Exception) -> bool:
    """Whether an error says that the entity was changed since it was read."""
    if isinstance(error, TaskFailed):
        return Complaint(code=error.code).stale or "If-Match" in error.said
    return isinstance(error, Conflict)


def refused_at_once(error: Exception) -> bool:
    """Whether nothing at all was done: for what must not be done twice when a task did a part of it."""
    return isinstance(error, Conflict)


def while_stale(
    attempt: Callable[[int], T],
    *,
    clock: Clock,
    deadline: Deadline,
    again: Callable[[Exception], bool] = is_stale,
) -> T:
    """Read and apply again until it is not stale, a few times; other errors come out at once.

    ``attempt`` is told how often it was refused at once: a request id that was refused may be answered with the same
    refusal for ever, so each of these needs another. ``again`` says which errors are worth it.
    """
    refused = 0
    for _ in range(TRIES - 1):
        try:
            return attempt(refused)
        except (Conflict, TaskFailed) as error:
            if not again(error) or deadline.expired():
                raise
            refused += isinstance(error, Conflict)
            clock.sleep(_PAUSE)
    return attempt(refused)
