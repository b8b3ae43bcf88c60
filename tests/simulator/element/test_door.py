"""Who may enter an Element, and what it says to those who may not (api-legacy, sections 1.1 and 2.4)."""

from __future__ import annotations

from typing import Any

import pytest

CLUSTER = "/PrismGateway/services/rest/v2.0/cluster"


def test_it_says_which_product_it_is(berlin: Any) -> None:
    headers = berlin.call("GET", "/api/nutanix/v3/users/me").headers
    assert (headers["X-Ntnx-Env"], headers["Server"]) == ("pe", "Nutanix Prism")
    assert "X-Ntnx-Product" not in headers


def test_a_stranger_gets_a_page(berlin: Any) -> None:
    berlin.session.auth = ("admin", "wrong")
    response = berlin.call("GET", CLUSTER)
    assert response.status_code == 401
    assert "html" in response.headers["Content-Type"]


def test_an_api_key_opens_nothing(berlin: Any, central: Any) -> None:
    berlin.session.auth = None
    assert berlin.call("GET", CLUSTER, headers={"X-ntnx-api-key": central.api_key}).status_code == 401


@pytest.mark.parametrize(
    ("path", "cookie"), [(CLUSTER, "JSESSIONID"), ("/api/nutanix/v3/users/me", "NTNX_IGW_SESSION")]
)
def test_a_session_stands_for_the_password_until_it_was_not_used_for_15_minutes(
    berlin: Any, path: str, cookie: str
) -> None:
    berlin.call("GET", path)
    assert cookie in berlin.session.cookies
    berlin.session.auth = None
    for _ in range(3):
        berlin.clock.advance(800)
        assert berlin.call("GET", CLUSTER).status_code == 200
    berlin.clock.advance(901)
    assert berlin.call("GET", CLUSTER).status_code == 401


def test_the_login_form_opens_a_session(berlin: Any) -> None:
    form = {"j_username": berlin.prism.username, "j_password": berlin.prism.password}
    berlin.session.auth = None
    path = "/PrismGateway/j_spring_security_check"
    assert berlin.call("POST", path, data={**form, "j_password": "no"}).status_code == 401
    assert berlin.call("POST", path, data=form).status_code == 200
    assert berlin.call("GET", CLUSTER).status_code == 200


def test_a_session_of_an_element_opens_no_central(berlin: Any, central: Any) -> None:
    berlin.call("GET", CLUSTER)
    berlin.session.auth = None
    response = berlin.session.get(f"{central.url}/api/clustermgmt/v4.3/config/clusters", timeout=10)
    assert response.status_code == 401


@pytest.mark.parametrize("path", ["/api/vmm/v4.0/content/images", "/api/clustermgmt/v4.0/config/clusters", "/x"])
def test_a_call_of_central_is_a_page_that_is_not_found(berlin: Any, path: str) -> None:
    response = berlin.session.get(berlin.prism.url + path, timeout=10)
    assert response.status_code == 404
    assert "html" in response.headers["Content-Type"]


def test_a_call_of_element_reaches_nothing_on_central(central: Any, berlin: Any) -> None:
    assert berlin.session.get(central.url + CLUSTER, timeout=10).status_code == 404


def test_an_element_is_no_central(berlin: Any) -> None:
    response = berlin.call("GET", "/api/nutanix/v3/prism_central")
    assert response.status_code == 404
    assert response.json()["message_list"][0]["reason"] == "ENTITY_NOT_FOUND"


def test_what_is_not_played_says_so(berlin: Any) -> None:
    response = berlin.call("GET", "/protection_domains")
    assert response.status_code == 501
    assert response.json()["call"] == "GET /PrismGateway/services/rest/v2.0/protection_domains"


def test_both_roots_and_a_slash_at_the_end_are_one_call(berlin: Any) -> None:
    same = [CLUSTER, f"{CLUSTER}/", "/api/nutanix/v2.0/cluster", "/api/nutanix/v2.0/cluster/"]
    assert len({berlin.call("GET", path).text for path in same}) == 1


def test_a_fault_speaks_the_older_apis_words(berlin: Any, central: Any) -> None:
    central.control.fault("error", operation="v2_get_cluster", status=500, code="1202", message="It broke.")
    body = berlin.call("GET", CLUSTER).json()
    assert body["message"] == "It broke."
    assert body["error_code"] == {"code": 1202, "help_url": "http://my.nutanix.com"}


@pytest.mark.parametrize("body", ["[]", "{", "7"])
def test_a_body_that_is_no_object_is_refused(berlin: Any, body: str) -> None:
    assert berlin.call("POST", "/images", data=body).status_code == 400
