"""The families of the API that a site serves. A new one is a module beside these and a name in this list."""

from __future__ import annotations

from pulumi_ahv.simulator import categories, clusters, discovery, images, objects, storage_containers, tasks
from pulumi_ahv.simulator.element import families as element
from pulumi_ahv.simulator.gateway import Side
from pulumi_ahv.simulator.routing import Routes
from pulumi_ahv.simulator.work import Operation


def routes() -> Routes:
    """Every route of every family."""
    return Routes(
        route
        for family in (discovery, tasks, categories, clusters, storage_containers, images)
        for route in family.ROUTES
    )


def sides() -> list[Side]:
    """What is not of the v4 form."""
    return [Side(objects.PREFIX, objects.operation, objects.serve)]


def operations() -> list[Operation]:
    """Every kind of task of every family."""
    families = (storage_containers, images)
    return [*(operation for family in families for operation in family.OPERATIONS), *element.operations()]
