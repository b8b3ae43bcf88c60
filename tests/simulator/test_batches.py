from __future__ import annotations

from typing import Any

VMS = "/api/vmm/v4.3/ahv/config/vms"
BATCH = "/api/prism/v4.4/operations/$actions/batch"
BATCHES = "/api/prism/v4.4/operations/batches"


def element(site: Any, ext_id: str, *, etag: str = "") -> dict[str, Any]:
    header = {"name": "If-Match", "value": etag or site.etag(f"{VMS}/{ext_id}")}
    return {"metadata": {"headers": [header], "path": [{"name": "extId", "value": ext_id}]}}


def delete_all(site: Any, payload: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    metadata = {"action": "DELETE", "name": "sweep", "uri": VMS + "/{extId}", **more}
    return dict(site.ended(site.post(BATCH, {"metadata": metadata, "payload": payload})))


def test_a_batch_does_to_many_what_one_call_does_to_one(site: Any, make_vm: Any) -> None:
    ids = [make_vm(name=f"vm-{number}") for number in range(5)]
    task = delete_all(site, [element(site, each) for each in ids], chunkSize=2)
    assert (task["status"], task["numberOfSubtasks"]) == ("SUCCEEDED", 5)
    assert site.data(VMS) == []
    batch = site.data(BATCHES)[0]
    assert (batch["size"], batch["successCount"], batch["failedCount"]) == (5, 5, 0)
    assert (batch["executionStatus"], batch["completionStatus"]) == ("COMPLETED", "SUCCEEDED")


def test_chunks_run_one_after_the_other(site: Any, make_vm: Any) -> None:
    ids = [make_vm(name=f"vm-{number}") for number in range(3)]
    metadata = {"action": "DELETE", "name": "sweep", "uri": VMS + "/{extId}"}
    site.post(BATCH, {"metadata": metadata, "payload": [element(site, each) for each in ids]})
    site.prism.control.advance(1.6)
    assert len(site.data(VMS)) == 2
    site.prism.control.advance(1)
    assert len(site.data(VMS)) == 1


def test_a_batch_goes_on_after_an_error_unless_told_to_stop(site: Any, make_vm: Any) -> None:
    ids = [make_vm(name=f"vm-{number}") for number in range(3)]
    stale = [element(site, ids[0], etag="stale"), element(site, ids[1])]
    task = delete_all(site, stale)
    assert task["status"] == "FAILED"
    assert task["errorMessages"][0]["code"] == "VMM-30303"
    assert site.data(BATCHES)[0]["completionStatus"] == "PARTIALLY_SUCCEEDED"
    assert len(site.data(VMS)) == 2
    stopped = [element(site, ids[0], etag="stale"), element(site, ids[2])]
    assert delete_all(site, stopped, shouldStopOnError=True)["status"] == "FAILED"
    assert len(site.data(VMS)) == 2


def test_a_batch_creates_vms(site: Any, clusters: Any) -> None:
    metadata = {"action": "CREATE", "name": "make", "uri": VMS, "chunkSize": 20}
    payload = [{"data": {"name": f"vm-{n}", "cluster": {"extId": clusters["berlin"]}}} for n in range(4)]
    task = site.ended(site.post(BATCH, {"metadata": metadata, "payload": payload}))
    assert task["status"] == "SUCCEEDED"
    assert sorted(vm["name"] for vm in site.data(VMS)) == ["vm-0", "vm-1", "vm-2", "vm-3"]


def test_a_batch_against_nothing_of_the_api_is_refused(site: Any) -> None:
    metadata = {"action": "CREATE", "name": "make", "uri": "/elsewhere"}
    assert site.post(BATCH, {"metadata": metadata, "payload": [{}]}).status_code == 400
