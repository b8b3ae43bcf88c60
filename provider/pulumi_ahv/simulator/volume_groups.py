"""Volume groups (api-v4, section 8): list, get, create, update, delete, categories, metadata. Neighbours own the rest.

Facts: create needs a name and a cluster; secrets are not shown again; load balancing and iSCSI clients exclude each
other. Assumed: a group does not list its disks; one that is attached is not deleted; its cluster and target name stay;
the target name is prefix (or name) and extId; one that hangs on VMs and on clients is EXTERNAL; the metadata of v4.0 to
v4.3 is ``common.v1.config.Metadata``, as the SDKs read it.
"""

from __future__ import annotations

from typing import Any

from pulumi_ahv.simulator import volume_disks
from pulumi_ahv.simulator.answers import Refusal, Reply
from pulumi_ahv.simulator.element.attachments import TABLE
from pulumi_ahv.simulator.listing import Listing, page_of
from pulumi_ahv.simulator.preconditions import etag
from pulumi_ahv.simulator.replies import accepted
from pulumi_ahv.simulator.routing import Call
from pulumi_ahv.simulator.site import Site
from pulumi_ahv.simulator.store import Record
from pulumi_ahv.simulator.volume_attachments import CLIENT_TYPE, VM_TYPE, clients_of, holders, vms_of
from pulumi_ahv.simulator.volume_tasks import (
    PACKAGE,
    REL,
    checked_authentication,
    group_of,
    group_operation,
    group_route,
    refused,
    submitted,
)
from pulumi_ahv.simulator.work import Operation, Order, Run

TYPE = f"{PACKAGE}.VolumeGroup"
_REFERENCES = f"{PACKAGE}.CategoryEntityReferences"
_LIST = Listing(
    filters={"extId", "name", "clusterReference"}, orders={"extId", "name", "clusterReference", "createdTime"}
)
_PLAIN = Listing()


def _shown(site: Site, group: Record) -> dict[str, Any]:
    body, hidden = group.body, group.hidden
    vms, clients = vms_of(site, group), clients_of(site, group)
    kinds = [each.get("auth_type") if isinstance(each, dict) else each for each in body["enabled_authentications"]]
    authentication = "CHAP" if "CHAP" in kinds else "NONE"
    attachments = [{"$objectType": VM_TYPE, **each} for each in vms]
    attachments += [{"$objectType": CLIENT_TYPE, **each} for each in clients]
    return {
        "extId": group.ext_id,
        "name": body["name"],
        "description": body["description"] or None,
        "shouldLoadBalanceVmAttachments": hidden.get("balanced", False),
        "sharingStatus": "SHARED" if body["is_shared"] else "NOT_SHARED",
        "targetPrefix": hidden.get("prefix") or None,
        "targetName": body["iscsi_target"],
        "enabledAuthentications": authentication,
        "iscsiFeatures": {"enabledAuthentications": authentication},
        "createdBy": hidden.get("owner_name"),
        "clusterReference": hidden["cluster"],
        "storageFeatures": {"flashMode": {"isEnabled": body["flash_mode_enabled"]}},
        "usageType": hidden.get("usage", "USER"),
        "attachmentType": "EXTERNAL" if clients else "DIRECT" if vms else "NONE",
        "protocol": "ISCSI" if clients else "NOT_ASSIGNED",
        "isHidden": hidden.get("is_hidden", False),
        "attachments": [{"attachment": each} for each in attachments],
        "projectExtId": hidden.get("project"),
        "createdTime": hidden.get("created"),  # to sort by; no type declares it
    }


def _list(site: Site, call: Call) -> Reply:
    page, total = page_of([_shown(site, each) for each in site.store.table(TABLE)], call.query, _LIST, code="VOL-10003")
    return Reply(page, TYPE, total=total)


def _get(site: Site, call: Call) -> Reply:
    group = group_of(site, call)
    return Reply(_shown(site, group), TYPE, revision=etag(group))


