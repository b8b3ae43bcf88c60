import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pulumi_ahv.kernel.errors import ConfigError
from pulumi_ahv.prism.connection import Connection, choose, read_connections

SIGNED_IN = {"ahv:username": "admin", "ahv:password": "hunter22"}
AT_HOME = {"ahv:endpoint": "prism.example.com"} | SIGNED_IN


def default(config: dict[str, object], environ: dict[str, str] | None = None) -> Connection:
    return choose(read_connections(config, environ or {}))


def complaint(config: dict[str, object], environ: dict[str, str] | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        default(config, environ)
    return str(caught.value)


def test_host_user_and_password_are_enough() -> None:
    found = default(AT_HOME)
    assert (found.url, found.username, found.password.reveal()) == (
        "https://prism.example.com:9440",
        "admin",
        "hunter22",
    )


@pytest.mark.parametrize(
    ("endpoint", "url"),
    [
        ("prism.example.com:8443", "https://prism.example.com:8443"),
        ("https://prism.example.com", "https://prism.example.com:9440"),
        ("https://prism.example.com:9441/console/#page/explore", "https://prism.example.com:9441"),
        ("10.0.0.5", "https://10.0.0.5:9440"),
        ("fd00::5", "https://[fd00::5]:9440"),
        ("[fd00::5]:9441", "https://[fd00::5]:9441"),
    ],
)
def test_an_endpoint_may_be_written_in_many_ways(endpoint: str, url: str) -> None:
    assert default(AT_HOME | {"ahv:endpoint": endpoint}).url == url


def test_the_environment_fills_what_the_config_leaves_out() -> None:
    environ = {
        "NUTANIX_ENDPOINT": "pc.example.com",
        "NUTANIX_PORT": "9441",
        "NUTANIX_USERNAME": "svc",
        "NUTANIX_PASSWORD": "hunter23",
        "NUTANIX_INSECURE": "true",
        "NUTANIX_CLUSTER": "berlin",
    }
    found = default({"ahv:cluster": "hamburg"}, environ)
    assert (found.url, found.username, found.insecure, found.cluster) == (
        "https://pc.example.com:9441",
        "svc",
        True,
        "hamburg",
    )


def test_an_api_key_in_the_config_pushes_the_environments_user_out() -> None:
    environ = {"NUTANIX_USERNAME": "svc", "NUTANIX_PASSWORD": "hunter23"}
    found = default({"ahv:endpoint": "pc", "ahv:apiKey": "k" * 32}, environ)
    assert (found.username, found.api_key.reveal()) == ("", "k" * 32)


def test_a_user_in_the_config_pushes_the_environments_api_key_out() -> None:
    assert not default(AT_HOME, {"NUTANIX_API_KEY": "k" * 32}).api_key


def test_a_named_connection_takes_nothing_from_the_environment() -> None:
    config = {"ahv:connections": json.dumps({"berlin": {"endpoint": "pc", "username": "admin"}})}
    said = complaint(config, {"NUTANIX_PASSWORD": "hunter23"})
    assert "ahv:connections.berlin.password is missing" in said


@pytest.mark.parametrize("as_text", [True, False])
def test_named_connections_come_as_json_text_or_as_an_object(as_text: bool) -> None:
    named = {"berlin": {"endpoint": "pc", "port": 9441, "apiKey": "k" * 32, "insecure": True}}
    config = {"ahv:connections": json.dumps(named) if as_text else named}
    found = choose(read_connections(config, {}), "berlin")
    assert (found.url, found.insecure, found.key("port")) == ("https://pc:9441", True, "ahv:connections.berlin.port")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"ahv:endpoint": "http://prism"}, "ahv:endpoint begins with http://"),
        ({"ahv:endpoint": "https://admin:pw123@prism"}, "ahv:endpoint holds credentials"),
        ({"ahv:endpoint": "https://prism/api/nutanix"}, "ahv:endpoint holds a path (/api/nutanix)"),
        ({"ahv:endpoint": "https://"}, "ahv:endpoint names no host"),
        ({"ahv:endpoint": "prism:port"}, "ahv:endpoint is neither a host name nor a URL"),
        ({"ahv:endpoint": "prism:9441", "ahv:port": "9440"}, "ahv:port is 9440, but the endpoint says 9441"),
        ({"ahv:port": "ninety"}, "ahv:port is 'ninety', not a number from 1 to 65535"),
        ({"ahv:password": ""}, "ahv:password is missing"),
        ({"ahv:username": ""}, "ahv:username is missing"),
        ({"ahv:username": "a:b"}, "ahv:username holds a colon"),
        ({"ahv:apiKey": "k"}, "ahv:apiKey is set together with username or password"),
        ({"ahv:insecure": "perhaps"}, "ahv:insecure is 'perhaps', not true or false"),
        ({"ahv:caBundle": "/no/such.pem"}, "ahv:caBundle is '/no/such.pem', which is not a file"),
        ({"ahv:proxy": "proxy:3128"}, "ahv:proxy is not a URL"),
        ({"ahv:requestTimeout": "soon"}, "ahv:requestTimeout is 'soon', not a number of seconds"),
        ({"ahv:requestTimeout": "nan"}, "ahv:requestTimeout is 'nan', not a number of seconds"),
        ({"ahv:connections": "{"}, "ahv:connections is not JSON"),
        ({"ahv:connections": "[]"}, "ahv:connections is not an object of objects"),
        ({"ahv:connections": '{"default": {}}'}, "ahv:connections.default is not possible"),
        ({"ahv:connections": '{"b": {"host": "x"}}'}, "ahv:connections.b.host is not a setting"),
    ],
)
def test_a_wrong_setting_is_told_with_its_key(change: dict[str, object], says: str) -> None:
    assert says in complaint(AT_HOME | change)


