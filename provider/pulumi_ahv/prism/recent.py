"""A list that many callers want within seconds: a run with many images asks for the clusters once per image."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from pulumi_ahv.kernel.clock import Clock

_KEPT = 10.0

T = TypeVar("T")


class Recent(Generic[T]):
    """A list that is read again when it is older than some seconds."""

    def __init__(self, read: Callable[[], list[T]], clock: Clock) -> None:
        self._read = read
        self._clock = clock
        self._lock = threading.Lock()
        self._value: list[T] = []
        self._until = float("-inf")

    def get(self) -> list[T]:
        """The list, at most some seconds old."""
        with self._lock:
            if self._clock.monotonic() >= self._until:
                self._value = self._read()
                self._until = self._clock.monotonic() + _KEPT
            return list(self._value)
