"""Guest tools of a pool's members, as tests look at them, and a payload that installs them."""

from __future__ import annotations

from typing import Any

from golden import Forge

from pulumi_ahv.prism.vms import DiscKind, Tools, Vm

INSTALLER = """#cloud-config
hostname: {{ name }}
runcmd:
  - [sh, -c, "mount /dev/sr0 /mnt && /mnt/installer/linux/install_ngt.py"]
"""


def seen(desk: Any, forge: Forge) -> list[tuple[Vm, Tools]]:
    """Every member of a pool, with what Prism knows of its tools."""
    vms = forge.site.vms.by_uuid(list(desk.uuids().values()))
    tools = forge.site.guest_tools.of(list(vms.values()))
    return [(vm, tools[uuid]) for uuid, vm in vms.items()]


def full(vm: Vm) -> list[DiscKind]:
    """What lies in the drives of a machine."""
    return [drive.kind for drive in vm.cd_roms if drive.kind is not DiscKind.EMPTY]
