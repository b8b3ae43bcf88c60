"""What a run tells those who watch it: the display, the JSON writer, tests."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from pulumi_ahv.engine.steps import Step
from pulumi_ahv.engine.values import Bag


class Observer(Protocol):
    """Hears of everything that happens. Called from several threads, one call at a time."""

    def begun(self, step: Step) -> None:
        """A step is about to be carried out."""
        ...

    def ended(self, step: Step, error: str | None) -> None:
        """A step is over."""
        ...

    def outputs(self, urn: str, olds: Bag, news: Bag) -> None:
        """A component or the stack has registered its outputs."""
        ...

    def message(self, severity: str, urn: str, text: str) -> None:
        """Something to read: ``severity`` is info, warning or error; ``urn`` may be empty for the stack."""
        ...


class Watchers:
    """Tells several observers, and ignores nothing."""

    def __init__(self, observers: Iterable[Observer] = ()) -> None:
        self._observers = list(observers)

    def begun(self, step: Step) -> None:
        """A step is about to be carried out."""
        for observer in self._observers:
            observer.begun(step)

    def ended(self, step: Step, error: str | None) -> None:
        """A step is over."""
        for observer in self._observers:
            observer.ended(step, error)

    def outputs(self, urn: str, olds: Bag, news: Bag) -> None:
        """A component or the stack has registered its outputs."""
        for observer in self._observers:
            observer.outputs(urn, olds, news)

    def message(self, severity: str, urn: str, text: str) -> None:
        """Something to read."""
        for observer in self._observers:
            observer.message(severity, urn, text)
