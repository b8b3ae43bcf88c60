"""What can be done with machines, templates and guest tools, whichever product it is.

The rules of ``interface`` hold here too. What is done to many is one call that takes many: an implementation uses the
bulk calls of its product (template deploy with overrides, bulk clone, batches; a list of specs on Element), and answers
for each of them, by the key it was asked with. One that fails does not stop the others.

``Doings`` carries what every long call needs: its deadline, and where progress goes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from pulumi_ahv.kernel.clock import Deadline
from pulumi_ahv.kernel.progress import Progress
from pulumi_ahv.prism.interface import Site
from pulumi_ahv.prism.vms import (
    CloneSpec,
    Customization,
    DiskSpec,
    NicSpec,
    Outcome,
    Subnet,
    Template,
    Tools,
    Vm,
    VmChange,
    VmSpec,
)

Outcomes = Mapping[str, Outcome]


@dataclass(frozen=True)
class Doings:
    """The surroundings of a long call."""

    deadline: Deadline
    progress: Progress


class Vms(Protocol):
    """Machines of a site."""

    def get(self, uuid: str) -> Vm | None:
        """The machine, or ``None`` when Prism positively does not know it."""
        ...

    def by_uuid(self, uuids: Sequence[str]) -> dict[str, Vm]:
        """Those of the machines that exist, in as few list calls as the product allows."""
        ...

    def find(self, *, names: Sequence[str] = (), prefix: str = "") -> list[Vm]:
        """Machines of exactly one of these names, or whose name begins with the prefix."""
        ...

    def described(self, fragment: str) -> list[Vm]:
        """Machines whose description holds this text; no product can filter by it, so all machines are listed."""
        ...

    def create(self, spec: VmSpec, *, key: str, doings: Doings) -> Vm:
        """Make one machine from images and empty disks."""
        ...

    def clone(self, source_uuid: str, specs: Mapping[str, CloneSpec], *, doings: Doings) -> Outcomes:
        """Clone a machine many times; the keys name the intentions, as in ``create``."""
        ...

    def change(self, changes: Mapping[str, VmChange], *, doings: Doings) -> Outcomes:
        """Change many machines, by UUID. An ETag that went stale is read and applied again."""
        ...

    def power_on(self, uuids: Sequence[str], *, doings: Doings) -> Outcomes:
        """Switch on; one that is on already is done."""
        ...

    def power_off(self, uuids: Sequence[str], *, doings: Doings) -> Outcomes:
        """Pull the cord; one that is off already is done."""
        ...

    def ask_to_shut_down(self, uuids: Sequence[str], *, doings: Doings) -> Outcomes:
        """Ask the guests to shut down (ACPI, or through the guest tools). Success is that they were asked."""
        ...

    def delete(self, uuids: Sequence[str], *, doings: Doings) -> Outcomes:
        """Delete; one that is not there is deleted already."""
        ...

    def insert_disc(self, discs: Mapping[str, str], *, doings: Doings) -> Outcomes:
        """Put an image into a free CD-ROM drive of each machine (by machine UUID); a drive is added if none is free."""
        ...

    def eject_disc(self, uuids: Sequence[str], *, doings: Doings) -> Outcomes:
        """Take every disc of kind ``OTHER`` out of each machine's drives; Prism's own discs stay."""
        ...

    def set_nics(self, nics: Mapping[str, Sequence[NicSpec]], *, doings: Doings) -> Outcomes:
        """Give machines that are off exactly these cards, keeping those that fit."""
        ...

    def add_disks(self, uuid: str, disks: Sequence[DiskSpec], *, doings: Doings) -> None:
        """Add disks behind the existing ones."""
        ...

    def customize(self, texts: Mapping[str, Customization], *, doings: Doings) -> Outcomes:
        """Stage Prism's own customisation for the next power-on of each machine."""
        ...


