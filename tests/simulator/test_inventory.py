"""Clusters, hosts, storage containers and categories."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

CLUSTERS = "/api/clustermgmt/v4.3/config/clusters"
CONTAINERS = "/api/clustermgmt/v4.3/config/storage-containers"
CATEGORIES = "/api/prism/v4.4/config/categories"
IMAGES = "/api/vmm/v4.3/content/images"


def test_hosts_name_their_cluster_by_uuid(site: Any, clusters: Any) -> None:
    hosts = site.data("/api/clustermgmt/v4.3/config/hosts", filter=f"cluster/uuid eq '{clusters['berlin']}'")
    assert {host["cluster"]["name"] for host in hosts} == {"berlin"}
    below = site.data(f"{CLUSTERS}/{clusters['berlin']}/hosts")
    assert [host["extId"] for host in below] == [host["extId"] for host in hosts]
    one = site.data(f"{CLUSTERS}/{clusters['berlin']}/hosts/{hosts[0]['extId']}")
    assert one["hostName"] == "berlin-1"


def test_a_cluster_that_is_not_there_is_not_found(site: Any, clusters: Any) -> None:
    assert site.data(f"{CLUSTERS}/{clusters['hamburg']}")["name"] == "hamburg"
    assert site.get(f"{CLUSTERS}/{uuid.uuid4()}").status_code == 404


def test_storage_containers_have_no_ext_id_in_lists(site: Any) -> None:
    container = site.data(CONTAINERS, filter="name eq 'default-container' and clusterName eq 'berlin'")[0]
    assert "extId" not in container
    assert site.data(f"{CONTAINERS}/{container['containerExtId']}")["name"] == "default-container"


def test_a_storage_container_is_made_on_the_cluster_of_the_header(site: Any, clusters: Any) -> None:
    body = {"name": "fast"}
    assert site.call("POST", CONTAINERS, json=body).status_code == 400
    answer = site.call("POST", CONTAINERS, json=body, headers={"X-Cluster-Id": clusters["berlin"]})
    ext_id = site.done(answer, "clustermgmt:config:storage-containers")
    container = site.data(f"{CONTAINERS}/{ext_id}")
    assert (container["clusterName"], container["name"]) == ("berlin", "fast")
    again = site.call("POST", CONTAINERS, json=body, headers={"X-Cluster-Id": clusters["berlin"]})
    assert again.status_code == 409
    site.done(site.delete(f"{CONTAINERS}/{ext_id}"))
    assert site.get(f"{CONTAINERS}/{ext_id}").status_code == 404


def test_a_container_with_data_is_not_deleted(site: Any, make_image: Any) -> None:
    make_image()
    container = site.data(CONTAINERS, filter="name eq 'SelfServiceContainer'")[0]
    assert site.ended(site.delete(f"{CONTAINERS}/{container['containerExtId']}"))["status"] == "FAILED"


def test_categories_are_made_changed_and_deleted_at_once(site: Any) -> None:
    made = site.post(CATEGORIES, {"key": "Team", "value": "a"})
    assert made.status_code == 201
    path = f"{CATEGORIES}/{made.json()['data']['extId']}"
    changed = site.put(path, {"key": "Team", "value": "b"}, etag=site.etag(path))
    assert (changed.status_code, changed.json()["data"][0]["severity"]) == (200, "INFO")
    assert site.data(path)["value"] == "b"
    gone = site.delete(path)
    assert (gone.status_code, gone.content) == (204, b"")
    assert site.get(path).status_code == 404


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"key": "Environment", "value": "Testing"}, 409),
        ({"key": "a/b", "value": "x"}, 400),
        ({"key": "$a", "value": "x"}, 400),
        ({"key": "a", "value": "x" * 65}, 400),
        ({"key": "a"}, 400),
    ],
)
def test_a_category_that_cannot_be_is_refused(site: Any, body: Any, status: int) -> None:
    assert site.post(CATEGORIES, body).status_code == status


def test_a_key_does_not_change_and_system_categories_stay(site: Any) -> None:
    made = site.post(CATEGORIES, {"key": "Team", "value": "a"}).json()["data"]["extId"]
    path = f"{CATEGORIES}/{made}"
    assert site.put(path, {"key": "Crew", "value": "a"}, etag=site.etag(path)).status_code == 400
    system = site.data(CATEGORIES, filter="type eq 'SYSTEM'")[0]["extId"]
    assert site.delete(f"{CATEGORIES}/{system}").status_code == 403


def test_a_category_in_use_is_not_deleted(site: Any, make_image: Any) -> None:
    made = site.post(CATEGORIES, {"key": "Team", "value": "a"}).json()["data"]["extId"]
    image = make_image(categoryExtIds=[made])
    assert site.delete(f"{CATEGORIES}/{made}").status_code == 409
    site.done(site.delete(f"{IMAGES}/{image}"))
    assert site.delete(f"{CATEGORIES}/{made}").status_code == 204


def test_a_category_tells_on_request_what_carries_it(site: Any, make_image: Any, make_vm: Any) -> None:
    made = site.post(CATEGORIES, {"key": "Team", "value": "a"}).json()["data"]["extId"]
    image, vm = make_image(categoryExtIds=[made]), make_vm(categories=[{"extId": made}])
    detailed = site.data(f"{CATEGORIES}/{made}", expand="detailedAssociations")["detailedAssociations"]
    assert {(each["resourceType"], each["resourceId"]) for each in detailed} == {("IMAGE", image), ("VM", vm)}
    listed = site.data(CATEGORIES, expand="associations", filter=f"extId eq '{made}'")[0]["associations"]
    assert {each["resourceType"]: each["count"] for each in listed} == {"IMAGE": 1, "VM": 1}
    assert "associations" not in site.data(f"{CATEGORIES}/{made}")
