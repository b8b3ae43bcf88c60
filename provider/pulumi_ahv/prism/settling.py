"""Prism lags behind its own tasks: what one has made or taken away may look otherwise for some seconds."""

from __future__ import annotations

from collections.abc import Callable

from pulumi_ahv.kernel.clock import Clock, Deadline

_LOOK_AGAIN = 0.5


def settled(looks_right: Callable[[], bool], clock: Clock, deadline: Deadline, *, lag: float) -> bool:
    """Whether it comes to look right within the seconds that Prism may lag."""
    patience = Deadline(clock, min(lag, max(1.0, deadline.remaining())))
    while not looks_right():
        if patience.expired():
            return False
        clock.sleep(_LOOK_AGAIN)
    return True
