"""Machines of a Prism Element (v2.0): find, change, switch, delete. ``vm_births`` and ``vm_clones`` make new ones.

Facts that shape it (api-legacy, section 1.3): a list is all machines in one answer; a change names only what changes;
the index and bus of a drive name it; customization is possible when a machine is made, and never later; there are no
categories.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pulumi_ahv.kernel.errors import AhvError
from pulumi_ahv.prism.element.api import Api
from pulumi_ahv.prism.element.template_texts import Line
from pulumi_ahv.prism.element.vm_births import VmBirths
from pulumi_ahv.prism.element.vm_bodies import disk_body, nic_body
from pulumi_ahv.prism.element.vm_clones import VmClones
from pulumi_ahv.prism.element.vm_many import PATH, WHOLE, Call, Data, Many, timestamp
from pulumi_ahv.prism.element.vm_reading import address, kind, vm_of
from pulumi_ahv.prism.values import Cluster
from pulumi_ahv.prism.vm_interface import Doings, Outcomes
from pulumi_ahv.prism.vms import (
    CloneSpec,
    Customization,
    DiscKind,
    DiskSpec,
    NicSpec,
    Outcome,
    Power,
    Vm,
    VmChange,
    VmSpec,
)


class ElementVms:
    """``Vms`` of one Prism Element."""

    def __init__(self, api: Api, many: Many, births: VmBirths, clones: VmClones, cluster: Cluster) -> None:
        self._api = api
        self._clones = clones
        self._cluster = cluster
        self._many = many
        self._births = births

    def get(self, uuid: str) -> Vm | None:
        """The machine, or ``None`` when Prism positively does not know it."""
        data = self._many.read(uuid, f"Reading machine {uuid}")
        return vm_of(data, self._cluster.uuid) if data else None

    def by_uuid(self, uuids: Sequence[str]) -> dict[str, Vm]:
        """Those of the machines that exist: one by one when they are few, else all machines in one call."""
        found = self._many.read_many(uuids, f"Reading {len(uuids)} machines")
        return {uuid: vm_of(data, self._cluster.uuid) for uuid, data in found.items()}

    def find(self, *, names: Sequence[str] = (), prefix: str = "") -> list[Vm]:
        """Machines of exactly one of these names, or whose name begins with the prefix."""
        listed = self._listed("Looking for machines by name")
        return [vm for vm in listed if vm.name in names or (prefix and vm.name.startswith(prefix))]

    def described(self, fragment: str) -> list[Vm]:
        """Machines whose description holds this text; Prism cannot filter by it, so all are listed."""
        listed = self._listed(f"Looking for machines that carry '{fragment}'")
        return [vm for vm in listed if fragment in vm.description]

    def create(self, spec: VmSpec, *, key: str, doings: Doings) -> Vm:
        """Make one machine from images and empty disks."""
        return self._births.create(spec, key=key, doings=doings)

    def clone(self, source_uuid: str, specs: Mapping[str, CloneSpec], *, doings: Doings) -> Outcomes:
        """Clone a machine many times; the keys name the intentions, as in ``create``."""
        return self._clones.clone(f"{PATH}/{source_uuid}", specs, doings=doings)

    def change(self, changes: Mapping[str, VmChange], *, doings: Doings) -> Outcomes:
        """Change many machines, by UUID; read again and applied again when somebody else was faster."""

        def plan(uuid: str, data: Data) -> Call | None:
            body = {name: value for name, value in _changed(changes[uuid]).items() if data.get(name, "") != value}
            return Call("PUT", "", body | timestamp(data)) if body else None

        return self._many.bring(changes, "Changing", plan, doings)

    def power_on(self, uuids: Sequence[str], *, doings: Doings) -> Outcomes:
        """Switch on; one that is on already is done, one that rests goes on."""

        def plan(_: str, data: Data) -> Call | None:
            power = self._power(data)
            return None if power is Power.ON else _switch("RESUME" if power is Power.PAUSED else "ON")

        return self._many.bring(uuids, "Powering on", plan, doings)

    def power_off(self, uuids: Sequence[str], *, doings: Doings) -> Outcomes:
        """Pull the cord; one that is off already is done."""

        def plan(_: str, data: Data) -> Call | None:
            return None if self._power(data) is Power.OFF else _switch("OFF")

        return self._many.bring(uuids, "Powering off", plan, doings)

    def ask_to_shut_down(self, uuids: Sequence[str], *, doings: Doings) -> Outcomes:
        """Ask the guests to shut down by ACPI. Success is that they were asked, or that they are off."""

        def plan(_: str, data: Data) -> Call | None:
            return None if self._power(data) is Power.OFF else _switch("ACPI_SHUTDOWN")

        return self._many.bring(uuids, "Shutting down", plan, doings, once=True)

    def delete(self, uuids: Sequence[str], *, doings: Doings) -> Outcomes:
        """Delete; one that is not there is deleted already.

        Snapshots stay, unless the machine was to become a template: then they are versions of nothing.
        """

        def plan(uuid: str, data: Data) -> Call:
            is_anchor = Line.read(str(data.get("description") or ""), uuid)
            return Call("DELETE", query={"delete_snapshots": "true"} if is_anchor else {})

        return self._many.bring(uuids, "Deleting", plan, doings, gone=True)

    def insert_disc(self, discs: Mapping[str, str], *, doings: Doings) -> Outcomes:
        """Put an image into a free CD-ROM drive of each machine (by machine UUID); a drive is added if none is free."""
        disks = self._births.disks_of(discs.values())

        def plan(uuid: str, data: Data) -> Call | None:
            drives = [one for one in data.get("vm_disk_info") or () if one.get("is_cdrom")]
            disk = disks[discs[uuid]]
            if any((one.get("source_disk_address") or {}).get("vmdisk_uuid") == disk for one in drives):
                return None
            item = {"is_cdrom": True, "is_empty": False, "vm_disk_clone": {"disk_address": {"vmdisk_uuid": disk}}}
            free = next((one for one in drives if kind(one) is DiscKind.EMPTY), None)
            if free:
                return Call("PUT", "/disks/update", {"vm_disks": [{"disk_address": address(free), **item}]})
            return Call("POST", "/disks/attach", {"vm_disks": [item]})

        return self._many.bring(discs, "Inserting a disc into", plan, doings)

    def eject_disc(self, uuids: Sequence[str], *, doings: Doings) -> Outcomes:
        """Take every disc of kind ``OTHER`` out of each machine's drives; Prism's own discs stay."""

        def plan(_: str, data: Data) -> Call | None:
            held = [one for one in data.get("vm_disk_info") or () if one.get("is_cdrom")]
            items = [
                {"disk_address": address(one), "is_cdrom": True, "is_empty": True}
                for one in held
                if kind(one) is DiscKind.OTHER
            ]
            return Call("PUT", "/disks/update", {"vm_disks": items}) if items else None

        return self._many.bring(uuids, "Ejecting discs of", plan, doings)

    def set_nics(self, nics: Mapping[str, Sequence[NicSpec]], *, doings: Doings) -> Outcomes:
        """Give machines that are off exactly these cards, keeping those that fit."""

        def plan(uuid: str, data: Data) -> Call | None:
            surplus, missing = _cards(vm_of(data, self._cluster.uuid), nics[uuid])
            if surplus:
                return Call("DELETE", f"/nics/{surplus[0].replace(':', '-')}")
            return Call("POST", "/nics", {"spec_list": [nic_body(one) for one in missing]}) if missing else None

        return self._many.bring(nics, "Setting the cards of", plan, doings)

    def add_disks(self, uuid: str, disks: Sequence[DiskSpec], *, doings: Doings) -> None:
        """Add disks behind the existing ones."""
        known = self._births.disks_of(one.image_uuid for one in disks)
        items = [disk_body(one, known[one.image_uuid]) for one in disks]
        call = Call("POST", "/disks/attach", {"vm_disks": items})
        self._many.run(uuid, call, f"Adding {len(items)} disks to machine {uuid}", doings)

    def customize(self, texts: Mapping[str, Customization], *, doings: Doings) -> Outcomes:
        """Refuse: an Element customizes a machine when it is made, and never later."""
        del doings
        said = "Prism Element customizes a machine only when it is made"
        error = AhvError("Customizing a machine", said=said, advice="Let a CD-ROM deliver the payload.")
        return {uuid: Outcome(uuid, error) for uuid in texts}

    def _power(self, data: Data) -> Power:
        return vm_of(data, self._cluster.uuid).power

    def _listed(self, doing: str) -> list[Vm]:
        return [vm_of(data, self._cluster.uuid) for data in self._api.entities(PATH, doing=doing, query=WHOLE)]


def _switch(transition: str) -> Call:
    return Call("POST", "/set_power_state", {"transition": transition})


def _changed(change: VmChange) -> dict[str, Any]:
    if change.category_uuids:
        raise AhvError("Changing a machine", said="Prism Element has no categories", advice="Leave them out.")
    wanted = {
        "name": change.name,
        "description": change.description,
        "num_vcpus": change.sockets,
        "num_cores_per_vcpu": change.cores_per_socket,
        "memory_mb": None if change.memory_bytes is None else change.memory_bytes >> 20,
    }
    return {name: value for name, value in wanted.items() if value is not None}


def _cards(vm: Vm, wanted: Sequence[NicSpec]) -> tuple[list[str], list[NicSpec]]:
    """The MAC addresses of cards that do not fit, and the cards that are missing."""
    missing, surplus = list(wanted), []
    for nic in vm.nics:
        fit = next(
            (one for one in missing if one.subnet_uuid == nic.subnet_uuid and one.address in ("", *nic.addresses)), None
        )
        if fit is None:
            surplus.append(nic.mac)
        else:
            missing.remove(fit)
    return surplus, missing
