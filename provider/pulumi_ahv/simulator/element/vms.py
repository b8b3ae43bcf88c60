"""Machines of an Element: list, get, create, change, delete, power.

Facts (api-legacy, section 1.3): a new machine is off; what a change does not name stays; a running machine takes more
processors and memory, and nothing less; to turn on what is on, or off what is off, fails the task with kInvalidState;
an ACPI shutdown's task ends when the guest was told; a delete cuts the power off. Assumed: device lists in a change
are ignored.
"""

from __future__ import annotations

from typing import Any

from pulumi_ahv.simulator import vm_power
from pulumi_ahv.simulator.element import vm_specs
from pulumi_ahv.simulator.element.attachments import attached_to
from pulumi_ahv.simulator.element.calls import INVALID, V08, V2, Call, Element, Refused, Reply, Route, one_of, required
from pulumi_ahv.simulator.element.customizing import config_of, insert_disc
from pulumi_ahv.simulator.element.filters import matching
from pulumi_ahv.simulator.element.machines import (
    SECTION,
    begin,
    begin_without,
    chosen_id,
    made,
    plain_operation,
    refuse_unless,
    vm_of,
)
from pulumi_ahv.simulator.element.snapshots import TABLE, drop
from pulumi_ahv.simulator.element.vm_devices import name_source
from pulumi_ahv.simulator.element.vm_view import machine
from pulumi_ahv.simulator.guests import life
from pulumi_ahv.simulator.site import Site
from pulumi_ahv.simulator.store import Record
from pulumi_ahv.simulator.vm_tasks import vm_operation
from pulumi_ahv.simulator.vms import build, check_running, remove
from pulumi_ahv.simulator.work import Run

_TRANSITIONS = (
    *("ON", "OFF", "POWERCYCLE", "RESET", "PAUSE", "SUSPEND", "RESUME", "ACPI_SHUTDOWN", "ACPI_REBOOT"),
    *("GUEST_SHUTDOWN", "GUEST_REBOOT"),
)


def _shown(element: Element, call: Call, vm: Record) -> dict[str, Any]:
    disks, nics = call.flag("include_vm_disk_config"), call.flag("include_vm_nic_config")
    return machine(element, vm, disks=disks, nics=nics)


def _list(element: Element, call: Call) -> Reply:
    mine = [vm for vm in element.site.store.table("vms") if vm.body["cluster"]["extId"] == element.cluster]
    found = matching([_shown(element, call, vm) for vm in mine], call.query.get("filter", ""))
    offset = int(call.query.get("offset") or 0)
    shown = found[offset : offset + int(call.query.get("length") or len(found))]
    metadata = {
        "grand_total_entities": len(mine),
        "total_entities": len(found),
        "count": len(shown),
        "start_index": offset,
        "end_index": offset + len(shown),
    }
    return Reply({"metadata": metadata, "entities": shown})


def _get(element: Element, call: Call) -> Reply:
    return Reply(_shown(element, call, vm_of(element, call.params["uuid"])))


def _create(element: Element, call: Call) -> Reply:
    body = call.body
    for name in ("name", "memory_mb", "num_vcpus"):
        required(body, name)
    spec = vm_specs.scalars(body)
    spec["cluster"] = {"extId": element.cluster}
    items = body.get("vm_disks") or ()
    disks = [item for item in items if not vm_specs.is_drive(item)]
    drives = [item for item in items if vm_specs.is_drive(item)]
    spec["disks"] = [vm_specs.device(element, item) for item in disks]
    spec["cdRoms"] = [vm_specs.device(element, item) for item in drives]
    spec["nics"] = [vm_specs.nic(item) for item in body.get("vm_nics") or ()]
    return begin_without(
        element,
        "element.vm.create",
        spec=spec,
        id=str(body.get("uuid") or ""),
        sources=[vm_specs.source_of(item) for item in (*disks, *drives)],
        customization=config_of(element, body),
    )


