"""Looking into a run, and ending it at a chosen moment: for tests of what a kill leaves behind.

A probe hears of every call to a provider and of every write of the state, before and after it. One that raises
``Killed`` ends the run there and then, as far as provider and state can tell: no further call is made, no further
write.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pulumi_ahv.engine.provider import Plugin
from pulumi_ahv.engine.records import Snapshot
from pulumi_ahv.engine.store import Store


class Killed(BaseException):
    """The run was ended by a probe. Not an Exception: nothing in the engine may mistake it for a failure."""


@dataclass(frozen=True)
class Moment:
    """What is happening: ``event`` is calling, called, writing or written.

    Calls tell package, method and request, and afterwards the answer, or the error in its place. Writes tell the state.
    """

    event: str
    package: str = ""
    method: str = ""
    request: Any = None
    answer: Any = None
    snapshot: Snapshot | None = None


Probe = Callable[[Moment], None]


def unmoved(moment: Moment) -> None:
    """A probe that lets everything happen."""
    del moment


class Lifeline:
    """Passes what happens on to a probe, and cuts everything off once it has killed the run."""

    def __init__(self, probe: Probe) -> None:
        self._probe = probe
        self._lock = threading.RLock()
        self.cut = False

    def tell(self, moment: Moment) -> None:
        """Tell the probe; Killed if it says so now or has said so before."""
        with self._lock:
            if self.cut:
                raise Killed
            try:
                self._probe(moment)
            except Killed:
                self.cut = True
                raise


class ProbedPlugin:
    """A plugin whose calls the probe hears of."""

    def __init__(self, plugin: Plugin, package: str, lifeline: Lifeline) -> None:
        self._plugin = plugin
        self._package = package
        self._lifeline = lifeline

    def call(self, method: str, request: Any) -> Any:
        """Call one method."""
        self._lifeline.tell(Moment("calling", self._package, method, request))
        try:
            answer = self._plugin.call(method, request)
        except Exception as error:
            self._lifeline.tell(Moment("called", self._package, method, request, error))
            raise
        self._lifeline.tell(Moment("called", self._package, method, request, answer))
        return answer

    def close(self) -> None:
        """End the plugin."""
        self._plugin.close()


class ProbedStore:
    """A store whose writes the probe hears of."""

    def __init__(self, store: Store, lifeline: Lifeline) -> None:
        self._store = store
        self._lifeline = lifeline

    def save(self, snapshot: Snapshot) -> None:
        """Replace the state."""
        self._lifeline.tell(Moment("writing", snapshot=snapshot))
        self._store.save(snapshot)
        self._lifeline.tell(Moment("written", snapshot=snapshot))
