from __future__ import annotations

import uuid
from typing import Any

import pytest

VMS = "/api/vmm/v4.3/ahv/config/vms"
CATEGORIES = "/api/prism/v4.4/config/categories"


def test_a_new_vm_is_off_and_has_what_was_asked_for(site: Any, make_vm: Any, clusters: Any) -> None:
    vm = site.data(f"{VMS}/{make_vm(name='one', numSockets=2, memorySizeBytes=2 << 30)}")
    assert (vm["name"], vm["powerState"], vm["numSockets"]) == ("one", "OFF", 2)
    assert vm["memorySizeBytes"] == 2 << 30
    assert vm["biosUuid"] == vm["extId"]
    assert vm["cluster"]["extId"] == clusters["berlin"]
    assert "cdRoms" not in vm
    assert "host" not in vm
    assert "guestTools" not in vm


def test_a_vm_needs_a_request_id(site: Any) -> None:
    answer = site.call("POST", VMS, json={"name": "x"})
    assert answer.status_code == 400
    assert answer.json()["data"]["error"][0]["code"] == "VMM-30400"
    answer = site.post(VMS, {"name": "x"}, request_id="not-a-uuid")
    assert answer.json()["data"]["error"][0]["code"] == "VMM-30401"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"cluster": {"extId": "00000000-0000-4000-8000-000000000001"}}, "VMM-30106"),
        ({"powerState": "ON"}, "VMM-30109"),
        ({"name": ""}, "VMM-30102"),
        (
            {"nics": [{"networkInfo": {"subnet": {"extId": "00000000-0000-4000-8000-000000000001"}}}]},
            "VMM-30604",
        ),
        (
            {
                "disks": [
                    {
                        "backingInfo": {
                            "$objectType": "vmm.v4.ahv.config.VmDisk",
                            "dataSource": {
                                "reference": {
                                    "$objectType": "vmm.v4.ahv.config.ImageReference",
                                    "imageExtId": "00000000-0000-4000-8000-000000000001",
                                }
                            },
                        }
                    }
                ]
            },
            "VMM-31201",
        ),
    ],
)
def test_what_cannot_be_made_is_refused_at_once_or_in_the_task(
    start: Any, site: Any, clusters: Any, change: Any, code: str
) -> None:
    body = {"name": "x", "cluster": {"extId": clusters["berlin"]}, **change}
    assert site.post(VMS, body).json()["data"]["error"][0]["code"] == code
    late = start(late_checks=True)
    task = late.ended(late.post(VMS, body))
    assert (task["status"], task["errorMessages"][0]["code"]) == ("FAILED", code)
    assert late.data(VMS) == []


def test_no_sockets_is_a_violation(site: Any, clusters: Any) -> None:
    body = {"name": "x", "cluster": {"extId": clusters["berlin"]}, "numSockets": 0}
    error = site.post(VMS, body).json()["data"]["error"]
    assert error["validationErrorMessages"][0]["attributePath"] == "numSockets"


def test_a_change_needs_the_etag_of_now(site: Any, make_vm: Any) -> None:
    path = f"{VMS}/{make_vm()}"
    old = site.etag(path)
    body = {**site.data(path), "description": "changed"}
    missing = site.put(path, body)
    assert missing.status_code == 428
    assert missing.json()["data"]["error"][0]["errorGroup"] == "MISSING_ETAG_HEADER"
    assert site.put(path, body, etag="*").json()["data"]["error"][0]["code"] == "PLAT-10005"
    site.done(site.put(path, body, etag=old))
    assert site.data(path)["description"] == "changed"
    stale = site.put(path, body, etag=old)
    assert stale.status_code == 412
    assert stale.json()["data"]["error"][0]["code"] == "VMM-30303"


def test_a_change_that_was_overtaken_fails_in_its_task(site: Any, make_vm: Any) -> None:
    path = f"{VMS}/{make_vm()}"
    etag, body = site.etag(path), site.data(path)
    first = site.put(path, {**body, "description": "first"}, etag=etag)
    second = site.put(path, {**body, "description": "second"}, etag=etag)
    assert site.ended(first)["status"] == "SUCCEEDED"
    task = site.ended(second)
    assert task["status"] == "FAILED"
    assert task["errorMessages"][0]["errorGroup"] == "VM_ETAG_MISMATCH"
    assert site.data(path)["description"] == "first"


