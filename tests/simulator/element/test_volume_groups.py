"""Volume groups of an Element as api-legacy, section 1.9, tells of them."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def vm(berlin: Any) -> str:
    """A machine without anything."""
    return str(berlin.made("/vms", {"name": "host", "memory_mb": 1024, "num_vcpus": 1}))


@pytest.fixture
def group(berlin: Any, container: str) -> str:
    """A group with one disk of 1 GiB."""
    disk = {"index": 0, "create_config": {"size": 1 << 30, "storage_container_uuid": container}}
    return str(berlin.made("/volume_groups", {"name": "data", "disk_list": [disk]}))


def test_a_group_tells_its_disks_and_their_sizes_on_demand(berlin: Any, group: str, container: str) -> None:
    told = berlin.get(f"/volume_groups/{group}")
    (disk,) = told["disk_list"]
    assert (told["name"], told["usage_type"], told["attachment_list"]) == ("data", "UNKNOWN", [])
    assert (disk["storage_container_uuid"], "vmdisk_size_bytes" in disk) == (container, False)
    (disk,) = berlin.get(f"/volume_groups/{group}", include_disk_size="true")["disk_list"]
    assert (disk["vmdisk_size_bytes"], disk["vmdisk_size_mb"]) == (1 << 30, 1024)
    assert berlin.get("/volume_groups")["metadata"] == {"grand_total_entities": 1, "total_entities": 0, "count": 1}


def test_a_group_on_a_machine_is_one_of_its_disks(berlin: Any, group: str, vm: str) -> None:
    berlin.done("POST", f"/volume_groups/{group}/attach", {"vm_uuid": vm, "operation": "ATTACH"})
    (disk,) = berlin.get(f"/vms/{vm}", include_vm_disk_config="true")["vm_disk_info"]
    assert (disk["disk_address"]["volume_group_uuid"], disk["size"]) == (group, 0)
    assert berlin.get(f"/volume_groups/{group}")["attachment_list"][0]["vm_uuid"] == vm
    berlin.done("POST", f"/volume_groups/{group}/detach", {"vm_uuid": vm, "operation": "DETACH"})
    assert berlin.get(f"/vms/{vm}", include_vm_disk_config="true")["vm_disk_info"] == []


def test_neither_a_group_nor_its_machine_goes_while_they_hang_together(berlin: Any, group: str, vm: str) -> None:
    berlin.done("POST", f"/volume_groups/{group}/attach", {"vm_uuid": vm})
    assert berlin.done("DELETE", f"/vms/{vm}")["progress_status"] == "Failed"
    assert berlin.done("DELETE", f"/volume_groups/{group}")["progress_status"] == "Failed"
    berlin.done("POST", f"/volume_groups/{group}/detach", {"vm_uuid": vm})
    assert berlin.done("DELETE", f"/volume_groups/{group}")["progress_status"] == "Succeeded"
    assert berlin.call("GET", f"/volume_groups/{group}").status_code == 404


def test_a_group_hangs_on_one_machine_unless_it_is_shared(berlin: Any, group: str, vm: str) -> None:
    other = berlin.made("/vms", {"name": "other", "memory_mb": 1024, "num_vcpus": 1})
    berlin.done("POST", f"/volume_groups/{group}/attach", {"vm_uuid": vm})
    assert berlin.done("POST", f"/volume_groups/{group}/attach", {"vm_uuid": other})["progress_status"] == "Failed"
    told = berlin.call("PUT", f"/volume_groups/{group}", {"is_shared": True}).json()
    assert told["is_shared"], "a change answers the group and no task"
    assert berlin.done("POST", f"/volume_groups/{group}/attach", {"vm_uuid": other})["progress_status"] == "Succeeded"


def test_disks_come_and_go(berlin: Any, group: str) -> None:
    berlin.done("POST", f"/volume_groups/{group}/disks", {"create_config": {"size": 1 << 20}})
    assert [one["index"] for one in berlin.get(f"/volume_groups/{group}")["disk_list"]] == [0, 1]
    berlin.done("DELETE", f"/volume_groups/{group}/disks/0")
    assert [one["index"] for one in berlin.get(f"/volume_groups/{group}")["disk_list"]] == [1]


def test_a_clone_has_disks_of_its_own(berlin: Any, group: str) -> None:
    copy = berlin.made(f"/volume_groups/{group}/clone", {"name": "copy"})
    first, second = (berlin.get(f"/volume_groups/{uuid}", include_disk_size="true") for uuid in (group, copy))
    assert second["name"] == "copy"
    assert first["disk_list"][0]["vmdisk_uuid"] != second["disk_list"][0]["vmdisk_uuid"]
    assert first["disk_list"][0]["vmdisk_size_bytes"] == second["disk_list"][0]["vmdisk_size_bytes"]


def test_an_outside_client_opens_and_closes_a_group(berlin: Any, group: str) -> None:
    client = {"iscsi_initiator_name": "iqn.2026-11.test:client"}
    assert berlin.call("POST", f"/volume_groups/{group}/open", client).json() == {"value": True}
    assert (
        berlin.get(f"/volume_groups/{group}")["attachment_list"][0]["iscsi_initiator_name"]
        == client["iscsi_initiator_name"]
    )
    berlin.call("POST", f"/volume_groups/{group}/close", client)
    assert berlin.get(f"/volume_groups/{group}")["attachment_list"] == []
