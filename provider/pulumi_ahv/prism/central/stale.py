"""Trying again when somebody else was faster: an ETag that is not the present one any more.

Fact (api-v4, section 2.5): this is told at once, as a refusal, or later, in the failed task.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from pulumi_ahv.kernel.clock import Clock, Deadline
from pulumi_ahv.kernel.errors import Conflict, TaskFailed
from pulumi_ahv.prism.central.answers import Complaint

_TRIES = 5
_PAUSE = 0.5

T = TypeVar("T")


def is_stale(error: Exception) -> bool:
    """Whether an error says that the entity was changed since it was read."""
    if isinstance(error, TaskFailed):
        return Complaint(code=error.code).stale or "If-Match" in error.said
    return isinstance(error, Conflict)


def while_stale(attempt: Callable[[int], T], *, clock: Clock, deadline: Deadline) -> T:
    """Read and apply again until it is not stale, a few times; other errors come out at once.

    ``attempt`` is told how often it was refused at once: a request id that was refused may be answered with the same
    refusal for ever, so each of these needs another.
    """
    refused = 0
    for _ in range(_TRIES - 1):
        try:
            return attempt(refused)
        except (Conflict, TaskFailed) as error:
            if not is_stale(error) or deadline.expired():
                raise
            refused += isinstance(error, Conflict)
            clock.sleep(_PAUSE)
    return attempt(refused)