class Templates(Protocol):
    """Templates of a site: template objects on Central, machines with snapshots on Element.

    Whose is a machine that was frozen? The template may take it over, and gives it its own name then. A machine that
    still has its name is its maker's: no template and no version needs it, and it can be deleted.
    """

    def get(self, uuid: str) -> Template | None:
        """The template with all its versions, or ``None``."""
        ...

    def named(self, name: str) -> list[Template]:
        """All templates of exactly this name."""
        ...

    def described(self, fragment: str) -> list[Template]:
        """All templates whose description holds this text."""
        ...

    def create(self, vm_uuid: str, *, name: str, description: str, key: str, doings: Doings) -> Template:
        """Make a template of a machine that is off; its first version is active."""
        ...

    def add_version(
        self, uuid: str, vm_uuid: str, *, name: str, description: str, key: str, doings: Doings
    ) -> Template:
        """Freeze the machine's present state as a new version, and make it the active one.

        ``description`` must not be empty; it comes back as it was given.
        """
        ...

    def publish(self, uuid: str, version_uuid: str, *, doings: Doings) -> Template:
        """Make a version the active one."""
        ...

    def delete_version(self, uuid: str, version_uuid: str, *, doings: Doings) -> None:
        """Delete a version that is not the active one."""
        ...

    def change(self, uuid: str, *, name: str | None, description: str | None, doings: Doings) -> Template:
        """Change name and description in place."""
        ...

    def delete(self, uuid: str, *, doings: Doings) -> None:
        """Delete a template with its versions."""
        ...

    def deploy(
        self, uuid: str, version_uuid: str, cluster_uuid: str, specs: Mapping[str, CloneSpec], *, doings: Doings
    ) -> Outcomes:
        """Make many machines of a version; the keys name the intentions."""
        ...

    def begin_guest_update(self, uuid: str, version_uuid: str, *, key: str, doings: Doings) -> str:
        """Bring up the machine in which a version can be changed, or take up one under way; answers its UUID."""
        ...

    def complete_guest_update(self, uuid: str, *, name: str, description: str, key: str, doings: Doings) -> Template:
        """Freeze what the guest update's machine has become as the new active version; the machine goes."""
        ...

    def cancel_guest_update(self, uuid: str, *, doings: Doings) -> None:
        """Drop a guest update and its machine; when none is under way there is nothing to do."""
        ...


class GuestTools(Protocol):
    """Nutanix Guest Tools of machines."""

    def get(self, vm_uuid: str) -> Tools | None:
        """What Prism knows of the tools of a machine; ``None`` when there is positively no such machine."""
        ...

    def of(self, vms: Sequence[Vm]) -> dict[str, Tools]:
        """The tools of machines that were read just now, by machine UUID, in as few calls as the product allows."""
        ...

    def insert(self, vm_uuids: Sequence[str], capabilities: Sequence[str], *, doings: Doings) -> Outcomes:
        """Put the tools' disc, with a new certificate, into a free drive of each machine, and enable the tools.

        A machine that is off gets one more drive where none is free; for one that runs this is an error that says so.
        """
        ...

    def eject(self, vm_uuids: Sequence[str], *, doings: Doings) -> Outcomes:
        """Take the tools' disc out again, wherever it is in a drive."""
        ...

    def configure(
        self, vm_uuids: Sequence[str], *, enabled: bool, capabilities: Sequence[str], doings: Doings
    ) -> Outcomes:
        """Enable or disable the tools and set their capabilities, where they are not so."""
        ...

    def install(
        self, vm_uuid: str, *, username: str, password: str, capabilities: Sequence[str], reboot: str, doings: Doings
    ) -> None:
        """Install inside the guest with its credentials; ``reboot`` is ``skip``, ``immediate`` or ``later``."""
        ...

    def uninstall(self, vm_uuid: str, *, doings: Doings) -> None:
        """Uninstall inside a running guest whose tools are reachable."""
        ...


class Networks(Protocol):
    """Subnets of a site."""

    def subnets(self) -> list[Subnet]:
        """Every subnet that this account may see."""
        ...


class MachineSite(Site, Protocol):
    """A site that serves machines as well."""

    @property
    def vms(self) -> Vms:
        """Its machines."""
        ...

    @property
    def templates(self) -> Templates:
        """Its templates."""
        ...

    @property
    def guest_tools(self) -> GuestTools:
        """The guest tools of its machines."""
        ...

    @property
    def networks(self) -> Networks:
        """Its subnets."""
        ...
