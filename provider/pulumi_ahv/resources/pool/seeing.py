"""Machines as a pool looks at them: with their guest tools, where the pool has a say in those.

Prism Central tells of tools with each machine, so a look at a hundred members is one list call still; its first
release and Element are asked for them beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pulumi_ahv.prism.vm_interface import MachineSite
from pulumi_ahv.prism.vms import Vm
from pulumi_ahv.resources.watching import Look
from pulumi_ahv.schema.pool import PoolInputs


def with_tools(site: MachineSite, told: PoolInputs, vms: Mapping[str, Vm]) -> dict[str, Vm]:
    """The same machines, each telling of its guest tools if the pool wants to know."""
    if told.guest_tools is None or not vms:
        return dict(vms)
    tools = site.guest_tools.of(list(vms.values()))
    return {uuid: replace(vm, tools=tools.get(uuid)) for uuid, vm in vms.items()}


def look_of(site: MachineSite, told: PoolInputs) -> Look:
    """Who reads machines by UUID; those that do not exist are not in the answer."""
    return lambda uuids: with_tools(site, told, site.vms.by_uuid(uuids)) if uuids else {}
