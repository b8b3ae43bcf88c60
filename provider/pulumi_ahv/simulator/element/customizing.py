"""``vm_customization_config``: a disc that Prism makes and attaches when the machine is made, and never takes away.

Facts (api-legacy, section 1.6): user data is plain text; an answer file for Windows is user data too;
``fresh_install`` names it ``autounattend.xml``, else it is ``unattend.xml``; the disc hangs on ide.0, on Q35 on
sata.0, as one more CD-ROM; where a cluster has several storage containers, a clone has to say where the disc goes.
Assumed: what begins as XML is an answer file; a snapshot's clone has to say it too; a file on the cluster's storage has
to be there when the call is made.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from pulumi_ahv.simulator import vm_devices
from pulumi_ahv.simulator.element.calls import INVALID, NOT_FOUND, Element, Refused, one_of
from pulumi_ahv.simulator.element.cluster import containers_of
from pulumi_ahv.simulator.element.drafts import container_of
from pulumi_ahv.simulator.site import Site
from pulumi_ahv.simulator.storage_files import text_of
from pulumi_ahv.simulator.store import Record

_SIZE = 382_976  # of a recorded one


def config_of(element: Element, body: Mapping[str, Any]) -> dict[str, Any] | None:
    """The customization that a body asks for.

    Raises:
        Refused: it cannot be delivered.
    """
    config = body.get("vm_customization_config")
    if not config:
        return None
    if config.get("datasource_type"):
        one_of(config["datasource_type"], "datasource_type", ("CONFIG_DRIVE_V2",))
    if config.get("files_to_inject_list"):
        raise Refused(404, "A file to inject does not exist.", code=NOT_FOUND)
    userdata: str | None = str(config.get("userdata") or "")
    if path := config.get("userdata_path"):
        userdata = text_of(element.site, element.name, str(path))
    if userdata is None:
        raise Refused(404, f"{path} does not exist.", code=NOT_FOUND)
    return {"userdata": userdata, "fresh": bool(config.get("fresh_install"))}


def config_of_clones(element: Element, body: Mapping[str, Any]) -> dict[str, Any] | None:
    """The same for clones, which have to name a storage container where there are several.

    Raises:
        Refused: it cannot be delivered.
    """
    config, container = config_of(element, body), str(body.get("storage_container_uuid") or "")
    if config is None:
        return None
    if container and container_of(element, container) is None:
        raise Refused(404, f"Storage container {container} does not exist.", code=NOT_FOUND)
    if not container and len(containers_of(element)) > 1:
        raise Refused(422, "storage_container_uuid is required: there is more than one container.", code=INVALID)
    return config


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
