from __future__ import annotations

from typing import Any

VMS = "/api/vmm/v4.3/ahv/config/vms"
POINTS = "/api/dataprotection/v4.4/config/recovery-points"
VM_POINTS = "/api/vmm/v4.3/ahv/config/vm-recovery-points"
REL = "dataprotection:config:recovery-point"
VM_REL = "dataprotection:config:vm-recovery-point"


def test_a_recovery_point_of_two_vms_is_restored(site: Any, make_vm: Any) -> None:
    ids = [make_vm(name="a"), make_vm(name="b")]
    body = {"name": "before", "vmRecoveryPoints": [{"vmExtId": each} for each in ids]}
    path = f"{POINTS}/{site.done(site.post(POINTS, body), REL)}"
    parts = site.data(path)["vmRecoveryPoints"]
    assert [part["vmExtId"] for part in parts] == ids
    override = {"vmRecoveryPointExtId": parts[0]["extId"], "vmOverrideSpec": {"name": "a-again"}}
    answer = site.post(
        f"{path}/$actions/restore", {"vmRecoveryPointRestoreOverrides": [override]}, etag=site.etag(path)
    )
    task = site.ended(answer)
    made = next(each["value"] for each in task["completionDetails"] if each["name"] == "vmExtIds")
    assert [site.data(f"{VMS}/{each}")["name"] for each in made] == ["a-again", "b"]


def test_a_vm_goes_back_to_its_recovery_point(site: Any, make_vm: Any) -> None:
    path = f"{VMS}/{make_vm(name='a', numSockets=1)}"
    point = site.done(site.post(VM_POINTS, {"vmExtId": path.rsplit("/", 1)[1], "name": "before"}), VM_REL)
    site.done(site.put(path, {**site.data(path), "numSockets": 4}, etag=site.etag(path)))
    site.done(site.post(f"{path}/$actions/revert", {"vmRecoveryPointExtId": point}, etag=site.etag(path)))
    assert site.data(path)["numSockets"] == 1
    assert len(site.data(path)["disks"]) == 1


def test_early_releases_have_no_vm_recovery_points(site: Any) -> None:
    assert site.get("/api/vmm/v4.0/ahv/config/vm-recovery-points").status_code == 501


def test_deleted_recovery_points_are_gone(site: Any, make_vm: Any) -> None:
    body = {"name": "before", "vmRecoveryPoints": [{"vmExtId": make_vm()}]}
    path = f"{POINTS}/{site.done(site.post(POINTS, body), REL)}"
    site.done(site.delete(path, etag=site.etag(path)))
    assert site.get(path).status_code == 404
    assert site.data(VM_POINTS) == []


def test_a_vms_recovery_point_is_listed_restored_and_deleted(site: Any, make_vm: Any, subnets: Any) -> None:
    vm = make_vm(name="a", subnet="berlin-managed")
    path = f"{VM_POINTS}/{site.done(site.post(VM_POINTS, {'vmExtId': vm, 'name': 'before'}), VM_REL)}"
    assert site.data(path)["vm"]["name"] == "a"
    spec = {"vmConfigOverrideSpec": {"name": "b", "description": "again"}}
    restored = site.done(site.post(f"{path}/$actions/restore", spec), "vmm:ahv:config:vm")
    found = site.data(f"{VMS}/{restored}")
    assert (found["name"], found["description"]) == ("b", "again")
    assert found["source"]["entityType"] == "VM_RECOVERY_POINT"
    site.done(site.delete(path))
    assert site.get(path).status_code == 404


def test_a_vm_is_not_reverted_while_it_is_on_or_to_another_ones_point(site: Any, make_vm: Any, power: Any) -> None:
    one, two = make_vm(name="one"), make_vm(name="two")
    point = site.done(site.post(VM_POINTS, {"vmExtId": one, "name": "before"}), VM_REL)
    body = {"vmRecoveryPointExtId": point}
    path = f"{VMS}/{two}"
    assert site.post(f"{path}/$actions/revert", body, etag=site.etag(path)).status_code == 400
    path = f"{VMS}/{one}"
    power(path, "power-on")
    assert site.ended(site.post(f"{path}/$actions/revert", body, etag=site.etag(path)))["status"] == "FAILED"


def test_a_recovery_point_needs_vms_that_exist_and_not_too_many(site: Any, make_vm: Any) -> None:
    assert site.post(POINTS, {"name": "x", "vmRecoveryPoints": []}).status_code == 400
    vm = make_vm()
    many = {"name": "x", "vmRecoveryPoints": [{"vmExtId": vm}] * 33}
    assert site.post(POINTS, many).status_code == 400
    body = {"name": "x", "vmRecoveryPoints": [{"vmExtId": vm}]}
    path = f"{POINTS}/{site.done(site.post(POINTS, body), REL)}"
    part = site.data(path)["vmRecoveryPoints"][0]["extId"]
    assert site.data(f"{path}/vm-recovery-points/{part}")["vmExtId"] == vm
    assert [each["name"] for each in site.data(POINTS)] == ["x"]