def _create(site: Site, call: Call) -> Reply:
    spec, disks = _kept(call.body), call.body.get("disks", [])
    cluster = str(call.body.get("clusterReference", ""))
    record = site.store.table("clusters").get(cluster)
    if record is None or "AOS" not in record.body["config"]["clusterFunction"]:
        raise refused(f"The cluster {cluster or '(none)'} does not exist or keeps no volume groups.")
    for disk in disks:
        volume_disks.check_spec(site, disk, cluster)
    owner = {"owner": call.user.ext_id, "owner_name": call.user.name}
    arguments = {"spec": spec, "disks": disks, "cluster": cluster, **owner}
    return accepted(site, call, Order("volume.create", arguments, clusters=[cluster]))


def _kept(spec: dict[str, Any]) -> dict[str, Any]:
    """What of a body is kept: all but the secret.

    Raises:
        Refusal: the name is missing, or a secret lacks CHAP.
    """
    if not spec.get("name"):
        raise refused("A volume group needs a name.")
    features = spec.get("iscsiFeatures", {})
    asked = checked_authentication({**features, **spec}, "targetSecret")
    return {**spec, "enabledAuthentications": asked, "iscsiFeatures": {}}


def _created(site: Site, run: Run) -> None:
    arguments, spec, ext_id = run.arguments, run.arguments["spec"], site.new_id()
    target = spec.get("targetName") or f"{spec.get('targetPrefix') or spec['name']}-{ext_id}"
    body: dict[str, Any] = {"iscsi_target": target, "usage_type": "USER", "disk_list": [], "attachment_list": []}
    hidden = {name: arguments[name] for name in ("cluster", "owner", "owner_name")}
    group = Record(ext_id, body, {**hidden, "created": site.timeline.stamp(), "categories": []})
    _write(group, spec)
    try:
        for disk in arguments["disks"]:
            volume_disks.add(site, group, disk)
    except Refusal:
        volume_disks.drop(site, group)
        raise
    site.store.table(TABLE).add(ext_id, body, **group.hidden)
    run.affect(ext_id, REL, spec["name"])


def _write(group: Record, spec: dict[str, Any]) -> None:
    group.body.update(
        name=spec["name"],
        description=spec.get("description", ""),
        is_shared=spec.get("sharingStatus") == "SHARED",
        flash_mode_enabled=spec.get("storageFeatures", {}).get("flashMode", {}).get("isEnabled", False),
        enabled_authentications=[{"auth_type": "CHAP"}] if spec["enabledAuthentications"] == "CHAP" else [],
    )
    group.hidden.update(
        balanced=spec.get("shouldLoadBalanceVmAttachments", False),
        prefix=spec.get("targetPrefix", ""),
        usage=spec.get("usageType", "USER"),
        is_hidden=spec.get("isHidden", False),
        project=spec.get("projectExtId"),
    )


def _update(site: Site, call: Call) -> Reply:
    group = group_of(site, call)
    fixed = {"clusterReference": group.hidden["cluster"], "targetName": group.body["iscsi_target"]}
    changed = [name for name, value in fixed.items() if call.body.get(name, value) != value]
    if changed:
        raise refused(f"{', '.join(changed)} of a volume group cannot be changed.")
    return submitted(site, call, "volume.update", spec=_kept(call.body))


def _updated(site: Site, run: Run, group: Record) -> None:
    spec = run.arguments["spec"]
    if spec.get("sharingStatus") != "SHARED" and len(holders(site, group)) > 1:
        raise refused(f"The volume group {group.body['name']} is attached more than once: it has to stay SHARED.")
    if spec.get("shouldLoadBalanceVmAttachments") and clients_of(site, group):
        raise refused(f"The volume group {group.body['name']} has iSCSI clients: its VMs cannot be load-balanced.")
    _write(group, spec)


def _delete(site: Site, call: Call) -> Reply:
    return submitted(site, call, "volume.delete")


def _deleted(site: Site, _: Run, group: Record) -> None:
    if holders(site, group):
        raise refused(f"The volume group {group.body['name']} is attached: detach it first.")
    volume_disks.drop(site, group)
    site.store.table(TABLE).remove(group.ext_id)


