"""Clones of machines and of snapshots: one call makes many, one task names them all.

Facts (api-legacy, sections 1.4 and 1.5): one item of ``spec_list`` for each clone; without
``override_network_config`` NICs are copied but for MAC and address, with it ``vm_nics`` replaces them; one
customization for all clones of a call, accepted by snapshots too though not documented there; clones are off.
Assumed: all clones are made, or none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_ahv.simulator.answers import Refusal
from pulumi_ahv.simulator.element import vm_specs
from pulumi_ahv.simulator.element.calls import INVALID, V2, Call, Element, Refused, Reply, Route, required
from pulumi_ahv.simulator.element.customizing import config_of_clones, insert_disc
from pulumi_ahv.simulator.element.machines import begin, chosen_id, made
from pulumi_ahv.simulator.site import Site
from pulumi_ahv.simulator.store import Record
from pulumi_ahv.simulator.vm_clone import contents, copy
from pulumi_ahv.simulator.vm_tasks import vm_operation
from pulumi_ahv.simulator.vms import remove
from pulumi_ahv.simulator.work import Run

Content = dict[str, list[dict[str, Any]]]


def clone_arguments(element: Element, body: Mapping[str, Any]) -> dict[str, Any]:
    """What a clone task has to be told.

    Raises:
        Refused: no clone is named, or one cannot be.
    """
    specs = required(body, "spec_list")
    if not isinstance(specs, list):
        raise Refused(422, "spec_list must be a list.", code=INVALID)
    told = []
    for spec in specs:
        values = vm_specs.scalars(spec) | {"name": str(required(spec, "name"))}
        if spec.get("boot_config"):
            values |= vm_specs.scalars({"boot": spec["boot_config"]})
        if spec.get("override_network_config"):
            values["nics"] = [vm_specs.nic(item) for item in spec.get("vm_nics") or ()]
        told.append({"values": values, "id": str(spec.get("uuid") or "")})
    return {"specs": told, "customization": config_of_clones(element, body)}


def make_clones(site: Site, run: Run, body: dict[str, Any], content: Content) -> None:
    """Make every clone of a call, or none.

    Raises:
        Refusal: one of them cannot be made.
    """
    element = Element(site, run.arguments["cluster"])
    done: list[Record] = []
    try:
        for spec in run.arguments["specs"]:
            values = dict(spec["values"])
            without_nics = values.get("nics") == []
            source = {**body, "nics": []} if without_nics else body
            ext_id = chosen_id(element, spec["id"])
            done.append(copy(site, source, content, values, owner=site.admin_id, ext_id=ext_id))
            insert_disc(site, done[-1], run.arguments["customization"])
    except Refusal:
        for vm in done:
            remove(site, vm)
        raise
    for vm in done:
        _name_sources(site, vm, content)
        made(run, vm)


def _name_sources(site: Site, vm: Record, content: Content) -> None:
    """Let each disk say what it was cloned from."""
    for device, copied in zip(vm.body.get("disks", ()), content["disks"], strict=True):
        site.find("disks", device["extId"]).hidden["source"] = copied.get("vmdisk", "")


def contents_of(site: Site, body: dict[str, Any]) -> Content:
    """What is on a machine's disks, each with the id of its vmdisk."""
    found = contents(site, body)
    for item, device in zip(found["disks"], body.get("disks", ()), strict=True):
        item["vmdisk"] = device["backingInfo"]["diskExtId"]
    return found


def _clone(element: Element, call: Call) -> Reply:
    return begin(element, call, "element.vm.clone", **clone_arguments(element, call.body))


def _cloned(site: Site, run: Run, vm: Record) -> None:
    make_clones(site, run, vm.body, contents_of(site, vm.body))


OPERATIONS = (vm_operation("element.vm.clone", "VmClone", "VmClone", _cloned, seconds=3.0, touches=False),)
ROUTES = (Route("POST", V2, "vms/{uuid}/clone", "v2_clone_vm", _clone, "api-legacy §1.4"),)
