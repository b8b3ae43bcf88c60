"""Runs on film: every frame is what Prism holds at the moment at which a process is killed.

A kill -9 takes the process and nothing else: the next run has what Prism holds then, and what state said before. So a
run is made once, and the site keeps a snapshot of itself before or after some of its requests. To put a frame back is
the kill itself, for a hundredth of what the run up to there would cost, and no clean-up of ours can soften it.
"""

from __future__ import annotations

import random
import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from pools import LOOKS
from urllib3.connectionpool import HTTPConnectionPool

from pulumi_ahv.kernel.clock import ManualClock
from pulumi_ahv.simulator.server import Prism

_IDS = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|ZXJnb24\S*")


@dataclass(frozen=True)
class Frame:
    """One moment: before a request left, or after Prism had done it and before the answer counted."""

    number: int
    call: str
    answered: bool
    snapshot: str
    time: float
    is_first: bool

    @property
    def changes(self) -> bool:
        """Whether the request is one that changes something."""
        return self.call.partition(" ")[0] not in LOOKS

    def __str__(self) -> str:
        return f"{'after' if self.answered else 'before'} request {self.number}, {self.call}"


class Camera:
    """Films runs against one site, whatever threads and libraries they make their requests with."""

    def __init__(self, prism: Prism, clock: ManualClock, chance: random.Random) -> None:
        self._prism = prism
        self._clock = clock
        self._chance = chance
        self._shots = 0

    @contextmanager
    def rolling(self, share: float, looks: float) -> Iterator[list[Frame]]:
        """Film a block.

        Both sides of the first request of each kind that changes something are taken; of the others, and of those that
        only look, a share.
        """
        frames: list[Frame] = []
        seen: Counter[str] = Counter()
        lock, real = threading.Lock(), HTTPConnectionPool.urlopen

        def urlopen(pool: HTTPConnectionPool, method: str, url: str, *args: Any, **named: Any) -> Any:
            with lock:
                call = f"{method} {_IDS.sub('*', url.partition('?')[0])}"
                seen[call] += 1
                number, first = seen.total(), method not in LOOKS and seen[call] == 1
                odds = looks if method in LOOKS else share
                before, after = (first or self._chance.random() < odds for _ in range(2))
                if before:
                    frames.append(self._shot(number, call, answered=False, is_first=first))
            answer = real(pool, method, url, *args, **named)
            if after:
                with lock:
                    frames.append(self._shot(number, call, answered=True, is_first=first))
            return answer

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(HTTPConnectionPool, "urlopen", urlopen)
            yield frames

    def put_back(self, frame: Frame, later: float = 0.0) -> None:
        """Let the site be as it was at that moment, and let some seconds pass."""
        self._prism.control.load(frame.snapshot)
        self._clock.advance(frame.time + later - self._clock.time())

    def _shot(self, number: int, call: str, *, answered: bool, is_first: bool) -> Frame:
        self._shots += 1
        name, now = f"frame-{self._shots}", self._clock.time()
        self._prism.control.save(name)
        return Frame(number, call, answered, name, now, is_first)


def chosen(frames: list[Frame], count: int, chance: random.Random) -> list[Frame]:
    """So many frames of a film, in order: the first requests of each kind, and others by chance."""
    firsts = [frame for frame in frames if frame.is_first]
    others = [frame for frame in frames if not frame.is_first]
    taken = firsts[:count] + chance.sample(others, min(len(others), max(0, count - len(firsts))))
    return sorted(taken, key=lambda frame: (frame.number, frame.answered))
