"""One Prism: its store, time, tasks, rules and journal, put together.

``Site`` is what handlers are given. It owns nothing but the wiring and the source of ids; families of the API own
behaviour.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from pulumi_ahv.kernel.clock import Clock
from pulumi_ahv.kernel.secrets import Scrubber
from pulumi_ahv.simulator.answers import Refusal
from pulumi_ahv.simulator.injection import Injector
from pulumi_ahv.simulator.journal import Journal
from pulumi_ahv.simulator.routing import Inner
from pulumi_ahv.simulator.settings import Settings
from pulumi_ahv.simulator.store import Record, Store
from pulumi_ahv.simulator.timeline import Timeline
from pulumi_ahv.simulator.work import Engine, Operation


class Site:
    """Everything that one Prism is."""

    admin_id = "00000000-0000-0000-0000-000000000000"

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        operations: Iterable[Operation],
        happenings: Mapping[str, Callable[[Site, dict[str, Any]], None]],
    ) -> None:
        self.settings = settings
        self.store = Store(settings.state)
        self.timeline = Timeline(clock, self.store)
        scrubber = Scrubber([settings.password, settings.api_key, f"{settings.username}:{settings.password}"])
        self.journal = Journal(scrubber)
        self.injector = Injector(random.Random(settings.seed))  # noqa: S311 - faults, not keys
        self.latencies: dict[str, float] = {}
        self._ids = self._source()
        self.service_account_id = self.named_id("user", "service-account")
        self.engine = Engine(self, operations)
        self.perform: Callable[[Inner], tuple[int, Any]] = _nobody
        for kind, happening in happenings.items():
            self.timeline.handle(kind, partial(happening, self))

    def new_id(self) -> str:
        """A UUID that nobody had before; the same seed gives the same ones in the same order."""
        number = self._ids.body["next"]
        self._ids.body["next"] = number + 1
        self.store.table("counters").save(self._ids)
        return self.named_id("id", str(number))

    def named_id(self, kind: str, name: str) -> str:
        """The UUID that a thing of the inventory always has under one seed."""
        digest = random.Random(f"{self.settings.seed}/{kind}/{name}").getrandbits(128)  # noqa: S311 - names, not keys
        return str(uuid.UUID(int=digest, version=4))

    def latency(self, operation: str, usual: float) -> float:
        """Seconds that a kind of task takes here."""
        return self.latencies.get(operation, self.latencies.get("*", usual * self.settings.pace))

    def find(self, kind: str, ext_id: str, *, code: str = "VMM-20005") -> Record:
        """The record of an entity.

        Raises:
            Refusal: 404, in Prism's words.
        """
        record = self.store.table(kind).get(ext_id)
        if record is None:
            text = "Failed to perform the operation as the backend service could not find the entity."
            raise Refusal(404, code, text)
        return record

    def settle(self) -> None:
        """Let everything happen that has become due."""
        self.timeline.settle()
        self.engine.settle()

    def empty(self) -> None:
        """Forget everything but rules of faults, latencies and the journal's numbers."""
        self.engine.forget()
        self.store.clear()
        self._ids = self._source()
        self.timeline.reload()

    def reload(self) -> None:
        """Take up what the store holds now, after a snapshot was loaded."""
        self.engine.forget()
        self._ids = self._source()
        self.timeline.reload()
        self.engine.resume()

    def close(self) -> None:
        """Stop work and write what is left."""
        self.engine.close()
        self.store.close()

    def _source(self) -> Record:
        counters = self.store.table("counters")
        return counters.get("ids") or counters.add("ids", {"next": 1})

    def describe(self) -> dict[str, Any]:
        """What the site is, for the control interface."""
        return {
            "product": self.settings.product,
            "release": self.settings.release.product,
            "version": self.settings.version,
            "time": self.timeline.stamp(),
            "clock": "manual" if self.timeline.is_manual else "real",
            "entities": {kind: len(self.store.table(kind)) for kind in self.store.kinds()},
        }


def _nobody(inner: Inner) -> tuple[int, Any]:
    raise RuntimeError(f"no gateway has been put before this site to perform {inner.path}")
