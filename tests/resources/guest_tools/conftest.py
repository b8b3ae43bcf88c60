"""A machine on each product, with an operating system and one empty drive, and a handler for its guest tools."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import pytest
from golden import DISK, client

from pulumi_ahv.kernel.clock import Deadline, ManualClock
from pulumi_ahv.kernel.progress import silent
from pulumi_ahv.prism.values import ImageSpec, ImageType, StreamSource
from pulumi_ahv.prism.vm_interface import Doings, MachineSite
from pulumi_ahv.prism.vms import DiscKind, DiskSpec, NicSpec, Tools, VmSpec
from pulumi_ahv.resources.guest_tools.handler import GuestToolsHandler
from pulumi_ahv.resources.handler import Context, State
from pulumi_ahv.resources.sources.digests import Digests
from pulumi_ahv.simulator.server import Prism, running

PASSWORD = "correct-horse-battery"


@dataclass
class Bench:
    """A machine, a program with its guest tools, and the state of its stack."""

    prism: Prism
    site: MachineSite
    clock: ManualClock
    uuid: str
    said: list[str] = field(default_factory=list)
    inputs: State = field(default_factory=dict)
    state: State | None = None

    def handler(self) -> GuestToolsHandler:
        """The handler of a fresh process."""
        digests = Digests(None, self.clock)
        return GuestToolsHandler(Context(lambda _: self.site, self.clock, self.said.append, digests, lambda: "token"))

    def up(self, **news: Any) -> State:
        """Check, compare and create or update as an engine does."""
        bag = {"name": "tools", "vm": self.uuid, **news}
        handler = self.handler()
        checked = handler.check(self.inputs, bag)
        assert checked.failures == (), [str(failure) for failure in checked.failures]
        if self.state is None:
            made = handler.create(checked.inputs)
            assert made.id == self.uuid
            self.state = made.state
        elif checked.inputs != self.inputs:
            assert handler.replaces(self.state, checked.inputs) == []
            self.state = handler.update(self.uuid, self.state, checked.inputs)
        self.inputs = checked.inputs
        return self.state

    def refresh(self) -> State | None:
        """Take in what Prism says; the live inputs."""
        assert self.state is not None
        live = self.handler().read(self.uuid, self.state)
        if live is None:
            return None
        self.state, self.inputs = live.state, live.inputs
        return live.inputs

    def destroy(self) -> None:
        """Delete the resource."""
        assert self.state is not None
        self.handler().delete(self.uuid, self.state)

    def doings(self) -> Doings:
        return Doings(Deadline(self.clock, 900), silent)

    def tools(self) -> Tools:
        """What Prism says of the tools."""
        found = self.site.guest_tools.get(self.uuid)
        assert found is not None
        return found

    def drives(self) -> list[DiscKind]:
        vm = self.site.vms.get(self.uuid)
        assert vm is not None
        return [drive.kind for drive in vm.cd_roms]

    def start(self) -> None:
        """Switch the machine on; its guest is up some time later."""
        assert not self.site.vms.power_on([self.uuid], doings=self.doings())[self.uuid].error

    def install(self) -> None:
        """Install the tools by hand in the guest of a Central, and take away what that leaves."""
        self.start()
        self.clock.advance(60)
        tools = self.site.guest_tools
        tools.install(
            self.uuid, username="root", password=PASSWORD, capabilities=[], reboot="skip", doings=self.doings()
        )


def bench_on(prism: Prism, site: MachineSite, clock: ManualClock) -> Bench:
    """A bench with a machine that is off."""
    doings = Doings(Deadline(clock, 900), silent)
    spec = ImageSpec("disk", "", ImageType.DISK, StreamSource(lambda: BytesIO(DISK), len(DISK)))
    image = site.images.create(spec, key="disk", deadline=doings.deadline, progress=silent)
    cluster = next(each.uuid for each in site.inventory.clusters() if each.name == "berlin")
    subnet = next(each.uuid for each in site.networks.subnets() if each.managed)
    machine = VmSpec("master", "", cluster, 1, 1, 1 << 30, (DiskSpec(image.uuid),), (NicSpec(subnet),), ("sata",))
    return Bench(prism, site, clock, site.vms.create(machine, key="master", doings=doings).uuid)


@pytest.fixture
def open_bench() -> Iterator[Callable[..., Bench]]:
    """Opens a bench on a product."""
    with ExitStack() as held:

        def make(product: str, **settings: Any) -> Bench:
            clock = ManualClock(1_800_000_000.0)
            prism = held.enter_context(running(clock=clock, product=product, **settings))
            return bench_on(prism, held.enter_context(client(prism, clock)), clock)

        yield make


@pytest.fixture
def bench(open_bench: Callable[..., Bench]) -> Bench:
    """A bench on a Prism Central."""
    return open_bench("central")


@pytest.fixture(params=["central", "element"])
def either(request: pytest.FixtureRequest, open_bench: Callable[..., Bench]) -> Bench:
    """A bench on each product."""
    return open_bench(request.param)
