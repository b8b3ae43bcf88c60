"""Machines of Prism Central (``vmm/ahv/config/vms``): what is done to those that exist. ``vm_births`` makes new ones.

Every change is a ``Purpose`` (``vm_bulk``): it looks at a machine and names the next call. Facts that shape them
(api-v4, section 6): a PUT changes scalars and never devices, which have paths of their own; categories are associated
and disassociated by actions where a PUT does not take them along; a drive does not tell which image is in it, so the
drive that was chosen is remembered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pulumi_ahv.prism.central.api import Api, any_of, quoted
from pulumi_ahv.prism.central.vm_births import VmBirths
from pulumi_ahv.prism.central.vm_bodies import VmBodies
from pulumi_ahv.prism.central.vm_bulk import VMS, VmBulk
from pulumi_ahv.prism.central.vm_clones import VmClones
from pulumi_ahv.prism.central.vm_devices import VmDevices
from pulumi_ahv.prism.central.vm_purposes import Data, Purpose, Step
from pulumi_ahv.prism.central.vm_reading import vm_of
from pulumi_ahv.prism.vm_interface import Doings, Outcomes
from pulumi_ahv.prism.vms import CloneSpec, Customization, DiskSpec, NicSpec, Power, Vm, VmChange, VmSpec


class CentralVms:
    """``Vms`` of one Prism Central."""

    def __init__(self, api: Api, bulk: VmBulk, births: VmBirths, clones: VmClones) -> None:
        self._api = api
        self._bulk = bulk
        self._births = births
        self._clones = clones
        self._bodies = VmBodies(api)
        self._devices = VmDevices(self._bodies)

    def get(self, uuid: str) -> Vm | None:
        """The machine, or ``None`` when Prism positively does not know it."""
        entity = self._api.get(VMS, uuid, doing=f"Reading machine {uuid}")
        return vm_of(entity.data) if entity else None

    def by_uuid(self, uuids: Sequence[str]) -> dict[str, Vm]:
        """Those of the machines that exist, in one list call for a hundred of them."""
        found = self._bulk.listed(uuids, f"Reading {len(uuids)} machines")
        return {uuid: vm_of(found[uuid]) for uuid in uuids if uuid in found}

    def find(self, *, names: Sequence[str] = (), prefix: str = "") -> list[Vm]:
        """Machines of exactly one of these names, or whose name begins with the prefix."""
        filters = [*any_of("name", dict.fromkeys(names))]
        if prefix:
            filters.append(f"startswith(name, {quoted(prefix)})")
        found: dict[str, Vm] = {}
        for filter_by in filters:
            for data in self._api.entries(VMS, doing="Looking for machines by name", filter_by=filter_by):
                vm = vm_of(data)
                if vm.name in names or (prefix and vm.name.startswith(prefix)):
                    found[vm.uuid] = vm
        return list(found.values())

    def described(self, fragment: str) -> list[Vm]:
        """Machines whose description holds this text; Prism cannot filter by it, so all are listed."""
        listed = self._api.entries(VMS, doing=f"Looking for machines that carry '{fragment}'")
        return [vm_of(data) for data in listed if fragment in str(data.get("description") or "")]

    def create(self, spec: VmSpec, *, key: str, doings: Doings) -> Vm:
        """Make one machine from images and empty disks."""
        return self._births.create(spec, key=key, doings=doings)

    def clone(self, source_uuid: str, specs: Mapping[str, CloneSpec], *, doings: Doings) -> Outcomes:
        """Clone a machine many times; the keys name the intentions, as in ``create``."""
        return self._clones.clone(source_uuid, specs, doings=doings)

    def change(self, changes: Mapping[str, VmChange], *, doings: Doings) -> Outcomes:
        """Change many machines, by UUID. An ETag that went stale is read and applied again."""

        def plan(uuid: str, data: Data) -> Step | None:
            return self._next_change(uuid, data, changes[uuid])

        return self._bulk.converge(changes, Purpose("Changing", plan), doings)

    def power_on(self, uuids: Sequence[str], *, doings: Doings) -> Outcomes:
        """Switch on; one that is on already is done. A guest may have switched itself off again when we look."""

        def plan(uuid: str, data: Data) -> Step | None:
            return None if vm_of(data).power is Power.ON else _action(uuid, "power-on")

        return self._bulk.converge(uuids, Purpose("Powering on", plan, once=True), doings)

    def power_off(self, uuids: Sequence[str], *, doings: Doings) -> Outcomes:
        """Pull the cord; one that is off already is done."""

        def plan(uuid: str, data: Data) -> Step | None:
            return None if vm_of(data).power is Power.OFF else _action(uuid, "power-off")

        return self._bulk.converge(uuids, Purpose("Powering off", plan), doings)

    def ask_to_shut_down(self, uuids: Sequence[str], *, doings: Doings) -> Outcomes:
        """Ask the guests to shut down by ACPI. Success is that they were asked, or that they are off."""

        def plan(uuid: str, data: Data) -> Step | None:
            return None if vm_of(data).power is Power.OFF else _action(uuid, "shutdown")

        return self._bulk.converge(uuids, Purpose("Shutting down", plan, once=True), doings)

    def delete(self, uuids: Sequence[str], *, doings: Doings) -> Outcomes:
        """Delete; one that is not there is deleted already."""

        def plan(uuid: str, _: Data) -> Step:
            return Step("DELETE", "{extId}", {"extId": uuid})

        return self._bulk.converge(uuids, Purpose("Deleting", plan, gone_is_done=True), doings)

    def insert_disc(self, discs: Mapping[str, str], *, doings: Doings) -> Outcomes:
        """Put an image into a free CD-ROM drive of each machine (by machine UUID); a drive is added if none is free."""
        return self._bulk.converge(discs, self._devices.insertion(discs), doings)

    def eject_disc(self, uuids: Sequence[str], *, doings: Doings) -> Outcomes:
        """Take every disc of kind ``OTHER`` out of each machine's drives; Prism's own discs stay."""
        return self._bulk.converge(uuids, self._devices.ejection(), doings)

    def set_nics(self, nics: Mapping[str, Sequence[NicSpec]], *, doings: Doings) -> Outcomes:
        """Give machines that are off exactly these cards, keeping those that fit."""
        return self._bulk.converge(nics, self._devices.cards(nics), doings)

    def add_disks(self, uuid: str, disks: Sequence[DiskSpec], *, doings: Doings) -> None:
        """Add disks behind the existing ones."""
        raise_first(self._bulk.converge([uuid], self._devices.more_disks(disks), doings))

    def customize(self, texts: Mapping[str, Customization], *, doings: Doings) -> Outcomes:
        """Stage Prism's own customisation for the next power-on of each machine."""
        return self._bulk.converge(texts, self._devices.customization(texts), doings)

    def _next_change(self, uuid: str, data: Data, change: VmChange) -> Step | None:
        body = self._bodies.changed(data, change)
        if any(data.get(name, "") != value for name, value in body.items() if name != "categories"):
            return Step("MODIFY", "{extId}", {"extId": uuid}, body)
        if change.category_uuids is None:
            return None
        held = vm_of(data).category_uuids
        missing = [category for category in change.category_uuids if category not in held]
        surplus = [category for category in held if category not in change.category_uuids]
        if missing:
            body = self._bodies.categories("AssociateVmCategoriesParams", missing)
            return _action(uuid, "associate-categories", body)
        if surplus:
            body = self._bodies.categories("DisassociateVmCategoriesParams", surplus)
            return _action(uuid, "disassociate-categories", body)
        return None


def raise_first(outcomes: Outcomes) -> None:
    """Raise the error of one that was alone.

    Raises:
        AhvError: It did not end well.
    """
    for outcome in outcomes.values():
        if outcome.error:
            raise outcome.error


def _action(uuid: str, name: str, body: object = None) -> Step:
    return Step("ACTION", f"{{extId}}/$actions/{name}", {"extId": uuid}, body)
