from __future__ import annotations

import socket
import ssl
import uuid
from typing import Any

import pytest
import requests

IMAGES = "/api/vmm/v4.3/content/images"
CLUSTERS = "/api/clustermgmt/v4.3/config/clusters"


def test_the_envelope_of_a_list_has_flags_links_and_a_total(site: Any) -> None:
    answer = site.get(CLUSTERS).json()
    assert answer["$objectType"] == "clustermgmt.v4.config.ListClustersApiResponse"
    flags = {flag["name"]: flag["value"] for flag in answer["metadata"]["flags"]}
    assert flags == {"hasError": False, "isPaginated": True, "isTruncated": False}
    assert answer["metadata"]["totalAvailableResults"] == 3
    assert answer["metadata"]["links"][0]["rel"] == "self"


def test_objects_carry_the_version_of_the_path(site: Any) -> None:
    for minor in (0, 1, 2, 3):
        found = site.data(f"/api/clustermgmt/v4.{minor}/config/clusters")
        assert found[0]["$objectType"] == "clustermgmt.v4.config.Cluster"
        assert found[0]["$reserved"] == {"$fv": f"v4.r{minor}"}


def test_later_elements_of_nested_lists_have_no_framing(site: Any) -> None:
    nodes = site.data(CLUSTERS)[1]["nodes"]["nodeList"]
    assert ["$objectType" in node for node in nodes] == [True, False, False]


def test_the_newest_minor_is_told_without_a_version(site: Any) -> None:
    assert site.call("OPTIONS", "/api/vmm/unversioned/info").json()["data"] == "v4.3"
    assert site.call("OPTIONS", "/api/prism/unversioned/info").json()["data"] == "v4.4"


def test_an_older_site_does_not_serve_newer_versions(start: Any) -> None:
    old = start(version="v4.1")
    assert old.call("OPTIONS", "/api/vmm/unversioned/info").json()["data"] == "v4.1"
    assert old.get("/api/vmm/v4.1/content/images").status_code == 200
    answer = old.get("/api/vmm/v4.2/content/images")
    assert answer.status_code == 404
    assert "json" not in answer.headers["Content-Type"]
    assert answer.headers["X-Ntnx-Product"] == "pc.7.3.1"


def test_a_call_that_is_not_served_says_so_with_method_and_path(site: Any) -> None:
    answer = site.get("/api/vmm/v4.3/content/nothing-like-this")
    assert answer.status_code == 501
    assert answer.json()["call"] == "GET /api/vmm/v4.3/content/nothing-like-this"
    assert site.prism.control.journal()[-1]["unserved"] is True


def test_a_call_meant_for_element_is_not_found_on_central(site: Any) -> None:
    assert site.get("/PrismGateway/services/rest/v2.0/vms").status_code == 404


def test_a_v4_call_is_not_found_on_element(start: Any) -> None:
    element = start(product="element")
    answer = element.get(IMAGES)
    assert answer.status_code == 404
    assert answer.headers["X-Ntnx-Env"] == "pe"


def test_wrong_credentials_are_refused_without_json(site: Any) -> None:
    answer = requests.get(site.prism.url + IMAGES, auth=("admin", "wrong"), verify=str(site.prism.ca_file), timeout=5)
    assert answer.status_code == 401
    with pytest.raises(requests.JSONDecodeError):
        answer.json()


def test_an_api_key_is_accepted(site: Any) -> None:
    site.session.auth = None
    headers = {"X-ntnx-api-key": site.prism.api_key}
    assert site.call("GET", IMAGES, headers=headers).status_code == 200
    assert site.prism.control.journal()[-1]["user"] == "service-account"


def test_a_session_cookie_replaces_credentials_until_it_expires(site: Any) -> None:
    site.get(IMAGES)
    site.session.auth = None
    assert site.get(IMAGES).status_code == 200
    site.prism.control.advance(901)
    assert site.get(IMAGES).status_code == 401


def test_rate_headers_of_both_families_are_shown(site: Any) -> None:
    headers = site.get(CLUSTERS).headers
    assert headers["X-Ratelimit-Limit"] == "30"
    assert headers["X-Api-Ratelimit-Limit"] == "10"
    assert int(headers["X-Api-Ratelimit-Remaining"]) == 9


