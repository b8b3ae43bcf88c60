"""Progress as short complete lines: both faces show lines, neither can redraw a bar."""

from __future__ import annotations

from typing import Protocol

from pulumi_ahv.kernel.clock import Clock


class Progress(Protocol):
    """Where lines of progress go."""

    def __call__(self, line: str) -> None:
        """Show one complete line."""
        ...


def silent(line: str) -> None:
    """Progress that goes nowhere."""
    del line


class Meter:
    """Turns bytes done into at most a line every ``interval`` seconds: ``golden: uploading 42 % of 1.2 GiB``."""

    def __init__(self, progress: Progress, what: str, total: int, *, clock: Clock, interval: float = 5.0) -> None:
        self._progress = progress
        self._what = what
        self._total = total
        self._clock = clock
        self._interval = interval
        self._last = clock.monotonic()
        self._done = 0

    def add(self, count: int) -> None:
        """Count bytes that are done."""
        self._done += count
        now = self._clock.monotonic()
        if now - self._last >= self._interval:
            self._last = now
            share = 100 * self._done // self._total if self._total else 100
            self._progress(f"{self._what} {share} % of {size_text(self._total)}")


def size_text(count: int) -> str:
    """Bytes as a person writes them: 1023 B, 75.0 KiB, 2.0 GiB."""
    size = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{count} B" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"
