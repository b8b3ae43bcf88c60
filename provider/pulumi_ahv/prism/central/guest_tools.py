"""Nutanix Guest Tools of machines of Prism Central (``vms/{extId}/guest-tools``).

Facts (api-v4, section 6.6): insert-iso needs a free drive and installs nothing; there is no eject of its own, the disc
goes as every disc does; install wants credentials, an address and a running guest; some releases answer the GET
without an ETag, and the machine's own stands in for it (nutanix.ansible issue 706).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pulumi_ahv.kernel.clock import Deadline
from pulumi_ahv.kernel.errors import AhvError
from pulumi_ahv.prism.central.api import Api, Entity
from pulumi_ahv.prism.central.stale import while_stale
from pulumi_ahv.prism.central.vm_bodies import VmBodies
from pulumi_ahv.prism.central.vm_bulk import VMS, VmBulk
from pulumi_ahv.prism.central.vm_devices import VmDevices
from pulumi_ahv.prism.central.vm_reading import CAPABILITIES, tools_of, vm_of
from pulumi_ahv.prism.central.vms import raise_first
from pulumi_ahv.prism.tasks import TaskPoller
from pulumi_ahv.prism.vm_interface import Doings
from pulumi_ahv.prism.vms import DiscKind, Tools

_CAPABILITIES = {ours: theirs for theirs, ours in CAPABILITIES.items()}


class CentralGuestTools:
    """``GuestTools`` of one Prism Central."""

    def __init__(self, api: Api, poller: TaskPoller, bulk: VmBulk) -> None:
        self._api = api
        self._poller = poller
        self._bulk = bulk

    def get(self, vm_uuid: str) -> Tools:
        """What Prism knows of the tools of a machine."""
        return tools_of(self._read(vm_uuid, f"Reading the guest tools of machine {vm_uuid}", None).data)

    def insert(self, vm_uuid: str, capabilities: Sequence[str], *, doings: Doings) -> None:
        """Put the tools' disc into a free drive; with none free this is an error that says so."""
        doing = f"Inserting the guest tools' disc into machine {vm_uuid}"
        if self.get(vm_uuid).iso_inserted:
            return
        self._need_free_drive(vm_uuid, doing, doings.deadline)
        body = self._framed("GuestToolsInsertConfig", capabilities=_capabilities(capabilities))
        self._act(vm_uuid, "$actions/insert-iso", body, doing, doings)

    def eject(self, vm_uuid: str, *, doings: Doings) -> None:
        """Take the tools' disc out again."""
        purpose = VmDevices(VmBodies(self._api)).ejection(DiscKind.GUEST_TOOLS)
        raise_first(self._bulk.converge([vm_uuid], purpose, doings))

    def configure(self, vm_uuid: str, *, enabled: bool, capabilities: Sequence[str], doings: Doings) -> None:
        """Enable or disable the tools and set their capabilities."""
        doing = f"Configuring the guest tools of machine {vm_uuid}"
        held, wanted = self.get(vm_uuid), _capabilities(capabilities)
        if held.enabled != enabled or sorted(held.capabilities) != sorted(capabilities):
            body = self._framed("GuestTools", isEnabled=enabled, capabilities=wanted)
            self._act(vm_uuid, "", body, doing, doings)

    def install(
        self, vm_uuid: str, *, username: str, password: str, capabilities: Sequence[str], reboot: str, doings: Doings
    ) -> None:
        """Install inside the guest with its credentials; ``reboot`` is ``skip``, ``immediate`` or ``later``."""
        doing = f"Installing the guest tools in machine {vm_uuid}"
        self._api.transport.scrubber.add(password)
        body = self._framed(
            "GuestToolsInstallConfig",
            capabilities=_capabilities(capabilities),
            credential=self._framed("Credential", username=username, password=password),
            rebootPreference=self._framed("RebootPreference", scheduleType=reboot.upper()),
        )
        self._act(vm_uuid, "$actions/install", body, doing, doings)

    def _act(self, vm_uuid: str, action: str, body: Any, doing: str, doings: Doings) -> None:
        """Make a call and wait for it; read the ETag again when it went stale."""
        where = VMS.below(f"{vm_uuid}/guest-tools{'/' if action else ''}{action}")
        deadline = doings.deadline

        def attempt(_: int) -> None:
            etag = self._read(vm_uuid, doing, deadline).etag
            method = "POST" if action else "PUT"
            task = self._api.submit(method, where, doing=doing, body=body, etag=etag, deadline=deadline)
            self._poller.wait(task, doing=doing, deadline=deadline)

        while_stale(attempt, clock=self._api.transport.clock, deadline=deadline)

    def _read(self, vm_uuid: str, doing: str, deadline: Deadline | None) -> Entity:
        """The tools with an ETag: their own, or the machine's where they come without."""
        tools = self._api.get(VMS.below(vm_uuid), "guest-tools", doing=doing, deadline=deadline)
        if tools is None:
            raise self._api.not_found(doing)
        if tools.etag or deadline is None:
            return tools
        machine = self._api.get(VMS, vm_uuid, doing=doing, deadline=deadline)
        return Entity(tools.data, machine.etag if machine else "")

    def _need_free_drive(self, vm_uuid: str, doing: str, deadline: Deadline) -> None:
        machine = self._api.get(VMS, vm_uuid, doing=doing, deadline=deadline)
        if machine is None:
            raise self._api.not_found(doing)
        drives = vm_of(machine.data).cd_roms
        if not any(drive.kind is DiscKind.EMPTY for drive in drives):
            held = f"all {len(drives)} CD-ROM drives are taken" if drives else "the machine has no CD-ROM drive"
            raise AhvError(doing, said=held, advice="Eject a disc, or give its template one more CD-ROM drive.")

    def _framed(self, kind: str, **fields: Any) -> dict[str, Any]:
        return self._api.framed("vmm", f"ahv.config.{kind}", **fields)


def _capabilities(names: Sequence[str]) -> list[str]:
    return [_CAPABILITIES.get(name, name) for name in names]
