"""What an Element serves. A new family is a module beside these and a name in this list."""

from __future__ import annotations

from pulumi_ahv.simulator.element import (
    clones,
    cluster,
    guest_tools,
    images,
    networks,
    snapshots,
    tasks,
    vm_devices,
    vms,
    volume_groups,
)
from pulumi_ahv.simulator.element.calls import Routes
from pulumi_ahv.simulator.element.door import HEADERS, Door, refuse
from pulumi_ahv.simulator.gateway import Side
from pulumi_ahv.simulator.work import Operation

_AT_ONCE = (cluster, tasks, networks, guest_tools)
_WITH_TASKS = (images, vms, vm_devices, clones, snapshots, volume_groups)


def side(cluster_id: str) -> Side:
    """The Element of a cluster, for a gateway of its own: it serves every path."""
    door = Door(cluster_id, Routes(route for family in (*_AT_ONCE, *_WITH_TASKS) for route in family.ROUTES))
    return Side("/", door.operation, door.serve, HEADERS, refuse)


def operations() -> list[Operation]:
    """Every kind of task of every family."""
    return [operation for family in _WITH_TASKS for operation in family.OPERATIONS]
