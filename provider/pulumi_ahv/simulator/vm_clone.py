"""Clones (api-v4, section 6.7): one, or with ``bulkCloneOptions`` (v4.3) many in one call. A clone is OFF.

Facts: the task names the source as well as the copies; names of a bulk clone end in an index of at least three
digits, counted from ``nameSuffixStartIndex``. Assumed: the name and the index are joined by a hyphen; a clone
without ``nics`` gets NICs on the source's subnets with new MAC addresses; drives are copied with what is in them,
except what Prism put there itself.
"""

from __future__ import annotations

from typing import Any

from pulumi_ahv.simulator import customization, vm_devices
from pulumi_ahv.simulator.answers import Refusal, Reply
from pulumi_ahv.simulator.routing import Call
from pulumi_ahv.simulator.site import Site
from pulumi_ahv.simulator.store import Record
from pulumi_ahv.simulator.vm_tasks import REL, submitted, vm_operation, vm_route
from pulumi_ahv.simulator.vms import frame
from pulumi_ahv.simulator.work import Run

_OVERRIDES = ("numSockets", "numCoresPerSocket", "numThreadsPerCore", "memorySizeBytes", "bootConfig")


def _clone(site: Site, call: Call) -> Reply:
    customization.check(site, call.body.get("guestCustomization"))
    return submitted(site, call, "vm.clone", spec=call.body, owner=call.user.ext_id)


def _cloned(site: Site, run: Run, vm: Record) -> None:
    spec, owner = run.arguments["spec"], run.arguments["owner"]
    source = {"entityType": "VM", "extId": vm.ext_id}
    for name in _names(spec, vm.body["name"]):
        copied = copy(site, vm.body, contents(site, vm.body), {**spec, "name": name}, owner=owner, source=source)
        run.affect(copied.ext_id, REL, name)


def _names(spec: dict[str, Any], source: str) -> list[str]:
    name = spec.get("name") or f"{source}-clone"
    bulk = spec.get("bulkCloneOptions")
    if bulk is None:
        return [name]
    first = bulk["nameSuffixStartIndex"]
    return [f"{name}-{index:03}" for index in range(first, first + bulk["numVms"])]


def contents(site: Site, body: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """What is on the disks and in the drives of a VM: all that a copy needs beside its body."""
    drives = [
        {
            "address": drive["diskAddress"],
            "content": vm_devices.content_of(site, {**drive, "extId": drive["backingInfo"]["diskExtId"]})
            if drive.get("isoType") == "OTHER"
            else None,
        }
        for drive in body.get("cdRoms", ())
        if drive.get("isoType") != "GUEST_CUSTOMIZATION"
    ]
    disks = [
        {"address": disk["diskAddress"], "content": vm_devices.content_of(site, disk)} for disk in body.get("disks", ())
    ]
    return {"disks": disks, "cdRoms": drives}


def copy(
    site: Site,
    body: dict[str, Any],
    content: dict[str, list[dict[str, Any]]],
    overrides: dict[str, Any],
    *,
    owner: str,
    source: dict[str, str] | None = None,
    ext_id: str = "",
) -> Record:
    """Make a VM from another one's body and content; ``ext_id`` where the caller has chosen one.

    Raises:
        Refusal: a subnet has no address left, say; nothing is left of the copy.
    """
    values = {name: overrides[name] for name in ("name", *_OVERRIDES) if name in overrides}
    copied = {name: value for name, value in body.items() if name not in {"disks", "cdRoms", "nics", "biosUuid"}}
    made = frame(site, {**copied, **values, "source": source}, owner, ext_id=ext_id)
    record = Record(made["extId"], made)
    for kind in ("disks", "cdRoms"):
        if content[kind]:
            made[kind] = [_device(site, made, kind, each) for each in content[kind]]
    try:
        for nic in overrides.get("nics") or [_plain(nic) for nic in body.get("nics", ())]:
            made.setdefault("nics", []).append(vm_devices.make_nic(site, made, nic))
    except Refusal:
        vm_devices.drop_all(site, record)
        raise
    record = site.store.table("vms").add(made["extId"], made)
    customization.stage(record, overrides.get("guestCustomization"))
    return record


def _device(site: Site, made: dict[str, Any], kind: str, item: dict[str, Any]) -> dict[str, Any]:
    if kind == "disks":
        return vm_devices.register_disk(site, made, item["content"], dict(item["address"]))
    drive = {"extId": site.new_id(), "diskAddress": dict(item["address"])}
    if item["content"] is not None:
        vm_devices.load(site, made, drive, item["content"], "OTHER")
    return drive


def _plain(nic: dict[str, Any]) -> dict[str, Any]:
    """A NIC like another one, without what is its own."""
    return {
        "backingInfo": {name: value for name, value in nic["backingInfo"].items() if name != "macAddress"},
        "networkInfo": {"subnet": nic["networkInfo"]["subnet"], "vlanMode": nic["networkInfo"]["vlanMode"]},
    }


OPERATIONS = (vm_operation("vm.clone", "kVmClone", "Clone VM", _cloned, seconds=3.0, touches=False),)
ROUTES = (
    vm_route(
        "POST",
        "/{extId}/$actions/clone",
        "clone_vm",
        _clone,
        body="vmm.v4.ahv.config.CloneOverrideParams",
        assumed="drives are copied with their content; bulk names are <name>-<index>",
    ),
)