def _created(site: Site, run: Run) -> None:
    arguments = run.arguments
    element = Element(site, arguments["cluster"])
    vm = build(site, arguments["spec"], site.admin_id, ext_id=chosen_id(element, arguments["id"]))
    devices = [*vm.body.get("disks", ()), *vm.body.get("cdRoms", ())]
    for device, source in zip(devices, arguments["sources"], strict=True):
        name_source(site, device, source)
    insert_disc(site, vm, arguments["customization"])
    made(run, vm)


def _update(element: Element, call: Call) -> Reply:
    return begin(element, call, "element.vm.update", values=vm_specs.scalars(call.body))


def _updated(_: Site, run: Run, vm: Record) -> None:
    values = run.arguments["values"]
    if vm.body["powerState"] != "OFF":
        check_running(vm.body, values)
    vm.body.update(values)


def _delete(element: Element, call: Call) -> Reply:
    snapshots = call.flag("delete_snapshots")
    return begin(element, call, "element.vm.delete", snapshots=snapshots)


def _deleted(site: Site, run: Run, vm: Record) -> None:
    refuse_unless(not attached_to(site, vm.ext_id), f"VM {vm.body['name']} has a volume group: detach it first.")
    if run.arguments["snapshots"]:
        for record in [each for each in site.store.table(TABLE) if each.body["vm_uuid"] == vm.ext_id]:
            drop(site, record)
    remove(site, vm)


def _set_power(element: Element, call: Call) -> Reply:
    transition = one_of(required(call.body, "transition"), "transition", _TRANSITIONS)
    return begin(element, call, "element.vm.power", transition=transition)


def _set_power_by_path(element: Element, call: Call) -> Reply:
    word = call.params["state"].upper()
    if word not in {"ON", "OFF"}:
        raise Refused(422, f"{word} is no power operation.", code=INVALID)
    reply = begin(element, call, "element.vm.power", transition=word)
    return Reply({"taskUuid": reply.body["task_uuid"]})


def _powered(site: Site, run: Run, vm: Record) -> None:
    transition = run.arguments["transition"]
    is_on, is_paused = vm.body["powerState"] == "ON", vm.body["powerState"] == "PAUSED"
    allowed = {"ON": not is_on and not is_paused, "OFF": is_on or is_paused, "RESUME": is_paused}.get(transition, is_on)
    refuse_unless(allowed, f"VM {vm.body['name']} is {vm.body['powerState'].lower()}: {transition} is not possible.")
    if transition in {"OFF", "POWERCYCLE"}:
        vm_power.stop(site, vm)
    if transition in {"ON", "POWERCYCLE"}:
        vm_power.start(site, vm)
    if transition == "RESET":
        life.die(site, vm)
        life.boot(site, vm)
    if transition in {"ACPI_SHUTDOWN", "GUEST_SHUTDOWN", "ACPI_REBOOT", "GUEST_REBOOT"}:
        life.ask(site, vm, "off" if transition.endswith("SHUTDOWN") else "reboot")
    if transition in {"PAUSE", "SUSPEND", "RESUME"}:
        vm.body["powerState"] = "ON" if transition == "RESUME" else "PAUSED"
    vm.hidden["suspended"] = transition == "SUSPEND"


OPERATIONS = (
    plain_operation("vm.create", "VmCreate", _created, 2.0),
    vm_operation("element.vm.update", "VmUpdate", "VmUpdate", _updated),
    vm_operation("element.vm.delete", "VmDelete", "VmDelete", _deleted),
    vm_operation("element.vm.power", "VmChangePowerState", "VmChangePowerState", _powered),
)
_ONE = "vms/{uuid}"
ROUTES = (
    Route("GET", V2, "vms", "v2_list_vms", _list, SECTION),
    Route("GET", V2, _ONE, "v2_get_vm", _get, SECTION),
    Route("POST", V2, "vms", "v2_create_vm", _create, SECTION),
    Route("PUT", V2, _ONE, "v2_update_vm", _update, SECTION, assumed="device lists are ignored; answers 201"),
    Route("DELETE", V2, _ONE, "v2_delete_vm", _delete, SECTION),
    Route("POST", V2, f"{_ONE}/set_power_state", "v2_set_power_state", _set_power, SECTION),
    Route("POST", V08, f"{_ONE}/power_op/{{state}}", "v08_power_op", _set_power_by_path, SECTION),
)
