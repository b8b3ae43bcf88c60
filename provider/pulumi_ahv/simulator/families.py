"""The families of the API that a site serves. A new one is a module beside these and a name in this list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pulumi_ahv.simulator import (
    batches,
    categories,
    clusters,
    deployments,
    discovery,
    guest_tools,
    images,
    iscsi_clients,
    objects,
    recovery_points,
    storage_containers,
    subnets,
    tasks,
    templates,
    vm_clone,
    vm_parts,
    vm_power,
    vms,
    volume_attachments,
    volume_disks,
    volume_groups,
)
from pulumi_ahv.simulator.element import families as element
from pulumi_ahv.simulator.gateway import Side
from pulumi_ahv.simulator.guests import life
from pulumi_ahv.simulator.routing import Routes
from pulumi_ahv.simulator.site import Site
from pulumi_ahv.simulator.work import Operation

Happening = Callable[[Site, dict[str, Any]], None]
_READ_ONLY = (discovery, tasks, categories, clusters)
_VMS = (vms, vm_power, vm_parts, vm_clone, guest_tools, templates, deployments, recovery_points)
_VOLUMES = (volume_groups, volume_disks, volume_attachments, iscsi_clients)
_WITH_TASKS = (storage_containers, images, subnets, *_VMS, *_VOLUMES, batches)


def routes() -> Routes:
    """Every route of every family."""
    return Routes(route for family in (*_READ_ONLY, *_WITH_TASKS) for route in family.ROUTES)


def sides() -> list[Side]:
    """What is not of the v4 form."""
    return [Side(objects.PREFIX, objects.operation, objects.serve)]


def operations() -> list[Operation]:
    """Every kind of task of every family."""
    return [*(operation for family in _WITH_TASKS for operation in family.OPERATIONS), *element.operations()]


def happenings() -> dict[str, Happening]:
    """What happens by itself on the site's time, beside tasks."""
    return {**life.HAPPENINGS, **vm_power.HAPPENINGS}
