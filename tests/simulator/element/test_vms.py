"""Machines of an Element as api-legacy, section 1.3, tells of them."""

from __future__ import annotations

from typing import Any

import pytest

ALL = {"include_vm_disk_config": "true", "include_vm_nic_config": "true"}


@pytest.fixture
def network(berlin: Any) -> str:
    """UUID of a network that Prism manages."""
    found = berlin.get("/networks")["entities"]
    return str(next(one["uuid"] for one in found if one["ip_config"]["ipam_enabled"]))


@pytest.fixture
def disk(berlin: Any, image: str) -> str:
    """The disk of an image."""
    return str(berlin.get(f"/images/{image}")["vm_disk_id"])


@pytest.fixture
def vm(berlin: Any, disk: str, network: str) -> str:
    """A machine with a disk, an empty drive and a NIC."""
    body = {
        "name": "agent",
        "memory_mb": 2048,
        "num_vcpus": 2,
        "vm_disks": [
            {"vm_disk_clone": {"disk_address": {"vmdisk_uuid": disk}, "minimum_size": 2 << 20}},
            {"is_cdrom": True, "is_empty": True, "disk_address": {"device_bus": "ide"}},
        ],
        "vm_nics": [{"network_uuid": network}],
    }
    return str(berlin.made("/vms", body))


def shown(berlin: Any, vm: str) -> dict[str, Any]:
    return dict(berlin.get(f"/vms/{vm}", **ALL))


def power(berlin: Any, vm: str, transition: str) -> dict[str, Any]:
    return dict(berlin.done("POST", f"/vms/{vm}/set_power_state", {"transition": transition}))


def test_a_new_machine_is_off_and_says_what_it_was_made_of(berlin: Any, vm: str, disk: str, network: str) -> None:
    told = shown(berlin, vm)
    assert (told["name"], told["memory_mb"], told["num_vcpus"], told["power_state"]) == ("agent", 2048, 2, "off")
    assert "host_uuid" not in told
    first, drive = told["vm_disk_info"]
    assert (first["size"], first["source_disk_address"]) == (2 << 20, {"vmdisk_uuid": disk})
    assert first["disk_address"]["disk_label"] == "scsi.0"
    assert (drive["is_cdrom"], drive["is_empty"], drive["disk_address"]["disk_label"]) == (True, True, "ide.0")
    assert "size" not in drive
    (nic,) = told["vm_nics"]
    assert (nic["network_uuid"], nic["vlan_mode"], nic["model"]) == (network, "Access", "")
    assert nic["ip_address"] == nic["requested_ip_address"]


def test_disks_and_nics_are_shown_on_demand(berlin: Any, vm: str) -> None:
    told = berlin.get(f"/vms/{vm}")
    assert "vm_disk_info" not in told
    assert "vm_nics" not in told
    assert None not in told.values()


def test_central_sees_the_machine(vm: str, central: Any) -> None:
    (seen,) = central.control.entities("vms")
    assert (seen["extId"], seen["name"], seen["memorySizeBytes"]) == (vm, "agent", 2048 << 20)


def test_a_client_may_choose_the_id_once(berlin: Any) -> None:
    uuid = "11111111-2222-4333-8444-555555555555"
    body = {"name": "agent", "memory_mb": 1024, "num_vcpus": 1, "uuid": uuid}
    assert berlin.made("/vms", body) == uuid
    again = berlin.done("POST", "/vms", body)
    assert again["progress_status"] == "Failed"
    assert "already exists" in again["meta_response"]["error_detail"]


def test_power_goes_on_and_off_and_not_twice(berlin: Any, vm: str) -> None:
    assert power(berlin, vm, "on")["progress_status"] == "Succeeded"
    assert shown(berlin, vm)["host_uuid"]
    late = power(berlin, vm, "ON")
    assert late["progress_status"] == "Failed"
    assert late["meta_response"]["error_detail"].startswith("InvalidState: ")
    old = berlin.get(f"/api/nutanix/v0.8/tasks/{late['uuid']}")
    assert old["metaResponse"]["error"] == "kInvalidState"
    power(berlin, vm, "off")
    assert shown(berlin, vm)["power_state"] == "off"


def test_an_acpi_shutdown_ends_before_the_machine_is_off(berlin: Any, vm: str) -> None:
    power(berlin, vm, "ON")
    berlin.clock.advance(60)
    assert power(berlin, vm, "ACPI_SHUTDOWN")["progress_status"] == "Succeeded"
    assert shown(berlin, vm)["power_state"] == "on"
    berlin.clock.advance(30)
    assert shown(berlin, vm)["power_state"] == "off"