def _associate(site: Site, call: Call) -> Reply:
    asked = _named(call)
    missing = [each for each in asked if site.store.table("categories").get(each) is None]
    if missing:
        raise refused(f"There is no category {', '.join(missing)}.")
    return submitted(site, call, "volume.associate", categories=asked)


def _named(call: Call) -> list[str]:
    return [each.get("extId", "") for each in call.body.get("categories", [])]


def _associated(site: Site, run: Run, group: Record) -> None:
    del site
    held = group.hidden.setdefault("categories", [])
    held.extend(each for each in run.arguments["categories"] if each not in held)


def _disassociate(site: Site, call: Call) -> Reply:
    return submitted(site, call, "volume.disassociate", categories=_named(call))


def _disassociated(site: Site, run: Run, group: Record) -> None:
    del site
    gone = run.arguments["categories"]
    group.hidden["categories"] = [each for each in group.hidden.get("categories", []) if each not in gone]


def _categories_of(site: Site, group: Record) -> list[Record]:
    found = (site.store.table("categories").get(each) for each in group.hidden.get("categories", ()))
    return [each for each in found if each is not None]


def _list_categories(site: Site, call: Call) -> Reply:
    bodies = [
        {"extId": each.ext_id, "name": f"{each.body['key']}:{each.body['value']}", "entityType": "CATEGORY"}
        for each in _categories_of(site, group_of(site, call))
    ]
    page, total = page_of(bodies, call.query, _PLAIN, code="VOL-10003")
    return Reply(page, f"{PACKAGE}.CategoryDetails", total=total)


def _get_metadata(site: Site, call: Call) -> Reply:
    group = group_of(site, call)
    body = {
        "ownerReferenceId": group.hidden.get("owner", site.admin_id),
        "ownerUserName": group.hidden.get("owner_name", site.settings.username),
        "categoryIds": [each.ext_id for each in _categories_of(site, group)],
    }
    return Reply(body, "common.v1.config.Metadata", revision=etag(group))


OPERATIONS = (
    Operation("volume.create", "VolumeGroupCreate", "Create Volume Group", _created),
    group_operation("volume.update", "VolumeGroupUpdate", "Update Volume Group", _updated),
    group_operation("volume.delete", "VolumeGroupDelete", "Delete Volume Group", _deleted),
    group_operation("volume.associate", "VolumeGroupAssociateCategory", "Associate Categories", _associated),
    group_operation(
        "volume.disassociate", "VolumeGroupDisassociateCategory", "Disassociate Categories", _disassociated
    ),
)
_ONE, _OF, _ACT = "/{extId}", "/{volumeGroupExtId}", "/{extId}/$actions"
_GROUPS = (
    group_route("GET", "", "list_volume_groups", _list, listing=_LIST, assumed="$expand and $apply change nothing"),
    group_route("GET", _ONE, "get_volume_group_by_id", _get, assumed="without its disks; $expand changes nothing"),
    group_route("POST", "", "create_volume_group", _create, body=TYPE),
    group_route("PUT", _ONE, "update_volume_group_by_id", _update, body=TYPE, assumed="lists of disks are ignored"),
    group_route("DELETE", _ONE, "delete_volume_group_by_id", _delete, assumed="one that is attached is not deleted"),
)
_ABOUT = (
    group_route("POST", f"{_ACT}/associate-category", "associate_category", _associate, body=_REFERENCES),
    group_route("POST", f"{_ACT}/disassociate-category", "disassociate_category", _disassociate, body=_REFERENCES),
    group_route(
        "GET",
        f"{_OF}/category-associations",
        "list_category_associations_by_volume_group_id",
        _list_categories,
        listing=_PLAIN,
        assumed="the name is <key>:<value>",
    ),
    group_route("GET", f"{_OF}/metadata", "get_volume_group_metadata_by_id", _get_metadata),
)
ROUTES = (*_GROUPS, *_ABOUT)
