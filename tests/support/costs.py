"""What a deed with a pool costs: its calls by kind, its looks at tasks, and its time by the clock of the site."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from golden import Forge, client

from pulumi_ahv.kernel.clock import ManualClock
from pulumi_ahv.kernel.progress import silent
from pulumi_ahv.resources.handler import Context
from pulumi_ahv.resources.pool.handler import PoolHandler
from pulumi_ahv.resources.sources.digests import Digests
from pulumi_ahv.simulator.server import Prism, running

SECRET = {"word": "secret-word"}
PAYLOADS: dict[str, dict[str, Any] | None] = {
    "none": None,
    "Prism's own": {"template": "#cloud-config\nhostname: {{ name }}\n"},
    "our disc": {"template": "#cloud-config\nhostname: {{ name }}\npassword: {{ word }}\n", "secrets": SECRET},
}


@dataclass(frozen=True)
class Cost:
    """One deed. ``site`` are seconds by the clock of the site, ``own`` those of this process."""

    deed: str
    site: float
    own: float
    calls: Counter[str]

    @property
    def every(self) -> int:
        """All calls."""
        return sum(self.calls.values())

    @property
    def reads(self) -> int:
        """Reads of a single machine: on Central, for the ETag that a change has to show."""
        return self._of(lambda name: name in {"get_vm_by_id", "v2_get_vm"})

    @property
    def looks(self) -> int:
        """Looks at tasks."""
        return self._of(lambda name: "task" in name)

    @property
    def lists(self) -> int:
        """Lists of anything else, and single reads of anything but machines."""
        return self._of(lambda name: ("list_" in name or "get_" in name) and "task" not in name) - self.reads

    @property
    def contents(self) -> int:
        """Calls that carry the content of discs: uploads, and their removal from Objects Lite."""
        return self._of(lambda name: name.startswith("s3_") or "upload" in name)

    @property
    def changes(self) -> int:
        """Everything else: what makes, changes and deletes."""
        return self.every - self.reads - self.looks - self.lists - self.contents

    def _of(self, fits: Callable[[str], bool]) -> int:
        return sum(count for name, count in self.calls.items() if fits(name))


@contextmanager
def measured(product: str = "central") -> Iterator[Callable[..., list[Cost]]]:
    """A site at its own pace (tasks of 1 to 3 s) with a template, and what measures pools of it."""
    clock = ManualClock(1_800_000_000.0)
    with running(clock=clock, pace=1.0, product=product) as prism, client(prism, clock) as site:
        template = Forge(site, clock).template().uuid
        context = Context(lambda _: site, clock, silent, Digests(None, clock), lambda: "token")
        handler = PoolHandler(context)

        def measure(size: int, payload: dict[str, Any] | None = None, **more: Any) -> list[Cost]:
            """Create, refresh and delete one pool."""
            bag = {"name": "agents", "owner": "bench/bench/agents", "template": template, "size": size, **more}
            if product == "central":
                bag["cluster"] = "berlin"
            return list(_deeds(handler, prism, clock, {**bag, **({"payload": payload} if payload else {})}))

        yield measure


def _deeds(handler: PoolHandler, prism: Prism, clock: ManualClock, bag: dict[str, Any]) -> Iterator[Cost]:
    inputs = handler.check({}, bag).inputs
    made: list[Any] = []
    yield _timed("create", lambda: made.append(handler.create(inputs)), prism, clock)
    state = made[0].state
    assert state["ready"], state["failures"]
    yield _timed("refresh", lambda: handler.read(made[0].id, state), prism, clock)
    clock.advance(60)  # so that all guests have booted, and listen when they are asked to shut down
    yield _timed("delete", lambda: handler.delete(made[0].id, state), prism, clock)
    assert not any(vm["name"].startswith("agents-") for vm in prism.control.entities("vms"))


def _timed(deed: str, work: Callable[[], Any], prism: Prism, clock: ManualClock) -> Cost:
    prism.control.clear_journal()
    began, own = clock.monotonic(), time.monotonic()
    work()
    return Cost(deed, clock.monotonic() - began, time.monotonic() - own, Counter(prism.control.counts()))
