"""What volume groups hang on (api-v4, section 8): VMs, by their SCSI bus, and iSCSI clients.

Facts: to several VMs only if the group is SHARED; ``shouldLoadBalanceVmAttachments`` excludes iSCSI clients and the
reverse; a client is detached by its extId; both kinds of attaching are tasks of one name. Assumed: a group that is not
shared hangs on one VM or client at a time; the VM is on the group's cluster; the usual place on the bus is behind the
VM's own disks; a VM that is deleted lets go of its groups; the VM's own list of disks does not show the group.
"""

from __future__ import annotations

from typing import Any

from pulumi_ahv.simulator import iscsi_clients
from pulumi_ahv.simulator.answers import Reply
from pulumi_ahv.simulator.element.attachments import FIRST_INDEX, TABLE, attached_to
from pulumi_ahv.simulator.listing import Listing, page_of
from pulumi_ahv.simulator.routing import Call
from pulumi_ahv.simulator.site import Site
from pulumi_ahv.simulator.store import Record
from pulumi_ahv.simulator.volume_tasks import (
    PACKAGE,
    group_of,
    group_operation,
    group_route,
    refused,
    submitted,
)
from pulumi_ahv.simulator.work import Run

VM_TYPE = f"{PACKAGE}.VmAttachment"
CLIENT_TYPE = f"{PACKAGE}.IscsiClientAttachment"
_VM_REL = "volumes:config:vms"
_PLACES = range(256)
_VM_LIST = Listing(filters={"extId"}, orders={"extId", "createdTime"})
_CLIENT_LIST = Listing(filters={"extId", "clusterReference"}, orders={"extId", "clusterReference", "createdTime"})


def holders(site: Site, group: Record) -> list[dict[str, Any]]:
    """What a group hangs on, without VMs that are gone."""
    held: list[dict[str, Any]] = group.body["attachment_list"]
    vms = site.store.table("vms")
    left = [each for each in held if "vm_uuid" not in each or vms.get(each["vm_uuid"]) is not None]
    if len(left) < len(held):
        group.body["attachment_list"] = left
        site.store.table(TABLE).touch(group)
    return left


def vms_of(site: Site, group: Record) -> list[dict[str, Any]]:
    """The group's VMs as v4 shows them."""
    return [{"extId": each["vm_uuid"], "index": each["index"]} for each in holders(site, group) if "vm_uuid" in each]


def clients_of(site: Site, group: Record) -> list[dict[str, Any]]:
    """The group's iSCSI clients as v4 shows them."""
    cluster = group.hidden["cluster"]
    return [
        {"extId": each["client_uuid"], "clusterReference": cluster}
        for each in holders(site, group)
        if "client_uuid" in each
    ]


def _list_vms(site: Site, call: Call) -> Reply:
    return _listed(call, vms_of(site, group_of(site, call)), _VM_LIST, VM_TYPE)


def _list_clients(site: Site, call: Call) -> Reply:
    return _listed(call, clients_of(site, group_of(site, call)), _CLIENT_LIST, CLIENT_TYPE)


def _listed(call: Call, held: list[dict[str, Any]], listing: Listing, type_name: str) -> Reply:
    in_order = [{**each, "createdTime": place} for place, each in enumerate(held)]  # to sort by; no type declares it
    page, total = page_of(in_order, call.query, listing, code="VOL-10003")
    return Reply(page, type_name, total=total)


def _attach_vm(site: Site, call: Call) -> Reply:
    _vm_for(site, group_of(site, call), call.body["extId"])
    return submitted(site, call, "volume.attach-vm", spec=call.body)


def _vm_for(site: Site, group: Record, ext_id: str) -> Record:
    vm = site.store.table("vms").get(ext_id)
    if vm is None or vm.body["cluster"]["extId"] != group.hidden["cluster"]:
        raise refused(f"The VM {ext_id} does not exist on the cluster of the volume group.")
    return vm


def _attached_vm(site: Site, run: Run, group: Record) -> None:
    spec = run.arguments["spec"]
    vm = _vm_for(site, group, spec["extId"])
    _check_free(site, group, "vm_uuid", vm.ext_id)
    index = _place(site, vm, spec.get("index"))
    group.body["attachment_list"].append({"vm_uuid": vm.ext_id, "index": index})
    run.affect(vm.ext_id, _VM_REL, vm.body["name"])


def _check_free(site: Site, group: Record, kind: str, ext_id: str) -> None:
    held, name = holders(site, group), group.body["name"]
    if any(each.get(kind) == ext_id for each in held):
        raise refused(f"The volume group {name} is attached to {ext_id} already.")
    if held and not group.body["is_shared"]:
        raise refused(f"The volume group {name} is attached elsewhere, and its sharingStatus is NOT_SHARED.")


