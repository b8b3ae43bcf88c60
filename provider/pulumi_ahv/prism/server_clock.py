"""What time it is at Prism, out of the ``Date`` headers of its answers.

A header is cut to whole seconds, so one answer tells the difference between the clocks to a second and what the call
took. The next one cuts at another moment: the difference lies where all of them agree, and is known to a fraction of a
second after a few calls.
"""

from __future__ import annotations

import threading
from email.utils import parsedate_to_datetime

_NOTHING_KNOWN = (float("-inf"), float("inf"))


class ServerClock:
    """How far the clock of one Prism is ahead of ours: between which bounds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._least, self._most = _NOTHING_KNOWN

    def note(self, date: str, *, sent: float, received: float) -> None:
        """Learn from an answer; ``sent`` and ``received`` are seconds since the epoch, by our clock.

        What contradicts everything before it counts alone: one of the clocks was set.
        """
        try:
            told = parsedate_to_datetime(date).timestamp()
        except ValueError:
            return
        least, most = told - received, told + 1.0 - sent
        with self._lock:
            agreed = max(least, self._least), min(most, self._most)
            self._least, self._most = agreed if agreed[0] <= agreed[1] else (least, most)

    def earliest(self, now: float) -> float:
        """Seconds since the epoch that it is at Prism at least, when it is ``now`` with us."""
        with self._lock:
            return now if self._least == float("-inf") else now + self._least
