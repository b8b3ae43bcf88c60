"""Disks, CD-ROM drives and NICs: how they are made, filled and taken apart, whoever asks for it.

A disk is a record of its own: its content is a file that nobody changes, shared by all copies, and what a pretend
guest wrote on it (``os``) is a small value beside it. Facts (api-v4, sections 6.3 and 6.4): ``extId`` and
``diskExtId`` are equal; a disk's data source and a drive's image are not shown again; v4.0 knows the old pair of
NIC fields only. Assumed: free bus places are given in order, a NIC of a managed subnet gets its address when it is
made, drives hang on IDE unless SATA is asked for.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from pulumi_ahv.simulator import ipam
from pulumi_ahv.simulator.answers import Refusal
from pulumi_ahv.simulator.site import Site
from pulumi_ahv.simulator.storage_containers import container_named
from pulumi_ahv.simulator.store import Record

_IMAGE = "vmm.v4.ahv.config.ImageReference"
_DISK_TYPE = "vmm.v4.ahv.config.VmDisk"
_PLACES = {"SCSI": 256, "PCI": 8, "SATA": 6, "IDE": 4, "SPAPR": 8}


def check_disk(site: Site, spec: dict[str, Any]) -> None:
    """See that what a disk or drive is to be made of exists.

    Raises:
        Refusal: it does not.
    """
    reference = spec.get("backingInfo", {}).get("dataSource", {}).get("reference")
    if reference is None:
        return
    if reference["$objectType"] == _IMAGE:
        if site.store.table("images").get(reference["imageExtId"]) is None:
            raise Refusal(400, "VMM-31201", f"The image {reference['imageExtId']} does not exist.")
    elif site.store.table("disks").get(reference.get("diskExtId", "")) is None:
        raise Refusal(400, "VMM-31202", f"The disk {reference.get('diskExtId')} does not exist.")


def check_nic(site: Site, spec: dict[str, Any], cluster: str) -> None:
    """See that a NIC's subnet exists and reaches the VM's cluster.

    Raises:
        Refusal: it does not.
    """
    subnet_id = network_of_nic(spec).get("subnet", {}).get("extId", "")
    subnet = site.store.table("subnets").get(subnet_id)
    if subnet is None:
        raise Refusal(400, "VMM-30604", f"The subnet {subnet_id or '(none)'} does not exist.")
    if subnet.body.get("clusterReference", cluster) != cluster:
        raise Refusal(400, "VMM-30605", f"The subnet {subnet.body['name']} is not on the VM's cluster.")


def network_of_nic(spec: dict[str, Any]) -> dict[str, Any]:
    """A NIC's network part, of whichever pair of fields it is written with."""
    found: dict[str, Any] = spec.get("nicNetworkInfo") or spec.get("networkInfo") or {}
    return found


def make_disk(site: Site, vm: dict[str, Any], spec: dict[str, Any]) -> dict[str, Any]:
    """Make a disk as asked for and answer it as the VM shows it.

    Raises:
        Refusal: the source is gone, the size is missing or too small, or the bus place is taken.
    """
    check_disk(site, spec)
    backing = spec.get("backingInfo", {})
    source = _source_of(site, backing)
    size = backing.get("diskSizeBytes") or source["size"]
    if not size:
        raise Refusal(400, "VMM-31203", "diskSizeBytes is required for a disk without a data source.")
    if size < source["size"]:
        raise Refusal(400, "VMM-31204", f"A disk of {size} bytes is smaller than its source of {source['size']} bytes.")
    address = place(vm, spec.get("diskAddress", {}), usual="SCSI")
    return register_disk(site, vm, {**source, "size": size, "container": _container(site, vm, backing)}, address)


