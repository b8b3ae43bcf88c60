from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

GROUPS = "/api/volumes/v4.3/config/volume-groups"
REL = "volumes:config:volume-group"
GIB = 1 << 30


def berlin_of(site: Any) -> str:
    """The id of the cluster on a site that is not the usual one."""
    found = site.data("/api/clustermgmt/v4.3/config/clusters", filter="name eq 'berlin'")
    return str(found[0]["extId"])


def test_a_group_shows_what_it_was_made_of_and_its_defaults(site: Any, make_group: Any, clusters: Any) -> None:
    path = make_group(description="for tests")
    found = site.data(path)
    assert (found["name"], found["description"], found["clusterReference"]) == (
        "data",
        "for tests",
        clusters["berlin"],
    )
    assert (found["sharingStatus"], found["usageType"], found["protocol"]) == ("NOT_SHARED", "USER", "NOT_ASSIGNED")
    assert (found["attachmentType"], found["createdBy"]) == ("NONE", "admin")
    assert found["targetName"] == f"data-{found['extId']}"


def test_groups_are_listed_by_filter_and_by_age(site: Any, make_group: Any) -> None:
    for name in ("one", "two"):
        make_group(name=name)
        site.prism.control.advance(10)
    assert [each["name"] for each in site.data(GROUPS, filter="name eq 'two'")] == ["two"]
    assert [each["name"] for each in site.data(GROUPS, orderby="createdTime desc")] == ["two", "one"]
    assert site.get(GROUPS, filter="usageType eq 'USER'").status_code == 400


@pytest.mark.parametrize(
    "change",
    [
        {"name": None},
        {"clusterReference": None},
        {"clusterReference": "00000000-0000-4000-8000-000000000000"},
        {"iscsiFeatures": {"targetSecret": "not without CHAP"}},
        {"disks": [{"diskSizeBytes": GIB}]},
    ],
)
def test_a_group_that_cannot_be_is_refused(site: Any, clusters: Any, change: Any) -> None:
    body = {"name": "data", "clusterReference": clusters["berlin"], **change}
    assert site.post(GROUPS, body).status_code == 400
    assert site.data(GROUPS) == []


def test_the_group_of_a_central_is_not_on_the_prism_central_itself(site: Any, clusters: Any) -> None:
    assert site.post(GROUPS, {"name": "data", "clusterReference": clusters["Unnamed"]}).status_code == 400


def test_a_group_is_changed_as_a_whole_with_its_etag(site: Any, make_group: Any, clusters: Any) -> None:
    path = make_group(description="old")
    etag = site.etag(path)
    body = {"name": "renamed", "clusterReference": clusters["berlin"], "sharingStatus": "SHARED"}
    assert site.put(path, body).status_code == 428
    site.done(site.put(path, body, etag=etag))
    found = site.data(path)
    assert (found["name"], found["sharingStatus"], "description" in found) == ("renamed", "SHARED", False)
    assert site.put(path, body, etag=etag).status_code == 412
    moved = {**body, "clusterReference": clusters["hamburg"]}
    assert site.put(path, moved, etag=site.etag(path)).status_code == 400


def test_the_secret_of_a_group_is_never_shown_or_kept(site: Any, clusters: Any) -> None:
    features = {"enabledAuthentications": "CHAP", "targetSecret": "hush-hush-hush"}
    body = {"name": "data", "clusterReference": clusters["berlin"], "iscsiFeatures": features}
    answer = site.post(GROUPS, body)
    held = site.get(f"/_sim/entities/tasks/{answer.json()['data']['extId']}").json()["hidden"]
    assert held["arguments"]["spec"]["name"] == "data"
    assert "hush" not in str(held), "not while the task runs either"
    shown = site.get(f"{GROUPS}/{site.done(answer, REL)}")
    assert shown.json()["data"]["iscsiFeatures"]["enabledAuthentications"] == "CHAP"
    assert "hush" not in shown.text
    assert "hush" not in site.get(f"/_sim/entities/volume-groups/{shown.json()['data']['extId']}").text


