"""Prism's own guest customization (api-v4, section 6.5): checked when given, a disc at the next power on.

Facts: texts are base64; it is never shown again; ``vmGuestCustomizationStatus`` is PENDING until it is used; the
disc is a config drive (label ``config-2``) or holds ``unattend.xml``, marked GUEST_CUSTOMIZATION (guest.md,
sections 1.3 and 2.3); raw XML is VMM-30102 for ``unattendXml``, XML that is not well-formed fails the task; AOS 7.3
takes user data only if it starts with ``#cloud-config``. Assumed: the disc goes at the power on after the one that
used it.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any
from xml.etree.ElementTree import ParseError, fromstring

from pulumi_ahv.simulator import vm_devices
from pulumi_ahv.simulator.answers import Refusal
from pulumi_ahv.simulator.site import Site
from pulumi_ahv.simulator.store import Record

_LINUX = "CloudInit"


def check(site: Site, params: dict[str, Any] | None) -> None:
    """See that a customization can be used.

    Raises:
        Refusal: it is not base64, or not what this release takes.
    """
    config = (params or {}).get("config")
    if config is None:
        return
    if config["$objectType"].endswith(_LINUX):
        data = _decoded(config.get("cloudInitScript", {}).get("value", ""), "userdata")
        _decoded(config.get("metadata", ""), "metadata")
        if site.settings.version == "v4.1" and data and not data.startswith(b"#cloud-config"):
            raise _invalid("userdata")
    else:
        _decoded(config.get("sysprepScript", {}).get("value", ""), "unattendXml")


def stage(vm: Record, params: dict[str, Any] | None) -> None:
    """Keep a customization for the next power on; none leaves what is kept."""
    if params and params.get("config"):
        vm.hidden["customization"] = params["config"]
        vm.body["vmGuestCustomizationStatus"] = "PENDING"


def deliver(site: Site, vm: Record) -> None:
    """At power on: take the last customization's disc away, and put the kept one's in.

    Raises:
        Refusal: the disc cannot be made of it, or there is no place for it.
    """
    stays = vm.hidden.get("staying", ())  # an Element's disc is there until somebody takes it
    own = [each for each in vm.body.get("cdRoms", ()) if each.get("isoType") == "GUEST_CUSTOMIZATION"]
    for drive in [each for each in own if each["extId"] not in stays]:
        vm_devices.empty(site, drive)
        vm.body["cdRoms"].remove(drive)
    config = vm.hidden.get("customization")
    if config is None:
        return
    label, files = _linux(vm, config) if config["$objectType"].endswith(_LINUX) else _windows(config)
    drive = {"extId": site.new_id(), "diskAddress": vm_devices.place(vm.body, {}, usual="SATA")}
    disc = {"label": label, "files": {name: base64.b64encode(data).decode() for name, data in files.items()}}
    source = {"content": "", "used": 0, "size": 1 << 20, "os": {"disc": disc}}
    vm_devices.load(site, vm.body, drive, source, "GUEST_CUSTOMIZATION")
    vm.body.setdefault("cdRoms", []).append(drive)
    vm.body.pop("vmGuestCustomizationStatus", None)
    del vm.hidden["customization"]


def _linux(vm: Record, config: dict[str, Any]) -> tuple[str, dict[str, bytes]]:
    metadata = _decoded(config.get("metadata", ""), "metadata")
    if not metadata:
        metadata = json.dumps({"uuid": vm.body["biosUuid"], "hostname": vm.body["name"]}).encode()
    data = _decoded(config.get("cloudInitScript", {}).get("value", ""), "userdata")
    return "config-2", {"openstack/latest/meta_data.json": metadata, "openstack/latest/user_data": data}


def _windows(config: dict[str, Any]) -> tuple[str, dict[str, bytes]]:
    data = _decoded(config.get("sysprepScript", {}).get("value", ""), "unattendXml")
    try:
        fromstring(data)  # noqa: S314 - expat expands nothing beyond the document
    except ParseError as error:
        text = "Unable to generate Sysprep ISO: Unattend data is not in valid XML format."
        raise Refusal(400, "VMM-30104", text) from error
    fresh = config.get("installType", "PREPARED") == "FRESH"
    return "sysprep", {"autounattend.xml" if fresh else "unattend.xml": data}


def _decoded(text: str, name: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise _invalid(name) from error


def _invalid(name: str) -> Refusal:
    arguments = {"argument_key": name}
    return Refusal(400, "VMM-30102", f"Invalid value for {name}.", group="VM_INVALID_ARGUMENT", arguments=arguments)
