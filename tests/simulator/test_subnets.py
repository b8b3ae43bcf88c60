from __future__ import annotations

from typing import Any

import pytest

SUBNETS = "/api/networking/v4.4/config/subnets"
VMS = "/api/vmm/v4.3/ahv/config/vms"


def managed(cluster: str, first: str, last: str, **more: Any) -> dict[str, Any]:
    ipv4 = {
        "ipSubnet": {"ip": {"value": "192.168.5.0"}, "prefixLength": 24},
        "defaultGatewayIp": {"value": "192.168.5.1"},
        "poolList": [{"startIp": {"value": first}, "endIp": {"value": last}}],
    }
    return {
        "name": "small",
        "subnetType": "VLAN",
        "networkId": 5,
        "clusterReference": cluster,
        "ipConfig": [{"ipv4": ipv4}],
        **more,
    }


@pytest.fixture
def small(site: Any, clusters: Any) -> str:
    body = managed(clusters["berlin"], "192.168.5.10", "192.168.5.12")
    body["reservedIpAddresses"] = [{"ipv4": {"value": "192.168.5.11"}}]
    return str(site.done(site.post(SUBNETS, body), "networking:config:subnet"))


def nic(subnet: str) -> dict[str, Any]:
    return {"networkInfo": {"subnet": {"extId": subnet}}}


def test_a_pool_skips_reserved_addresses_and_runs_out(site: Any, small: str, make_vm: Any) -> None:
    vms = [make_vm(name=f"vm-{n}", nics=[nic(small)]) for n in range(2)]
    given = [site.data(f"{VMS}/{vm}")["nics"][0]["networkInfo"]["ipv4Config"]["ipAddress"]["value"] for vm in vms]
    assert given == ["192.168.5.10", "192.168.5.12"]
    path = f"{VMS}/{vms[0]}"
    task = site.ended(site.post(f"{path}/nics", nic(small), etag=site.etag(path)))
    assert task["errorMessages"][0]["errorGroup"] == "VM_IP_POOL_EXHAUSTED"
    site.done(site.delete(path, etag=site.etag(path)))
    again = make_vm(nics=[nic(small)])
    assert site.data(f"{VMS}/{again}")["nics"][0]["networkInfo"]["ipv4Config"]["ipAddress"]["value"] == "192.168.5.10"


def test_a_subnet_shows_its_nics_and_is_not_deleted_with_them(site: Any, small: str, make_vm: Any) -> None:
    vm = make_vm(nics=[nic(small)])
    path = f"{SUBNETS}/{small}"
    vnic = site.data(f"{path}/vnics")[0]
    assert (vnic["vmReference"], vnic["assignedIpv4Addresses"][0]["ipv4"]["value"]) == (vm, "192.168.5.10")
    assert site.ended(site.delete(path))["status"] == "FAILED"
    site.done(site.delete(f"{VMS}/{vm}", etag=site.etag(f"{VMS}/{vm}")))
    site.done(site.delete(path))
    assert site.get(path).status_code == 404


def test_a_subnet_is_changed_with_its_etag(site: Any, small: str) -> None:
    path = f"{SUBNETS}/{small}"
    body = {**site.data(path), "description": "for tests"}
    assert site.put(path, body).status_code == 428
    site.done(site.put(path, body, etag=site.etag(path)))
    assert site.data(path)["description"] == "for tests"


@pytest.mark.parametrize("change", [{"networkId": 4096}, {"clusterReference": "0" * 8 + "-0000-4000-8000-" + "0" * 12}])
def test_a_subnet_that_cannot_be_is_refused(site: Any, clusters: Any, change: Any) -> None:
    body = managed(clusters["berlin"], "192.168.5.10", "192.168.5.12", **change)
    assert site.post(SUBNETS, body).status_code in {400, 404}


def test_subnets_are_found_by_name_and_cluster(site: Any, clusters: Any) -> None:
    text = f"name eq 'berlin-dhcp' and clusterReference eq '{clusters['berlin']}'"
    assert [each["name"] for each in site.data(SUBNETS, filter=text)] == ["berlin-dhcp"]


def test_a_field_of_a_later_minor_is_refused_unless_it_holds_its_default(start: Any) -> None:
    old = start(version="v4.2")
    path = "/api/networking/v4.2/config/subnets"
    cluster = old.data("/api/clustermgmt/v4.2/config/clusters")[1]["extId"]
    body = {"name": "lan", "subnetType": "VLAN", "networkId": 9, "clusterReference": cluster}
    assert old.post(path, {**body, "isConnected": True}).status_code == 202
    refused = old.post(path, {**body, "isConnected": False})
    assert (refused.status_code, "isConnected" in refused.text) == (400, True)


def test_addresses_of_vms_that_are_gone_are_given_again(site: Any, make_vm: Any) -> None:
    vms = "/api/vmm/v4.3/ahv/config/vms"

    def address(vm: str) -> str:
        return str(site.data(f"{vms}/{vm}")["nics"][0]["networkInfo"]["ipv4Config"]["ipAddress"]["value"])

    first, second, _ = (make_vm(subnet="berlin-managed") for _ in range(3))
    freed = [address(first), address(second)]
    for vm in (second, first):
        site.done(site.delete(f"{vms}/{vm}", etag=site.etag(f"{vms}/{vm}")))
    assert [address(make_vm(subnet="berlin-managed")) for _ in freed] == freed
