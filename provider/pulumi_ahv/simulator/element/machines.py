"""What all calls about machines have in common: to find one, and to start a task on it.

Facts (api-legacy, sections 1.0 and 1.3): ``vm_logical_timestamp`` is optional and refused when stale; a machine that
is gone is a 404 whose message says that it does not exist.
"""

from __future__ import annotations

from typing import Any

from pulumi_ahv.simulator.answers import Refusal
from pulumi_ahv.simulator.element.calls import NOT_FOUND, Call, Element, Refused, Reply, fails, started
from pulumi_ahv.simulator.store import Record
from pulumi_ahv.simulator.vm_tasks import REL
from pulumi_ahv.simulator.work import Operation, Order

SECTION = "api-legacy §1.3"
Specs = list[dict[str, Any]]


def vm_of(element: Element, uuid: str) -> Record:
    """A machine of this cluster.

    Raises:
        Refused: 404.
    """
    record = element.site.store.table("vms").get(uuid)
    if record is None or record.body["cluster"]["extId"] != element.cluster:
        raise Refused(404, f"VM with uuid {uuid} does not exist.", code=NOT_FOUND)
    return record


def begin(element: Element, call: Call, operation: str, **arguments: Any) -> Reply:
    """Start a task on the machine that a path names."""
    vm = vm_of(element, call.params["uuid"])
    told = call.body.get("vm_logical_timestamp") or call.query.get("vm_logical_timestamp")
    revision = int(told) if told not in (None, "") else None
    given = {"id": vm.ext_id, "revision": revision, "cluster": element.cluster, **arguments}
    return started(element.start(Order(operation, given, clusters=[element.cluster], locks=vm.ext_id)))


def begin_without(element: Element, operation: str, **arguments: Any) -> Reply:
    """Start a task on no machine that is there yet."""
    given = {"cluster": element.cluster, **arguments}
    return started(element.start(Order(operation, given, clusters=[element.cluster])))


def chosen_id(element: Element, uuid: str) -> str:
    """The id that a client chose for a new machine, if it did.

    Raises:
        Refusal: it is taken.
    """
    if uuid and element.site.store.table("vms").get(uuid) is not None:
        raise fails(5, f"VM with uuid {uuid} already exists.")
    return uuid


def made(run: Any, vm: Record) -> None:
    """Name a new machine among what its task touched."""
    run.affect(vm.ext_id, REL, vm.body["name"])


def plain_operation(key: str, name: str, finish: Any, seconds: float = 1.0) -> Operation:
    """A kind of task that is on no single machine."""
    return Operation(f"element.{key}", name, name, finish, seconds)


def refuse_unless(condition: object, message: str, *, code: int = 9) -> None:
    """Let a task fail unless something is so; the usual reason is a machine in the wrong state.

    Raises:
        Refusal: it is not.
    """
    if not condition:
        raise Refusal(400, str(code), message)
