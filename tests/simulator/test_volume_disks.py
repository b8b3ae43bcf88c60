from __future__ import annotations

from typing import Any

import pytest

VMS = "/api/vmm/v4.3/ahv/config/vms"
REL = "volumes:config:volume-group:disk"
GIB = 1 << 30


def new(container: str, **more: Any) -> dict[str, Any]:
    """A disk of 1 GiB on a storage container."""
    source = {"extId": container, "entityType": "STORAGE_CONTAINER"}
    return {"diskSizeBytes": GIB, "diskDataSourceReference": source, **more}


def test_disks_take_the_next_index_or_the_one_they_ask_for(site: Any, make_group: Any, container: str) -> None:
    path = f"{make_group(disks=[new(container)])}/disks"
    made = site.done(site.post(path, new(container, index=7, description="logs")), REL)
    site.done(site.post(path, new(container)))
    assert [each["index"] for each in site.data(path)] == [0, 7, 1]
    found = site.data(f"{path}/{made}")
    assert (found["diskSizeBytes"], found["storageContainerId"], found["description"]) == (GIB, container, "logs")
    assert "diskDataSourceReference" not in found
    assert site.ended(site.post(path, new(container, index=7)))["status"] == "FAILED"


@pytest.mark.parametrize("kind", ["IMAGE", "VM_DISK", "VOLUME_DISK"])
def test_a_disk_is_a_copy_of_its_source(site: Any, make_group: Any, make_image: Any, make_vm: Any, kind: str) -> None:
    path = f"{make_group()}/disks"

    def copy_of(kind: str, ext_id: str) -> str:
        source = {"extId": ext_id, "entityType": kind}
        return str(site.done(site.post(path, {"diskDataSourceReference": source}), REL))

    match kind:
        case "IMAGE":
            source = make_image(b"an image of a disk".ljust(8192, b"\0"))
        case "VM_DISK":
            source = site.data(f"{VMS}/{make_vm()}")["disks"][0]["extId"]
        case _:
            source = copy_of("IMAGE", make_image())
    made = copy_of(kind, source)
    assert site.data(f"{path}/{made}")["diskSizeBytes"] == (8192 if kind == "IMAGE" else 4096)
    assert site.get(f"/_sim/entities/disks/{made}").json()["hidden"]["content"]


@pytest.mark.parametrize(
    "disk",
    [
        {"diskSizeBytes": GIB},
        {"diskDataSourceReference": {"extId": "00000000-0000-4000-8000-000000000000", "entityType": "IMAGE"}},
        {"diskDataSourceReference": {"extId": "00000000-0000-4000-8000-000000000000", "entityType": "VM_DISK"}},
        {"diskDataSourceReference": {"extId": "00000000-0000-4000-8000-000000000000", "entityType": "VM"}},
    ],
)
def test_a_disk_needs_a_source_that_exists(site: Any, make_group: Any, disk: Any) -> None:
    assert site.post(f"{make_group()}/disks", disk).status_code == 400


@pytest.mark.parametrize("change", [{"diskSizeBytes": 524287}, {"diskSizeBytes": None}, {"index": 16384}])
def test_a_disk_keeps_to_its_limits(site: Any, make_group: Any, container: str, change: Any) -> None:
    assert site.post(f"{make_group()}/disks", new(container, **change)).status_code == 400


def test_a_disk_is_made_on_the_cluster_of_its_group(site: Any, make_group: Any, clusters: Any) -> None:
    found = site.data(
        "/api/clustermgmt/v4.3/config/storage-containers", filter=f"clusterExtId eq '{clusters['hamburg']}'"
    )
    assert site.post(f"{make_group()}/disks", new(found[0]["containerExtId"])).status_code == 400


def test_a_disk_grows_and_does_not_shrink(site: Any, make_group: Any, container: str) -> None:
    group = make_group(disks=[new(container)])
    path = f"{group}/disks/{site.data(f'{group}/disks')[0]['extId']}"
    body = {**site.data(path), "diskSizeBytes": 2 * GIB, "description": "grown"}
    assert site.put(path, body).status_code == 428
    site.done(site.put(path, body, etag=site.etag(path)))
    found = site.data(path)
    assert (found["diskSizeBytes"], found["description"]) == (2 * GIB, "grown")
    assert site.ended(site.put(path, {**body, "diskSizeBytes": GIB}, etag=site.etag(path)))["status"] == "FAILED"
    assert site.put(path, {**body, "index": 5}, etag=site.etag(path)).status_code == 400


def test_a_deleted_disk_is_gone(site: Any, make_group: Any, container: str) -> None:
    group = make_group(disks=[new(container), new(container)])
    first, second = (each["extId"] for each in site.data(f"{group}/disks"))
    site.done(site.delete(f"{group}/disks/{first}"))
    assert [each["extId"] for each in site.data(f"{group}/disks", orderby="createdTime")] == [second]
    assert site.get(f"{group}/disks/{first}").status_code == 404
    assert site.delete(f"{group}/disks/{first}").status_code == 404
