from __future__ import annotations

from typing import Any

import pytest

VMS = "/api/vmm/v4.3/ahv/config/vms"
REL = "vmm:ahv:config:vm"


@pytest.fixture
def clone(site: Any) -> Any:
    """Clones a VM and answers the copies in the order in which the task names them."""

    def act(path: str, **spec: Any) -> list[dict[str, Any]]:
        task = site.ended(site.post(f"{path}/$actions/clone", spec, etag=site.etag(path)))
        assert task["status"] == "SUCCEEDED", task
        source = path.rsplit("/", 1)[1]
        named = [each["extId"] for each in task["entitiesAffected"] if each["rel"] == REL]
        assert named[0] == source
        return [site.data(f"{VMS}/{ext_id}") for ext_id in dict.fromkeys(named) if ext_id != source]

    return act


def test_a_clone_is_off_and_is_another_machine(site: Any, make_vm: Any, power: Any, clone: Any) -> None:
    path = f"{VMS}/{make_vm(subnet='berlin-managed', numSockets=3, description='master')}"
    power(path, "power-on")
    source, (copy,) = site.data(path), clone(path, name="copy", memorySizeBytes=4 << 30)
    assert (copy["name"], copy["powerState"], copy["numSockets"]) == ("copy", "OFF", 3)
    assert copy["memorySizeBytes"] == 4 << 30
    assert copy["source"] == {**copy["source"], "entityType": "VM", "extId": source["extId"]}
    assert copy["biosUuid"] == copy["extId"]
    assert copy["disks"][0]["extId"] != source["disks"][0]["extId"]
    assert copy["disks"][0]["backingInfo"]["diskSizeBytes"] == source["disks"][0]["backingInfo"]["diskSizeBytes"]
    macs = {vm["nics"][0]["backingInfo"]["macAddress"] for vm in (source, copy)}
    addresses = {vm["nics"][0]["networkInfo"]["ipv4Config"]["ipAddress"]["value"] for vm in (source, copy)}
    assert (len(macs), len(addresses)) == (2, 2)


def test_a_clone_shares_nothing_that_changes_with_its_source(site: Any, make_vm: Any, clone: Any) -> None:
    category = {"extId": site.data("/api/prism/v4.4/config/categories")[0]["extId"]}
    other = {"extId": site.data("/api/prism/v4.4/config/categories")[1]["extId"]}
    path = f"{VMS}/{make_vm(categories=[category])}"
    (copy,) = clone(path, name="copy")
    site.done(site.post(f"{path}/$actions/associate-categories", {"categories": [other]}, etag=site.etag(path)))
    assert [each["extId"] for each in site.data(f"{VMS}/{copy['extId']}")["categories"]] == [category["extId"]]


def test_nics_of_a_clone_can_be_others(make_vm: Any, clone: Any, nic_on: Any, subnets: Any) -> None:
    path = f"{VMS}/{make_vm(subnet='berlin-managed')}"
    (copy,) = clone(path, name="copy", nics=[nic_on("berlin-dhcp"), nic_on("berlin-dhcp")])
    assert [nic["networkInfo"]["subnet"]["extId"] for nic in copy["nics"]] == [subnets["berlin-dhcp"]] * 2


def test_many_clones_are_counted_from_where_they_should(make_vm: Any, clone: Any) -> None:
    options = {"numVms": 3, "nameSuffixStartIndex": 99}
    copies = clone(f"{VMS}/{make_vm()}", name="agent", bulkCloneOptions=options)
    assert [copy["name"] for copy in copies] == ["agent-099", "agent-100", "agent-101"]


@pytest.mark.parametrize("options", [{"numVms": 1}, {"numVms": 251}, {"nameSuffixStartIndex": 0}])
def test_numbers_out_of_bounds_are_refused(site: Any, make_vm: Any, options: Any) -> None:
    path = f"{VMS}/{make_vm()}"
    body = {"name": "x", "bulkCloneOptions": {"numVms": 2, "nameSuffixStartIndex": 1, **options}}
    assert site.post(f"{path}/$actions/clone", body, etag=site.etag(path)).status_code == 400


def test_only_the_newest_version_clones_many(site: Any, make_vm: Any) -> None:
    path = f"/api/vmm/v4.2/ahv/config/vms/{make_vm()}"
    body = {"name": "x", "bulkCloneOptions": {"numVms": 2, "nameSuffixStartIndex": 1}}
    error = site.post(f"{path}/$actions/clone", body, etag=site.etag(path)).json()["data"]["error"]
    assert error["validationErrorMessages"][0]["attributePath"] == "bulkCloneOptions"


def test_a_bulk_clone_that_runs_out_of_addresses_fails_and_leaves_the_whole_ones(
    site: Any, make_vm: Any, clusters: Any
) -> None:
    subnets = "/api/networking/v4.4/config/subnets"
    pool = {"startIp": {"value": "192.168.9.10"}, "endIp": {"value": "192.168.9.11"}}
    ipv4 = {"ipSubnet": {"ip": {"value": "192.168.9.0"}, "prefixLength": 24}, "poolList": [pool]}
    body = {"name": "two", "subnetType": "VLAN", "clusterReference": clusters["berlin"], "ipConfig": [{"ipv4": ipv4}]}
    subnet = site.done(site.post(subnets, body), "networking:config:subnet")
    path = f"{VMS}/{make_vm(nics=[{'networkInfo': {'subnet': {'extId': subnet}}}])}"
    spec = {"name": "x", "bulkCloneOptions": {"numVms": 2, "nameSuffixStartIndex": 1}}
    task = site.ended(site.post(f"{path}/$actions/clone", spec, etag=site.etag(path)))
    assert task["errorMessages"][0]["errorGroup"] == "VM_IP_POOL_EXHAUSTED"
    assert [vm["name"] for vm in site.data(VMS)] == ["vm", "x-001"]


def test_customization_of_a_clone_waits_for_its_power_on(make_vm: Any, clone: Any) -> None:
    script = {"$objectType": "vmm.v4.ahv.config.Userdata", "value": "I2Nsb3VkLWNvbmZpZwo="}
    config = {"$objectType": "vmm.v4.ahv.config.CloudInit", "cloudInitScript": script}
    (copy,) = clone(f"{VMS}/{make_vm()}", name="copy", guestCustomization={"config": config})
    assert copy["vmGuestCustomizationStatus"] == "PENDING"


def test_secure_boot_needs_the_newer_machine(site: Any, make_vm: Any, clusters: Any) -> None:
    boot = {"$objectType": "vmm.v4.ahv.config.UefiBoot", "isSecureBootEnabled": True}
    body = {"name": "x", "cluster": {"extId": clusters["berlin"]}, "bootConfig": boot}
    assert site.post(VMS, body).status_code == 400
    site.done(site.post(VMS, {**body, "machineType": "Q35"}))
