"""Power of VMs (api-v4, section 6.1): the machine's side. What the guest does about it is ``guests.life``'s.

Facts: shutdown and reboot are ACPI, guest-shutdown and guest-reboot go through NGT, power-off pulls the cord; all
want a request id and the VM's ETag. Assumed: an action that does not fit the power state fails its task; a soft
shutdown's task succeeds when the guest was told, and the VM goes OFF when the guest is done; the host with the most
free memory is taken.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pulumi_ahv.simulator import customization
from pulumi_ahv.simulator.answers import Refusal, Reply
from pulumi_ahv.simulator.guests import life
from pulumi_ahv.simulator.routing import Call
from pulumi_ahv.simulator.site import Site
from pulumi_ahv.simulator.store import Record
from pulumi_ahv.simulator.vm_tasks import Effect, submitted, vm_operation, vm_route
from pulumi_ahv.simulator.work import Run

_OPTIONS = "vmm.v4.ahv.config.GuestPowerOptions"


def start(site: Site, vm: Record) -> None:
    """Turn a VM on.

    Raises:
        Refusal: it is on, no host has room for it, or its customization cannot be delivered.
    """
    _need(vm, "OFF", "powered on")
    host = _host(site, vm)
    customization.deliver(site, vm)
    vm.hidden["load"] = vm.body["memorySizeBytes"]
    _load_host(site, host, vm.hidden["load"])
    vm.body["host"] = {"extId": host.ext_id}
    vm.body["powerState"] = "ON"
    life.boot(site, vm)


def stop(site: Site, vm: Record) -> None:
    """Turn a VM off at once; one that is off stays so."""
    if vm.body["powerState"] == "OFF":
        return
    host = site.store.table("hosts").get(vm.body.pop("host", {}).get("extId", ""))
    if host is not None:
        _load_host(site, host, -vm.hidden.pop("load", 0))
    vm.body["powerState"] = "OFF"
    life.die(site, vm)


def _need(vm: Record, state: str, action: str) -> None:
    if vm.body["powerState"] != state:
        text = f"The VM {vm.body['name']} cannot be {action}: it is {vm.body['powerState']}."
        raise Refusal(400, "VMM-30103", text, group="VM_INVALID_POWER_STATE")


def _host(site: Site, vm: Record) -> Record:
    cluster, memory = vm.body["cluster"]["extId"], vm.body["memorySizeBytes"]
    hosts = [host for host in site.store.table("hosts") if host.body["cluster"]["uuid"] == cluster]
    free = [(host.body["memorySizeBytes"] - host.hidden.get("memory", 0), host.ext_id) for host in hosts]
    room, ext_id = max(free, default=(0, ""))
    if room < memory:
        text = f"No host of the cluster has {memory} bytes of memory left for the VM {vm.body['name']}."
        raise Refusal(400, "VMM-34418", text, group="VM_NO_HOST_AVAILABLE")
    return site.find("hosts", ext_id)


def _load_host(site: Site, host: Record, memory: int) -> None:
    host.hidden["memory"] = host.hidden.get("memory", 0) + memory
    site.store.table("hosts").save(host)


def _power_on(site: Site, _: Run, vm: Record) -> None:
    start(site, vm)


def _power_off(site: Site, _: Run, vm: Record) -> None:
    _need(vm, "ON", "powered off")
    stop(site, vm)


def _power_cycle(site: Site, _: Run, vm: Record) -> None:
    _need(vm, "ON", "power cycled")
    stop(site, vm)
    start(site, vm)


def _reset(site: Site, _: Run, vm: Record) -> None:
    _need(vm, "ON", "reset")
    life.die(site, vm)
    life.boot(site, vm)


def _shutdown(site: Site, _: Run, vm: Record) -> None:
    _need(vm, "ON", "shut down")
    life.ask(site, vm, "off")


def _reboot(site: Site, _: Run, vm: Record) -> None:
    _need(vm, "ON", "rebooted")
    life.ask(site, vm, "reboot")


def _guest_shutdown(site: Site, run: Run, vm: Record) -> None:
    _need_tools(site, vm)
    _shutdown(site, run, vm)


def _guest_reboot(site: Site, run: Run, vm: Record) -> None:
    _need_tools(site, vm)
    _reboot(site, run, vm)


def _need_tools(site: Site, vm: Record) -> None:
    if not life.tools_reachable(site, vm):
        text = f"Nutanix Guest Tools on the VM {vm.body['name']} cannot be reached."
        raise Refusal(400, "VMM-30110", text, group="VM_NGT_NOT_REACHABLE")


def gone_down(site: Site, arguments: dict[str, Any]) -> None:
    """The guest has finished shutting down: the machine goes OFF, or boots again."""
    vm = site.store.table("vms").get(arguments["vm"])
    if vm is None or not life.is_boot(site, vm, arguments["boot"]):
        return
    if arguments["then"] == "reboot":
        life.die(site, vm)
        life.boot(site, vm)
    else:
        stop(site, vm)
    site.store.table("vms").touch(vm)


def _action(name: str) -> Callable[[Site, Call], Reply]:
    def handler(site: Site, call: Call) -> Reply:
        return submitted(site, call, f"vm.{name}")

    return handler


_ACTIONS: dict[str, tuple[str, str, Effect]] = {
    "power-on": ("power_on_vm", "Power On VM", _power_on),
    "power-off": ("power_off_vm", "Power Off VM", _power_off),
    "power-cycle": ("power_cycle_vm", "Power Cycle VM", _power_cycle),
    "reset": ("reset_vm", "Reset VM", _reset),
    "shutdown": ("shutdown_vm", "Shutdown VM", _shutdown),
    "reboot": ("reboot_vm", "Reboot VM", _reboot),
    "guest-shutdown": ("shutdown_guest_vm", "Guest Shutdown VM", _guest_shutdown),
    "guest-reboot": ("reboot_guest_vm", "Guest Reboot VM", _guest_reboot),
}
OPERATIONS = tuple(
    vm_operation(f"vm.{name}", f"kVm{title.replace(' ', '').removesuffix('VM')}", title, effect)
    for name, (_, title, effect) in _ACTIONS.items()
)
ROUTES = tuple(
    vm_route(
        "POST",
        f"/{{extId}}/$actions/{name}",
        operation,
        _action(name),
        body=_OPTIONS if name.startswith("guest-") else "",
        needs_request_id=True,
        assumed="an action that does not fit the power state fails its task",
    )
    for name, (operation, _, _) in _ACTIONS.items()
)
HAPPENINGS = {"guest.down": gone_down}
