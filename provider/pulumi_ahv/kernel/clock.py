"""Time as something that is handed in, so that a test of a twenty-minute wait takes milliseconds."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """What the rest of the package knows of time. All values are seconds."""

    def time(self) -> float:
        """Seconds since the epoch, UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds of a clock that never goes back; only differences mean anything."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait that long."""
        ...


class SystemClock:
    """The real time."""

    def time(self) -> float:
        """Seconds since the epoch, UTC."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds since some fixed moment."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait; nothing at all for zero or less."""
        if seconds > 0:
            time.sleep(seconds)


class ManualClock:
    """A clock that moves only when told, or when somebody sleeps on it: for tests and simulations.

    >>> clock = ManualClock()
    >>> clock.sleep(60)
    >>> clock.monotonic()
    60.0
    """

    def __init__(self, start: float = 0.0) -> None:
        self._now = start

    def time(self) -> float:
        """The time it was set to."""
        return self._now

    def monotonic(self) -> float:
        """The same as ``time``."""
        return self._now

    def sleep(self, seconds: float) -> None:
        """Move on by that much at once."""
        self.advance(max(0.0, seconds))

    def advance(self, seconds: float) -> None:
        """Move on by that much."""
        self._now += seconds


class Deadline:
    """A moment by which something has to be over, on a given clock."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self.seconds = seconds
        self._end = clock.monotonic() + seconds

    def remaining(self) -> float:
        """Seconds left; never negative."""
        return max(0.0, self._end - self._clock.monotonic())

    def expired(self) -> bool:
        """Whether it has passed."""
        return self._clock.monotonic() >= self._end
