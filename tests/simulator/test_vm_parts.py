from __future__ import annotations

from typing import Any

VMS = "/api/vmm/v4.3/ahv/config/vms"
DISK = "vmm.v4.ahv.config.VmDisk"


def empty_disk(size: int) -> dict[str, Any]:
    return {"backingInfo": {"$objectType": DISK, "diskSizeBytes": size}}


def test_a_disk_is_added_grown_and_removed(site: Any, make_vm: Any) -> None:
    path = f"{VMS}/{make_vm()}"
    disk = site.done(site.post(f"{path}/disks", empty_disk(1 << 30), etag=site.etag(path)), "vmm:ahv:config:vm:disk")
    one = f"{path}/disks/{disk}"
    found = site.data(one)
    assert found["backingInfo"]["diskExtId"] == disk
    assert (found["diskAddress"]["busType"], found["diskAddress"]["index"]) == ("SCSI", 1)
    site.done(site.put(one, empty_disk(2 << 30), etag=site.etag(one)))
    assert site.data(one)["backingInfo"]["diskSizeBytes"] == 2 << 30
    shrunk = site.ended(site.put(one, empty_disk(1 << 30), etag=site.etag(one)))
    assert shrunk["errorMessages"][0]["message"] == "A disk cannot shrink."
    site.done(site.delete(one, etag=site.etag(path)))
    assert site.get(one).status_code == 404


def test_a_disk_put_that_repeats_the_data_source_is_refused(site: Any, make_vm: Any, make_image: Any) -> None:
    path = f"{VMS}/{make_vm()}"
    one = f"{path}/disks/{site.data(path)['disks'][0]['extId']}"
    body = empty_disk(1 << 30)
    reference = {"$objectType": "vmm.v4.ahv.config.ImageReference", "imageExtId": make_image()}
    body["backingInfo"]["dataSource"] = {"reference": reference}
    assert site.ended(site.put(one, body, etag=site.etag(one)))["status"] == "FAILED"


def test_a_disk_smaller_than_its_image_is_refused(site: Any, make_vm: Any, make_image: Any) -> None:
    path = f"{VMS}/{make_vm()}"
    body = empty_disk(512)
    reference = {"$objectType": "vmm.v4.ahv.config.ImageReference", "imageExtId": make_image()}
    body["backingInfo"]["dataSource"] = {"reference": reference}
    assert site.ended(site.post(f"{path}/disks", body, etag=site.etag(path)))["status"] == "FAILED"


def test_a_disc_is_inserted_once_and_ejected_while_the_vm_is_on(
    site: Any, make_vm: Any, make_image: Any, power: Any, image_backing: Any
) -> None:
    path = f"{VMS}/{make_vm(cdRoms=[{'diskAddress': {'busType': 'IDE', 'index': 0}}])}"
    power(path, "power-on")
    drive = site.data(path)["cdRoms"][0]
    one = f"{path}/cd-roms/{drive['extId']}"
    assert "backingInfo" not in drive
    insert = {"backingInfo": image_backing(make_image(type="ISO_IMAGE"))}
    site.done(site.post(f"{one}/$actions/insert", insert, etag=site.etag(path)))
    full = site.data(one)
    assert full["isoType"] == "OTHER"
    assert "dataSource" not in full["backingInfo"]
    again = site.ended(site.post(f"{one}/$actions/insert", insert, etag=site.etag(path)))
    assert again["status"] == "FAILED"
    site.done(site.post(f"{one}/$actions/eject", etag=site.etag(path)))
    assert "backingInfo" not in site.data(one)


def test_there_is_no_put_for_a_cd_rom(site: Any, make_vm: Any) -> None:
    path = f"{VMS}/{make_vm(cdRoms=[{}])}"
    one = f"{path}/cd-roms/{site.data(path)['cdRoms'][0]['extId']}"
    assert site.put(one, {}, etag=site.etag(path)).status_code == 501


def test_a_drive_is_added_only_while_the_vm_is_off(site: Any, make_vm: Any, power: Any) -> None:
    path = f"{VMS}/{make_vm()}"
    site.done(site.post(f"{path}/cd-roms", {"diskAddress": {"busType": "SATA"}}, etag=site.etag(path)))
    power(path, "power-on")
    assert site.ended(site.post(f"{path}/cd-roms", {}, etag=site.etag(path)))["status"] == "FAILED"


def test_places_on_a_bus_run_out(site: Any, make_vm: Any) -> None:
    path = f"{VMS}/{make_vm(cdRoms=[{}] * 4)}"
    assert [each["diskAddress"]["index"] for each in site.data(path)["cdRoms"]] == [0, 1, 2, 3]
    task = site.ended(site.post(f"{path}/cd-roms", {}, etag=site.etag(path)))
    assert "IDE" in task["errorMessages"][0]["message"]


