"""The life of a guest: off, booting, running, stopping, hung. What it found is kept in the table ``guests``, by VM.

What a guest writes on its disk (host name, instance id, tools) is kept beside that disk's content, so a clone
carries it on: the instance id decides whether a clone is set up again (guest.md, section 1.7). Rules by VM name
(``rules_for``) let guests hang, ignore a shutdown, stay without an address, or take longer. Assumed: a boot takes
20 s and a shutdown 5 s of the site's time; a Windows disc makes a Windows guest; a command that names NGT's
installer installs it when its disc is in a drive.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from hashlib import sha256
from typing import Any

from pulumi_ahv.simulator.guests import cloud_init, joining, network, unattend
from pulumi_ahv.simulator.guests.discs import discs_of
from pulumi_ahv.simulator.guests.iso9660 import Disc
from pulumi_ahv.simulator.site import Site
from pulumi_ahv.simulator.store import Record

NGT_VERSION = "4.3.1"
_BOOT, _SHUTDOWN = 20.0, 5.0
_INSTALLS_TOOLS = re.compile(r"ngt|nutanix.?guest.?tools", re.IGNORECASE)
RULES = frozenset({"match", "hangs", "ignoresShutdown", "noAddress", "bootSeconds"})


def guest_of(site: Site, vm: Record) -> Record:
    """The guest of a VM; one that never ran is off."""
    guests = site.store.table("guests")
    return guests.get(vm.ext_id) or guests.add(vm.ext_id, {"state": "off", "boots": 0, "vm": vm.body["name"]})


def rules_for(site: Site, name: str) -> dict[str, Any]:
    """What the rules say of the guest of a VM of this name; later rules win."""
    told: dict[str, Any] = {}
    for rule in site.store.table("guest-rules"):
        if fnmatchcase(name, rule.body.get("match", "*")):
            told |= rule.body
    return told


def boot(site: Site, vm: Record) -> None:
    """The machine was turned on, or reset."""
    guest = guest_of(site, vm)
    guest.body.update(state="booting", boots=guest.body["boots"] + 1, vm=vm.body["name"])
    site.store.table("guests").save(guest)
    seconds = float(rules_for(site, vm.body["name"]).get("bootSeconds", site.latency("guest.boot", _BOOT)))
    site.timeline.at(site.timeline.now() + seconds, "guest.up", vm=vm.ext_id, boot=guest.body["boots"])


def die(site: Site, vm: Record) -> None:
    """The machine was turned off under the guest, or is being reset."""
    guest = guest_of(site, vm)
    guest.body.update(state="off", addresses=[])
    site.store.table("guests").save(guest)
    for nic in vm.body.get("nics", ()):
        for part in ("networkInfo", "nicNetworkInfo"):
            nic[part].pop("ipv4Info", None)


def is_boot(site: Site, vm: Record, number: int) -> bool:
    """Whether an event still belongs to the boot that the guest is in."""
    guest = guest_of(site, vm)
    return bool(vm.body["powerState"] == "ON" and guest.body["boots"] == number and guest.body["state"] != "off")


def ask(site: Site, vm: Record, then: str) -> None:
    """Ask the guest to shut down or reboot; one that is not running, or does not want to, does nothing."""
    guest = guest_of(site, vm)
    if guest.body["state"] != "running" or rules_for(site, vm.body["name"]).get("ignoresShutdown"):
        return
    _go_down(site, guest, vm, then)


def _go_down(site: Site, guest: Record, vm: Record, then: str) -> None:
    guest.body["state"] = "stopping"
    site.store.table("guests").save(guest)
    moment = site.timeline.now() + site.latency("guest.shutdown", _SHUTDOWN)
    site.timeline.at(moment, "guest.down", vm=vm.ext_id, boot=guest.body["boots"], then=then)


def up(site: Site, arguments: dict[str, Any]) -> None:
    """The guest has booted: read the discs, act on them, show addresses."""
    vm = site.store.table("vms").get(arguments["vm"])
    if vm is None or not is_boot(site, vm, arguments["boot"]):
        return
    guest, rules, disk = guest_of(site, vm), rules_for(site, vm.body["name"]), boot_disk(site, vm)
    if disk is None or rules.get("hangs"):
        guest.body["state"] = "hung" if disk is not None else "no-operating-system"
        site.store.table("guests").save(guest)
        return
    guest.body.update(state="running", problems=[])
    power = _act(site, vm, guest, disk)
    _show_addresses(vm, guest, without=bool(rules.get("noAddress")))
    site.store.table("disks").save(disk)
    site.store.table("guests").save(guest)
    site.store.table("vms").save(vm)
    if power in {"poweroff", "halt", "reboot"}:
        _go_down(site, guest, vm, "reboot" if power == "reboot" else "off")


def boot_disk(site: Site, vm: Record) -> Record | None:
    """The disk that the guest boots from: the first one that has content."""
    for disk in vm.body.get("disks", ()):
        record = site.store.table("disks").get(disk["extId"])
        if record is not None and record.hidden["content"]:
            return record
    return None


def _act(site: Site, vm: Record, guest: Record, disk: Record) -> str:
    """Do what the discs ask for; answers what the guest does with its power afterwards."""
    system = disk.hidden["os"]
    found, problems = discs_of(site, vm)
    guest.body["problems"] += problems
    guest.body["discs"] = [_noted(kind, disc) for kind, disc in found]
    tools_disc = any(kind == "GUEST_TOOLS" for kind, _ in found)
    discs = [disc for kind, disc in found if kind != "GUEST_TOOLS"]
    answers = next((data for disc in discs if (data := unattend.answer_file(disc.files)) is not None), None)
    power, commands = "", []
    if answers is not None:
        commands = _windows(answers, guest, system)
    else:
        commands, power = _linux(discs, guest, system)
    if tools_disc and any(_INSTALLS_TOOLS.search(str(command)) for command in commands):
        system["ngt"] = {"version": NGT_VERSION}
    if tools_disc and "ngt" in system:
        system["ngt"]["certificate"] = vm.ext_id
    guest.body["domain"] = system.get("domain", "")
    guest.body["os"] = system.get("kind", "linux")
    guest.body["hostname"] = system.get("hostname", "localhost")
    return power


def _noted(kind: str, disc: Disc) -> dict[str, Any]:
    """A disc as it is told: contents as digests, for they hold passwords."""
    digests = {name: sha256(content).hexdigest() for name, content in sorted(disc.files.items())}
    return {"kind": kind, "label": disc.label, "files": list(digests), "digests": digests}


def _windows(answers: bytes, guest: Record, system: dict[str, Any]) -> list[Any]:
    if system.get("kind") == "windows" and system.get("isSetUp"):
        return []  # a machine that has been set up reads no answer file again
    setup = unattend.read_answers(answers)
    system.update(kind="windows", isSetUp=not setup.problems, hostname=setup.computer_name)
    guest.body["problems"] += setup.problems
    guest.body["applied"] = {
        "datasource": "unattend",
        "domain": setup.domain,
        "organizationalUnit": setup.organizational_unit,
        "users": setup.users,
        "commands": setup.commands,
        "network": setup.network,
    }
    system["domain"] = setup.domain
    guest.body["network"] = setup.network
    return setup.commands


def _linux(discs: list[Any], guest: Record, system: dict[str, Any]) -> tuple[list[Any], str]:
    source, problems = cloud_init.find(discs)
    guest.body["problems"] += problems
    if source is None:
        return [], ""  # cloud-init stays disabled: host name, users and addresses are those of the disk
    outcome = cloud_init.read_user_data(source)
    system["hostname"] = outcome.hostname or system.get("hostname", "localhost")
    if system.get("instanceId") == source.instance_id:
        return [], ""
    system.update(kind="linux", instanceId=source.instance_id, network=source.network)
    guest.body["problems"] += outcome.problems
    join = joining.joined(outcome.commands)
    guest.body["applied"] = {
        "datasource": source.name,
        "instanceId": source.instance_id,
        "users": outcome.users,
        "files": outcome.files,
        "commands": outcome.commands,
        "network": source.network,
        "domain": join.domain,
        "organizationalUnit": join.organizational_unit,
    }
    system["domain"] = join.domain or system.get("domain", "")
    guest.body["network"] = source.network
    return outcome.commands, outcome.power


def _show_addresses(vm: Record, guest: Record, *, without: bool) -> None:
    found = network.interfaces(guest.body.get("network"))
    addresses = []
    for index, nic in enumerate(vm.body.get("nics", ())):
        if without or not nic["backingInfo"]["isConnected"]:
            continue
        address = network.address_of(nic, index, found)
        addresses.append(address)
        given = nic["networkInfo"].get("ipv4Config", {}).get("ipAddress", {}).get("value")
        if address != given:
            for part in ("networkInfo", "nicNetworkInfo"):
                nic[part]["ipv4Info"] = {"learnedIpAddresses": [{"value": address, "prefixLength": 32}]}
    guest.body["addresses"] = addresses


def tools_reachable(site: Site, vm: Record) -> bool:
    """Whether NGT in the guest answers: installed, enabled, running, and certified for this very VM."""
    disk = boot_disk(site, vm)
    guest = guest_of(site, vm)
    if disk is None or guest.body["state"] != "running":
        return False
    tools = disk.hidden["os"].get("ngt", {})
    wanted = site.store.table("guest-tools").get(vm.ext_id)
    return bool(tools.get("certificate") == vm.ext_id and wanted is not None and wanted.body["isEnabled"])


HAPPENINGS = {"guest.up": up}
