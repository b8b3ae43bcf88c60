"""What all tasks on VMs have in common: one at a time for each VM, and a second look at the ETag when they run.

Facts (api-v4, sections 2.5 and 3): the service may accept a call and fail its task with VM_ETAG_MISMATCH when it
runs later; tasks name the VM as ``vmm:ahv:config:vm``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pulumi_ahv.simulator.answers import Refusal, Reply
from pulumi_ahv.simulator.preconditions import stale_etag
from pulumi_ahv.simulator.replies import accepted
from pulumi_ahv.simulator.routing import Call, Route, answer_type
from pulumi_ahv.simulator.site import Site
from pulumi_ahv.simulator.store import Record
from pulumi_ahv.simulator.work import Operation, Order, Run

REL = "vmm:ahv:config:vm"
SECTION = "api-v4 §6"
Effect = Callable[[Site, Run, Record], None]


def vm_of(site: Site, call: Call) -> Record:
    """The VM that a call is about.

    Raises:
        Refusal: 404.
    """
    return site.find("vms", call.params.get("vmExtId") or call.params["extId"], code="VMM-30100")


def submitted(site: Site, call: Call, key: str, **arguments: Any) -> Reply:
    """Take on a task on the VM that a call is about."""
    vm = vm_of(site, call)
    revision = vm.revision if call.if_match and site.settings.if_match else None
    order = Order(
        key,
        {"id": vm.ext_id, "revision": revision, **arguments},
        clusters=[vm.body["cluster"]["extId"]],
        locks=vm.ext_id,
    )
    return accepted(site, call, order)


def vm_operation(
    key: str, name: str, title: str, effect: Effect, *, seconds: float = 1.0, touches: bool = True
) -> Operation:
    """A kind of task on one VM; ``effect`` does what it does when it ends."""

    def finish(site: Site, run: Run) -> None:
        vm = site.store.table("vms").get(run.arguments["id"])
        if vm is None:
            raise Refusal(404, "VMM-30100", f"The VM {run.arguments['id']} does not exist any more.")
        if run.arguments["revision"] not in {None, vm.revision}:
            raise stale_etag("vmm")
        run.affect(vm.ext_id, REL, vm.body["name"])
        effect(site, run, vm)
        if touches and site.store.table("vms").get(vm.ext_id) is not None:
            vm.body["updateTime"] = site.timeline.stamp()
            site.store.table("vms").touch(vm)

    return Operation(key, name, title, finish, seconds)


def vm_route(method: str, path: str, operation: str, handler: Any, **more: Any) -> Route:
    """A route below ``ahv/config/vms``; changes of a VM that exists need its ETag."""
    param = "vmExtId" if path.startswith("/{vmExtId}") else "extId"
    if method != "GET" and path:
        more = {"match": "required", "guards": ("vms", param), **more}
    answer = answer_type("vmm.v4.ahv.config", operation)
    return Route(method, "vmm", f"ahv/config/vms{path}", operation, handler, SECTION, answer, **more)
