"""Images of an Element as api-legacy, section 1.2, tells of them."""

from __future__ import annotations

from typing import Any

import pytest

SIZES = {"include_vm_disk_sizes": "true"}


def test_an_image_without_content_waits_inactive(berlin: Any) -> None:
    uuid = berlin.made("/images/", {"name": "golden", "annotation": "hello", "image_type": "iso_image"})
    image = berlin.get(f"/images/{uuid}", **SIZES)
    assert (image["name"], image["annotation"], image["image_type"]) == ("golden", "hello", "ISO_IMAGE")
    assert (image["image_state"], image["vm_disk_id"]) == ("INACTIVE", None)
    assert "vm_disk_size" not in image


def test_an_upload_makes_it_active_some_seconds_after_its_task(berlin: Any, container: str) -> None:
    uuid = berlin.made("/images", {"name": "golden"})
    headers = {"X-Nutanix-Destination-Container": container}
    task = berlin.done("PUT", f"/api/nutanix/v0.8/images/{uuid}/upload", data=bytes(4096), headers=headers)
    assert task["progress_status"] == "Succeeded"
    assert berlin.get(f"/images/{uuid}")["image_state"] == "INACTIVE"
    berlin.clock.advance(5)
    assert berlin.get(f"/images/{uuid}")["image_state"] == "ACTIVE"


def test_sizes_are_shown_on_demand(berlin: Any, image: str) -> None:
    assert "vm_disk_size" not in berlin.get(f"/images/{image}")
    assert berlin.get(f"/images/{image}", **SIZES)["vm_disk_size"] == 1 << 20


def test_v2_has_no_upload(berlin: Any) -> None:
    assert berlin.call("PUT", "/images/x/upload", data=b"x").status_code == 501


@pytest.mark.parametrize("header", [{}, {"X-Nutanix-Destination-Container": "nowhere"}])
def test_an_upload_without_a_container_is_refused(berlin: Any, header: dict[str, str]) -> None:
    uuid = berlin.made("/images", {"name": "golden"})
    response = berlin.call("PUT", f"/api/nutanix/v0.8/images/{uuid}/upload", data=b"x", headers=header)
    assert response.status_code == 422
    assert "X-Nutanix-Destination-Container" in response.json()["message"]


def test_an_image_takes_content_once(berlin: Any, image: str, container: str) -> None:
    headers = {"X-Nutanix-Destination-Container": container}
    response = berlin.call("PUT", f"/api/nutanix/v0.8/images/{image}/upload", data=b"x", headers=headers)
    assert response.status_code == 422


def test_a_failed_import_leaves_an_image_that_never_becomes_active(berlin: Any, container: str) -> None:
    spec = {"url": "http://127.0.0.1:1/disk.img", "storage_container_uuid": container}
    body = {"name": "golden", "image_import_spec": spec, "uuid": "11111111-2222-4333-8444-555555555555"}
    task = berlin.done("POST", "/images", body)
    assert task["progress_status"] == "Failed"
    assert task["meta_response"]["error_code"] == 10
    assert "Cannot fetch" in task["meta_response"]["error_detail"]
    berlin.clock.advance(60)
    assert berlin.get(f"/images/{body['uuid']}")["image_state"] == "INACTIVE"


def test_an_image_is_copied_from_a_disk(berlin: Any, image: str) -> None:
    disk = berlin.get(f"/images/{image}")["vm_disk_id"]
    assert disk != image
    copy = berlin.made("/images", {"name": "copy", "vm_disk_clone_spec": {"disk_address": {"vmdisk_uuid": disk}}})
    berlin.clock.advance(5)
    assert berlin.get(f"/images/{copy}", **SIZES)["vm_disk_size"] == 1 << 20


def test_an_image_is_copied_from_a_disk_by_nfs(berlin: Any, image: str, container: str) -> None:
    disk = berlin.get(f"/images/{image}")["vm_disk_id"]
    spec = {"url": f"nfs://127.0.0.1/c/.acropolis/vmdisk/{disk}", "storage_container_uuid": container}
    copy = berlin.made("/images", {"name": "copy", "image_import_spec": spec})
    berlin.clock.advance(5)
    assert berlin.get(f"/images/{copy}")["image_state"] == "ACTIVE"


