"""The devices of a VM as resources of their own (api-v4, sections 6.1, 6.3, 6.4).

Facts: tasks name the device with a rel of its kind beside the VM; there is no PUT for a CD-ROM; disks only grow and
a PUT must not repeat the data source; disks and NICs change while the VM is ON, drives are inserted and ejected
then too. Assumed: a drive is added or removed, and a disk removed from under a running guest, only while the VM is
OFF.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pulumi_ahv.simulator import vm_devices
from pulumi_ahv.simulator.answers import Refusal, Reply
from pulumi_ahv.simulator.listing import Listing, page_of
from pulumi_ahv.simulator.preconditions import etag
from pulumi_ahv.simulator.routing import Call
from pulumi_ahv.simulator.site import Site
from pulumi_ahv.simulator.store import Record
from pulumi_ahv.simulator.vm_tasks import submitted, vm_of, vm_operation, vm_route
from pulumi_ahv.simulator.work import Run

_TYPES = "vmm.v4.ahv.config."
_RELS = {"disks": "disk", "cdRoms": "cdrom", "nics": "nic", "serialPorts": "serialport"}
_NIC_FILTERS = {"networkInfo/subnet/extId"}


def _found(vm: Record, kind: str, ext_id: str) -> dict[str, Any]:
    for device in vm.body.get(kind, ()):
        if device["extId"] == ext_id:
            found: dict[str, Any] = device
            return found
    raise Refusal(404, "VMM-30101", f"The VM {vm.body['name']} has no such device: {ext_id}.")


def _list(kind: str, type_name: str) -> Callable[[Site, Call], Reply]:
    listing = Listing(filters=_NIC_FILTERS if kind == "nics" else set())

    def handler(site: Site, call: Call) -> Reply:
        page, total = page_of(vm_of(site, call).body.get(kind, []), call.query, listing)
        return Reply(page, type_name, total=total)

    return handler


def _get(kind: str, type_name: str) -> Callable[[Site, Call], Reply]:
    def handler(site: Site, call: Call) -> Reply:
        vm = vm_of(site, call)
        return Reply(_found(vm, kind, call.params["extId"]), type_name, revision=etag(vm))

    return handler


def _send(key: str) -> Callable[[Site, Call], Reply]:
    """A handler that hands the call on to a task, after a look at whether the device exists."""
    kind = key.partition(".")[0]

    def handler(site: Site, call: Call) -> Reply:
        device = call.params.get("extId", "")
        if device:
            _found(vm_of(site, call), kind, device)
        elif kind == "nics":
            vm_devices.check_nic(site, call.body, vm_of(site, call).body["cluster"]["extId"])
        return submitted(site, call, key, device=device, spec=call.body)

    return handler


def _added(kind: str, maker: Callable[[Site, dict[str, Any], dict[str, Any]], dict[str, Any]], *, off: bool) -> Any:
    def effect(site: Site, run: Run, vm: Record) -> None:
        if off:
            _need_off(vm)
        device = maker(site, vm.body, run.arguments["spec"])
        vm.body.setdefault(kind, []).append(device)
        _name(run, kind, device["extId"])

    return effect


def _name(run: Run, kind: str, ext_id: str) -> None:
    run.affect(ext_id, f"vmm:ahv:config:vm:{_RELS[kind]}")


def _need_off(vm: Record) -> None:
    if vm.body["powerState"] != "OFF":
        text = f"The VM {vm.body['name']} has to be powered off for this."
        raise Refusal(400, "VMM-30103", text, group="VM_INVALID_POWER_STATE")


def _disk_updated(site: Site, run: Run, vm: Record) -> None:
    disk, spec = _found(vm, "disks", run.arguments["device"]), run.arguments["spec"]
    backing = spec.get("backingInfo", {})
    if "dataSource" in backing:
        raise Refusal(400, "VMM-31210", "The data source of a disk cannot be set after it was made.")
    size = backing.get("diskSizeBytes", disk["backingInfo"]["diskSizeBytes"])
    if size < disk["backingInfo"]["diskSizeBytes"]:
        raise Refusal(400, "VMM-31211", "A disk cannot shrink.")
    disk["backingInfo"]["diskSizeBytes"] = size
    record = site.find("disks", disk["extId"])
    record.body["diskSizeBytes"] = size
    site.store.table("disks").save(record)
    _name(run, "disks", disk["extId"])


def _disk_removed(site: Site, run: Run, vm: Record) -> None:
    disk = _found(vm, "disks", run.arguments["device"])
    site.store.table("disks").remove(disk["extId"])
    vm.body["disks"].remove(disk)
    _name(run, "disks", disk["extId"])


def _drive_removed(site: Site, run: Run, vm: Record) -> None:
    _need_off(vm)
    drive = _found(vm, "cdRoms", run.arguments["device"])
    vm_devices.empty(site, drive)
    vm.body["cdRoms"].remove(drive)
    _name(run, "cdRoms", drive["extId"])


def _inserted(site: Site, run: Run, vm: Record) -> None:
    drive = _found(vm, "cdRoms", run.arguments["device"])
    backing = run.arguments["spec"].get("backingInfo") or {}
    vm_devices.check_disk(site, {"backingInfo": backing})
    vm_devices.fill(site, vm.body, drive, backing)
    _name(run, "cdRoms", drive["extId"])


def _ejected(site: Site, run: Run, vm: Record) -> None:
    drive = _found(vm, "cdRoms", run.arguments["device"])
    if not drive.get("backingInfo"):
        raise Refusal(400, "VMM-31212", "The CD-ROM drive is empty.")
    vm_devices.empty(site, drive)
    _name(run, "cdRoms", drive["extId"])


def _nic_updated(site: Site, run: Run, vm: Record) -> None:
    nic, spec = _found(vm, "nics", run.arguments["device"]), run.arguments["spec"]
    vm_devices.check_nic(site, spec, vm.body["cluster"]["extId"])
    wire = spec.get("nicBackingInfo") or spec.get("backingInfo") or {}
    asked = vm_devices.network_of_nic(spec)
    for part in ("backingInfo", "nicBackingInfo"):
        nic[part]["isConnected"] = wire.get("isConnected", nic[part]["isConnected"])
    if asked["subnet"]["extId"] != nic["networkInfo"]["subnet"]["extId"]:
        vm_devices.release_address(site, nic)
        for part in ("networkInfo", "nicNetworkInfo"):
            nic[part]["subnet"] = {"extId": asked["subnet"]["extId"]}
        vm_devices.assign_address(site, nic)
    _name(run, "nics", nic["extId"])


def _nic_removed(site: Site, run: Run, vm: Record) -> None:
    nic = _found(vm, "nics", run.arguments["device"])
    vm_devices.release_address(site, nic)
    vm.body["nics"].remove(nic)
    _name(run, "nics", nic["extId"])


def _assigned(site: Site, run: Run, vm: Record) -> None:
    nic = _found(vm, "nics", run.arguments["device"])
    vm_devices.release_address(site, nic)
    vm_devices.assign_address(site, nic, run.arguments["spec"].get("ipAddress", {}).get("value", ""))
    _name(run, "nics", nic["extId"])


def _released(site: Site, run: Run, vm: Record) -> None:
    nic = _found(vm, "nics", run.arguments["device"])
    vm_devices.release_address(site, nic)
    _name(run, "nics", nic["extId"])


def _make_port(site: Site, vm: dict[str, Any], spec: dict[str, Any]) -> dict[str, Any]:
    index = spec.get("index", 0)
    if index == 1 or any(port["index"] == index for port in vm.get("serialPorts", ())):
        raise Refusal(400, "VMM-31401", f"Serial port {index} is reserved or taken.")
    return {"extId": site.new_id(), "index": index, "isConnected": spec.get("isConnected", True)}


def _port_updated(_: Site, run: Run, vm: Record) -> None:
    port = _found(vm, "serialPorts", run.arguments["device"])
    port["isConnected"] = run.arguments["spec"].get("isConnected", port["isConnected"])
    run.affect(port["extId"], "vmm:ahv:config:vm:serialport")


def _port_removed(_: Site, run: Run, vm: Record) -> None:
    _need_off(vm)
    port = _found(vm, "serialPorts", run.arguments["device"])
    vm.body["serialPorts"].remove(port)
    run.affect(port["extId"], "vmm:ahv:config:vm:serialport")


OPERATIONS = (
    vm_operation("disks.add", "CreateDisk", "Create Disk", _added("disks", vm_devices.make_disk, off=False)),
    vm_operation("disks.update", "UpdateDisk", "Update Disk", _disk_updated),
    vm_operation("disks.remove", "DeleteDisk", "Delete Disk", _disk_removed),
    vm_operation("cdRoms.add", "CreateCdRom", "Create CD-ROM", _added("cdRoms", vm_devices.make_cd_rom, off=True)),
    vm_operation("cdRoms.remove", "DeleteCdRom", "Delete CD-ROM", _drive_removed),
    vm_operation("cdRoms.insert", "InsertCdRom", "Insert CD-ROM", _inserted),
    vm_operation("cdRoms.eject", "EjectCdRom", "Eject CD-ROM", _ejected),
    vm_operation("nics.add", "CreateNic", "Create NIC", _added("nics", vm_devices.make_nic, off=False)),
    vm_operation("nics.update", "UpdateNic", "Update NIC", _nic_updated),
    vm_operation("nics.remove", "DeleteNic", "Delete NIC", _nic_removed),
    vm_operation("nics.assign", "AssignIp", "Assign IP", _assigned),
    vm_operation("nics.release", "ReleaseIp", "Release IP", _released),
    vm_operation(
        "serialPorts.add", "CreateSerialPort", "Create Serial Port", _added("serialPorts", _make_port, off=True)
    ),
    vm_operation("serialPorts.update", "UpdateSerialPort", "Update Serial Port", _port_updated),
    vm_operation("serialPorts.remove", "DeleteSerialPort", "Delete Serial Port", _port_removed),
)


def _routes(path: str, kind: str, type_name: str, noun: str, *, puts: bool = True) -> list[Any]:
    base, full = f"/{{vmExtId}}/{path}", _TYPES + type_name
    one = base + "/{extId}"
    routes = [
        vm_route("GET", base, f"list_{noun}s_by_vm_id", _list(kind, full)),
        vm_route("POST", base, f"create_{noun}", _send(f"{kind}.add"), body=full),
        vm_route("GET", one, f"get_{noun}_by_id", _get(kind, full)),
        vm_route("DELETE", one, f"delete_{noun}_by_id", _send(f"{kind}.remove")),
    ]
    if puts:
        routes.append(vm_route("PUT", one, f"update_{noun}_by_id", _send(f"{kind}.update"), body=full))
    return routes


_CD_ROM = "/{vmExtId}/cd-roms/{extId}/$actions/"
_NIC = "/{vmExtId}/nics/{extId}/$actions/"
ROUTES = (
    *_routes("disks", "disks", "Disk", "disk"),
    *_routes("cd-roms", "cdRoms", "CdRom", "cd_rom", puts=False),
    *_routes("nics", "nics", "Nic", "nic"),
    *_routes("serial-ports", "serialPorts", "SerialPort", "serial_port"),
    vm_route(
        "POST", _CD_ROM + "insert", "insert_cd_rom_by_id", _send("cdRoms.insert"), body=_TYPES + "CdRomInsertParams"
    ),
    vm_route("POST", _CD_ROM + "eject", "eject_cd_rom_by_id", _send("cdRoms.eject")),
    vm_route("POST", _NIC + "assign-ip", "assign_ip_by_id", _send("nics.assign"), body=_TYPES + "AssignIpParams"),
    vm_route("POST", _NIC + "release-ip", "release_ip_by_id", _send("nics.release")),
)
