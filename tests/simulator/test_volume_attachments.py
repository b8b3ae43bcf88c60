from __future__ import annotations

from typing import Any

import pytest

VMS = "/api/vmm/v4.3/ahv/config/vms"
VM_REL = "volumes:config:vms"


def attach(site: Any, group: str, vm: str, **more: Any) -> Any:
    return site.ended(site.post(f"{group}/$actions/attach-vm", {"extId": vm, **more}))


def test_a_vm_gets_the_next_place_or_the_one_it_asks_for(site: Any, make_group: Any, make_vm: Any) -> None:
    vm = make_vm()
    groups = [make_group(name=name) for name in "abc"]
    task = attach(site, groups[0], vm)
    assert (task["operation"], task["status"]) == ("VolumeGroupAttachExternal", "SUCCEEDED")
    assert [each["extId"] for each in task["entitiesAffected"] if each["rel"] == VM_REL] == [vm]
    attach(site, groups[1], vm, index=70)
    attach(site, groups[2], vm)
    assert [site.data(f"{each}/vm-attachments")[0]["index"] for each in groups] == [64, 70, 65]
    assert site.data(groups[0])["attachmentType"] == "DIRECT"


@pytest.mark.parametrize("index", [0, 256])
def test_a_place_that_is_taken_or_not_there_is_refused(site: Any, make_group: Any, make_vm: Any, index: int) -> None:
    group = make_group()
    assert attach(site, group, make_vm(), index=index)["status"] == "FAILED"
    assert site.data(f"{group}/vm-attachments") == []


def test_a_group_hangs_on_several_vms_only_if_it_is_shared(site: Any, make_group: Any, make_vm: Any) -> None:
    first, second = make_vm(name="a"), make_vm(name="b")
    group = make_group()
    attach(site, group, first)
    assert attach(site, group, second)["status"] == "FAILED"
    site.done(site.put(group, {**site.data(group), "sharingStatus": "SHARED"}, etag=site.etag(group)))
    assert attach(site, group, second)["status"] == "SUCCEEDED"
    assert attach(site, group, second)["status"] == "FAILED", "it is attached already"
    alone = {**site.data(group), "sharingStatus": "NOT_SHARED"}
    assert site.ended(site.put(group, alone, etag=site.etag(group)))["status"] == "FAILED"
    listed = site.data(f"{group}/vm-attachments", orderby="createdTime desc")
    assert [each["extId"] for each in listed] == [second, first]


def test_a_group_is_not_deleted_before_it_is_detached(site: Any, make_group: Any, make_vm: Any) -> None:
    group, vm = make_group(), make_vm()
    attach(site, group, vm)
    assert site.ended(site.delete(group))["status"] == "FAILED"
    site.done(site.post(f"{group}/$actions/detach-vm", {"extId": vm}))
    assert site.ended(site.post(f"{group}/$actions/detach-vm", {"extId": vm}))["status"] == "FAILED"
    site.done(site.delete(group))


def test_a_vm_that_is_deleted_lets_go_of_its_groups(site: Any, make_group: Any, make_vm: Any) -> None:
    group, vm = make_group(), make_vm()
    attach(site, group, vm)
    site.done(site.delete(f"{VMS}/{vm}", etag=site.etag(f"{VMS}/{vm}")))
    assert site.data(f"{group}/vm-attachments") == []
    assert vm not in site.get("/_sim/entities/volume-groups").text, "nor does the Element of the cluster show it"
    site.done(site.delete(group))


def test_a_vm_has_to_be_on_the_cluster_of_the_group(site: Any, make_group: Any, make_vm: Any, clusters: Any) -> None:
    vm = make_vm(cluster={"extId": clusters["hamburg"]})
    assert site.post(f"{make_group()}/$actions/attach-vm", {"extId": vm}).status_code == 400


def test_an_etag_that_is_stale_is_refused_and_none_is_needed(site: Any, make_group: Any, make_vm: Any) -> None:
    group, vm = make_group(), make_vm()
    stale = site.etag(group)
    attach(site, group, vm)
    assert site.post(f"{group}/$actions/detach-vm", {"extId": vm}, etag=stale).status_code == 412
    site.done(site.post(f"{group}/$actions/detach-vm", {"extId": vm}, etag=site.etag(group)))


def test_a_group_is_attached_beside_a_client_only_if_it_is_shared(site: Any, make_group: Any, make_vm: Any) -> None:
    group = make_group(sharingStatus="SHARED")
    client = {"iscsiInitiatorName": "iqn.2026-11.test:one"}
    site.done(site.post(f"{group}/$actions/attach-iscsi-client", client))
    assert attach(site, group, make_vm())["status"] == "SUCCEEDED"
    assert site.data(group)["attachmentType"] == "EXTERNAL"
    alone = make_group()
    site.done(site.post(f"{alone}/$actions/attach-iscsi-client", client))
    assert attach(site, alone, make_vm())["status"] == "FAILED"
