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
