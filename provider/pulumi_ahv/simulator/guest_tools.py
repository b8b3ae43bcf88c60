"""Nutanix Guest Tools of a VM (api-v4, section 6.6): state, switch, install, insert the disc, upgrade, uninstall.

Facts: insert-iso needs a free drive and installs nothing; install needs credentials, a running guest and an
address; before anything all flags are false and ``availableVersion`` is set; an upgrade of what is current has an
error of its own; an early release answered the GET without an ETag; a machine shows its tools where there is
something to show. Assumed: the first release does not, lists show what a GET does; a clone's tools are reachable only
after the disc, which carries a new certificate, was in a drive of that clone; installing takes 10 s and enables
them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pulumi_ahv.simulator import vm_devices
from pulumi_ahv.simulator.answers import Refusal, Reply
from pulumi_ahv.simulator.guests import life
from pulumi_ahv.simulator.preconditions import etag
from pulumi_ahv.simulator.routing import Call
from pulumi_ahv.simulator.site import Site
from pulumi_ahv.simulator.store import Record
from pulumi_ahv.simulator.vm_tasks import submitted, vm_of, vm_operation, vm_route
from pulumi_ahv.simulator.work import Run

TYPE = "vmm.v4.ahv.config.GuestTools"
_TYPES = "vmm.v4.ahv.config."
_DRIVE_REL = "vmm:ahv:config:vm:cdrom"
_ISO_SIZE = 600 << 20
_NOTHING: Final[Mapping[str, Any]] = {"isEnabled": False, "capabilities": []}


def shown_with(site: Site, vm: Record) -> dict[str, Any]:
    """What a machine itself shows of its tools: nothing while there is nothing of them."""
    if site.settings.version == "v4.0" or not (site.store.table("guest-tools").get(vm.ext_id) or _installed(site, vm)):
        return {}
    return {"guestTools": {"$objectType": TYPE, **state(site, vm)}}


def wanted_of(site: Site, vm: Record) -> Record:
    """What is asked of a VM's tools: switched on or off, and for what."""
    tools = site.store.table("guest-tools")
    return tools.get(vm.ext_id) or tools.add(vm.ext_id, dict(_NOTHING))


def _installed(site: Site, vm: Record) -> dict[str, Any]:
    disk = life.boot_disk(site, vm)
    found: dict[str, Any] = disk.hidden["os"].get("ngt", {}) if disk is not None else {}
    return found


def drive_of(vm: Record) -> dict[str, Any] | None:
    """The drive that the tools' disc is in."""
    return next((each for each in vm.body.get("cdRoms", ()) if each.get("isoType") == "GUEST_TOOLS"), None)


def state(site: Site, vm: Record) -> dict[str, Any]:
    """What the GET shows."""
    wanted, installed = site.store.table("guest-tools").get(vm.ext_id), _installed(site, vm)
    asked = wanted.body if wanted else _NOTHING
    reachable = life.tools_reachable(site, vm)
    guest = life.guest_of(site, vm).body
    shown: dict[str, Any] = {
        "isInstalled": bool(installed),
        "isEnabled": asked["isEnabled"],
        "isIsoInserted": drive_of(vm) is not None,
        "isReachable": reachable,
        "isVssSnapshotCapable": reachable,
        "isVmMobilityDriversInstalled": False,
        "capabilities": asked["capabilities"],
        "availableVersion": life.NGT_VERSION,
    }
    if installed:
        shown["version"] = installed["version"]
        shown["guestOsVersion"] = "windows:64:Windows Server-2022" if guest.get("os") == "windows" else "linux:64:Linux"
    return shown


def _get(site: Site, call: Call) -> Reply:
    vm = vm_of(site, call)
    old = site.settings.version == "v4.0"
    return Reply(state(site, vm), TYPE, revision="" if old else etag(vm))


def _update(site: Site, call: Call) -> Reply:
    return submitted(site, call, "ngt.update", tools=call.body)


def _updated(site: Site, run: Run, vm: Record) -> None:
    wanted, asked = wanted_of(site, vm), run.arguments["tools"]
    wanted.body["isEnabled"] = asked.get("isEnabled", wanted.body["isEnabled"])
    wanted.body["capabilities"] = asked.get("capabilities", [])
    site.store.table("guest-tools").save(wanted)


def _insert(site: Site, call: Call) -> Reply:
    return submitted(site, call, "ngt.insert", config=call.body)


def _inserted(site: Site, run: Run, vm: Record) -> None:
    config = run.arguments["config"]
    drive = mount(site, vm)
    run.affect(drive["extId"], _DRIVE_REL)
    _enable(site, vm, config.get("capabilities", []))


