"""Nutanix Guest Tools of machines of Prism Central (``vms/{extId}/guest-tools``).

Facts (api-v4, section 6.6): insert-iso needs a free drive and installs nothing; there is no eject of its own, the disc
goes as every disc does; install wants credentials, an address and a running guest; some releases answer the GET
without an ETag, and the machine's own stands in for it (nutanix.ansible issue 706). Assumed from that: the machine's
ETag is taken for every change of its tools. What is done to many machines relies on it, for ``vm_bulk`` reads those.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pulumi_ahv.kernel.clock import Deadline
from pulumi_ahv.prism.central.api import Api, Entity
from pulumi_ahv.prism.central.stale import while_stale
from pulumi_ahv.prism.central.vm_bodies import VmBodies
from pulumi_ahv.prism.central.vm_bulk import VMS, VmBulk
from pulumi_ahv.prism.central.vm_devices import VmDevices
from pulumi_ahv.prism.central.vm_purposes import Data, Purpose, Step
from pulumi_ahv.prism.central.vm_reading import CAPABILITIES, tools_of, vm_of
from pulumi_ahv.prism.drives import bus_for_drive, needs_drive, tools_drive
from pulumi_ahv.prism.side_by_side import side_by_side
from pulumi_ahv.prism.tasks import TaskPoller
from pulumi_ahv.prism.vm_interface import Doings, Outcomes
from pulumi_ahv.prism.vms import DiscKind, Tools, Vm

_CAPABILITIES = {ours: theirs for theirs, ours in CAPABILITIES.items()}
_INSERTING = "Inserting the guest tools' disc into"


class CentralGuestTools:
    """``GuestTools`` of one Prism Central."""

    def __init__(self, api: Api, poller: TaskPoller, bulk: VmBulk) -> None:
        self._api = api
        self._poller = poller
        self._bulk = bulk
        self._bodies = VmBodies(api)

    def get(self, vm_uuid: str) -> Tools | None:
        """What Prism knows of the tools of a machine; ``None`` when there is positively no such machine."""
        doing = f"Reading the guest tools of machine {vm_uuid}"
        machine = self._api.get(VMS, vm_uuid, doing=doing)
        tools = self._api.get(VMS.below(vm_uuid), "guest-tools", doing=doing) if machine else None
        return tools_of(tools.data, machine.data) if machine and tools else None

    def of(self, vms: Sequence[Vm]) -> dict[str, Tools]:
        """The tools of machines that were read just now: those that told of them cost no call."""
        silent = [vm.uuid for vm in vms if vm.tools is None]
        found = {vm.uuid: vm.tools for vm in vms if vm.tools is not None}
        for uuid, tools in side_by_side(self.get, silent).items():
            if isinstance(tools, Exception):
                raise tools
            if tools is not None:
                found[uuid] = tools
        return found

    def insert(self, vm_uuids: Sequence[str], capabilities: Sequence[str], *, doings: Doings) -> Outcomes:
        """Put the tools' disc into a free drive of each machine; one that is off gets one more where none is free."""
        body = self._framed("GuestToolsInsertConfig", capabilities=_theirs(capabilities))

        def plan(uuid: str, data: Data) -> Step | None:
            vm = vm_of(data)
            if tools_drive(vm):
                return None
            if needs_drive(vm, f"{_INSERTING} machine '{vm.name}'"):
                return Step("CREATE", "{vmExtId}/cd-roms", {"vmExtId": uuid}, self._bodies.cd_rom(bus_for_drive(vm)))
            return Step("ACTION", "{extId}/guest-tools/$actions/insert-iso", {"extId": uuid}, body)

        return self._bulk.converge(vm_uuids, Purpose(_INSERTING, plan), doings)

    def eject(self, vm_uuids: Sequence[str], *, doings: Doings) -> Outcomes:
        """Take the tools' disc out again, wherever it is in a drive."""
        return self._bulk.converge(vm_uuids, VmDevices(self._bodies).ejection(DiscKind.GUEST_TOOLS), doings)

    def configure(
        self, vm_uuids: Sequence[str], *, enabled: bool, capabilities: Sequence[str], doings: Doings
    ) -> Outcomes:
        """Enable or disable the tools and set their capabilities, where machines do not tell that they are so."""
        wanted = (enabled, tuple(sorted(capabilities)))
        body = self._framed("GuestTools", isEnabled=enabled, capabilities=_theirs(capabilities))

        def plan(uuid: str, data: Data) -> Step | None:
            held = vm_of(data).tools
            if held and (held.enabled, held.capabilities) == wanted:
                return None
            return Step("MODIFY", "{extId}/guest-tools", {"extId": uuid}, body)

        # The first release tells nothing of tools with a machine: there the task's good end has to do.
        return self._bulk.converge(vm_uuids, Purpose("Configuring the guest tools of", plan, once=True), doings)

    def install(
        self, vm_uuid: str, *, username: str, password: str, capabilities: Sequence[str], reboot: str, doings: Doings
    ) -> None:
        """Install inside the guest with its credentials; ``reboot`` is ``skip``, ``immediate`` or ``later``."""
        self._api.transport.scrubber.add(password)
        body = self._framed(
            "GuestToolsInstallConfig",
            capabilities=_theirs(capabilities),
            credential=self._framed("Credential", username=username, password=password),
            rebootPreference=self._framed("RebootPreference", scheduleType=reboot.upper()),
        )
        self._act(vm_uuid, "install", body, f"Installing the guest tools in machine {vm_uuid}", doings)

    def uninstall(self, vm_uuid: str, *, doings: Doings) -> None:
        """Uninstall inside a running guest whose tools are reachable."""
        self._act(vm_uuid, "uninstall", None, f"Uninstalling the guest tools of machine {vm_uuid}", doings)

    def _act(self, vm_uuid: str, action: str, body: Any, doing: str, doings: Doings) -> None:
        """Make a call and wait for it; read the ETag again when it went stale."""
        where = VMS.below(f"{vm_uuid}/guest-tools/$actions/{action}")
        deadline = doings.deadline

        def attempt(_: int) -> None:
            etag = self._fresh(vm_uuid, doing, deadline).etag
            task = self._api.submit("POST", where, doing=doing, body=body, etag=etag, deadline=deadline)
            self._poller.wait(task, doing=doing, deadline=deadline)

        while_stale(attempt, clock=self._api.transport.clock, deadline=deadline)

    def _fresh(self, vm_uuid: str, doing: str, deadline: Deadline) -> Entity:
        """The tools with an ETag: their own, or the machine's where they come without."""
        tools = self._api.get(VMS.below(vm_uuid), "guest-tools", doing=doing, deadline=deadline)
        if tools is None:
            raise self._api.not_found(doing)
        if tools.etag:
            return tools
        machine = self._api.get(VMS, vm_uuid, doing=doing, deadline=deadline)
        return Entity(tools.data, machine.etag if machine else "")

    def _framed(self, kind: str, **fields: Any) -> dict[str, Any]:
        return self._api.framed("vmm", f"ahv.config.{kind}", **fields)


def _theirs(names: Sequence[str]) -> list[str]:
    return [_CAPABILITIES.get(name, name) for name in names]
