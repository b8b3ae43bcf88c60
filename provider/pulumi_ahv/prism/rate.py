"""A budget of calls per second, kept on our side so that Prism seldom has to say 429.

Prism Central counts twice: calls of the whole PC and calls of one API, and tells both in headers of every answer
(recorded from pc.2024.3.1.1: ``X-Ratelimit-*``, ``X-Api-Ratelimit-*``). What it tells replaces what we assumed.
Which families exist and what they are assumed to bear is the business of ``central`` and ``element``.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping

from pulumi_ahv.kernel.clock import Clock

WHOLE = "X-Ratelimit"
FAMILY = "X-Api-Ratelimit"
_LONGEST_PAUSE = 60.0


class TokenBucket:
    """Lets ``rate`` calls a second through, up to a second's worth of them at once."""

    def __init__(self, rate: float, *, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._rate = rate
        self._tokens = max(1.0, rate)
        self._at = clock.monotonic()

    @property
    def rate(self) -> float:
        """Calls per second."""
        return self._rate

    def take(self) -> float:
        """Reserve the next call and return the seconds to wait before making it."""
        with self._lock:
            now = self._clock.monotonic()
            self._tokens = min(max(1.0, self._rate), self._tokens + (now - self._at) * self._rate)
            self._at = now
            self._tokens -= 1.0
            return 0.0 if self._tokens >= 0 else -self._tokens / self._rate

    def learn(self, rate: float) -> None:
        """Take over the rate that the server told."""
        with self._lock:
            self._rate = rate

    def pause(self, seconds: float) -> None:
        """Let nothing through for that long: the server said it has had enough."""
        with self._lock:
            self._tokens = min(self._tokens, 1.0 - min(seconds, _LONGEST_PAUSE) * self._rate)


class Limits:
    """The buckets of one site: one for everything, one for each family of calls that is known to be limited."""

    def __init__(self, whole: float, families: Mapping[str, float], *, clock: Clock) -> None:
        self._clock = clock
        self._whole = TokenBucket(whole, clock=clock)
        self._families = {family: TokenBucket(rate, clock=clock) for family, rate in families.items()}
        self._lock = threading.Lock()

    def wait_for(self, family: str) -> None:
        """Wait until a call of this family may be made."""
        bucket = self._families.get(family)
        pause = max(self._whole.take(), bucket.take() if bucket else 0.0)
        if pause > 0:
            self._clock.sleep(pause)

    def learn(self, family: str, headers: Mapping[str, str]) -> None:
        """Take over what the headers of an answer tell of both budgets."""
        if rate := _number(headers, f"{WHOLE}-Limit"):
            self._whole.learn(rate)
        if headers.get(f"{WHOLE}-Remaining") == "0":
            self._whole.pause(_reset(headers, WHOLE))
        limit = _number(headers, f"{FAMILY}-Limit")
        if family and limit:
            rate = limit / (_number(headers, f"{FAMILY}-Refresh-Period-Seconds") or 1.0)
            bucket = self._bucket(family, rate)
            bucket.learn(rate)
            if headers.get(f"{FAMILY}-Remaining") == "0":
                bucket.pause(_reset(headers, FAMILY))

    def refused(self, family: str, seconds: float) -> None:
        """Slow down after a 429: nothing of this family for that long."""
        if bucket := self._families.get(family):
            bucket.pause(seconds)

    def rate(self, family: str) -> float:
        """Calls per second of this family as far as known; 0 is unknown."""
        bucket = self._families.get(family)
        return bucket.rate if bucket else 0.0

    def _bucket(self, family: str, rate: float) -> TokenBucket:
        with self._lock:
            return self._families.setdefault(family, TokenBucket(rate, clock=self._clock))


def _reset(headers: Mapping[str, str], prefix: str) -> float:
    """Seconds until a used-up budget is full again; what is no such number (a point in time, perhaps) counts as one."""
    seconds = _number(headers, f"{prefix}-Reset")
    return seconds if 0 < seconds <= _LONGEST_PAUSE else 1.0


def _number(headers: Mapping[str, str], name: str) -> float:
    """A positive number out of a header; 0 where there is none."""
    try:
        return max(0.0, float(headers.get(name, "0")))
    except ValueError:
        return 0.0
