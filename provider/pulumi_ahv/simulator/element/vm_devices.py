"""Disks, drives and NICs of a machine.

Facts (api-legacy, section 1.3): SCSI disks come and go while the machine runs, IDE, SATA and PCI ones do not; discs
are put in and taken out by ``disks/update`` at any time; a disk does not shrink; detaching needs the address only;
the id of a NIC in a path is its MAC address, with colons or hyphens.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_ahv.simulator import vm_devices
from pulumi_ahv.simulator.answers import Refusal
from pulumi_ahv.simulator.element import vm_specs
from pulumi_ahv.simulator.element.calls import NOT_FOUND, V2, Call, Element, Refused, Reply, Route, fails, required
from pulumi_ahv.simulator.element.machines import SECTION, begin, refuse_unless, vm_of
from pulumi_ahv.simulator.element.vm_view import nic as shown_nic
from pulumi_ahv.simulator.site import Site
from pulumi_ahv.simulator.store import Record
from pulumi_ahv.simulator.vm_tasks import vm_operation
from pulumi_ahv.simulator.work import Run

_NOT_SUPPORTED = 27
_HOT = "SCSI"


def _attach(element: Element, call: Call) -> Reply:
    items = required(call.body, "vm_disks")
    told = [
        {"spec": vm_specs.device(element, item), "drive": vm_specs.is_drive(item), "source": vm_specs.source_of(item)}
        for item in items
    ]
    return begin(element, call, "element.disks.attach", items=told)


def _attached(site: Site, run: Run, vm: Record) -> None:
    for item in run.arguments["items"]:
        usual = ("SATA" if vm.body["machineType"] == "Q35" else "IDE") if item["drive"] else _HOT
        item["spec"]["diskAddress"].setdefault("busType", usual)
        _check_hot(vm, item["spec"]["diskAddress"]["busType"])
        if item["drive"]:
            made = vm_devices.make_cd_rom(site, vm.body, item["spec"])
        else:
            made = vm_devices.make_disk(site, vm.body, item["spec"])
        name_source(site, made, item["source"])
        vm.body.setdefault("cdRoms" if item["drive"] else "disks", []).append(made)


def name_source(site: Site, device: Mapping[str, Any], source: str) -> None:
    """Let a disk, or the disc in a drive, say what it was cloned from."""
    if device.get("backingInfo"):
        site.find("disks", device["backingInfo"]["diskExtId"]).hidden["source"] = source


def _check_hot(vm: Record, bus: str) -> None:
    allowed = bus == _HOT or vm.body["powerState"] == "OFF"
    refuse_unless(allowed, f"VM {vm.body['name']} has to be off: {bus} cannot be hot-plugged.")


def _detach(element: Element, call: Call) -> Reply:
    addresses = [required(item, "disk_address") for item in required(call.body, "vm_disks")]
    return begin(element, call, "element.disks.detach", addresses=addresses)


def _detached(site: Site, run: Run, vm: Record) -> None:
    for address in run.arguments["addresses"]:
        kind, device = _find(vm, address)
        _check_hot(vm, device["diskAddress"]["busType"])
        if kind == "cdRoms":
            vm_devices.empty(site, device)
        else:
            site.store.table("disks").remove(device["extId"])
        vm.body[kind].remove(device)


def _find(vm: Record, address: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The device at an address: by its disk, its own id, or its place.

    Raises:
        Refusal: there is none.
    """
    place = vm_specs.bus_place(address)
    for kind in ("disks", "cdRoms"):
        for device in vm.body.get(kind, ()):
            ids = {device["extId"], device.get("backingInfo", {}).get("diskExtId")}
            named = {address.get("vmdisk_uuid"), address.get("device_uuid")} - {None}
            if named & ids or (place and place.items() <= device["diskAddress"].items() and "index" in place):
                return kind, device
    raise fails(NOT_FOUND, f"VM {vm.body['name']} has no disk at {dict(address)}.")


def _change(element: Element, call: Call) -> Reply:
    told = [
        {
            "address": required(item, "disk_address"),
            "backing": vm_specs.backing_of(element, item),
            "empty": item.get("is_empty"),
            "source": vm_specs.source_of(item),
        }
        for item in required(call.body, "vm_disks")
    ]
    return begin(element, call, "element.disks.update", items=told)


def _changed(site: Site, run: Run, vm: Record) -> None:
    for item in run.arguments["items"]:
        kind, device = _find(vm, item["address"])
        if kind == "cdRoms":
            vm_devices.empty(site, device)
            if not item["empty"] and item["backing"]:
                vm_devices.fill(site, vm.body, device, item["backing"])
                name_source(site, device, item["source"])
        elif "diskSizeBytes" in item["backing"]:
            _resize(site, device, item["backing"]["diskSizeBytes"])


