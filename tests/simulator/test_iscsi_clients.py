from __future__ import annotations

from typing import Any

import pytest

CLIENTS = "/api/volumes/v4.3/config/iscsi-clients"
REL = "volumes:config:iscsi-client"
NAME = "iqn.2026-11.test:client"


def attach(site: Any, group: str, **client: Any) -> Any:
    return site.post(f"{group}/$actions/attach-iscsi-client", client)


def test_a_client_is_attached_shown_and_detached(site: Any, make_group: Any, clusters: Any) -> None:
    group = make_group()
    client = site.done(attach(site, group, iscsiInitiatorName=NAME, numVirtualTargets=4), REL)
    held = site.data(f"{group}/external-iscsi-attachments", filter=f"extId eq '{client}'")
    assert [(each["extId"], each["clusterReference"]) for each in held] == [(client, clusters["berlin"])]
    found = site.data(f"{CLIENTS}/{client}")
    assert (found["iscsiInitiatorName"], found["attachedTargets"][0]["numVirtualTargets"]) == (NAME, 4)
    assert found["attachedTargets"][0]["iscsiTargetName"] == site.data(group)["targetName"]
    assert (site.data(group)["attachmentType"], site.data(group)["protocol"]) == ("EXTERNAL", "ISCSI")
    assert site.ended(site.delete(group))["status"] == "FAILED", "it is attached"
    site.done(site.post(f"{group}/$actions/detach-iscsi-client", {"extId": client}))
    assert site.data(f"{group}/external-iscsi-attachments") == []
    assert "attachedTargets" not in site.data(f"{CLIENTS}/{client}")
    site.done(site.delete(group))


@pytest.mark.parametrize("kind", ["ipv4", "ipv6", "fqdn"])
def test_a_client_is_known_by_its_address(site: Any, make_group: Any, kind: str) -> None:
    value = {"ipv4": "10.1.2.3", "ipv6": "fd00::1", "fqdn": "db.example.org"}[kind]
    network = {kind: {"value": value}}
    first, second = (site.done(attach(site, make_group(), iscsiInitiatorNetworkId=network), REL) for _ in range(2))
    assert first == second
    found = site.data(f"{CLIENTS}/{first}")
    assert found["iscsiInitiatorNetworkId"][kind]["value"] == value
    assert len(found["attachedTargets"]) == 2


@pytest.mark.parametrize(
    "client",
    [
        {},
        {"iscsiInitiatorName": NAME, "iscsiInitiatorNetworkId": {"ipv4": {"value": "10.1.2.3"}}},
        {"iscsiInitiatorNetworkId": {}},
        {"iscsiInitiatorName": NAME, "enabledAuthentications": "CHAP"},
        {"iscsiInitiatorName": NAME, "clientSecret": "not without CHAP"},
        {"iscsiInitiatorName": "x" * 65},
    ],
)
def test_a_client_that_cannot_be_is_refused(site: Any, make_group: Any, client: Any) -> None:
    assert attach(site, make_group(), **client).status_code == 400
    assert site.data(CLIENTS) == []


def test_the_secret_of_a_client_is_never_shown_or_kept(site: Any, make_group: Any) -> None:
    answer = attach(
        site, make_group(), iscsiInitiatorName=NAME, enabledAuthentications="CHAP", clientSecret="hush-hush-hush"
    )
    held = site.get(f"/_sim/entities/tasks/{answer.json()['data']['extId']}").json()["hidden"]
    assert held["arguments"]["spec"]["iscsiInitiatorName"] == NAME
    assert "hush" not in str(held), "not while the task runs either"
    client = site.done(answer, REL)
    assert site.data(f"{CLIENTS}/{client}")["enabledAuthentications"] == "CHAP"
    assert "hush" not in site.get(CLIENTS).text
    assert "hush" not in site.get(f"/_sim/entities/iscsi-clients/{client}").text


def test_load_balancing_and_clients_exclude_each_other(site: Any, make_group: Any) -> None:
    balanced = make_group(shouldLoadBalanceVmAttachments=True)
    assert site.ended(attach(site, balanced, iscsiInitiatorName=NAME))["status"] == "FAILED"
    group = make_group()
    site.done(attach(site, group, iscsiInitiatorName=NAME))
    body = {**site.data(group), "shouldLoadBalanceVmAttachments": True}
    assert site.ended(site.put(group, body, etag=site.etag(group)))["status"] == "FAILED"


def test_a_client_keeps_who_it_is_and_changes_how_it_proves_it(site: Any, make_group: Any) -> None:
    path = f"{CLIENTS}/{site.done(attach(site, make_group(), iscsiInitiatorName=NAME), REL)}"
    assert site.put(path, {"iscsiInitiatorName": "iqn.2026-11.test:other"}).status_code == 400
    assert site.put(path, {"enabledAuthentications": "CHAP"}).status_code == 400
    site.done(site.put(path, {"enabledAuthentications": "CHAP", "clientSecret": "hush-hush-hush"}))
    site.done(site.put(path, {**site.data(path), "attachmentSite": "SECONDARY"}, etag=site.etag(path)))
    found = site.data(path)
    assert (found["enabledAuthentications"], found["attachmentSite"]) == ("CHAP", "SECONDARY")


def test_a_client_that_is_not_attached_cannot_be_detached(site: Any, make_group: Any) -> None:
    client = site.done(attach(site, make_group(), iscsiInitiatorName=NAME), REL)
    other = f"{make_group()}/$actions/detach-iscsi-client"
    assert site.ended(site.post(other, {"extId": client}))["status"] == "FAILED"
    assert site.post(other, {}).status_code == 400
