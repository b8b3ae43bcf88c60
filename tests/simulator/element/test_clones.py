"""Clones, snapshots, customization and guest tools of an Element as api-legacy, sections 1.4 to 1.6, tells of them."""

from __future__ import annotations

from typing import Any

import pytest

ALL = {"include_vm_disk_config": "true", "include_vm_nic_config": "true"}
CLOUD = "#cloud-config\nhostname: agent-7\n"


@pytest.fixture
def vm(berlin: Any, image: str) -> str:
    """A machine with a disk of an image, an empty drive and a NIC."""
    network = next(one["uuid"] for one in berlin.get("/networks")["entities"] if one["ip_config"]["ipam_enabled"])
    disk = berlin.get(f"/images/{image}")["vm_disk_id"]
    body = {
        "name": "master",
        "memory_mb": 2048,
        "num_vcpus": 2,
        "vm_disks": [
            {"vm_disk_clone": {"disk_address": {"vmdisk_uuid": disk}}},
            {"is_cdrom": True, "is_empty": True},
        ],
        "vm_nics": [{"network_uuid": network}],
    }
    return str(berlin.made("/vms", body))


def shown(berlin: Any, vm: str) -> dict[str, Any]:
    return dict(berlin.get(f"/vms/{vm}", **ALL))


def names(berlin: Any) -> list[str]:
    return [one["name"] for one in berlin.get("/vms")["entities"]]


def test_one_call_and_one_task_make_many_clones(berlin: Any, vm: str) -> None:
    task = berlin.done("POST", f"/vms/{vm}/clone", {"spec_list": [{"name": f"agent-{n}"} for n in range(5)]})
    assert task["progress_status"] == "Succeeded"
    # The list holds other things too, is in no order, and names some of them twice.
    made = sorted({one["entity_id"] for one in task["entity_list"] if one["entity_type"] == "VM"} - {vm})
    assert len(made) == 5
    assert names(berlin) == ["master", *(f"agent-{n}" for n in range(5))]
    told, master = shown(berlin, made[0]), shown(berlin, vm)
    assert (told["power_state"], told["memory_mb"]) == ("off", 2048)
    assert told["vm_nics"][0]["network_uuid"] == master["vm_nics"][0]["network_uuid"]
    assert told["vm_nics"][0]["mac_address"] != master["vm_nics"][0]["mac_address"]
    copied = told["vm_disk_info"][0]["source_disk_address"]["vmdisk_uuid"]
    assert copied == master["vm_disk_info"][0]["disk_address"]["vmdisk_uuid"]


def test_a_clone_may_be_other_than_its_source(berlin: Any, vm: str) -> None:
    spec = {"name": "agent", "memory_mb": 4096, "num_vcpus": 4, "override_network_config": True, "vm_nics": []}
    task = berlin.done("POST", f"/vms/{vm}/clone", {"spec_list": [spec]})
    told = shown(berlin, task["entity_list"][-1]["entity_id"])
    assert (told["memory_mb"], told["num_vcpus"], told["vm_nics"]) == (4096, 4, [])


def test_all_clones_are_made_or_none(berlin: Any, vm: str) -> None:
    spec = {"spec_list": [{"name": "one"}, {"name": "two", "uuid": vm}]}
    assert berlin.done("POST", f"/vms/{vm}/clone", spec)["progress_status"] == "Failed"
    assert names(berlin) == ["master"]


@pytest.mark.parametrize("source", ["vms", "snapshots"])
@pytest.mark.parametrize("given", [{"userdata": CLOUD}, {"userdata_path": "adsf:///default-container/a/7.yaml"}])
def test_a_customization_is_a_disc_that_stays(
    berlin: Any, central: Any, container: str, vm: str, source: str, given: dict[str, str]
) -> None:
    path = f"/vms/{vm}/clone" if source == "vms" else f"/snapshots/{snapshot(berlin, vm)}/clone"
    place = {"cluster": "berlin", "container": "default-container", "path": "a/7.yaml"}
    central.control.add(files=[{**place, "text": CLOUD}])
    config = {"datasource_type": "CONFIG_DRIVE_V2", **given}
    body = {"spec_list": [{"name": "agent"}], "vm_customization_config": config, "storage_container_uuid": container}
    task = berlin.done("POST", path, body)
    uuid = task["entity_list"][-1]["entity_id"]
    for _ in range(2):
        berlin.done("POST", f"/vms/{uuid}/set_power_state", {"transition": "ON"})
        berlin.clock.advance(60)
        disc = shown(berlin, uuid)["vm_disk_info"][-1]
        assert not disc["is_empty"]
        assert "/.vm_customization_isos/" in disc["source_disk_address"]["ndfs_filepath"]
        assert disc["size"] == 382_976
        berlin.done("POST", f"/vms/{uuid}/set_power_state", {"transition": "OFF"})
    (guest,) = central.control.entities("guests")
    assert guest["hostname"] == "agent-7"