def register_disk(site: Site, vm: dict[str, Any], content: dict[str, Any], address: dict[str, Any]) -> dict[str, Any]:
    """Put a disk with known content into the store and answer it as the VM shows it."""
    ext_id = site.new_id()
    hidden = {"content": content["content"], "used": content["used"], "os": deepcopy(content.get("os") or {})}
    site.store.table("disks").add(
        ext_id, {"extId": ext_id, "vmExtId": vm["extId"], "diskSizeBytes": content["size"]}, **hidden
    )
    backing = {
        "$objectType": _DISK_TYPE,
        "diskExtId": ext_id,
        "diskSizeBytes": content["size"],
        "storageContainer": {"extId": content["container"]},
        "storageConfig": {"isFlashModeEnabled": False},
        "isMigrationInProgress": False,
    }
    return {"extId": ext_id, "diskAddress": address, "backingInfo": backing}


def content_of(site: Site, disk: dict[str, Any]) -> dict[str, Any]:
    """What a copy of a disk needs to know."""
    record = site.find("disks", disk["extId"], code="VMM-31202")
    backing = disk["backingInfo"]
    container = backing["storageContainer"]["extId"]
    return {**record.hidden, "size": backing["diskSizeBytes"], "container": container}


def _source_of(site: Site, backing: dict[str, Any]) -> dict[str, Any]:
    reference = backing.get("dataSource", {}).get("reference")
    if reference is None:
        return {"content": "", "used": 0, "size": 0, "os": {}}
    if reference["$objectType"] == _IMAGE:
        image = site.find("images", reference["imageExtId"], code="VMM-31201")
        return {**image.hidden, "size": image.body["sizeBytes"]}
    disk = site.find("disks", reference["diskExtId"], code="VMM-31202")
    return {**disk.hidden, "size": disk.body["diskSizeBytes"]}


def _container(site: Site, vm: dict[str, Any], backing: dict[str, Any]) -> str:
    asked = backing.get("storageContainer", {}).get("extId")
    if asked:
        return site.find("storage-containers", asked, code="VMM-31205").ext_id
    usual = container_named(site, vm["cluster"]["extId"], "default-container")
    return usual.ext_id if usual is not None else ""


def place(vm: dict[str, Any], asked: dict[str, Any], *, usual: str) -> dict[str, Any]:
    """A place on a bus: the one that was asked for, or the first free one.

    Raises:
        Refusal: it is taken, or the bus is full.
    """
    bus = asked.get("busType", usual)
    devices = [*vm.get("disks", ()), *vm.get("cdRoms", ())]
    taken = {each["diskAddress"]["index"] for each in devices if each["diskAddress"]["busType"] == bus}
    index = asked.get("index")
    if index is None:
        index = next((number for number in range(_PLACES[bus]) if number not in taken), None)
        if index is None:
            raise Refusal(400, "VMM-31206", f"No place is left on the {bus} bus.")
    if index in taken or index >= _PLACES[bus]:
        raise Refusal(400, "VMM-31207", f"{bus} index {index} is taken or out of range.")
    return {"busType": bus, "index": index}


def make_cd_rom(site: Site, vm: dict[str, Any], spec: dict[str, Any]) -> dict[str, Any]:
    """Make a CD-ROM drive, with what is asked for inside."""
    check_disk(site, spec)
    drive = {"extId": site.new_id(), "diskAddress": place(vm, spec.get("diskAddress", {}), usual="IDE")}
    if spec.get("backingInfo"):
        fill(site, vm, drive, spec["backingInfo"])
    return drive


def fill(site: Site, vm: dict[str, Any], drive: dict[str, Any], backing: dict[str, Any]) -> None:
    """Put an image into a drive.

    Raises:
        Refusal: the drive is full, or there is no such image.
    """
    if drive.get("backingInfo"):
        raise Refusal(400, "VMM-31208", "The CD-ROM drive is not empty: eject first.")
    source = _source_of(site, backing)
    if not source["content"]:
        raise Refusal(400, "VMM-31209", "A CD-ROM needs an image or a disk as its data source.")
    load(site, vm, drive, source, "OTHER")


