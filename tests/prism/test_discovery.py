"""Every way in which the first call goes wrong, and what the user reads."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from pulumi_ahv.kernel.clock import ManualClock
from pulumi_ahv.kernel.errors import AccessDenied, AhvError, ConfigError, ConnectionFailed
from pulumi_ahv.kernel.secrets import Secret
from pulumi_ahv.prism.connection import Connection, Timeouts, connect
from pulumi_ahv.prism.values import Product

V4 = "/api/clustermgmt/v4.0/config/clusters"
V2 = "/PrismGateway/services/rest/v2.0/cluster"
V3 = "/api/nutanix/v3/prism_central"
LOGIN_PAGE = "<!doctype html><html><head><title>Sign in &amp; go</title></head><body>…</body></html>"


def envelope(*data: Any, **headers: str) -> dict[str, Any]:
    return {
        "body": {"data": list(data), "metadata": {"totalAvailableResults": len(data)}},
        "headers": {"X-Ntnx-Env": "pc", "X-Ntnx-Product": "pc.7.3.1"} | headers,
    }


def aos(name: str, number: int, function: str = "AOS") -> dict[str, Any]:
    return {"extId": f"0006aaaa-0000-4000-8000-{number:012}", "name": name, "config": {"clusterFunction": [function]}}


@pytest.fixture
def told(connection: Callable[..., Connection], clock: ManualClock, ids: Callable[[], UUID]) -> Callable[..., str]:
    """What a user reads when the connection fails."""

    def tell(port: int, kind: type[AhvError] = ConnectionFailed, **changes: Any) -> str:
        with pytest.raises(kind) as caught:
            connect(connection(port, **changes), clock=clock, ids=ids)
        said = str(caught.value)
        assert "hunter22" not in said
        assert "non compatible" not in said
        return said

    return tell


@pytest.fixture
def join(
    connection: Callable[..., Connection], clock: ManualClock, ids: Callable[[], UUID]
) -> Iterator[Callable[..., Any]]:
    """Connects, and closes at the end."""
    sites: list[Any] = []

    def make(port: int, **changes: Any) -> Any:
        sites.append(connect(connection(port, **changes), clock=clock, ids=ids))
        return sites[-1]

    yield make
    for site in sites:
        site.close()


def test_a_central_is_found_with_one_call(serve: Any, join: Callable[..., Any], reply: Any) -> None:
    script, port = serve("127.0.0.1")
    script.on("GET", V4, reply(**envelope(aos("berlin", 1))))
    info = join(port).info
    assert (info.product, info.version, info.url) == (Product.CENTRAL, "pc.7.3.1", f"https://127.0.0.1:{port}")
    assert len(script.seen) == 1


def test_nothing_listens(free_port: int, told: Any) -> None:
    said = told(free_port)
    assert f"nothing listens at 127.0.0.1:{free_port}" in said
    assert "Check ahv:endpoint and ahv:port. Prism listens on port 9440." in said


def test_the_name_does_not_resolve(told: Any) -> None:
    said = told(9440, host="no-such-prism.invalid")
    assert "the name 'no-such-prism.invalid' does not resolve" in said
    assert "ahv:endpoint" in said


def test_it_takes_the_call_and_says_nothing(serve: Any, told: Any, reply: Any) -> None:
    script, port = serve("127.0.0.1")
    script.on("GET", V4, reply(wait=0.6))
    said = told(port, timeouts=Timeouts(connect=1, request=0.2, retry=5))
    assert "took the call but did not answer within 0.2 s" in said
    assert "ahv:requestTimeout" in said


def test_it_speaks_plain_http(serve: Any, told: Any) -> None:
    _, port = serve()
    said = told(port)
    assert f"what listens at 127.0.0.1:{port} does not speak HTTPS" in said
    assert "ahv:port" in said


def test_it_breaks_the_connection_off(serve: Any, told: Any, reply: Any) -> None:
    script, port = serve("127.0.0.1")
    script.on("GET", V4, reply(drop=True))
    assert "broke the connection off" in told(port)


def test_its_certificate_is_not_trusted(serve: Any, told: Any) -> None:
    _, port = serve("127.0.0.1")
    said = told(port, ca_bundle="")
    assert "is not signed by an authority this machine trusts" in said
    assert "Set ahv:caBundle to the PEM file of that authority" in said


def test_its_certificate_is_expired(serve: Any, told: Any) -> None:
    past = datetime.now(UTC) - timedelta(days=2)
    _, port = serve("127.0.0.1", not_before=past - timedelta(days=1), not_after=past)
    assert f"the certificate of 127.0.0.1:{port} has expired" in told(port)


def test_its_certificate_is_not_valid_yet(serve: Any, told: Any) -> None:
    future = datetime.now(UTC) + timedelta(days=2)
    _, port = serve("127.0.0.1", not_before=future, not_after=future + timedelta(days=1))
    assert "is not valid yet. Compare the clocks" in told(port)


def test_its_certificate_is_another_hosts(serve: Any, told: Any) -> None:
    _, port = serve("prism.example.com")
    said = told(port)
    assert "was not made for '127.0.0.1'" in said
    assert "Use the name that the certificate carries in ahv:endpoint" in said


def test_insecure_takes_any_certificate(serve: Any, join: Callable[..., Any], reply: Any) -> None:
    script, port = serve("prism.example.com")
    script.on("GET", V4, reply(**envelope()))
    assert join(port, ca_bundle="", insecure=True).info.product is Product.CENTRAL


def test_a_web_page_answers(serve: Any, told: Any, reply: Any) -> None:
    script, port = serve("127.0.0.1")
    script.on("GET", V4, reply(200, LOGIN_PAGE))
    said = told(port)
    assert "answered HTTP 200 with a web page ('Sign in & go'), so it is no Prism" in said
    assert "Check ahv:endpoint and ahv:port" in said


def test_something_else_answers_not_found(serve: Any, told: Any) -> None:
    _, port = serve("127.0.0.1")
    assert "answered HTTP 404 with a web page ('404 Not Found'), so it is no Prism" in told(port)


def test_some_other_json_answers(serve: Any, told: Any, reply: Any) -> None:
    script, port = serve("127.0.0.1")
    script.on("GET", V4, reply(200, {"hello": "world"}))
    assert "something that is not Prism's JSON" in told(port)


def test_a_page_before_prism_sends_elsewhere(serve: Any, told: Any, reply: Any) -> None:
    script, port = serve("127.0.0.1")
    script.on("GET", V4, reply(302, headers={"Location": "https://login.example.com/"}))
    assert "sends on to https://login.example.com/" in told(port)


def test_prism_is_starting(serve: Any, told: Any, reply: Any, clock: ManualClock) -> None:
    script, port = serve("127.0.0.1")
    script.on("GET", V4, reply(503, "<html><h1>Service Unavailable</h1></html>"))
    before = clock.monotonic()
    said = told(port)
    assert "answered HTTP 503: Service Unavailable" in said
    assert "try again later" in said
    assert len(script.seen) > 2
    assert clock.monotonic() - before <= 15


CLUSTER = {"cluster_functions": ["NDFS"], "version": "6.10", "name": "berlin", "uuid": "0006aaaa-0000"}


@pytest.fixture
def element(serve: Any, reply: Any) -> tuple[Any, int]:
    """A Prism Element: its script and its port."""
    script, port = serve("127.0.0.1")
    script.on("GET", V4, reply(404, "<html><title>404</title></html>"))
    script.on("GET", V2, reply(body=CLUSTER))
    return script, port


def test_an_element_is_found_with_two_calls(element: tuple[Any, int], join: Callable[..., Any]) -> None:
    script, port = element
    info = join(port).info
    assert (info.product, info.version, info.cluster_uuid) == (Product.ELEMENT, "6.10", "0006aaaa-0000")
    assert info.api == {"prism": "v2.0"}
    assert len(script.seen) == 2


def test_an_element_answers_where_central_was_meant(element: tuple[Any, int], told: Any) -> None:
    said = told(element[1], product="central")
    assert "is Prism Element 6.10 of cluster 'berlin', and ahv:product asks for Prism Central" in said
    assert "Prism Central that this cluster is registered with, or correct ahv:product" in said


def test_a_central_answers_where_an_element_was_meant(serve: Any, told: Any, reply: Any) -> None:
    script, port = serve("127.0.0.1")
    script.on("GET", V4, reply(**envelope(aos("berlin", 1))))
    said = told(port, product="element")
    assert "is Prism Central pc.7.3.1, and ahv:product asks for Prism Element" in said
    assert "Give the address of the cluster itself, or correct ahv:product" in said


def test_an_element_that_does_not_tell_its_cluster(element: tuple[Any, int], told: Any, reply: Any) -> None:
    script, port = element
    script.on("GET", V2, reply(500, {"message": "no"}, {"X-Ntnx-Env": "pe"}))
    said = told(port)
    assert "is Prism Element, but does not tell its cluster" in said
    assert "this account may not read the cluster" in said


@pytest.mark.parametrize("cluster", ["berlin", "0006aaaa-0000"])
def test_the_cluster_of_the_settings_is_the_elements_own(
    element: tuple[Any, int], join: Callable[..., Any], cluster: str
) -> None:
    assert join(element[1], cluster=cluster).info.cluster_uuid == "0006aaaa-0000"


def test_an_element_of_another_cluster_than_the_settings_name(element: tuple[Any, int], told: Any) -> None:
    said = told(element[1], ConfigError, cluster="hamburg")
    assert "is the Prism Element of cluster 'berlin' (0006aaaa-0000)" in said
    assert "Correct ahv:cluster or leave it out, or give the address of the other cluster" in said


def test_an_api_key_at_an_element(element: tuple[Any, int], told: Any, reply: Any) -> None:
    script, port = element
    script.on("GET", V4, reply(401, "<html><h1>Unauthorized</h1></html>", {"X-Ntnx-Env": "pe"}))
    said = told(port, AccessDenied, username="", password=Secret(""), api_key=Secret("geheim-und-lang"))
    assert "Prism Element takes no API keys: set ahv:username and ahv:password in place of ahv:apiKey" in said


def test_a_user_without_a_role_at_an_element(element: tuple[Any, int], told: Any, reply: Any) -> None:
    script, port = element
    error = {"message": "Access denied", "detailed_message": "x", "error_code": {"code": 1403, "help_url": "x"}}
    script.on("GET", V2, reply(403, error, {"X-Ntnx-Env": "pe"}))
    said = told(port, AccessDenied)
    assert "knows the user but refuses the call" in said
    assert "Access denied" in said
    assert "needs the role Cluster Admin on this Prism Element" in said


@pytest.mark.parametrize("clue", ["functions", "header", "v3"])
def test_a_central_of_before_v4_is_told_to_be_too_old(serve: Any, told: Any, reply: Any, clue: str) -> None:
    script, port = serve("127.0.0.1")
    product = {"X-Ntnx-Product": "pc.2023.4"}
    script.on("GET", V4, reply(404, "<html></html>", product if clue == "functions" else {}))
    if clue == "functions":
        script.on("GET", V2, reply(body={"cluster_functions": ["MULTICLUSTER"], "version": "x"}))
    if clue == "header":
        script.on("GET", V2, reply(500, {"message": "no"}, {"X-Ntnx-Env": "pc"} | product))
    if clue == "v3":
        script.on("GET", V3, reply(body={"resources": {}}, headers=product))
    said = told(port)
    assert "is Prism Central pc.2023.4, which does not serve the v4 API" in said
    assert "pc.2024.3" in said


@pytest.mark.parametrize(
    "body", [None, LOGIN_PAGE, {"message_list": [{"message": "Authentication required", "details": "string"}]}]
)
def test_wrong_password(serve: Any, told: Any, reply: Any, body: Any) -> None:
    script, port = serve("127.0.0.1")
    script.on("GET", V4, reply(401, body))
    said = told(port, AccessDenied)
    assert "does not take the credentials" in said
    assert "HTTP 401" in said
    assert "Check ahv:username ('admin') and its password" in said
    assert "Sign in" not in said


def test_wrong_api_key(serve: Any, told: Any, reply: Any) -> None:
    script, port = serve("127.0.0.1")
    script.on("GET", V4, reply(401))
    said = told(port, AccessDenied, username="", password=Secret(""), api_key=Secret("geheim-und-lang"))
    assert "Check ahv:apiKey" in said
    assert "geheim" not in said


def test_a_password_of_central_at_an_element(serve: Any, told: Any, reply: Any) -> None:
    script, port = serve("127.0.0.1")
    script.on("GET", V4, reply(401, headers={"X-Ntnx-Env": "pe"}))
    assert "users of Prism Central do not exist on a Prism Element" in told(port, AccessDenied)


def test_a_user_without_a_role(serve: Any, told: Any, reply: Any) -> None:
    script, port = serve("127.0.0.1")
    error = {"message": "Access is denied.", "code": "X-1", "errorGroup": "FORBIDDEN"}
    script.on("GET", V4, reply(403, {"data": {"error": [error]}}))
    said = told(port, AccessDenied)
    assert "knows the user but refuses the call" in said
    assert "Access is denied." in said
    assert "User 'admin' needs a role" in said


def test_a_server_that_repeats_the_password_does_not_make_us_show_it(serve: Any, told: Any, reply: Any) -> None:
    script, port = serve("127.0.0.1")
    error = {"message": "no such pair admin/hunter22", "code": "X-1"}
    script.on("GET", V4, reply(403, {"data": {"error": [error]}}))
    assert "no such pair admin/[secret]" in told(port, AccessDenied)


def test_the_cluster_of_the_settings_is_looked_up(serve: Any, join: Callable[..., Any], reply: Any) -> None:
    script, port = serve("127.0.0.1")
    script.on("GET", V4, reply(**envelope(aos("berlin", 1), aos("hamburg", 2))))
    assert join(port, cluster="hamburg").info.cluster_uuid.endswith("2")


def test_a_cluster_that_does_not_exist(serve: Any, told: Any, reply: Any) -> None:
    script, port = serve("127.0.0.1")
    script.on("GET", V4, reply(**envelope(aos("berlin", 1), aos("Unnamed", 9, "PRISM_CENTRAL"))))
    said = told(port, ConfigError, cluster="bremen")
    assert "has no such cluster; it has 'berlin' (0006aaaa-0000-4000-8000-000000000001)" in said
    assert "Unnamed" not in said
    assert "Correct ahv:cluster" in said


def test_a_cluster_that_exists_twice(serve: Any, told: Any, reply: Any) -> None:
    script, port = serve("127.0.0.1")
    script.on("GET", V4, reply(**envelope(aos("berlin", 1), aos("berlin", 2))))
    said = told(port, ConfigError, cluster="berlin")
    assert "2 clusters of" in said
    assert "000000000001" in said
    assert "000000000002" in said
    assert "Set ahv:cluster to the id" in said


def test_a_named_connection_is_named_in_messages_and_keys(free_port: int, told: Any) -> None:
    said = told(free_port, name="berlin")
    assert said.startswith(f"Connecting 'berlin' to Prism at 127.0.0.1:{free_port}")
    assert "ahv:connections.berlin.port" in said


def test_a_proxy_that_is_not_there_is_named(serve: Any, told: Any, free_port: int) -> None:
    _, port = serve("127.0.0.1")
    said = told(port, proxy=f"http://127.0.0.1:{free_port}")
    assert f"the proxy http://127.0.0.1:{free_port}" in said
    assert "ahv:proxy" in said


def test_a_proxy_that_refuses_is_named(serve: Any, told: Any) -> None:
    _, port = serve("127.0.0.1")
    _, proxy = serve()
    assert f"the proxy http://127.0.0.1:{proxy} failed" in told(port, proxy=f"http://127.0.0.1:{proxy}")


def test_a_proxys_password_is_not_shown(serve: Any, told: Any, free_port: int) -> None:
    _, port = serve("127.0.0.1")
    said = told(port, proxy=f"http://user:geheim99@127.0.0.1:{free_port}")
    assert f"the proxy http://127.0.0.1:{free_port}" in said
    assert "geheim99" not in said
