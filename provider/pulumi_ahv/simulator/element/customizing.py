"""``vm_customization_config``: a disc that Prism makes and attaches when the machine is made, and never takes away.

Facts (api-legacy, section 1.6): user data is plain text; an answer file for Windows is user data too;
``fresh_install`` names it ``autounattend.xml``, else it is ``unattend.xml``; the disc hangs on ide.0, on Q35 on
sata.0, as one more CD-ROM. Assumed: what begins as XML is an answer file; a path on the cluster's storage names
nothing here.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from pulumi_ahv.simulator import vm_devices
from pulumi_ahv.simulator.element.calls import NOT_FOUND, Refused, one_of
from pulumi_ahv.simulator.site import Site
from pulumi_ahv.simulator.store import Record

_SIZE = 382_976  # of a recorded one


def config_of(body: Mapping[str, Any]) -> dict[str, Any] | None:
    """The customization that a body asks for.

    Raises:
        Refused: it cannot be delivered.
    """
    config = body.get("vm_customization_config")
    if not config:
        return None
    if config.get("datasource_type"):
        one_of(config["datasource_type"], "datasource_type", ("CONFIG_DRIVE_V2",))
    if config.get("userdata_path") or config.get("files_to_inject_list"):
        raise Refused(404, f"{config.get('userdata_path') or 'A file to inject'} does not exist.", code=NOT_FOUND)
    return {"userdata": str(config.get("userdata") or ""), "fresh": bool(config.get("fresh_install"))}


def insert_disc(site: Site, vm: Record, config: Mapping[str, Any] | None) -> None:
    """Attach the disc, where one was asked for.

    Raises:
        Refusal: no place is left for it.
    """
    if config is None:
        return
    bus = "SATA" if vm.body["machineType"] == "Q35" else "IDE"
    drive = {"extId": site.new_id(), "diskAddress": vm_devices.place(vm.body, {}, usual=bus)}
    label, files = _files(vm, config)
    disc = {"label": label, "files": {name: base64.b64encode(data).decode() for name, data in files.items()}}
    source = {"content": "", "used": 0, "size": _SIZE, "os": {"disc": disc}}
    vm_devices.load(site, vm.body, drive, source, "GUEST_CUSTOMIZATION")
    vm.body.setdefault("cdRoms", []).append(drive)
    vm.hidden["staying"] = [drive["extId"]]
    site.store.table("vms").save(vm)


def _files(vm: Record, config: Mapping[str, Any]) -> tuple[str, dict[str, bytes]]:
    data = config["userdata"].encode()
    if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return "sysprep", {"autounattend.xml" if config["fresh"] else "unattend.xml": data}
    metadata = json.dumps({"uuid": vm.body["biosUuid"], "hostname": vm.body["name"]}).encode()
    return "config-2", {"openstack/latest/meta_data.json": metadata, "openstack/latest/user_data": data}
