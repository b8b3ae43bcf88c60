"""Runs that are killed while they make something, and whoever sweeps up behind them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from golden import DISK, Forge, client
from kills import Killed
from kills import kill_after as end_after

from pulumi_ahv.kernel.clock import ManualClock
from pulumi_ahv.kernel.progress import silent
from pulumi_ahv.prism.vm_interface import MachineSite
from pulumi_ahv.resources.handler import Context, Handler, State
from pulumi_ahv.resources.image import ImageHandler
from pulumi_ahv.resources.pool.handler import PoolHandler
from pulumi_ahv.resources.sources.digests import Digests
from pulumi_ahv.resources.sweeping.declared import Known, Stack, known_of
from pulumi_ahv.resources.sweeping.deleting import Failures, Sweeper
from pulumi_ahv.resources.sweeping.looking import Search, Sight
from pulumi_ahv.resources.template_vm.handler import TemplateVmHandler
from pulumi_ahv.simulator.server import Prism, running

HANDLERS: dict[str, Callable[[Context], Handler]] = {
    "Image": ImageHandler,
    "TemplateVm": TemplateVmHandler,
    "Pool": PoolHandler,
}
KINDS = ("vms", "templates", "template-versions", "snapshots", "images", "objects", "element-images")


@dataclass
class Scene:
    """A stack `shop/prod`, of which resources are made, and the Prism that holds them.

    ``held`` and ``pending`` are what its engine has written down.
    """

    prism: Prism
    clock: ManualClock
    open_client: Callable[[], Any]
    held: list[State] = field(default_factory=list)
    pending: list[State] = field(default_factory=list)
    kept: dict[str, set[str]] = field(default_factory=dict)

    def make(self, kind: str, bag: State, *, kill_after: int | None = None) -> str:
        """Make a resource; with ``kill_after`` its process ends after that many answers from Prism."""
        handler = self._handler(kind, kill_after)
        checked = self._handler(kind).check({}, bag)
        assert checked.failures == (), [str(failure) for failure in checked.failures]
        record: State = {
            "urn": f"urn:pulumi:prod::shop::pulumi-python:dynamic/ahv:{kind}::{bag['name']}",
            "type": f"pulumi-python:dynamic/ahv:{kind}",
            "inputs": checked.inputs,
        }
        try:
            made = handler.create(checked.inputs)
        except Killed:
            self.pending.append(record)
            return ""
        self.held.append(record | {"id": made.id, "outputs": made.state})
        return made.id

    def note(self) -> None:
        """Take what is there now for what has to stay."""
        self.kept = {kind: self._ids(kind) for kind in KINDS}

    def left(self) -> dict[str, set[str]]:
        """What is there beside what has to stay."""
        found = {kind: self._ids(kind) - self.kept.get(kind, set()) for kind in KINDS}
        return {kind: ids for kind, ids in found.items() if ids}

    def known(self) -> Known:
        """What the state says."""
        operations = [{"type": "creating", "resource": record} for record in self.pending]
        return known_of({"version": 3, "deployment": {"resources": self.held, "pending_operations": operations}})

    def look(self, *resources: str, known: Known | None = None) -> Sight:
        """What is in no state."""
        search = Search(Stack("shop", "prod"), self.known() if known is None else known, resources)
        return search.look(self.site)

    def sweep(self, sight: Sight) -> Failures:
        """Delete it."""
        return Sweeper(self.site, self.clock, silent).sweep(sight.findings)

    @property
    def site(self) -> MachineSite:
        """One more client."""
        site: MachineSite = self.open_client()
        return site

    @property
    def forge(self) -> Forge:
        """Whoever makes things by hand."""
        return Forge(self.site, self.clock)

    def _ids(self, kind: str) -> set[str]:
        if kind == "objects":
            held = self.prism.control.about()["entities"].get("objects", 0)
            return {str(number) for number in range(held)}
        return {str(one.get("extId") or one.get("uuid")) for one in self.prism.control.entities(kind)}

    def _handler(self, kind: str, kill_after: int | None = None) -> Handler:
        site = self.open_client()
        if kill_after is not None:
            end_after(site, kill_after)
        return HANDLERS[kind](Context(lambda _: site, self.clock, silent, Digests(None, self.clock), lambda: "token"))


@pytest.fixture
def clock() -> ManualClock:
    """The clock of the site and of its clients."""
    return ManualClock(1_800_000_000.0)


@pytest.fixture(params=["central", "element"])
def prism(request: pytest.FixtureRequest, clock: ManualClock) -> Iterator[Prism]:
    """Each product in turn."""
    with running(product=request.param, clock=clock) as site:
        yield site


@pytest.fixture
def open_client(prism: Prism, clock: ManualClock) -> Iterator[Callable[[], Any]]:
    """Opens one more client; each is as good as another process."""
    with ExitStack() as held:
        yield lambda: held.enter_context(client(prism, clock))


@pytest.fixture
def scene(prism: Prism, clock: ManualClock, open_client: Callable[[], Any]) -> Scene:
    """A stack of which nothing has been made."""
    return Scene(prism, clock, open_client)


@pytest.fixture
def image_bag(tmp_path: Path) -> State:
    """Inputs of an image out of a file."""
    (tmp_path / "disk.img").write_bytes(DISK)
    return {"name": "disk", "owner": "shop/prod/disk", "source": {"path": str(tmp_path / "disk.img")}}