@pytest.mark.parametrize(
    ("changes", "status", "said"),
    [
        ({"storage_container_uuid": None}, 422, "storage_container_uuid is required"),
        ({"storage_container_uuid": "other"}, 404, "Storage container other does not exist"),
        ({"vm_customization_config": {"userdata_path": "adsf:///default-container/none"}}, 404, "none does not exist"),
        ({"vm_customization_config": {"userdata_path": "/default-container/none"}}, 404, "none does not exist"),
        ({"vm_customization_config": {"files_to_inject_list": [{}]}}, 404, "A file to inject does not exist"),
    ],
)
def test_a_customization_that_cannot_be_delivered_is_refused(
    berlin: Any, container: str, vm: str, changes: dict[str, Any], status: int, said: str
) -> None:
    usual = {"vm_customization_config": {"userdata": CLOUD}, "storage_container_uuid": container}
    answer = berlin.call("POST", f"/vms/{vm}/clone", {"spec_list": [{"name": "agent"}], **usual, **changes})
    assert answer.status_code == status
    assert said in answer.json()["message"]
    assert names(berlin) == ["master"]


@pytest.mark.parametrize(("fresh", "name"), [(False, "unattend.xml"), (True, "autounattend.xml")])
def test_an_answer_file_is_user_data(berlin: Any, central: Any, fresh: bool, name: str) -> None:
    body = {"name": "win", "memory_mb": 1024, "num_vcpus": 1, "machine_type": "q35"}
    body["vm_customization_config"] = {"userdata": "<unattend/>", "fresh_install": fresh}
    uuid = berlin.made("/vms", body)
    drive = shown(berlin, uuid)["vm_disk_info"][0]
    assert drive["disk_address"]["disk_label"] == "sata.0"
    disc = central.control.entity("disks", drive["disk_address"]["vmdisk_uuid"])["hidden"]["os"]["disc"]
    assert list(disc["files"]) == [name]


def snapshot(berlin: Any, vm: str, name: str = "v1") -> str:
    return str(berlin.made("/snapshots", {"snapshot_specs": [{"vm_uuid": vm, "snapshot_name": name}]}))


def test_a_snapshot_says_what_would_be_made_of_it(berlin: Any, vm: str) -> None:
    uuid = snapshot(berlin, vm)
    (told,) = berlin.get("/snapshots", vm_uuid=vm)["entities"]
    assert (told["uuid"], told["snapshot_name"], told["deleted"]) == (uuid, "v1", False)
    (disk,) = told["vm_create_spec"]["vm_disks"]
    assert disk["vm_disk_clone"]["snapshot_group_uuid"] == told["group_uuid"]
    assert berlin.get("/snapshots", vm_uuid="nobody")["entities"] == []


def test_machines_of_one_call_share_a_group(berlin: Any, vm: str) -> None:
    specs = [{"vm_uuid": vm, "snapshot_name": name} for name in ("a", "b")]
    berlin.done("POST", "/snapshots/", {"snapshot_specs": specs})
    assert len({one["group_uuid"] for one in berlin.get("/snapshots")["entities"]}) == 1


def test_a_snapshot_outlives_its_machine_and_makes_new_ones(berlin: Any, vm: str) -> None:
    uuid = snapshot(berlin, vm)
    berlin.done("DELETE", f"/vms/{vm}")
    task = berlin.done("POST", f"/snapshots/{uuid}/clone", {"spec_list": [{"name": "one"}, {"name": "two"}]})
    assert task["progress_status"] == "Succeeded", task
    assert names(berlin) == ["one", "two"]


def test_snapshots_go_with_the_machine_on_demand(berlin: Any, central: Any, vm: str) -> None:
    before = central.control.about()["entities"]["disks"]
    snapshot(berlin, vm)
    berlin.done("DELETE", f"/vms/{vm}?delete_snapshots=true")
    assert berlin.get("/snapshots")["entities"] == []
    assert central.control.about()["entities"]["disks"] == before - 1


