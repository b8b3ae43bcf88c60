"""A template for pools, made through our own client in a running Prism, and what somebody else does to machines."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import cast
from uuid import uuid4

from pulumi_ahv.kernel.clock import Clock, Deadline, SystemClock
from pulumi_ahv.kernel.progress import silent
from pulumi_ahv.kernel.secrets import Secret
from pulumi_ahv.prism.connection import Connection, Timeouts, connect
from pulumi_ahv.prism.values import ImageSpec, ImageType, StreamSource
from pulumi_ahv.prism.vm_interface import Doings, MachineSite
from pulumi_ahv.prism.vms import DiskSpec, NicSpec, Template, VmChange, VmSpec
from pulumi_ahv.simulator.server import Prism

DISK = bytes(510) + b"\x55\xaa" + bytes((1 << 20) - 512)


@contextmanager
def client(prism: Prism, clock: Clock | None = None, *, patience: float = 10) -> Iterator[MachineSite]:
    """One more client of a running site, which waits so many seconds for an answer."""
    settings = Connection(
        name="default",
        host="127.0.0.1",
        port=prism.port,
        username=prism.username,
        password=Secret(prism.password),
        ca_bundle=str(prism.ca_file),
        timeouts=Timeouts(connect=5, request=patience, retry=120),
    )
    site = connect(settings, clock=clock or SystemClock(), ids=uuid4)
    try:
        yield cast("MachineSite", site)
    finally:
        site.close()


@dataclass
class Forge:
    """Makes templates and their versions, and does things behind a pool's back."""

    site: MachineSite
    clock: Clock

    def doings(self) -> Doings:
        return Doings(Deadline(self.clock, 900), silent)

    def template(self, name: str = "golden") -> Template:
        """A template of a machine with one disk and one card on ``berlin-managed``, and no machine beside it."""
        machine = self.machine(f"{name}-master")
        made = self.site.templates.create(machine, name=name, description="", key=name, doings=self.doings())
        self.drop(f"{name}-master")
        return made

    def version(self, template: str, name: str, *, memory: int = 1 << 30) -> Template:
        """One more version, which is the active one then; with other memory, one that can be told by it."""
        machine = self.machine(f"master-{name}", memory)
        made = self.site.templates.add_version(
            template, machine, name=name, description=name, key=name, doings=self.doings()
        )
        self.drop(f"master-{name}")
        return made

    def drop(self, *names: str) -> None:
        """Delete machines that still have these names: no template has taken them over."""
        left = [vm.uuid for vm in self.site.vms.find(names=names)]
        self.site.vms.delete(left, doings=self.doings())

    def switch_off(self, uuid: str) -> None:
        """Pull the cord of a machine."""
        assert not self.site.vms.power_off([uuid], doings=self.doings())[uuid].error

    def delete(self, uuid: str) -> None:
        """Delete a machine."""
        self.switch_off(uuid)
        assert not self.site.vms.delete([uuid], doings=self.doings())[uuid].error

    def rename(self, uuid: str, name: str) -> None:
        """Give a machine another name."""
        assert not self.site.vms.change({uuid: VmChange(name=name)}, doings=self.doings())[uuid].error

    def machine(self, name: str, memory: int = 1 << 30) -> str:
        """A machine with one disk and one card on ``berlin-managed``, switched off."""
        spec = ImageSpec(f"{name}-disk", "", ImageType.DISK, StreamSource(lambda: BytesIO(DISK), len(DISK)))
        doings = self.doings()
        image = self.site.images.create(spec, key=name, deadline=doings.deadline, progress=silent)
        cluster = next(each.uuid for each in self.site.inventory.clusters() if each.name == "berlin")
        subnet = next(each.uuid for each in self.site.networks.subnets() if each.name == "berlin-managed")
        machine = VmSpec(name, "", cluster, 1, 1, memory, (DiskSpec(image.uuid),), (NicSpec(subnet),))
        made = self.site.vms.create(machine, key=name, doings=self.doings())
        self.site.images.delete(image.uuid, deadline=self.doings().deadline)
        return made.uuid
