"""What `ahv doctor` says of everything that can stand behind an address, and how it ends."""

import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme
from click.testing import Result
from typer.testing import CliRunner

from pulumi_ahv.cli.main import app
from pulumi_ahv.simulator.server import Prism, running

Run = Callable[..., Result]


@pytest.fixture
def doctor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run it in an empty folder, with these variables."""
    monkeypatch.chdir(tmp_path)

    def run(*options: str, stdin: str | None = None, **variables: str) -> Result:
        named = {f"NUTANIX_{name.upper()}": value for name, value in variables.items()}
        return CliRunner().invoke(app, ["doctor", *options], input=stdin, env=named)

    return run


@pytest.fixture
def site() -> Iterator[Prism]:
    """A Central with an Element for each cluster."""
    with running(elements=True) as prism:
        yield prism


def reach(prism: Prism) -> dict[str, str]:
    return {
        "endpoint": prism.url,
        "username": prism.username,
        "password": prism.password,
        "ca_bundle": str(prism.ca_file),
    }


AT = {"username": "admin", "password": "secret-word"}


def advised(result: Result, cause: str, advice: str) -> None:
    """One line of cause and one of advice, and nothing of the password."""
    failed = [line for line in result.stdout.splitlines() if "FAILED" in line]
    told = [line for line in result.stdout.splitlines() if line.split()[:1] == ["advice"]]
    assert (len(failed), len(told)) == (1, 1), result.stdout
    assert cause in failed[0]
    assert advice in told[0]
    assert result.exit_code == 1
    assert "secret-word" not in result.stdout


def test_a_central_that_works(doctor: Run, site: Prism) -> None:
    result = doctor(**reach(site))
    assert result.exit_code == 0, result.stdout
    assert "Prism Central pc.7.6" in result.stdout
    assert "berlin, hamburg" in result.stdout
    assert "vmm v4.3" in result.stdout


def test_an_element_that_works(doctor: Run, site: Prism) -> None:
    result = doctor(**reach(site.elements["hamburg"]))
    assert result.exit_code == 0, result.stdout
    assert "Prism Element 7.6" in result.stdout
    assert "clusters            hamburg" in result.stdout
    assert "prism v2.0" in result.stdout


def test_the_same_for_a_program(doctor: Run, site: Prism) -> None:
    result = doctor("--format", "json", **reach(site))
    told = json.loads(result.stdout)
    (one,) = told["connections"]
    assert told["ok"]
    assert (one["name"], one["product"], one["version"], one["ok"]) == ("default", "Prism Central", "pc.7.6", True)
    assert [check["check"] for check in one["checks"]] == ["connection", "clusters", "storage containers", "images"]


@pytest.fixture
def stack_file(site: Prism, tmp_path: Path) -> Path:
    """The file of a stack with a Central, one of its Elements and an address where nothing is."""
    element = site.elements["berlin"]
    usual = {"username": site.username, "password": site.password, "caBundle": str(site.ca_file)}
    named = {"berlin": {**usual, "endpoint": element.url}, "gone": {**usual, "endpoint": "127.0.0.1:1"}}
    values = {f"ahv:{key}": value for key, value in usual.items()} | {"ahv:endpoint": site.url}
    path = tmp_path / "Pulumi.dev.yaml"
    path.write_text(json.dumps({"config": {**values, "ahv:connections": json.dumps(named), "other:key": "x"}}))
    return path


def test_every_connection_of_the_stacks_file_is_looked_at(doctor: Run, stack_file: Path) -> None:
    told = json.loads(doctor("-f", "json").stdout)
    found = {one["name"]: (one["ok"], one["product"]) for one in told["connections"]}
    wanted = {"default": (True, "Prism Central"), "berlin": (True, "Prism Element"), "gone": (False, "")}
    assert found == wanted
    assert not told["ok"]


def test_one_that_fails_makes_the_exit_code_one(doctor: Run, stack_file: Path) -> None:
    assert doctor("--connection", "berlin").exit_code == 0
    assert doctor("--connection", "gone").exit_code == 1


def test_encrypted_settings_are_named_with_a_way_around(doctor: Run, tmp_path: Path) -> None:
    config = {"ahv:endpoint": "127.0.0.1:1", "ahv:username": "admin", "ahv:password": {"secure": "AAAB"}}
    (tmp_path / "Pulumi.dev.yaml").write_text(json.dumps({"config": config}))
    result = doctor()
    assert result.exit_code == 2
    assert "ahv:password is missing" in result.stdout
    assert "Pulumi.dev.yaml keeps ahv:password encrypted" in result.stdout
    assert doctor(password="secret-word").exit_code == 1, "the variable stands in"


def test_what_pulumi_config_writes_is_taken_from_standard_input(doctor: Run, site: Prism) -> None:
    keys = {"endpoint": "endpoint", "username": "username", "password": "password", "ca_bundle": "caBundle"}
    told = {f"ahv:{keys[name]}": {"value": value, "secret": False} for name, value in reach(site).items()}
    result = doctor("--config", "-", stdin=json.dumps(told))
    assert result.exit_code == 0, result.stdout


def test_several_stacks_have_to_be_told_apart(doctor: Run, tmp_path: Path) -> None:
    for name in ("dev", "prod"):
        (tmp_path / f"Pulumi.{name}.yaml").write_text("config: {}")
    result = doctor()
    assert result.exit_code == 2
    assert "Pulumi.dev.yaml, Pulumi.prod.yaml" in result.stdout


@pytest.mark.parametrize("text", ["- a", "a: [", "7"])
def test_a_file_that_is_no_mapping(doctor: Run, tmp_path: Path, text: str) -> None:
    (tmp_path / "x.yaml").write_text(text)
    assert doctor("--config", "x.yaml").exit_code == 2


def test_no_settings_at_all(doctor: Run) -> None:
    result = doctor()
    assert result.exit_code == 2
    assert "No default connection is configured" in result.stdout
    assert "NUTANIX_ENDPOINT" in result.stdout


def test_an_element_where_a_central_was_meant(doctor: Run, site: Prism) -> None:
    result = doctor(**reach(site.elements["berlin"]), product="central")
    advised(result, "is Prism Element 7.6 of cluster 'berlin'", "Give the address of the Prism Central")


def test_a_central_where_an_element_was_meant(doctor: Run, site: Prism) -> None:
    advised(
        doctor(**reach(site), product="element"), "is Prism Central pc.7.6", "Give the address of the cluster itself"
    )


def test_an_account_that_may_not_list_images(doctor: Run, site: Prism) -> None:
    site.control.fault("error", operation="list_images", status=403, code="X-1", message="Access is denied.")
    advised(doctor(**reach(site)), "Access is denied.", "needs a role")


def test_an_account_that_may_not_list_containers_of_an_element(doctor: Run, site: Prism) -> None:
    site.control.fault("error", operation="v2_list_storage_containers", status=403, message="No.")
    advised(doctor(**reach(site.elements["berlin"])), "No.", "Cluster Admin")


def test_a_closed_port(doctor: Run) -> None:
    advised(doctor(endpoint="127.0.0.1:1", **AT), "nothing listens at 127.0.0.1:1", "Check ahv:endpoint and ahv:port")


def test_a_port_that_never_answers(doctor: Run) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        began = time.monotonic()
        result = doctor("--timeout", "0.3", endpoint=f"127.0.0.1:{silent.getsockname()[1]}", **AT)
        assert time.monotonic() - began < 5
    advised(result, "127.0.0.1", "ahv:")


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b"<!doctype html><html><head><title>It works</title></head></html>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        pass


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Callable[..., dict[str, str]]]:
    """Start a web server; with a certificate's days left it speaks TLS."""
    servers: list[_Server] = []

    def start(*, days_left: int | None = None) -> dict[str, str]:
        server = _Server(("127.0.0.1", 0), _Page)
        servers.append(server)
        told = {"endpoint": f"127.0.0.1:{server.server_port}", **AT}
        if days_left is not None:
            authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            end = datetime.now(UTC) + timedelta(days=days_left)
            issued = authority.issue_cert("127.0.0.1", not_before=end - timedelta(days=30), not_after=end)
            issued.configure_cert(context)
            authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
            told["ca_bundle"] = str(tmp_path / "ca.pem")
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return told

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_plain_web_server(doctor: Run, web: Callable[..., dict[str, str]]) -> None:
    advised(doctor(**web()), "does not speak HTTPS", "plain HTTP port")


def test_a_web_server_with_a_page(doctor: Run, web: Callable[..., dict[str, str]]) -> None:
    advised(doctor(**web(days_left=5)), "a web page ('It works'), so it is no Prism", "a proxy or portal may answer")


def test_an_expired_certificate(doctor: Run, web: Callable[..., dict[str, str]]) -> None:
    advised(doctor(**web(days_left=-1)), "has expired", "Renew it in Prism")
