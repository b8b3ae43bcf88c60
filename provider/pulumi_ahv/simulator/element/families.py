"""What an Element serves. A new family is a module beside these and a name in this list."""

from __future__ import annotations

from pulumi_ahv.simulator.element import cluster, images, tasks
from pulumi_ahv.simulator.element.calls import Routes
from pulumi_ahv.simulator.element.door import HEADERS, Door, refuse
from pulumi_ahv.simulator.gateway import Side
from pulumi_ahv.simulator.work import Operation


def side(cluster_id: str) -> Side:
    """The Element of a cluster, for a gateway of its own: it serves every path."""
    door = Door(cluster_id, Routes(route for family in (cluster, tasks, images) for route in family.ROUTES))
    return Side("/", door.operation, door.serve, HEADERS, refuse)


def operations() -> list[Operation]:
    """Every kind of task of every family."""
    return list(images.OPERATIONS)
