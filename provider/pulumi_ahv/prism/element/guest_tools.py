"""Nutanix Guest Tools of machines of a Prism Element: v1, because v2.0's call is for another hypervisor.

Facts (api-legacy, section 1.6): calls answer ``{"value": true}`` and no task; a mount makes new certificates and
needs a free CD-ROM drive (kNoFreeCdRomSlot); ``installedVersion`` is null until the tools are installed. There is no
call that installs them inside the guest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pulumi_ahv.kernel.errors import AhvError, ApiError
from pulumi_ahv.prism.element.api import Api
from pulumi_ahv.prism.transport import Request
from pulumi_ahv.prism.vm_interface import Doings
from pulumi_ahv.prism.vms import Tools

_V1 = "/PrismGateway/services/rest/v1/vms"
_APPLICATIONS = {"file_level_restore": "selfServiceRestore", "vss_snapshot": "vssSnapshot"}
_FULL = "kNoFreeCdRomSlot"


class ElementGuestTools:
    """``GuestTools`` of one Prism Element."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def get(self, vm_uuid: str) -> Tools:
        """What Prism knows of the tools of a machine."""
        request = Request("GET", _path(vm_uuid), f"Reading the guest tools of machine {vm_uuid}")
        told = self._api.call(request).json()
        return _tools(told if isinstance(told, Mapping) else {})

    def insert(self, vm_uuid: str, capabilities: Sequence[str], *, doings: Doings) -> None:
        """Put the tools' disc into a free drive and enable them; with none free this is an error that says so."""
        doing = f"Inserting the guest tools' disc into machine {vm_uuid}"
        if not self.get(vm_uuid).iso_inserted:
            try:
                self._post(_path(vm_uuid, "mount"), {}, doing, doings)
            except ApiError as error:
                if _FULL not in error.said:
                    raise
                advice = "Eject a disc, or give its template one more CD-ROM drive."
                raise AhvError(doing, said="the machine has no free CD-ROM drive", advice=advice) from error
        self.configure(vm_uuid, enabled=True, capabilities=capabilities, doings=doings)

    def eject(self, vm_uuid: str, *, doings: Doings) -> None:
        """Take the tools' disc out again."""
        if self.get(vm_uuid).iso_inserted:
            doing = f"Ejecting the guest tools' disc of machine {vm_uuid}"
            self._post(_path(vm_uuid, "unmount"), {}, doing, doings)

    def configure(self, vm_uuid: str, *, enabled: bool, capabilities: Sequence[str], doings: Doings) -> None:
        """Enable or disable the tools and set their capabilities."""
        held = self.get(vm_uuid)
        if held.enabled != enabled or sorted(held.capabilities) != sorted(capabilities):
            applications = {theirs: ours in capabilities for theirs, ours in _APPLICATIONS.items()}
            body = {"vmUuid": vm_uuid, "enabled": enabled, "applications": applications}
            self._post(_path(vm_uuid), body, f"Configuring the guest tools of machine {vm_uuid}", doings)

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

    def _post(self, path: str, body: Any, doing: str, doings: Doings) -> None:
        self._api.call(Request("POST", path, doing, body=body), doings.deadline)


def _path(vm_uuid: str, action: str = "") -> str:
    return f"{_V1}/{vm_uuid}/guest_tools{'/' if action else ''}{action}"


def _tools(told: Mapping[str, Any]) -> Tools:
    version = str(told.get("installedVersion") or "")
    applications = told.get("applications") or {}
    return Tools(
        installed=bool(version),
        enabled=bool(told.get("enabled")),
        reachable=bool(told.get("communicationLinkActive")),
        iso_inserted=bool(told.get("toolsMounted")),
        version=version,
        available_version=str(told.get("clusterVersion") or ""),
        capabilities=tuple(ours for theirs, ours in _APPLICATIONS.items() if applications.get(theirs)),
    )