def _place(site: Site, vm: Record, asked: int | None) -> int:
    taken = {
        each["diskAddress"]["index"] for each in vm.body.get("disks", ()) if each["diskAddress"]["busType"] == "SCSI"
    }
    taken |= {index for _, index in attached_to(site, vm.ext_id)}
    index = next((each for each in _PLACES[FIRST_INDEX:] if each not in taken), -1) if asked is None else asked
    if index in taken or index not in _PLACES:
        raise refused(f"SCSI index {index} of the VM {vm.body['name']} is taken or out of range.")
    return index


def _detach_vm(site: Site, call: Call) -> Reply:
    return submitted(site, call, "volume.detach-vm", vm=call.body["extId"])


def _detached_vm(site: Site, run: Run, group: Record) -> None:
    _let_go(site, group, "vm_uuid", run.arguments["vm"])
    run.affect(run.arguments["vm"], _VM_REL)


def _let_go(site: Site, group: Record, kind: str, ext_id: str) -> None:
    held = holders(site, group)
    left = [each for each in held if each.get(kind) != ext_id]
    if len(left) == len(held):
        raise refused(f"The volume group {group.body['name']} is not attached to {ext_id}.")
    group.body["attachment_list"] = left


def _attach_client(site: Site, call: Call) -> Reply:
    iscsi_clients.address_of(call.body)
    spec = iscsi_clients.checked(call.body)  # the secret goes no further
    return submitted(site, call, "volume.attach-client", spec=spec)


def _attached_client(site: Site, run: Run, group: Record) -> None:
    if group.hidden.get("balanced"):
        raise refused("A volume group with shouldLoadBalanceVmAttachments takes no iSCSI clients.")
    spec, cluster = run.arguments["spec"], group.hidden["cluster"]
    _check_free(site, group, "client_uuid", iscsi_clients.id_of(site, cluster, spec))
    client = iscsi_clients.register(site, cluster, spec)
    held = {"client_uuid": client.ext_id, "iscsi_initiator_name": iscsi_clients.address_of(spec)}
    group.body["attachment_list"].append(held)
    run.affect(client.ext_id, iscsi_clients.REL)


def _detach_client(site: Site, call: Call) -> Reply:
    if "extId" not in call.body:
        raise refused("An iSCSI client is detached by its extId.")
    return submitted(site, call, "volume.detach-client", client=call.body["extId"])


def _detached_client(site: Site, run: Run, group: Record) -> None:
    _let_go(site, group, "client_uuid", run.arguments["client"])
    run.affect(run.arguments["client"], iscsi_clients.REL)


_ATTACH, _DETACH = "VolumeGroupAttachExternal", "VolumeGroupDetachExternal"
OPERATIONS = (
    group_operation("volume.attach-vm", _ATTACH, "Attach VM to Volume Group", _attached_vm),
    group_operation("volume.detach-vm", _DETACH, "Detach VM from Volume Group", _detached_vm),
    group_operation("volume.attach-client", _ATTACH, "Attach iSCSI Client to Volume Group", _attached_client),
    group_operation("volume.detach-client", _DETACH, "Detach iSCSI Client from Volume Group", _detached_client),
)
_ACT, _OF = "/{extId}/$actions", "/{volumeGroupExtId}"
_LISTS = (
    group_route("GET", f"{_OF}/vm-attachments", "list_vm_attachments_by_volume_group_id", _list_vms, listing=_VM_LIST),
    group_route(
        "GET",
        f"{_OF}/external-iscsi-attachments",
        "list_external_iscsi_attachments_by_volume_group_id",
        _list_clients,
        listing=_CLIENT_LIST,
        assumed="$expand changes nothing",
    ),
)
_CHANGES = (
    group_route(
        "POST",
        f"{_ACT}/attach-vm",
        "attach_vm",
        _attach_vm,
        body=VM_TYPE,
        assumed="not shared: one VM or client in all; the usual index is 64 or the next free one",
    ),
    group_route("POST", f"{_ACT}/detach-vm", "detach_vm", _detach_vm, body=VM_TYPE),
    group_route(
        "POST",
        f"{_ACT}/attach-iscsi-client",
        "attach_iscsi_client",
        _attach_client,
        body=iscsi_clients.TYPE,
        assumed="a client that is known keeps its authentication",
    ),
    group_route("POST", f"{_ACT}/detach-iscsi-client", "detach_iscsi_client", _detach_client, body=CLIENT_TYPE),
)
ROUTES = (*_LISTS, *_CHANGES)
