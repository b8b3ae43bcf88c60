"""Nutanix Guest Tools of machines of a Prism Element: v1, because v2.0's call is for another hypervisor.

Facts (api-legacy, section 1.6): calls answer ``{"value": true}`` and no task; a mount makes new certificates and
needs a free CD-ROM drive; ``installedVersion`` is null until the tools are installed; one list tells the tools of all
machines. There is no call that installs them inside the guest, or uninstalls them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pulumi_ahv.kernel.errors import AhvError, NotFound
from pulumi_ahv.prism.drives import bus_for_drive, needs_drive
from pulumi_ahv.prism.element.api import Api
from pulumi_ahv.prism.element.vm_many import Call, Many
from pulumi_ahv.prism.element.vm_reading import vm_of
from pulumi_ahv.prism.side_by_side import side_by_side
from pulumi_ahv.prism.tasks import TaskPoller
from pulumi_ahv.prism.transport import Request
from pulumi_ahv.prism.vm_interface import Doings, Outcomes
from pulumi_ahv.prism.vms import Outcome, Tools, Vm

_V1 = "/PrismGateway/services/rest/v1/vms"
_APPLICATIONS = {"file_level_restore": "selfServiceRestore", "vss_snapshot": "vssSnapshot"}


class ElementGuestTools:
    """``GuestTools`` of one Prism Element."""

    def __init__(self, api: Api, poller: TaskPoller) -> None:
        self._api = api
        self._many = Many(api, poller)

    def get(self, vm_uuid: str) -> Tools | None:
        """What Prism knows of the tools of a machine; ``None`` when there is positively no such machine."""
        request = Request("GET", _path(vm_uuid), f"Reading the guest tools of machine {vm_uuid}")
        try:
            return _tools(self._api.call(request).json())
        except NotFound:
            return None

    def of(self, vms: Sequence[Vm]) -> dict[str, Tools]:
        """The tools of machines that were read just now: those of several are one list call."""
        if len(vms) == 1:
            tools = self.get(vms[0].uuid)
            return {vms[0].uuid: tools} if tools else {}
        if not vms:
            return {}
        told = self._api.call(Request("GET", f"{_V1}/guest_tools", f"Reading the guest tools of {len(vms)} machines"))
        listed = told.json()
        entities = listed.get("entities") if isinstance(listed, Mapping) else listed
        found = {str(each.get("vmUuid")): _tools(each) for each in entities or ()}
        return {vm.uuid: found[vm.uuid] for vm in vms if vm.uuid in found}

    def insert(self, vm_uuids: Sequence[str], capabilities: Sequence[str], *, doings: Doings) -> Outcomes:
        """Put the tools' disc into a free drive of each machine; one that is off gets one more where none is free."""

        def one(uuid: str) -> None:
            doing = f"Inserting the guest tools' disc into machine {uuid}"
            if not self._known(uuid, doing).iso_inserted:
                self._make_room(uuid, doing, doings)
                self._post(_path(uuid, "mount"), {}, doing, doings)
            self._configure(uuid, (True, tuple(sorted(capabilities))), doings)

        return _each(vm_uuids, one)

    def eject(self, vm_uuids: Sequence[str], *, doings: Doings) -> Outcomes:
        """Take the tools' disc out again, wherever it is in a drive."""

        def one(uuid: str) -> None:
            doing = f"Ejecting the guest tools' disc of machine {uuid}"
            if self._known(uuid, doing).iso_inserted:
                self._post(_path(uuid, "unmount"), {}, doing, doings)

        return _each(vm_uuids, one)

    def configure(
        self, vm_uuids: Sequence[str], *, enabled: bool, capabilities: Sequence[str], doings: Doings
    ) -> Outcomes:
        """Enable or disable the tools and set their capabilities, where they are not so."""
        wanted = (enabled, tuple(sorted(capabilities)))
        return _each(vm_uuids, lambda uuid: self._configure(uuid, wanted, doings))

    def install(
        self, vm_uuid: str, *, username: str, password: str, capabilities: Sequence[str], reboot: str, doings: Doings
    ) -> None:
        """Refuse: an Element has no call that installs the tools inside the guest."""
        del username, password, capabilities, reboot, doings
        raise AhvError(
            f"Installing the guest tools in machine {vm_uuid}",
            said="Prism Element has no call for it",
            advice="Install them by the payload while their disc is in a drive, or use Prism Central.",
        )

    def uninstall(self, vm_uuid: str, *, doings: Doings) -> None:
        """Refuse: an Element has no call that uninstalls them either."""
        del doings
        doing = f"Uninstalling the guest tools of machine {vm_uuid}"
        raise AhvError(doing, said="Prism Element has no call for it", advice="Uninstall them inside the guest.")

    def _known(self, uuid: str, doing: str) -> Tools:
        tools = self.get(uuid)
        if tools is None:
            raise self._api.not_found(doing)
        return tools

    def _make_room(self, uuid: str, doing: str, doings: Doings) -> None:
        data = self._many.read(uuid, doing)
        if data is None:
            raise self._api.not_found(doing)
        vm = vm_of(data, "")
        if needs_drive(vm, doing):
            drive = {"is_cdrom": True, "is_empty": True, "disk_address": {"device_bus": bus_for_drive(vm)}}
            self._many.run(uuid, Call("POST", "/disks/attach", {"vm_disks": [drive]}), doing, doings)

    def _configure(self, uuid: str, wanted: tuple[bool, tuple[str, ...]], doings: Doings) -> None:
        doing, (enabled, capabilities) = f"Configuring the guest tools of machine {uuid}", wanted
        held = self._known(uuid, doing)
        if (held.enabled, held.capabilities) != wanted:
            applications = {theirs: ours in capabilities for theirs, ours in _APPLICATIONS.items()}
            self._post(_path(uuid), {"vmUuid": uuid, "enabled": enabled, "applications": applications}, doing, doings)

    def _post(self, path: str, body: Any, doing: str, doings: Doings) -> None:
        self._api.call(Request("POST", path, doing, body=body), doings.deadline)


def _each(uuids: Sequence[str], work: Callable[[str], None]) -> Outcomes:
    results = side_by_side(work, list(dict.fromkeys(uuids)))
    return {uuid: Outcome(uuid, result if isinstance(result, AhvError) else None) for uuid, result in results.items()}


def _path(vm_uuid: str, action: str = "") -> str:
    return f"{_V1}/{vm_uuid}/guest_tools{'/' if action else ''}{action}"


def _tools(told: Any) -> Tools:
    told = told if isinstance(told, Mapping) else {}
    version = str(told.get("installedVersion") or "")
    applications = told.get("applications") or {}
    return Tools(
        installed=bool(version),
        enabled=bool(told.get("enabled")),
        reachable=bool(told.get("communicationLinkActive")),
        iso_inserted=bool(told.get("toolsMounted")),
        version=version,
        available_version=str(told.get("clusterVersion") or ""),
        capabilities=tuple(sorted(ours for theirs, ours in _APPLICATIONS.items() if applications.get(theirs))),
    )