def test_a_nic_gets_a_fixed_address_moves_and_gives_it_back(site: Any, make_vm: Any, nic_on: Any, subnets: Any) -> None:
    path = f"{VMS}/{make_vm()}"
    nic = site.done(
        site.post(f"{path}/nics", nic_on("berlin-managed", "10.42.7.7"), etag=site.etag(path)), "vmm:ahv:config:vm:nic"
    )
    one = f"{path}/nics/{nic}"
    assert site.data(one)["networkInfo"]["ipv4Config"]["ipAddress"]["value"] == "10.42.7.7"
    taken = site.ended(site.post(f"{path}/nics", nic_on("berlin-managed", "10.42.7.7"), etag=site.etag(path)))
    assert "in use" in taken["errorMessages"][0]["message"]
    outside = site.ended(site.post(f"{path}/nics", nic_on("berlin-managed", "10.43.0.1"), etag=site.etag(path)))
    assert outside["status"] == "FAILED"
    site.done(site.put(one, nic_on("berlin-dhcp"), etag=site.etag(one)))
    assert "ipv4Config" not in site.data(one)["networkInfo"]
    site.done(site.put(one, nic_on("berlin-managed"), etag=site.etag(one)))
    site.done(site.post(f"{one}/$actions/assign-ip", {"ipAddress": {"value": "10.42.9.9"}}, etag=site.etag(path)))
    assert site.data(one)["networkInfo"]["ipv4Config"]["ipAddress"]["value"] == "10.42.9.9"
    site.done(site.post(f"{one}/$actions/release-ip", etag=site.etag(path)))
    assert "ipv4Config" not in site.data(one)["networkInfo"]
    site.done(site.delete(one, etag=site.etag(path)))
    assert "nics" not in site.data(path)


def test_a_nic_on_another_clusters_subnet_is_refused(site: Any, make_vm: Any, nic_on: Any) -> None:
    path = f"{VMS}/{make_vm()}"
    assert site.post(f"{path}/nics", nic_on("hamburg-dhcp"), etag=site.etag(path)).status_code == 400


def test_serial_port_one_is_reserved(site: Any, make_vm: Any) -> None:
    path = f"{VMS}/{make_vm()}"
    site.done(site.post(f"{path}/serial-ports", {"index": 0, "isConnected": True}, etag=site.etag(path)))
    assert site.ended(site.post(f"{path}/serial-ports", {"index": 1}, etag=site.etag(path)))["status"] == "FAILED"
    assert len(site.data(f"{path}/serial-ports")) == 1


def test_devices_are_listed_and_named_in_refusals(site: Any, make_vm: Any, subnets: Any) -> None:
    path = f"{VMS}/{make_vm(subnet='berlin-managed', cdRoms=[{}])}"
    for kind in ("disks", "cd-roms", "nics"):
        assert len(site.data(f"{path}/{kind}")) == 1
    text = f"networkInfo/subnet/extId eq '{subnets['berlin-dhcp']}'"
    assert site.data(f"{path}/nics", filter=text) == []
    answer = site.get(f"{path}/disks/00000000-0000-4000-8000-000000000001")
    assert (answer.status_code, answer.json()["data"]["error"][0]["code"]) == (404, "VMM-30101")


def test_a_serial_port_is_switched_and_removed(site: Any, make_vm: Any, power: Any) -> None:
    path = f"{VMS}/{make_vm(serialPorts=[{'index': 0, 'isConnected': True}])}"
    one = f"{path}/serial-ports/{site.data(path)['serialPorts'][0]['extId']}"
    site.done(site.put(one, {"index": 0, "isConnected": False}, etag=site.etag(one)))
    assert site.data(one)["isConnected"] is False
    site.done(site.delete(one, etag=site.etag(one)))
    assert site.get(one).status_code == 404


def test_a_drive_is_removed_and_an_empty_one_not_ejected(site: Any, make_vm: Any) -> None:
    path = f"{VMS}/{make_vm(cdRoms=[{}])}"
    one = f"{path}/cd-roms/{site.data(path)['cdRoms'][0]['extId']}"
    assert site.ended(site.post(f"{one}/$actions/eject", etag=site.etag(path)))["status"] == "FAILED"
    site.done(site.delete(one, etag=site.etag(path)))
    assert "cdRoms" not in site.data(path)


def test_a_disk_without_size_or_on_a_taken_place_is_refused(site: Any, make_vm: Any) -> None:
    path = f"{VMS}/{make_vm()}"
    no_size = {"backingInfo": {"$objectType": DISK}}
    taken = {**empty_disk(1 << 30), "diskAddress": {"busType": "SCSI", "index": 0}}
    for body, word in ((no_size, "diskSizeBytes"), (taken, "taken")):
        task = site.ended(site.post(f"{path}/disks", body, etag=site.etag(path)))
        assert word in task["errorMessages"][0]["message"]


def test_a_device_of_a_vm_that_is_gone_fails_its_task(site: Any, make_vm: Any) -> None:
    path = f"{VMS}/{make_vm()}"
    etag = site.etag(path)
    gone = site.delete(path, etag=etag)
    late = site.post(f"{path}/disks", empty_disk(1 << 30), etag=etag)
    site.done(gone)
    assert "does not exist any more" in site.ended(late)["errorMessages"][0]["message"]


def test_an_address_cannot_be_fixed_on_an_unmanaged_subnet(site: Any, make_vm: Any, nic_on: Any) -> None:
    path = f"{VMS}/{make_vm()}"
    task = site.ended(site.post(f"{path}/nics", nic_on("berlin-dhcp", "10.1.1.1"), etag=site.etag(path)))
    assert "not managed" in task["errorMessages"][0]["message"]