def test_a_deleted_group_is_gone_with_its_disks(site: Any, make_group: Any, container: str) -> None:
    source = {"extId": container, "entityType": "STORAGE_CONTAINER"}
    path = make_group(disks=[{"diskSizeBytes": GIB, "diskDataSourceReference": source}])
    disk = site.data(f"{path}/disks")[0]["extId"]
    site.done(site.delete(path))
    assert site.get(path).status_code == 404
    assert disk not in site.get("/_sim/entities/disks").text


def test_a_group_whose_disks_cannot_be_made_leaves_none(site: Any, clusters: Any, container: str) -> None:
    source = {"extId": container, "entityType": "STORAGE_CONTAINER"}
    disk = {"index": 3, "diskSizeBytes": GIB, "diskDataSourceReference": source}
    before = site.get("/_sim/entities/disks").json()
    body = {"name": "data", "clusterReference": clusters["berlin"], "disks": [disk, disk]}
    assert site.ended(site.post(GROUPS, body))["status"] == "FAILED"
    assert site.data(GROUPS) == []
    assert site.get("/_sim/entities/disks").json() == before


def test_categories_come_and_go(site: Any, make_group: Any) -> None:
    path = make_group()
    known = [each["extId"] for each in site.data("/api/prism/v4.4/config/categories", limit=2)]
    references = {"categories": [{"extId": each, "entityType": "CATEGORY"} for each in known]}
    site.done(site.post(f"{path}/$actions/associate-category", references))
    found = site.data(f"{path}/category-associations")
    assert [(each["extId"], each["entityType"]) for each in found] == [(each, "CATEGORY") for each in known]
    assert site.data(f"{path}/metadata")["categoryIds"] == known
    one = {"categories": [{"extId": known[0]}]}
    site.done(site.post(f"{path}/$actions/disassociate-category", one))
    assert [each["extId"] for each in site.data(f"{path}/category-associations")] == known[1:]
    unknown = {"categories": [{"extId": "00000000-0000-4000-8000-000000000000"}]}
    assert site.post(f"{path}/$actions/associate-category", unknown).status_code == 400


def test_the_metadata_says_who_owns_a_group(site: Any, make_group: Any) -> None:
    assert site.data(f"{make_group()}/metadata")["ownerUserName"] == "admin"


def test_early_releases_do_not_show_attachments_in_the_group(site: Any, make_group: Any, make_vm: Any) -> None:
    path, vm = make_group(), make_vm()
    site.done(site.post(f"{path}/$actions/attach-vm", {"extId": vm}))
    (shown,) = site.data(path)["attachments"]
    assert (shown["attachment"]["$objectType"], shown["attachment"]["extId"]) == (
        "volumes.v4.config.VmAttachment",
        vm,
    )
    assert "attachments" not in site.data(path.replace("v4.3", "v4.0"))


def test_nvme_clients_and_reverting_are_not_served(site: Any, make_group: Any) -> None:
    path = make_group()
    for action in ("attach-nvmf-client", "revert"):
        assert site.post(f"{path}/$actions/{action}", {}).status_code == 501


def test_central_and_the_element_of_the_cluster_show_the_same_group(start: Callable[..., Any]) -> None:
    site = start(elements=True)
    element = site.prism.elements["berlin"]
    cluster = berlin_of(site)
    path = f"{GROUPS}/{site.done(site.post(GROUPS, {'name': 'data', 'clusterReference': cluster}), REL)}"
    url = f"{element.url}/api/nutanix/v2.0/volume_groups/{path.rsplit('/', 1)[1]}"
    answer = site.session.get(url, verify=str(element.ca_file), timeout=10)
    assert answer.json()["iscsi_target"] == site.data(path)["targetName"]
    client = {"iscsi_initiator_name": "iqn.2026-11.test:client"}
    assert site.session.post(f"{url}/open", json=client, timeout=10).status_code == 200
    (held,) = site.data(f"{path}/external-iscsi-attachments")
    found = site.data(f"/api/volumes/v4.3/config/iscsi-clients/{held['extId']}")
    assert (found["iscsiInitiatorName"], found["clusterReference"]) == (client["iscsi_initiator_name"], cluster)