def test_a_machine_without_room_stays_and_stays_off(berlin: Any) -> None:
    vm = berlin.made("/vms", {"name": "huge", "memory_mb": 600 << 10, "num_vcpus": 1})
    task = power(berlin, vm, "ON")
    assert task["meta_response"]["error_detail"].startswith("NoHostResources: ")
    assert shown(berlin, vm)["power_state"] == "off"


@pytest.mark.parametrize(("transition", "state"), [("PAUSE", "paused"), ("SUSPEND", "suspended")])
def test_a_machine_rests_and_goes_on(berlin: Any, vm: str, transition: str, state: str) -> None:
    power(berlin, vm, "ON")
    power(berlin, vm, transition)
    assert shown(berlin, vm)["power_state"] == state
    power(berlin, vm, "RESUME")
    assert shown(berlin, vm)["power_state"] == "on"


def test_a_change_keeps_what_it_does_not_name(berlin: Any, vm: str) -> None:
    task = berlin.done("PUT", f"/vms/{vm}", {"description": "mine", "vm_serial_ports": [{"index": 0}]})
    assert task["progress_status"] == "Succeeded"
    told = shown(berlin, vm)
    assert (told["description"], told["name"], told["num_vcpus"], len(told["vm_disk_info"])) == ("mine", "agent", 2, 2)


@pytest.mark.parametrize(
    ("change", "ends"),
    [
        ({"num_vcpus": 4}, "Succeeded"),
        ({"memory_mb": 4096}, "Succeeded"),
        ({"num_vcpus": 1}, "Failed"),
        ({"memory_mb": 1024}, "Failed"),
        ({"num_cores_per_vcpu": 2}, "Failed"),
    ],
)
def test_a_running_machine_takes_more_and_nothing_less(berlin: Any, vm: str, change: Any, ends: str) -> None:
    power(berlin, vm, "ON")
    assert berlin.done("PUT", f"/vms/{vm}", change)["progress_status"] == ends


def test_a_stale_timestamp_is_refused(berlin: Any, vm: str) -> None:
    old = shown(berlin, vm)["vm_logical_timestamp"]
    berlin.done("PUT", f"/vms/{vm}", {"name": "one", "vm_logical_timestamp": old})
    # Zero says nothing (the first value of all): another change makes the old one stale.
    berlin.done("PUT", f"/vms/{vm}", {"name": "two"})
    late = berlin.done("PUT", f"/vms/{vm}", {"name": "three", "vm_logical_timestamp": old + 1})
    assert late["meta_response"]["error_code"] == 6
    assert shown(berlin, vm)["name"] == "two"


def test_disks_come_and_go_by_their_address(berlin: Any, vm: str, container: str) -> None:
    create = {"size": 1 << 30, "storage_container_uuid": container}
    berlin.done("POST", f"/vms/{vm}/disks/attach", {"vm_disks": [{"vm_disk_create": create}]})
    assert [one["disk_address"]["disk_label"] for one in shown(berlin, vm)["vm_disk_info"]] == [
        "scsi.0",
        "scsi.1",
        "ide.0",
    ]
    address = {"device_bus": "SCSI", "device_index": 1}
    berlin.done("POST", f"/vms/{vm}/disks/detach", {"vm_disks": [{"disk_address": address}]})
    assert [one["disk_address"]["disk_label"] for one in shown(berlin, vm)["vm_disk_info"]] == ["scsi.0", "ide.0"]


def test_a_running_machine_takes_scsi_disks_and_no_drives(berlin: Any, vm: str) -> None:
    power(berlin, vm, "ON")
    disk = {"vm_disk_create": {"size": 1 << 30}}
    assert berlin.done("POST", f"/vms/{vm}/disks/attach", {"vm_disks": [disk]})["progress_status"] == "Succeeded"
    drive = {"is_cdrom": True, "is_empty": True}
    assert berlin.done("POST", f"/vms/{vm}/disks/attach", {"vm_disks": [drive]})["progress_status"] == "Failed"


def test_a_disc_goes_in_and_out_of_a_running_machine(berlin: Any, vm: str, disk: str) -> None:
    power(berlin, vm, "ON")
    path, at = f"/vms/{vm}/disks/update", {"device_bus": "ide", "device_index": 0}
    put = {"disk_address": at, "is_cdrom": True, "is_empty": False}
    put["vm_disk_clone"] = {"disk_address": {"vmdisk_uuid": disk}}
    assert berlin.done("PUT", path, {"vm_disks": [put]})["progress_status"] == "Succeeded"
    drive = shown(berlin, vm)["vm_disk_info"][1]
    assert (drive["is_empty"], drive["source_disk_address"]) == (False, {"vmdisk_uuid": disk})
    berlin.done("PUT", path, {"vm_disks": [{"disk_address": at, "is_empty": True}]})
    assert shown(berlin, vm)["vm_disk_info"][1]["is_empty"]