def load(site: Site, vm: dict[str, Any], drive: dict[str, Any], source: dict[str, Any], kind: str) -> None:
    """Put known content into a drive, marked as what it is."""
    container = _container(site, vm, {})
    disc = register_disk(site, vm, {**source, "container": container}, drive["diskAddress"])
    drive["backingInfo"] = disc["backingInfo"]
    drive["isoType"] = kind


def empty(site: Site, drive: dict[str, Any]) -> None:
    """Take out of a drive what is in it."""
    backing = drive.pop("backingInfo", None)
    drive.pop("isoType", None)
    if backing is not None:
        site.store.table("disks").remove(backing["diskExtId"])


def make_nic(site: Site, vm: dict[str, Any], spec: dict[str, Any]) -> dict[str, Any]:
    """Make a NIC with a MAC address, and with an IP address where the subnet is managed.

    Raises:
        Refusal: the subnet is gone or has no address left.
    """
    check_nic(site, spec, vm["cluster"]["extId"])
    asked = network_of_nic(spec)
    wire = spec.get("nicBackingInfo") or spec.get("backingInfo") or {}
    ext_id = site.new_id()
    backing = {
        "model": wire.get("model", "VIRTIO"),
        "macAddress": wire.get("macAddress") or _new_mac(site),
        "isConnected": wire.get("isConnected", True),
        "numQueues": wire.get("numQueues", 1),
    }
    network = {
        "nicType": asked.get("nicType", "NORMAL_NIC"),
        "subnet": {"extId": asked["subnet"]["extId"]},
        "vlanMode": asked.get("vlanMode", "ACCESS"),
        "shouldAllowUnknownMacs": asked.get("shouldAllowUnknownMacs", False),
    }
    nic = {"extId": ext_id, "backingInfo": backing, "networkInfo": network}
    nic |= {"nicBackingInfo": backing, "nicNetworkInfo": network}
    assign_address(site, nic, asked.get("ipv4Config", {}).get("ipAddress", {}).get("value", ""))
    return nic


def assign_address(site: Site, nic: dict[str, Any], wanted: str = "") -> None:
    """Give a NIC an address of its subnet, if Prism manages that.

    Raises:
        Refusal: no address is left, or the wanted one cannot be had.
    """
    subnet = site.find("subnets", nic["networkInfo"]["subnet"]["extId"], code="VMM-30604")
    if not ipam.is_managed(subnet):
        if wanted:
            raise Refusal(400, "VMM-30609", f"Subnet {subnet.body['name']} is not managed: it has no address pools.")
        return
    address = ipam.take(site, subnet, nic["extId"], wanted)
    config = {"shouldAssignIp": True, "ipAddress": {"value": address, "prefixLength": 32}}
    nic["networkInfo"]["ipv4Config"] = config
    nic["nicNetworkInfo"]["ipv4Config"] = config


def release_address(site: Site, nic: dict[str, Any]) -> None:
    """Give a NIC's address back."""
    subnet = site.store.table("subnets").get(nic["networkInfo"]["subnet"]["extId"])
    fixed = nic["networkInfo"].get("ipv4Config", {}).get("ipAddress")
    if subnet is not None and fixed:
        ipam.give_back(site, subnet, nic["extId"], fixed["value"])
    for part in ("networkInfo", "nicNetworkInfo"):
        nic[part].pop("ipv4Config", None)


def drop_all(site: Site, vm: Record) -> None:
    """Take all devices of a VM apart: it is being deleted."""
    for nic in vm.body.get("nics", ()):
        release_address(site, nic)
    for drive in vm.body.get("cdRoms", ()):
        empty(site, drive)
    for disk in vm.body.get("disks", ()):
        site.store.table("disks").remove(disk["extId"])


def _new_mac(site: Site) -> str:
    counters = site.store.table("counters")
    record = counters.get("macs") or counters.add("macs", {"next": 1})
    number = record.body["next"]
    record.body["next"] = number + 1
    counters.save(record)
    return "50:6b:8d:" + ":".join(f"{number >> shift & 0xFF:02x}" for shift in (16, 8, 0))
