"""Virtual machines (api-v4, section 6): list, get, create, update, delete, categories. Neighbours own the rest.

Facts: a created VM is OFF and ``powerState`` in create is refused; create needs a request id; unknown clusters,
subnets and images are a 400 or a failed task (``late_checks``); a PUT changes scalars, never devices. Assumed: one
socket, core and thread and legacy boot on a PC machine by default; a VM that is ON loses no processors or memory;
one that is ON can be deleted.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from pulumi_ahv.simulator import customization, guest_tools, vm_devices
from pulumi_ahv.simulator.answers import Refusal, Reply
from pulumi_ahv.simulator.categories import check_known
from pulumi_ahv.simulator.listing import Listing, page_of
from pulumi_ahv.simulator.preconditions import etag
from pulumi_ahv.simulator.replies import accepted
from pulumi_ahv.simulator.routing import Call
from pulumi_ahv.simulator.site import Site
from pulumi_ahv.simulator.store import Record
from pulumi_ahv.simulator.vm_power import stop
from pulumi_ahv.simulator.vm_tasks import REL, submitted, vm_of, vm_operation, vm_route
from pulumi_ahv.simulator.work import Operation, Order, Run

TYPE = "vmm.v4.ahv.config.Vm"
_SCALARS = (
    *("name", "description", "numSockets", "numCoresPerSocket", "numThreadsPerCore", "memorySizeBytes"),
    *("numNumaNodes", "isVcpuHardPinningEnabled", "isCpuPassthroughEnabled", "isMemoryOvercommitEnabled"),
    *("isGpuConsoleEnabled", "isCpuHotplugEnabled", "isScsiControllerEnabled", "isBrandingEnabled"),
    *("isVgaConsoleEnabled", "isAgentVm", "hardwareClockTimezone", "machineType", "bootConfig", "vtpmConfig"),
    *("apcConfig", "storageConfig", "ownershipInfo", "enabledCpuFeatures", "project", "projectExtId"),
)
_OFF_ONLY = ("numCoresPerSocket", "numThreadsPerCore", "numNumaNodes", "bootConfig", "machineType", "vtpmConfig")
_FLAGS = (
    *("isVcpuHardPinningEnabled", "isCpuPassthroughEnabled", "isMemoryOvercommitEnabled", "isGpuConsoleEnabled"),
    *("isAgentVm", "isCrossClusterMigrationInProgress"),
)
_LIST = Listing(
    filters={
        *("extId", "name", "cluster/extId", "host/extId", "powerState", "machineType", "memorySizeBytes", "numSockets"),
        *("numCoresPerSocket", "numThreadsPerCore", "numNumaNodes", "hardwareClockTimezone", "isAgentVm"),
        *("isCpuHotplugEnabled", "isCpuPassthroughEnabled", "isGpuConsoleEnabled", "isLiveMigrateCapable"),
        *("isMemoryOvercommitEnabled", "isScsiControllerEnabled", "isVcpuHardPinningEnabled", "isVgaConsoleEnabled"),
        *("apcConfig/isApcEnabled", "apcConfig/cpuModel/extId", "apcConfig/cpuModel/name"),
    },
    orders={"name", "memorySizeBytes", "numSockets", "numCoresPerSocket", "numThreadsPerCore", "numNumaNodes"},
)


def _list(site: Site, call: Call) -> Reply:
    vms = site.store.table("vms")
    page, total = page_of((record.body for record in vms), call.query, _LIST)
    if "$select" not in call.query or "guestTools" in call.query["$select"]:
        page = [shown | guest_tools.shown_with(site, site.find("vms", shown["extId"])) for shown in page]
    return Reply(page, TYPE, total=total)


def _get(site: Site, call: Call) -> Reply:
    vm = vm_of(site, call)
    return Reply(vm.body | guest_tools.shown_with(site, vm), TYPE, revision=etag(vm))


def _create(site: Site, call: Call) -> Reply:
    if not site.settings.late_checks:
        check_spec(site, call.body)
    cluster = call.body.get("cluster", {}).get("extId", "")
    arguments = {"spec": call.body, "owner": call.user.ext_id}
    return accepted(site, call, Order("vm.create", arguments, clusters=[cluster] if cluster else []))


def check_spec(site: Site, spec: dict[str, Any]) -> None:
    """See that a VM can be made as asked for.

    Raises:
        Refusal: it cannot.
    """
    if not spec.get("name"):
        arguments = {"argument_key": "name", "argument_value": ""}
        raise Refusal(400, "VMM-30102", "A VM needs a name.", group="VM_INVALID_ARGUMENT", arguments=arguments)
    cluster = spec.get("cluster", {}).get("extId", "")
    record = site.store.table("clusters").get(cluster)
    if record is None or "AOS" not in record.body["config"]["clusterFunction"]:
        raise Refusal(400, "VMM-30106", f"The cluster {cluster or '(none)'} does not exist or runs no VMs.")
    if "powerState" in spec:
        raise Refusal(400, "VMM-30109", "The power state cannot be set when a VM is created.")
    if spec.get("bootConfig", {}).get("isSecureBootEnabled") and spec.get("machineType") != "Q35":
        arguments = {"argument_key": "machineType", "argument_value": str(spec.get("machineType", ""))}
        text = "Secure boot needs the machine type Q35."
        raise Refusal(400, "VMM-30102", text, group="VM_INVALID_ARGUMENT", arguments=arguments)
    check_known(site, [each["extId"] for each in spec.get("categories", ())])
    for device in (*spec.get("disks", ()), *spec.get("cdRoms", ())):
        vm_devices.check_disk(site, device)
    for nic in spec.get("nics", ()):
        vm_devices.check_nic(site, nic, cluster)
    customization.check(site, spec.get("guestCustomization"))


def _created(site: Site, run: Run) -> None:
    record = build(site, run.arguments["spec"], run.arguments["owner"])
    run.affect(record.ext_id, REL, record.body["name"])


def build(site: Site, spec: dict[str, Any], owner: str, *, ext_id: str = "") -> Record:
    """Make a VM from a specification, powered off; ``ext_id`` where the caller has chosen one.

    Raises:
        Refusal: something it needs is missing; nothing is left of it.
    """
    check_spec(site, spec)
    body = frame(site, spec, owner, ext_id=ext_id)
    record = Record(body["extId"], body)
    try:
        for kind, maker in _MAKERS.items():
            for item in spec.get(kind, ()):
                body.setdefault(kind, []).append(maker(site, body, item))
    except Refusal:
        vm_devices.drop_all(site, record)
        raise
    record = site.store.table("vms").add(body["extId"], body)
    customization.stage(record, spec.get("guestCustomization"))
    return record


def _make_serial_port(site: Site, _: dict[str, Any], spec: dict[str, Any]) -> dict[str, Any]:
    return {"extId": site.new_id(), "isConnected": spec.get("isConnected", True), "index": spec.get("index", 0)}


_MAKERS = {
    "disks": vm_devices.make_disk,
    "cdRoms": vm_devices.make_cd_rom,
    "nics": vm_devices.make_nic,
    "serialPorts": _make_serial_port,
}


def frame(site: Site, spec: dict[str, Any], owner: str, *, ext_id: str = "") -> dict[str, Any]:
    """The body of a new VM without its devices: what was asked for over the defaults."""
    ext_id, stamp = ext_id or site.new_id(), site.timeline.stamp()
    boot = {"$objectType": "vmm.v4.ahv.config.LegacyBoot", "bootOrder": ["CDROM", "DISK", "NETWORK"]}
    spec = deepcopy(spec)  # a copy must not share lists with its source
    asked = {name: spec[name] for name in _SCALARS if name in spec}
    body: dict[str, Any] = {
        "extId": ext_id,
        "createTime": stamp,
        "updateTime": stamp,
        "numSockets": 1,
        "numCoresPerSocket": 1,
        "numThreadsPerCore": 1,
        "numNumaNodes": 0,
        "memorySizeBytes": 1 << 30,
        **dict.fromkeys(_FLAGS, False),
        **dict.fromkeys(("isCpuHotplugEnabled", "isScsiControllerEnabled", "isVgaConsoleEnabled"), True),
        "isBrandingEnabled": False,
        "isLiveMigrateCapable": True,
        "generationUuid": site.new_id(),
        "biosUuid": spec.get("biosUuid") or ext_id,
        "hardwareClockTimezone": "UTC",
        "bootConfig": boot,
        "machineType": "PC",
        "vtpmConfig": {"isVtpmEnabled": False},
        "apcConfig": {"isApcEnabled": False},
        "protectionType": "UNPROTECTED",
        "ownershipInfo": {"owner": {"extId": owner}},
        **asked,
        "cluster": {"extId": spec["cluster"]["extId"]},
        "powerState": "OFF",
    }
    if spec.get("categories"):
        body["categories"] = spec["categories"]
    if spec.get("source"):
        body["source"] = spec["source"]
    return body


def _update(site: Site, call: Call) -> Reply:
    if not call.body.get("name"):
        raise Refusal(400, "VMM-30102", "A VM needs a name.", group="VM_INVALID_ARGUMENT")
    check_known(site, [each["extId"] for each in call.body.get("categories", ())])
    customization.check(site, call.body.get("guestCustomization"))
    return submitted(site, call, "vm.update", spec=call.body)


def _updated(site: Site, run: Run, vm: Record) -> None:
    del site
    spec = run.arguments["spec"]
    values = {name: spec[name] for name in _SCALARS if name in spec}
    if vm.body["powerState"] != "OFF":
        check_running(vm.body, values)
    vm.body.update(values)
    vm.body["description"] = spec.get("description", "")
    vm.body["categories"] = spec.get("categories", [])
    customization.stage(vm, spec.get("guestCustomization"))


def check_running(body: dict[str, Any], values: dict[str, Any]) -> None:
    """See that a VM that is on can take these values.

    Raises:
        Refusal: it has to be off for them.
    """
    changed = [name for name in _OFF_ONLY if name in values and values[name] != body.get(name)]
    less = [name for name in ("numSockets", "memorySizeBytes") if values.get(name, body[name]) < body[name]]
    if not body["isCpuHotplugEnabled"] and values.get("numSockets", body["numSockets"]) > body["numSockets"]:
        changed.append("numSockets")
    if changed or less:
        text = f"{', '.join([*changed, *less])} can be changed only while the VM is powered off."
        raise Refusal(400, "VMM-30103", text, group="VM_INVALID_POWER_STATE")


def _delete(site: Site, call: Call) -> Reply:
    return submitted(site, call, "vm.delete")


def _deleted(site: Site, _: Run, vm: Record) -> None:
    remove(site, vm)


def remove(site: Site, vm: Record) -> None:
    """Take a VM away, with its guest and its devices."""
    stop(site, vm)
    vm_devices.drop_all(site, vm)
    for kind in ("guests", "guest-tools"):
        site.store.table(kind).remove(vm.ext_id)
    site.store.table("vms").remove(vm.ext_id)


def _associate(site: Site, call: Call) -> Reply:
    check_known(site, [each["extId"] for each in call.body.get("categories", ())])
    return submitted(site, call, "vm.associate", categories=call.body.get("categories", []))


def _associated(site: Site, run: Run, vm: Record) -> None:
    del site
    held = vm.body.setdefault("categories", [])
    held.extend(each for each in run.arguments["categories"] if each not in held)


def _disassociate(site: Site, call: Call) -> Reply:
    return submitted(site, call, "vm.disassociate", categories=call.body.get("categories", []))


def _disassociated(site: Site, run: Run, vm: Record) -> None:
    del site
    gone = run.arguments["categories"]
    vm.body["categories"] = [each for each in vm.body.get("categories", []) if each not in gone]


def _customize(site: Site, call: Call) -> Reply:
    customization.check(site, call.body)
    return submitted(site, call, "vm.customize", params=call.body)


def _customized(site: Site, run: Run, vm: Record) -> None:
    del site
    customization.stage(vm, run.arguments["params"])


OPERATIONS = (
    Operation("vm.create", "kVmCreate", "Create VM", _created, 2.0),
    vm_operation("vm.update", "kVmUpdate", "Update VM", _updated),
    vm_operation("vm.delete", "kVmDelete", "Delete VM", _deleted),
    vm_operation("vm.associate", "kVmAssociateCategories", "Associate Categories", _associated),
    vm_operation("vm.disassociate", "kVmDisassociateCategories", "Disassociate Categories", _disassociated),
    vm_operation("vm.customize", "CustomizeGuest", "Customize Guest", _customized),
)
_TYPES = "vmm.v4.ahv.config."
ROUTES = (
    vm_route("GET", "", "list_vms", _list, listing=_LIST, per_second=2),
    vm_route("GET", "/{extId}", "get_vm_by_id", _get, per_second=10),
    vm_route("POST", "", "create_vm", _create, body=TYPE, needs_request_id=True),
    vm_route("PUT", "/{extId}", "update_vm_by_id", _update, body=TYPE, assumed="device lists in the body are ignored"),
    vm_route("DELETE", "/{extId}", "delete_vm_by_id", _delete, assumed="a VM that is ON is cut off and deleted"),
    vm_route(
        "POST",
        "/{extId}/$actions/associate-categories",
        "associate_categories",
        _associate,
        body=_TYPES + "AssociateVmCategoriesParams",
    ),
    vm_route(
        "POST",
        "/{extId}/$actions/disassociate-categories",
        "disassociate_categories",
        _disassociate,
        body=_TYPES + "DisassociateVmCategoriesParams",
    ),
    vm_route(
        "POST",
        "/{extId}/$actions/customize-guest",
        "customize_guest_vm",
        _customize,
        body=_TYPES + "GuestCustomizationParams",
        assumed="staged until the next power on, the last call wins",
    ),
)