def test_an_update_leaves_devices_alone(site: Any, make_vm: Any) -> None:
    path = f"{VMS}/{make_vm()}"
    body = site.data(path)
    disks = body.pop("disks")
    site.done(site.put(path, body, etag=site.etag(path)))
    assert site.data(path)["disks"] == disks


def test_memory_is_not_taken_from_a_vm_that_is_on(site: Any, make_vm: Any, power: Any) -> None:
    path = f"{VMS}/{make_vm(memorySizeBytes=2 << 30)}"
    power(path, "power-on")
    task = site.ended(site.put(path, {**site.data(path), "memorySizeBytes": 1 << 30}, etag=site.etag(path)))
    assert task["status"] == "FAILED"
    more = site.ended(site.put(path, {**site.data(path), "memorySizeBytes": 3 << 30}, etag=site.etag(path)))
    assert more["status"] == "SUCCEEDED"


def test_categories_are_added_and_taken_away(site: Any, make_vm: Any) -> None:
    path = f"{VMS}/{make_vm()}"
    category = {"extId": site.data(CATEGORIES)[0]["extId"]}
    site.done(site.post(f"{path}/$actions/associate-categories", {"categories": [category]}, etag=site.etag(path)))
    assert [each["extId"] for each in site.data(path)["categories"]] == [category["extId"]]
    site.done(site.post(f"{path}/$actions/disassociate-categories", {"categories": [category]}, etag=site.etag(path)))
    assert "categories" not in site.data(path)
    strange = {"categories": [{"extId": str(uuid.uuid4())}]}
    assert site.post(f"{path}/$actions/associate-categories", strange, etag=site.etag(path)).status_code == 400


def test_lists_filter_by_name_and_state(site: Any, make_vm: Any, power: Any) -> None:
    ids = [make_vm(name=f"vm-{number}") for number in range(3)]
    power(f"{VMS}/{ids[1]}", "power-on")
    for text in ("powerState eq Vmm.Ahv.Config.PowerState'ON'", "powerState eq 'ON'", "name eq 'vm-1'"):
        assert [vm["extId"] for vm in site.data(VMS, filter=text)] == [ids[1]]
    chosen = " or ".join(f"extId eq '{ext_id}'" for ext_id in (ids[0], ids[2]))
    assert [vm["name"] for vm in site.data(VMS, filter=chosen, orderby="name desc")] == ["vm-2", "vm-0"]
    assert site.get(VMS, filter="description eq 'x'").status_code == 400


def test_listing_vms_is_limited_to_two_a_second(start: Any) -> None:
    site = start(rate_limits=True)
    assert [site.get(VMS).status_code for _ in range(3)] == [200, 200, 429]


def test_a_deleted_vm_is_gone_and_gives_its_address_back(site: Any, make_vm: Any, subnets: Any) -> None:
    path = f"{VMS}/{make_vm(subnet='berlin-managed')}"
    assert site.delete(path).status_code == 428
    site.done(site.delete(path, etag=site.etag(path)))
    assert site.get(path).status_code == 404
    subnet = site.data(f"/api/networking/v4.4/config/subnets/{subnets['berlin-managed']}")
    assert subnet["ipUsage"]["numAssignedIPs"] == 0


def test_v40_shows_the_old_pair_of_nic_fields_only(site: Any, make_vm: Any) -> None:
    ext_id = make_vm(subnet="berlin-managed")
    old = site.data(f"/api/vmm/v4.0/ahv/config/vms/{ext_id}")["nics"][0]
    new = site.data(f"{VMS}/{ext_id}")["nics"][0]
    assert "nicNetworkInfo" not in old
    assert old["networkInfo"]["ipv4Config"]["ipAddress"]["value"] == "10.42.0.10"
    assert new["nicNetworkInfo"]["subnet"]["extId"] == new["networkInfo"]["subnet"]["extId"]


def test_many_vms_are_listed_quickly(site: Any, make_vm: Any) -> None:
    ext_id = make_vm()
    bulk = {"name": "many", "bulkCloneOptions": {"numVms": 250, "nameSuffixStartIndex": 1}}
    site.done(site.post(f"{VMS}/{ext_id}/$actions/clone", bulk, etag=site.etag(f"{VMS}/{ext_id}")))
    page = site.get(VMS, page=2, limit=100).json()
    assert page["metadata"]["totalAvailableResults"] == 251
    assert len(page["data"]) == 51