def test_a_ca_bundle_without_certificates_is_told(tmp_path: Path) -> None:
    path = tmp_path / "empty.pem"
    path.write_text("not a certificate")
    assert "holds no PEM certificate" in complaint(AT_HOME | {"ahv:caBundle": str(path)})


def test_a_ca_bundle_that_would_check_nothing_is_told(ca_bundle: Path) -> None:
    said = complaint(AT_HOME | {"ahv:caBundle": str(ca_bundle), "ahv:insecure": "true"})
    assert "ahv:insecure is true together with caBundle" in said


def test_everything_that_is_wrong_is_told_at_once_and_once() -> None:
    said = complaint({"ahv:endpoint": "http://pc", "ahv:port": "0", "ahv:insecure": "x", "ahv:caBundle": "/no"})
    assert [said.count(key) for key in ("ahv:endpoint ", "ahv:port ", "ahv:insecure ", "ahv:caBundle ")] == [1] * 4


def test_no_message_shows_a_secret() -> None:
    config = {"ahv:endpoint": "https://u:hunter22@pc", "ahv:password": "hunter22", "ahv:apiKey": "geheim-key"}
    said = complaint(config)
    assert "hunter22" not in said
    assert "geheim-key" not in said


def test_a_connection_shows_no_secret_when_printed() -> None:
    assert "hunter22" not in repr(default(AT_HOME))


def test_without_any_setting_the_default_connection_is_asked_for() -> None:
    assert "Set ahv:endpoint (or NUTANIX_ENDPOINT)" in complaint({})


def test_an_unknown_name_lists_the_connections_that_exist() -> None:
    with pytest.raises(ConfigError, match="configured connections: default"):
        choose(read_connections(AT_HOME, {}), "berlin")


def test_reading_settings_loads_no_http_library() -> None:
    code = (
        "import sys, pulumi_ahv.prism.connection as c, pulumi_ahv.prism.interface; assert c.connect; "
        "sys.exit(','.join(sorted({'requests', 'urllib3', 'boto3', 'tenacity'} & set(sys.modules))) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=dict(os.environ), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
