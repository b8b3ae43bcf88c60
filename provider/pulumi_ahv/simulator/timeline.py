"""The site's own time, and what is due on it.

Nothing runs by itself: whoever asks the site something first lets ``settle`` do what has become due, in order of
time. So a site with a manual clock is exact, one with the real clock needs no thread, and both survive a restart,
because events are records. While an event runs, ``now`` is the moment at which it was due.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from pulumi_ahv.kernel.clock import Clock, ManualClock
from pulumi_ahv.simulator.store import Store

Happening = Callable[[dict[str, Any]], None]


class Timeline:
    """Events by the time at which they are due."""

    def __init__(self, clock: Clock, store: Store) -> None:
        self._clock = clock
        self._shift = 0.0
        self._frozen: float | None = None
        self._instant: float | None = None
        self._events = store.table("events")
        self._kept = store.table("clock")
        self._count = 0
        self._heap: list[tuple[float, int, str]] = []
        self._handlers: dict[str, Happening] = {}
        self.reload()

    def reload(self) -> None:
        """Take up the events that the store holds: after a restart, a reset or a snapshot."""
        self._heap = [(record.body["at"], record.place, record.ext_id) for record in self._events]
        heapq.heapify(self._heap)
        self._count = max((int(record.ext_id) for record in self._events), default=0)
        kept = self._kept.get("now")
        if kept is not None and kept.body["now"] > self.now():
            self.advance(kept.body["now"] - self.now())

    def handle(self, kind: str, handler: Happening) -> None:
        """Say who runs events of a kind."""
        self._handlers[kind] = handler

    def now(self) -> float:
        """Seconds since the epoch on this site."""
        if self._instant is not None:
            return self._instant
        return self._frozen if self._frozen is not None else self._clock.time() + self._shift

    def stamp(self, at: float | None = None) -> str:
        """A moment as v4 writes it: RFC 3339, UTC, microseconds, ``Z`` (api-v4, section 2.1)."""
        moment = datetime.fromtimestamp(self.now() if at is None else at, UTC)
        return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def at(self, moment: float, kind: str, **arguments: Any) -> None:
        """Let something happen at a moment; one that has passed is due at once."""
        self._count += 1
        record = self._events.add(str(self._count), {"at": moment, "kind": kind, "arguments": arguments})
        heapq.heappush(self._heap, (moment, record.place, record.ext_id))

    def settle(self) -> None:
        """Run everything that has become due, in order of time."""
        end = self.now()
        while self._heap and self._heap[0][0] <= end:
            at, _, ext_id = heapq.heappop(self._heap)
            record = self._events.get(ext_id)
            if record is None:
                continue
            self._events.remove(ext_id)
            self._instant = at
            try:
                self._handlers[record.body["kind"]](record.body["arguments"])
            finally:
                self._instant = None

    @property
    def is_manual(self) -> bool:
        """Whether time stands still until somebody moves it."""
        return self._frozen is not None or isinstance(self._clock, ManualClock)

    def freeze(self) -> None:
        """Stop: from here time moves by ``advance`` only."""
        self._frozen = self.now()

    def release(self) -> None:
        """Run on with the clock from the moment that has been reached."""
        if self._frozen is not None:
            self._shift = self._frozen - self._clock.time()
            self._frozen = None

    def advance(self, seconds: float) -> None:
        """Move on by that much. A restart begins no earlier than here: tasks would have to wait for it."""
        if self._frozen is None:
            self._shift += seconds
        else:
            self._frozen += seconds
        self._kept.add("now", {"now": self.now()})
