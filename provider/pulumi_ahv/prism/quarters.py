"""The progress of a long task, as few lines: Pulumi shows each of them for good."""

from __future__ import annotations

from pulumi_ahv.kernel.progress import Progress


class Quarters:
    """Shows percents of a task: one line for each quarter of the way."""

    def __init__(self, progress: Progress, name: str, what: str = "Prism takes the image in") -> None:
        self._progress = progress
        self._name = name
        self._what = what
        self._told = 0

    def __call__(self, percent: int) -> None:
        """Take note of how far it is."""
        if percent < 100 and percent - self._told >= 25:
            self._told = percent
            self._progress(f"{self._name}: {self._what}, {percent} %")