def _resize(site: Site, device: dict[str, Any], size: int) -> None:
    if size < device["backingInfo"]["diskSizeBytes"]:
        raise Refusal(400, str(_NOT_SUPPORTED), "Can't shrink disk.")
    device["backingInfo"]["diskSizeBytes"] = size
    record = site.find("disks", device["extId"])
    record.body["diskSizeBytes"] = size
    site.store.table("disks").save(record)


def _list_nics(element: Element, call: Call) -> Reply:
    found = [shown_nic(each) for each in vm_of(element, call.params["uuid"]).body.get("nics", ())]
    return Reply({"metadata": {"grand_total_entities": len(found), "total_entities": len(found)}, "entities": found})


def _mac(call: Call) -> str:
    return call.params["mac"].replace("-", ":").lower()


def _nic_at(vm: Record, mac: str) -> dict[str, Any] | None:
    return next((each for each in vm.body.get("nics", ()) if each["backingInfo"]["macAddress"] == mac), None)


def _get_nic(element: Element, call: Call) -> Reply:
    found = _nic_at(vm_of(element, call.params["uuid"]), _mac(call))
    if found is None:
        raise Refused(404, f"NIC {_mac(call)} does not exist.", code=NOT_FOUND)
    return Reply(shown_nic(found))


def _add_nics(element: Element, call: Call) -> Reply:
    specs = [vm_specs.nic(item) for item in required(call.body, "spec_list")]
    return begin(element, call, "element.nics.add", specs=specs)


def _nics_added(site: Site, run: Run, vm: Record) -> None:
    for spec in run.arguments["specs"]:
        vm.body.setdefault("nics", []).append(vm_devices.make_nic(site, vm.body, spec))


def _set_nic(element: Element, call: Call) -> Reply:
    vm = vm_of(element, call.params["uuid"])
    old = _nic_at(vm, _mac(call))
    if old is None:
        raise Refused(404, f"NIC {_mac(call)} does not exist.", code=NOT_FOUND)
    told = dict(call.body.get("nic_spec") or call.body)
    told.setdefault("network_uuid", old["networkInfo"]["subnet"]["extId"])
    told.setdefault("mac_address", _mac(call))
    return begin(element, call, "element.nics.update", mac=_mac(call), spec=vm_specs.nic(told))


def _nic_set(site: Site, run: Run, vm: Record) -> None:
    index = _nic_index(vm, run.arguments["mac"])
    vm_devices.release_address(site, vm.body["nics"][index])
    vm.body["nics"][index] = vm_devices.make_nic(site, vm.body, run.arguments["spec"])


def _nic_index(vm: Record, mac: str) -> int:
    found = _nic_at(vm, mac)
    if found is None:
        raise fails(NOT_FOUND, f"NIC {mac} does not exist.")
    return int(vm.body["nics"].index(found))


def _remove_nic(element: Element, call: Call) -> Reply:
    return begin(element, call, "element.nics.remove", mac=_mac(call))


def _nic_removed(site: Site, run: Run, vm: Record) -> None:
    vm_devices.release_address(site, vm.body["nics"].pop(_nic_index(vm, run.arguments["mac"])))


OPERATIONS = (
    vm_operation("element.disks.attach", "VmDiskAttach", "VmDiskAttach", _attached),
    vm_operation("element.disks.detach", "VmDiskDetach", "VmDiskDetach", _detached),
    vm_operation("element.disks.update", "VmDiskUpdate", "VmDiskUpdate", _changed),
    vm_operation("element.nics.add", "VmNicCreate", "VmNicCreate", _nics_added),
    vm_operation("element.nics.update", "VmNicUpdate", "VmNicUpdate", _nic_set),
    vm_operation("element.nics.remove", "VmNicDelete", "VmNicDelete", _nic_removed),
)
_DISKS, _NICS = "vms/{uuid}/disks", "vms/{uuid}/nics"
ROUTES = (
    Route("POST", V2, f"{_DISKS}/attach", "v2_attach_disks", _attach, SECTION),
    Route("POST", V2, f"{_DISKS}/detach", "v2_detach_disks", _detach, SECTION),
    Route("PUT", V2, f"{_DISKS}/update", "v2_update_disks", _change, SECTION),
    Route("GET", V2, _NICS, "v2_list_nics", _list_nics, SECTION),
    Route("POST", V2, _NICS, "v2_add_nics", _add_nics, SECTION),
    Route("GET", V2, f"{_NICS}/{{mac}}", "v2_get_nic", _get_nic, SECTION),
    Route("PUT", V2, f"{_NICS}/{{mac}}", "v2_update_nic", _set_nic, SECTION),
    Route("DELETE", V2, f"{_NICS}/{{mac}}", "v2_delete_nic", _remove_nic, SECTION),
)