def test_a_disk_grows_and_does_not_shrink(berlin: Any, vm: str) -> None:
    path = f"/vms/{vm}/disks/update"
    whole = shown(berlin, vm)["vm_disk_info"][0]
    berlin.done("PUT", path, {"vm_disks": [{**whole, "vm_disk_create": {"size": 4 << 20}}]})
    assert shown(berlin, vm)["vm_disk_info"][0]["size"] == 4 << 20
    task = berlin.done("PUT", path, {"vm_disks": [{**whole, "vm_disk_create": {"size": 1 << 20}}]})
    assert task["meta_response"] == {"error_code": 27, "error_detail": "NotSupported: Can't shrink disk."}


def test_nics_come_change_and_go_by_their_mac(berlin: Any, vm: str, network: str) -> None:
    wanted = {"network_uuid": network, "mac_address": "50:6B:8D:00:00:99", "requested_ip_address": "10.42.7.7"}
    berlin.done("POST", f"/vms/{vm}/nics/", {"spec_list": [wanted]})
    path = f"/vms/{vm}/nics/50-6b-8d-00-00-99"
    assert berlin.get(path)["ip_address"] == "10.42.7.7"
    berlin.done("PUT", path, {"is_connected": False})
    assert berlin.get(path)["is_connected"] is False
    berlin.done("DELETE", path)
    assert berlin.call("GET", path).status_code == 404


def test_a_wrong_value_is_refused_and_an_unknown_field_is_not(berlin: Any, network: str) -> None:
    body = {"name": "x", "memory_mb": 1024, "num_vcpus": 1, "vm_serial_ports": [{"index": 0}], "no_such_field": 1}
    assert berlin.call("POST", "/vms", body).status_code == 201
    response = berlin.call("POST", "/vms", {**body, "vm_nics": [{"network_uuid": network, "model": "VIRTIO"}]})
    assert response.status_code == 422
    assert "InvalidArgument" in response.json()["message"]


def test_a_deleted_machine_does_not_exist(berlin: Any, vm: str) -> None:
    power(berlin, vm, "ON")
    assert berlin.call("DELETE", f"/vms/{vm}/").status_code == 201
    berlin.clock.advance(5)
    response = berlin.call("GET", f"/vms/{vm}")
    assert response.status_code == 404
    assert "does not exist" in response.json()["message"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ["agent", "other"]),
        ("vm_name==other", ["other"]),
        ("machine_type==pc;power_state!=off", []),
        ("name==agent,name==other", ["agent", "other"]),
    ],
)
def test_lists_are_filtered_by_fiql(berlin: Any, vm: str, text: str, names: list[str]) -> None:
    berlin.made("/vms", {"name": "other", "memory_mb": 1024, "num_vcpus": 1})
    assert [one["name"] for one in berlin.get("/vms", filter=text)["entities"]] == names


@pytest.mark.parametrize("text", ["name", "name=x", "no_such==x"])
def test_a_filter_that_cannot_be_read_says_so(berlin: Any, text: str) -> None:
    assert berlin.call("GET", "/vms", params={"filter": text}).status_code == 422


def test_networks_tell_who_has_which_address(berlin: Any, vm: str, network: str) -> None:
    told = berlin.get(f"/networks/{network}")["ip_config"]
    assert told["pool"][0]["num_total_ips"] - told["pool"][0]["num_free_ips"] == 1
    (lease,) = berlin.get(f"/networks/{network}/addresses")["entities"]
    assert (lease["entity_uuid"], lease["vm_name"], lease["type"]) == (vm, "agent", "VM")
    assert lease["ip_address"] == shown(berlin, vm)["vm_nics"][0]["ip_address"]


def test_a_network_is_there_at_once_and_goes_when_nobody_uses_it(berlin: Any, network: str, vm: str) -> None:
    response = berlin.call("POST", "/networks", {"name": "plain", "vlan_id": 7})
    uuid = response.json()["network_uuid"]
    told = berlin.get(f"/networks/{uuid}")
    assert (told["vlan_id"], told["ip_config"]["free_ips"]) == (7, -1)
    assert berlin.call("DELETE", f"/networks/{uuid}").status_code == 204
    assert berlin.call("DELETE", f"/networks/{network}").status_code == 422
