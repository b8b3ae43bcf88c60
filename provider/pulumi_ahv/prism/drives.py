"""CD-ROM drives for Prism's own discs: it puts one only into a drive that is free, and adds none by itself.

Fact (api-v4, section 6.2): the vendor's own clients switch a machine off before they change its drives. So only a
machine that is off gets one more.
"""

from __future__ import annotations

from pulumi_ahv.kernel.errors import AhvError
from pulumi_ahv.prism.vms import CdRom, DiscKind, Power, Vm

_HOLDS = {
    DiscKind.OTHER: "a disc",
    DiscKind.GUEST_TOOLS: "the guest tools' disc",
    DiscKind.CUSTOMIZATION: "Prism's customisation disc",
}
# Assumed from common practice: Q35 machines have no IDE controller.
_BUS_OF = {"q35": "sata"}


def needs_drive(vm: Vm, doing: str) -> bool:
    """Whether a drive has to be added before one more disc fits.

    Raises:
        AhvError: it has to, and the machine is running; says which drives hold what.
    """
    if any(drive.kind is DiscKind.EMPTY for drive in vm.cd_roms):
        return False
    if vm.power is Power.OFF:
        return True
    if not vm.cd_roms:
        said = f"machine '{vm.name}' has no CD-ROM drive, and none can be added while it runs"
        raise AhvError(doing, said=said, advice="Switch the machine off: then a drive is added.")
    held = ", ".join(f"{drive.bus}.{drive.index} holds {_HOLDS[drive.kind]}" for drive in vm.cd_roms)
    advice = "Take a disc out, or switch the machine off: then a drive is added."
    raise AhvError(doing, said=f"no CD-ROM drive of machine '{vm.name}' is free: {held}", advice=advice)


def bus_for_drive(vm: Vm) -> str:
    """The bus of the drives that it has; else the one its kind of machine has."""
    return vm.cd_roms[0].bus if vm.cd_roms else _BUS_OF.get(vm.machine_type, "ide")


def tools_drive(vm: Vm) -> CdRom | None:
    """The drive that the guest tools' disc is in."""
    return next((drive for drive in vm.cd_roms if drive.kind is DiscKind.GUEST_TOOLS), None)
