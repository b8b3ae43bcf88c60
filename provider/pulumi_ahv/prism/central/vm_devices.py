"""Discs, cards and disks of machines, and what is staged for their next start: purposes for ``vm_bulk``.

Facts (api-v4, sections 6.1, 6.3, 6.5): there is no PUT for a drive, only insert and eject, and a new drive may be made
with the image in it; a drive hangs on IDE or SATA; devices are found again by what was there before and after.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pulumi_ahv.prism.central.vm_bodies import VmBodies, sealed
from pulumi_ahv.prism.central.vm_purposes import Data, Purpose, Step
from pulumi_ahv.prism.central.vm_reading import vm_of
from pulumi_ahv.prism.drives import bus_for_drive
from pulumi_ahv.prism.vms import CdRom, Customization, DiscKind, DiskSpec, Nic, NicSpec


class VmDevices:
    """Makes the purposes; each is for one call of ``converge``, because it remembers what it chose."""

    def __init__(self, bodies: VmBodies) -> None:
        self._bodies = bodies

    def insertion(self, discs: Mapping[str, str]) -> Purpose:
        """An image into a drive of each machine."""
        before: dict[str, set[str]] = {}

        def plan(uuid: str, data: Data) -> Step | None:
            vm = vm_of(data)
            full = {drive.uuid for drive in vm.cd_roms if drive.kind is DiscKind.OTHER}
            if full - before.setdefault(uuid, full):
                return None
            free = next((drive for drive in vm.cd_roms if drive.kind is DiscKind.EMPTY), None)
            if free is None:
                body = self._bodies.cd_rom(bus_for_drive(vm), image_uuid=discs[uuid])
                return Step("CREATE", "{vmExtId}/cd-roms", {"vmExtId": uuid}, body)
            return _drive_step(uuid, free, "insert", self._bodies.disc(discs[uuid]))

        return Purpose("Inserting a disc into", plan)

    def ejection(self, kind: DiscKind = DiscKind.OTHER) -> Purpose:
        """Every disc of a kind out of each machine."""

        def plan(uuid: str, data: Data) -> Step | None:
            drive = next((drive for drive in vm_of(data).cd_roms if drive.kind is kind), None)
            return _drive_step(uuid, drive, "eject") if drive else None

        return Purpose("Ejecting the disc of", plan)

    def cards(self, wanted: Mapping[str, Sequence[NicSpec]]) -> Purpose:
        """Exactly these cards: those that fit nothing go first, so that their addresses are free."""

        def plan(uuid: str, data: Data) -> Step | None:
            surplus, missing = _compared(vm_of(data).nics, wanted[uuid])
            if surplus:
                parts = {"vmExtId": uuid, "extId": surplus[0].uuid}
                return Step("DELETE", "{vmExtId}/nics/{extId}", parts)
            if missing:
                return Step("CREATE", "{vmExtId}/nics", {"vmExtId": uuid}, self._bodies.nic(missing[0]))
            return None

        return Purpose("Setting the network cards of", plan)

    def more_disks(self, disks: Sequence[DiskSpec]) -> Purpose:
        """These disks behind those that a machine has when it is first looked at."""
        before: dict[str, int] = {}

        def plan(uuid: str, data: Data) -> Step | None:
            count = len(vm_of(data).disks)
            added = count - before.setdefault(uuid, count)
            if added >= len(disks):
                return None
            return Step("CREATE", "{vmExtId}/disks", {"vmExtId": uuid}, self._bodies.disk(disks[added]))

        return Purpose("Adding disks to", plan)

    def customization(self, texts: Mapping[str, Customization]) -> Purpose:
        """Prism's own customisation, staged; it is never shown again."""
        every = (part for uuid in sorted(texts) for part in (texts[uuid].text, texts[uuid].metadata))
        seal = sealed(every, "customize-guest")  # one for all of them, because it is costly

        def plan(uuid: str, _: Data) -> Step:
            body = self._bodies.customization(texts[uuid])
            return Step("ACTION", "{extId}/$actions/customize-guest", {"extId": uuid}, body, seal)

        return Purpose("Customising", plan, once=True)


def _drive_step(uuid: str, drive: CdRom, action: str, body: object = None) -> Step:
    parts = {"vmExtId": uuid, "extId": drive.uuid}
    return Step("ACTION", f"{{vmExtId}}/cd-roms/{{extId}}/$actions/{action}", parts, body)


def _compared(held: Sequence[Nic], wanted: Sequence[NicSpec]) -> tuple[list[Nic], list[NicSpec]]:
    """Cards that fit nothing that is wanted, and what is wanted and fits no card."""
    surplus, missing = list(held), []
    # Those with an address choose first: a card with that address must not go to one that takes any.
    for spec in sorted(wanted, key=lambda spec: not spec.address):
        fit = next((nic for nic in surplus if _fits(nic, spec)), None)
        if fit:
            surplus.remove(fit)
        else:
            missing.append(spec)
    return surplus, missing


def _fits(nic: Nic, spec: NicSpec) -> bool:
    return nic.subnet_uuid == spec.subnet_uuid and (not spec.address or spec.address in nic.addresses)