def test_a_taken_id_fails_the_task_and_leaves_the_first_image_alone(berlin: Any, image: str) -> None:
    task = berlin.done("POST", "/images", {"name": "other", "uuid": image})
    assert (task["progress_status"], task["meta_response"]["error_code"]) == ("Failed", 9)
    assert berlin.get(f"/images/{image}")["name"] == "golden"


def test_names_are_not_unique(berlin: Any, image: str) -> None:
    assert berlin.made("/images", {"name": "golden"}) != image


def test_a_change_keeps_what_it_does_not_name(berlin: Any, image: str) -> None:
    assert berlin.done("PUT", f"/images/{image}", {"name": "silver"})["progress_status"] == "Succeeded"
    shown = berlin.get(f"/images/{image}")
    assert (shown["name"], shown["annotation"]) == ("silver", "hello")
    assert shown["logical_timestamp"] == 1


def test_a_stale_timestamp_is_refused(berlin: Any, image: str) -> None:
    berlin.done("PUT", f"/images/{image}", {"name": "silver", "logical_timestamp": 0})
    late = berlin.done("PUT", f"/images/{image}", {"name": "bronze", "logical_timestamp": 0})
    assert (late["progress_status"], late["meta_response"]["error_code"]) == ("Failed", 6)
    assert berlin.get(f"/images/{image}")["name"] == "silver"


def test_the_source_of_an_active_image_cannot_change(berlin: Any, image: str, container: str) -> None:
    spec = {"url": "http://127.0.0.1:1/x", "storage_container_uuid": container}
    assert berlin.call("PUT", f"/images/{image}", {"image_import_spec": spec}).status_code == 422


def test_a_deleted_image_is_gone(berlin: Any, image: str) -> None:
    response = berlin.call("DELETE", f"/images/{image}")
    assert response.status_code == 201
    berlin.task(response.json()["task_uuid"])
    gone = berlin.call("GET", f"/images/{image}")
    assert gone.status_code == 404
    assert gone.json()["error_code"]["code"] == 7
    assert "does not exist" in gone.json()["message"]


def test_central_and_element_see_the_same_image(berlin: Any, hamburg: Any, image: str, central: Any) -> None:
    (seen,) = central.control.entities("images")
    assert (seen["extId"], seen["name"], seen["description"]) == (image, "golden", "hello")
    assert hamburg.get("/images")["entities"] == []
    assert [one["uuid"] for one in berlin.get("/images")["entities"]] == [image]


def test_a_deletion_on_either_side_gives_the_room_back(berlin: Any, image: str, container: str, central: Any) -> None:
    def used() -> int:
        return int(central.control.entity("storage-containers", container)["hidden"]["used"])

    assert used() > 0
    url = f"{central.url}/api/vmm/v4.3/content/images/{image}"
    assert berlin.session.delete(url, timeout=10).status_code == 202
    berlin.clock.advance(10)
    assert berlin.get("/images")["entities"] == []
    assert used() == 0


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "name is required"),
        ({"name": "x", "image_type": "FLOPPY"}, "FLOPPY"),
        (
            {"name": "x", "image_import_spec": {"url": "http://h/x", "storage_container_name": "no"}},
            "no does not exist",
        ),
        ({"name": "x", "image_import_spec": {}, "vm_disk_clone_spec": {"disk_address": {}}}, "vmdisk_uuid is required"),
        ({"name": "x", "image_import_spec": {"url": "u"}, "vm_disk_clone_spec": {"a": 1}}, "exclude each other"),
    ],
)
def test_a_body_that_cannot_be_is_refused_with_words(berlin: Any, body: Any, said: str) -> None:
    response = berlin.call("POST", "/images", body)
    assert response.status_code in {404, 422}
    assert said in response.json()["message"]
