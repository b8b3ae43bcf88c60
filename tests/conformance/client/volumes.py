"""A volume group's life: disks, VMs, iSCSI clients, categories."""

from __future__ import annotations

from typing import Any

import vms
from driven import Site, expect

_TYPES = "volumes.v4.config"
_REL = "volumes:config:volume-group"


def walk_through(site: Site) -> None:
    """One group's life."""
    api = _api(site)
    disk = _disk(site, "STORAGE_CONTAINER", site.container, disk_size_bytes=1 << 30)
    body = site.new(f"{_TYPES}.VolumeGroup", name="sdk-group", cluster_reference=site.cluster, disks=[disk])
    group = site.done(api.create_volume_group(body), _REL)
    got = api.get_volume_group_by_id(group)
    expect((got.data.name, got.data.sharing_status), ("sdk-group", "NOT_SHARED"))
    got.data.description = "changed"
    got.data.sharing_status = "SHARED"
    site.done(api.update_volume_group_by_id(group, got.data, **site.etag(got)))
    listed = api.list_volume_groups(_filter="name eq 'sdk-group'", _orderby="createdTime desc").data
    expect([(each.ext_id, each.description) for each in listed], [(group, "changed")])
    disks(site, group)
    machines(site, group)
    clients(site, group)
    categories(site, group)
    site.done(api.delete_volume_group_by_id(group, **_tag(site, group)))
    with site.refused("volumes", 404):
        api.get_volume_group_by_id(group)


def _api(site: Site) -> Any:
    return site.api("volumes", "VolumeGroupsApi")


def _tag(site: Site, group: str) -> dict[str, str]:
    return site.etag(_api(site).get_volume_group_by_id(group))


def _reference(site: Site, kind: str, ext_id: str) -> Any:
    return site.new_in("volumes", "common.v1.config.EntityReference", entity_type=kind, ext_id=ext_id)


def _disk(site: Site, kind: str, ext_id: str, **more: Any) -> Any:
    return site.new(f"{_TYPES}.VolumeDisk", disk_data_source_reference=_reference(site, kind, ext_id), **more)


def disks(site: Site, group: str) -> None:
    """A disk made of an image, grown, copied, removed."""
    api = _api(site)
    made = site.done(api.create_volume_disk(group, _disk(site, "IMAGE", site.image)), f"{_REL}:disk")
    got = api.get_volume_disk_by_id(group, made)
    got.data.disk_size_bytes = 1 << 31
    site.done(api.update_volume_disk_by_id(group, made, got.data, **site.etag(got)))
    copy = site.done(api.create_volume_disk(group, _disk(site, "VOLUME_DISK", made)), f"{_REL}:disk")
    found = api.list_volume_disks_by_volume_group_id(group, _orderby="createdTime").data
    expect([(each.index, each.disk_size_bytes) for each in found], [(0, 1 << 30), (1, 1 << 31), (2, 1 << 31)])
    site.done(api.delete_volume_disk_by_id(group, copy))
    with site.refused("volumes", 404):
        api.get_volume_disk_by_id(group, copy)


def machines(site: Site, group: str) -> None:
    """Attached to a VM, seen there, detached."""
    api, vm = _api(site), vms.make(site, "sdk-holder")
    body = site.new(f"{_TYPES}.VmAttachment", ext_id=vm)
    expect(site.done(api.attach_vm(group, body, **_tag(site, group)), "volumes:config:vms"), vm)
    expect([each.ext_id for each in api.list_vm_attachments_by_volume_group_id(group).data], [vm])
    expect(api.get_volume_group_by_id(group).data.attachment_type, "DIRECT")
    site.done(api.detach_vm(group, body, **_tag(site, group)))
    site.done(site.api("vmm", "VmApi").delete_vm_by_id(vm, **vms.tag(site, vm)))


def clients(site: Site, group: str) -> None:
    """Attached to a client outside, whose secret changes, and detached."""
    api, own = _api(site), site.api("volumes", "IscsiClientsApi")
    name = "iqn.2026-11.test:sdk"
    body = site.new(
        f"{_TYPES}.IscsiClient", iscsi_initiator_name=name, enabled_authentications="CHAP", client_secret="s" * 12
    )
    client = site.done(api.attach_iscsi_client(group, body, **_tag(site, group)), "volumes:config:iscsi-client")
    found = own.get_iscsi_client_by_id(client)
    expect((found.data.iscsi_initiator_name, found.data.client_secret), (name, None))
    found.data.client_secret = "t" * 12
    site.done(own.update_iscsi_client_by_id(client, found.data, **site.etag(found)))
    expect([each.ext_id for each in own.list_iscsi_clients(_filter=f"extId eq '{client}'").data], [client])
    held = api.list_external_iscsi_attachments_by_volume_group_id(group).data
    expect([each.ext_id for each in held], [client])
    expect(api.get_volume_group_by_id(group).data.attachment_type, "EXTERNAL")
    body = site.new(f"{_TYPES}.IscsiClientAttachment", ext_id=client)
    site.done(api.detach_iscsi_client(group, body, **_tag(site, group)))


def categories(site: Site, group: str) -> None:
    """Put into a category and taken out."""
    api = _api(site)
    body = site.new(f"{_TYPES}.CategoryEntityReferences", categories=[_reference(site, "CATEGORY", site.category)])
    site.done(api.associate_category(group, body))
    found = api.list_category_associations_by_volume_group_id(group).data
    expect([each.ext_id for each in found], [site.category])
    expect(api.get_volume_group_metadata_by_id(group).data.category_ids, [site.category])
    site.done(api.disassociate_category(group, body))