def test_too_many_calls_in_a_second_are_answered_429(start: Any) -> None:
    site = start(rate_limits=True)
    answers = [site.get(CLUSTERS) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429]
    assert answers[-1].headers["X-Api-Ratelimit-Remaining"] == "0"
    assert answers[-1].json()["data"]["error"][0]["errorGroup"] == "RATE_LIMIT_EXCEEDED"
    site.prism.control.advance(1)
    assert site.get(CLUSTERS).status_code == 200


def test_the_same_request_id_gives_the_same_task(site: Any, web: Any) -> None:
    source = {"$objectType": "vmm.v4.content.UrlSource", "url": web("a", b"x")}
    body = {"name": "once", "type": "DISK_IMAGE", "source": source}
    request_id = str(uuid.uuid4())
    first = site.post(IMAGES, body, request_id=request_id).json()["data"]["extId"]
    site.prism.control.advance(60)
    second = site.post(IMAGES, body, request_id=request_id)
    assert (second.status_code, second.json()["data"]["extId"]) == (202, first)
    assert len(site.data(IMAGES)) == 1


def test_the_same_request_id_gives_a_failed_task_again(site: Any) -> None:
    source = {"$objectType": "vmm.v4.content.UrlSource", "url": "http://127.0.0.1:1/none"}
    body = {"name": "once", "type": "DISK_IMAGE", "source": source}
    request_id = str(uuid.uuid4())
    first = site.ended(site.post(IMAGES, body, request_id=request_id))
    assert first["status"] == "FAILED"
    assert site.post(IMAGES, body, request_id=request_id).json()["data"]["extId"] == first["extId"]


def test_the_same_request_id_after_a_400_is_a_400_again(site: Any, web: Any) -> None:
    request_id = str(uuid.uuid4())
    assert site.post(IMAGES, {"name": "x"}, request_id=request_id).status_code == 400
    source = {"$objectType": "vmm.v4.content.UrlSource", "url": web("a", b"x")}
    good = {"name": "x", "type": "DISK_IMAGE", "source": source}
    assert site.post(IMAGES, good, request_id=request_id).status_code == 400


def test_all_violations_of_a_body_are_told_together(site: Any) -> None:
    answer = site.post(IMAGES, {"name": "x" * 257, "type": "FLOPPY", "description": 5})
    error = answer.json()["data"]["error"]
    assert answer.status_code == 400
    assert error["$objectType"] == "vmm.v4.error.SchemaValidationError"
    assert {each["attributePath"] for each in error["validationErrorMessages"]} == {"name", "type", "description"}


def test_a_body_that_is_not_json_is_a_violation(site: Any) -> None:
    answer = site.call("POST", IMAGES, data="{", headers={"Content-Type": "application/json"})
    assert answer.status_code == 400


def test_a_field_of_a_later_version_is_refused(site: Any) -> None:
    source = {"$objectType": "vmm.v4.content.VmDiskSource", "extId": str(uuid.uuid4()), "vmExtId": str(uuid.uuid4())}
    answer = site.post("/api/vmm/v4.2/content/images", {"name": "a", "type": "DISK_IMAGE", "source": source})
    assert answer.json()["data"]["error"]["validationErrorMessages"][0]["attributePath"] == "source.vmExtId"


def test_plain_http_on_the_tls_port_gets_no_answer(site: Any) -> None:
    with socket.create_connection(("127.0.0.1", site.prism.port), timeout=5) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"HTTP/1.1 200" not in connection.recv(100)
    assert site.get(IMAGES).status_code == 200


def test_the_certificate_is_refused_without_the_ca(site: Any) -> None:
    context = ssl.create_default_context()
    with (
        socket.create_connection(("127.0.0.1", site.prism.port), timeout=5) as connection,
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        context.wrap_socket(connection, server_hostname="127.0.0.1")


def test_encoded_query_names_are_understood(site: Any) -> None:
    answer = site.call("GET", CLUSTERS + "?%24page=0&%24limit=1&%24orderby=name+asc")
    assert [cluster["name"] for cluster in answer.json()["data"]] == ["Unnamed"]