def test_a_client_chooses_the_id_of_a_snapshot_and_it_is_taken_once(berlin: Any, vm: str) -> None:
    uuid = "6d0f91ab-0000-4000-8000-000000000001"
    spec = {"snapshot_specs": [{"vm_uuid": vm, "snapshot_name": "v1", "uuid": uuid}]}
    assert berlin.made("/snapshots", spec) == uuid
    again = berlin.done("POST", "/snapshots", spec)
    assert (again["progress_status"], again["meta_response"]["error_code"]) == ("Failed", 5)
    assert [one["uuid"] for one in berlin.get("/snapshots")["entities"]] == [uuid]


def test_a_clone_of_a_snapshot_is_as_its_machine_was(berlin: Any, vm: str) -> None:
    berlin.done("PUT", f"/vms/{vm}", {"description": "as it was"})
    uuid = snapshot(berlin, vm)
    berlin.done("PUT", f"/vms/{vm}", {"description": "later", "memory_mb": 4096})
    task = berlin.done("POST", f"/snapshots/{uuid}/clone", {"spec_list": [{"name": "one"}]})
    told = shown(berlin, task["entity_list"][-1]["entity_id"])
    assert (told["description"], told["memory_mb"], told["power_state"]) == ("as it was", 2048, "off")


def test_an_image_is_made_of_a_snapshots_disk(berlin: Any, vm: str) -> None:
    told = berlin.get(f"/snapshots/{snapshot(berlin, vm)}")
    clone = told["vm_create_spec"]["vm_disks"][0]["vm_disk_clone"]
    image = berlin.made("/images", {"name": "frozen", "vm_disk_clone_spec": clone})
    berlin.clock.advance(10)
    assert berlin.get(f"/images/{image}", include_vm_disk_sizes="true")["vm_disk_size"] == 1 << 20


def test_a_restored_machine_is_as_it_was_and_off(berlin: Any, vm: str) -> None:
    uuid = snapshot(berlin, vm)
    berlin.done("PUT", f"/vms/{vm}", {"memory_mb": 4096})
    berlin.done("POST", f"/vms/{vm}/disks/attach", {"vm_disks": [{"vm_disk_create": {"size": 1 << 30}}]})
    berlin.done("POST", f"/vms/{vm}/set_power_state", {"transition": "ON"})
    task = berlin.done("POST", f"/vms/{vm}/restore", {"snapshot_uuid": uuid})
    assert task["progress_status"] == "Succeeded", task
    told = shown(berlin, vm)
    assert (told["memory_mb"], told["power_state"]) == (2048, "off")
    assert [one["disk_address"]["disk_label"] for one in told["vm_disk_info"]] == ["scsi.0", "ide.0"]


def test_a_deleted_snapshot_is_gone_and_its_clones_are_not(berlin: Any, vm: str) -> None:
    uuid = snapshot(berlin, vm)
    berlin.done("POST", f"/snapshots/{uuid}/clone", {"spec_list": [{"name": "one"}]})
    berlin.done("DELETE", f"/snapshots/{uuid}")
    assert berlin.call("GET", f"/snapshots/{uuid}").status_code == 404
    assert names(berlin) == ["master", "one"]


V1 = "/PrismGateway/services/rest/v1/vms"


def test_guest_tools_are_mounted_switched_on_and_taken_out(berlin: Any, vm: str) -> None:
    path = f"{V1}/{vm}/guest_tools"
    assert berlin.call("POST", f"{path}/mount", {}).json() == {"value": True}
    berlin.call("POST", path, {"vmUuid": vm, "enabled": "true", "applications": {"vss_snapshot": "true"}})
    told = berlin.get(path)
    assert (told["toolsMounted"], told["enabled"], told["installedVersion"]) == (True, True, None)
    assert told["applications"] == {"file_level_restore": False, "vss_snapshot": True}
    berlin.call("POST", f"{path}/unmount")
    assert not berlin.get(path)["toolsMounted"]


def test_guest_tools_need_a_free_drive(berlin: Any) -> None:
    vm = berlin.made("/vms", {"name": "bare", "memory_mb": 1024, "num_vcpus": 1})
    response = berlin.call("POST", f"{V1}/{vm}/guest_tools/mount")
    assert response.status_code == 500
    assert response.json()["message"] == "Failed to perform NGT ISO mount operation with error code: kNoFreeCdRomSlot"


def test_the_tools_call_of_v2_is_for_another_hypervisor(berlin: Any, vm: str) -> None:
    response = berlin.call("POST", f"/vms/{vm}/manage_vm_guest_tools", {"operation": "MOUNT"})
    assert (response.status_code, response.json()["error_code"]["code"]) == (500, 1101)