def mount(site: Site, vm: Record) -> dict[str, Any]:
    """Put the tools' disc, with a new certificate on it, into a free drive; tools that run take the certificate.

    Raises:
        Refusal: it is in one already, or none is free.
    """
    if drive_of(vm) is not None:
        raise Refusal(400, "VMM-31301", f"The NGT ISO is already inserted on the VM {vm.body['name']}.")
    drive: dict[str, Any] | None = next(
        (each for each in vm.body.get("cdRoms", ()) if not each.get("backingInfo")), None
    )
    if drive is None:
        text = f"The VM {vm.body['name']} has no free CD-ROM drive for the NGT ISO."
        raise Refusal(400, "VMM-31302", text, group="VM_NO_FREE_CDROM")
    disc = {"label": "NUTANIX_TOOLS", "files": {}}
    source = {"content": "", "used": 0, "size": _ISO_SIZE, "os": {"disc": disc}}
    vm_devices.load(site, vm.body, drive, source, "GUEST_TOOLS")
    disk, guest = life.boot_disk(site, vm), life.guest_of(site, vm)
    if disk is not None and "ngt" in disk.hidden["os"] and guest.body["state"] == "running":
        disk.hidden["os"]["ngt"]["certificate"] = vm.ext_id
        site.store.table("disks").save(disk)
    return drive


def _enable(site: Site, vm: Record, capabilities: list[str]) -> None:
    wanted = wanted_of(site, vm)
    wanted.body.update(isEnabled=True, capabilities=capabilities)
    site.store.table("guest-tools").save(wanted)


def _install(site: Site, call: Call) -> Reply:
    return submitted(
        site,
        call,
        "ngt.install",
        config={"capabilities": call.body.get("capabilities", [])},
        ready="credential" in call.body,
    )


def _did_install(site: Site, run: Run, vm: Record) -> None:
    disk, guest = life.boot_disk(site, vm), life.guest_of(site, vm)
    if not run.arguments["ready"]:
        raise Refusal(400, "VMM-31303", "Guest credentials are required to install NGT.")
    if disk is None or guest.body["state"] != "running" or not guest.body.get("addresses"):
        raise Refusal(400, "VMM-31304", f"No IP address found on the VM {vm.body['name']}.")
    disk.hidden["os"]["ngt"] = {"version": life.NGT_VERSION, "certificate": vm.ext_id}
    site.store.table("disks").save(disk)
    _enable(site, vm, run.arguments["config"]["capabilities"])


def _upgrade(site: Site, call: Call) -> Reply:
    return submitted(site, call, "ngt.upgrade")


def _upgraded(site: Site, _: Run, vm: Record) -> None:
    installed = _installed(site, vm)
    if not installed or installed["version"] == life.NGT_VERSION:
        why = "is already upgraded" if installed else "is not installed"
        text = f"Failed to perform the operation on VM with UUID '{vm.ext_id}' as Nutanix Guest Tools {why}."
        raise Refusal(400, "VMM-31305", text)
    installed["version"] = life.NGT_VERSION


def _uninstall(site: Site, call: Call) -> Reply:
    return submitted(site, call, "ngt.uninstall")


def _uninstalled(site: Site, _: Run, vm: Record) -> None:
    disk = life.boot_disk(site, vm)
    if disk is None or "ngt" not in disk.hidden["os"] or not life.tools_reachable(site, vm):
        raise Refusal(400, "VMM-31306", f"Nutanix Guest Tools on the VM {vm.body['name']} cannot be reached.")
    del disk.hidden["os"]["ngt"]
    site.store.table("disks").save(disk)
    wanted_of(site, vm).body.update(isEnabled=False, capabilities=[])


OPERATIONS = (
    vm_operation("ngt.update", "kVmGuestToolsUpdate", "Update NGT", _updated),
    vm_operation("ngt.insert", "kVmGuestToolsInsertIso", "Insert NGT ISO", _inserted),
    vm_operation("ngt.install", "kVmGuestToolsInstall", "Install NGT", _did_install, seconds=10.0),
    vm_operation("ngt.upgrade", "kVmGuestToolsUpgrade", "Upgrade NGT", _upgraded, seconds=5.0),
    vm_operation("ngt.uninstall", "kVmGuestToolsUninstall", "Uninstall NGT", _uninstalled, seconds=5.0),
)
_ONE = "/{extId}/guest-tools"
ROUTES = (
    vm_route("GET", _ONE, "get_guest_tools_by_id", _get),
    vm_route("PUT", _ONE, "update_guest_tools_by_id", _update, body=TYPE),
    vm_route(
        "POST", f"{_ONE}/$actions/install", "install_vm_guest_tools", _install, body=_TYPES + "GuestToolsInstallConfig"
    ),
    vm_route(
        "POST", f"{_ONE}/$actions/insert-iso", "insert_vm_guest_tools", _insert, body=_TYPES + "GuestToolsInsertConfig"
    ),
    vm_route(
        "POST", f"{_ONE}/$actions/upgrade", "upgrade_vm_guest_tools", _upgrade, body=_TYPES + "GuestToolsUpgradeConfig"
    ),
    vm_route("POST", f"{_ONE}/$actions/uninstall", "uninstall_vm_guest_tools", _uninstall),
)
