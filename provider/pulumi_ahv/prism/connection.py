"""Settings of a connection: where a Prism is and who we are there. Read from config and environment, checked at once.

Owns the keys (``ahv:endpoint`` …), the ``NUTANIX_*`` variables and what may stand in them. Opens nothing itself:
``connect`` hands over to ``discovery``, which is imported only then, because it brings ``requests``.

Values arrive as strings from Pulumi's config, as JSON types inside ``ahv:connections``; both are taken. Variables are
defaults of the default connection only: a named connection that silently took another one's password would be a leak.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit
from uuid import UUID

from pulumi_ahv.kernel.clock import Clock
from pulumi_ahv.kernel.errors import ConfigError
from pulumi_ahv.kernel.secrets import Secret
from pulumi_ahv.prism.values import Product

if TYPE_CHECKING:
    from pulumi_ahv.prism.interface import Site

DEFAULT = "default"
PORT = 9440
KEYS = (
    "endpoint",
    "port",
    "username",
    "password",
    "apiKey",
    "insecure",
    "caBundle",
    "proxy",
    "cluster",
    "product",
    "connectTimeout",
    "requestTimeout",
    "retryTimeout",
)
VARIABLES = {
    "endpoint": "NUTANIX_ENDPOINT",
    "port": "NUTANIX_PORT",
    "username": "NUTANIX_USERNAME",
    "password": "NUTANIX_PASSWORD",
    "apiKey": "NUTANIX_API_KEY",
    "insecure": "NUTANIX_INSECURE",
    "caBundle": "NUTANIX_CA_BUNDLE",
    "cluster": "NUTANIX_CLUSTER",
    "product": "NUTANIX_PRODUCT",
}
PRODUCTS = {"central": Product.CENTRAL, "element": Product.ELEMENT}
_WORDS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False, "": False}


@dataclass(frozen=True)
class Timeouts:
    """Seconds: until a connection stands, until one answer has come, and until retries of one call are given up."""

    connect: float = 10.0
    request: float = 120.0
    retry: float = 120.0


@dataclass(frozen=True)
class Connection:
    """One checked connection. Either ``username`` and ``password`` are set or ``api_key`` is.

    ``product`` is ``central`` or ``element`` where only that one will do; empty takes whichever answers.
    """

    name: str
    host: str
    port: int = PORT
    username: str = ""
    password: Secret = field(default_factory=lambda: Secret(""))
    api_key: Secret = field(default_factory=lambda: Secret(""))
    insecure: bool = False
    ca_bundle: str = ""
    proxy: str = field(default="", repr=False)
    cluster: str = ""
    product: str = ""
    timeouts: Timeouts = Timeouts()

    @property
    def url(self) -> str:
        """Scheme, host and port, without a slash at the end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"https://{host}:{self.port}"

    @property
    def proxy_name(self) -> str:
        """The proxy as a message may show it: without the credentials that its URL may hold."""
        parts = urlsplit(self.proxy)
        return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()

    def key(self, key: str) -> str:
        """How the user writes this setting of this connection: ``ahv:port`` or ``ahv:connections.berlin.port``."""
        return _key(self.name, key)


def read_connections(config: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, Connection]:
    """Read every connection that is configured, the default one under the name ``default``.

    Args:
        config: Provider config; keys with or without ``ahv:`` before them; others than ours are ignored.
        environ: The ``NUTANIX_*`` variables, defaults of the default connection.

    Raises:
        ConfigError: One error that lists everything that is wrong, each with its key.
    """
    ours = {key.removeprefix("ahv:"): value for key, value in config.items()}
    wrong: list[str] = []
    named = _named(ours.get("connections"), wrong)
    sources = {name: _Source(name, values, wrong) for name, values in named.items()}
    default = _Source(DEFAULT, _with_variables({key: ours[key] for key in KEYS if _given(ours, key)}, environ), wrong)
    if default.values:
        sources = {DEFAULT: default, **sources}
    connections = {name: source.connection() for name, source in sources.items()}
    if wrong:
        raise ConfigError("Reading the connection settings", said="; ".join(wrong))
    return connections


def choose(connections: Mapping[str, Connection], name: str = "") -> Connection:
    """The connection of this name; the default one for an empty name."""
    wanted = name or DEFAULT
    if wanted in connections:
        return connections[wanted]
    known = ", ".join(sorted(connections)) or "none"
    if wanted == DEFAULT:
        raise ConfigError(
            "No default connection is configured",
            said=f"configured connections: {known}",
            advice="Set ahv:endpoint (or NUTANIX_ENDPOINT) and credentials, or name a connection on the resource.",
        )
    raise ConfigError(
        f"No connection is named '{wanted}'",
        said=f"configured connections: {known}",
        advice="Add it to ahv:connections or correct the name.",
    )


def connect(settings: Connection, *, clock: Clock, ids: Callable[[], UUID]) -> Site:
    """Find out what answers at the address and return it, ready for use by several threads.

    Args:
        settings: The connection.
        clock: Time for waits, budgets and deadlines.
        ids: Fresh random UUIDs (``uuid.uuid4``): request ids, and the jitter of retries, come from here.

    Raises:
        ConnectionFailed: Nothing, or not the Prism that was meant, answered.
        AccessDenied: Prism does not take the credentials.
        ConfigError: The cluster that the settings name does not exist, or exists twice.
    """
    from pulumi_ahv.prism.discovery import discover  # noqa: PLC0415 - brings requests; reading settings must not

    return discover(settings, clock=clock, ids=ids)


class _Source:
    """Values of one connection on their way to be checked; what is wrong is collected, not raised."""

    def __init__(self, name: str, values: Mapping[str, Any], wrong: list[str]) -> None:
        self.name = name
        self.values = values
        self._wrong = wrong

    def connection(self) -> Connection:
        """Check everything; what could not be read is at its default, and told in the list."""
        for key in self.values:
            if key not in KEYS:
                self._say(key, f"is not a setting; there are {', '.join(KEYS)}")
        host, port = self._address()
        credentials = self._credentials()
        return Connection(
            name=self.name,
            host=host,
            port=port,
            **credentials,
            insecure=self._flag("insecure"),
            ca_bundle=self._ca_bundle(),
            proxy=self._proxy(),
            cluster=self._text("cluster"),
            product=self._product(),
            timeouts=Timeouts(
                self._seconds("connectTimeout", Timeouts.connect),
                self._seconds("requestTimeout", Timeouts.request),
                self._seconds("retryTimeout", Timeouts.retry),
            ),
        )

    def _say(self, key: str, what: str) -> None:
        line = f"{_key(self.name, key)} {what}"
        if line not in self._wrong:
            self._wrong.append(line)

    def _text(self, key: str) -> str:
        value = self.values.get(key, "")
        return value.strip() if isinstance(value, str) else str(value)

    def _address(self) -> tuple[str, int]:
        port = self._port()
        endpoint = self._text("endpoint")
        if not endpoint:
            self._say("endpoint", "is missing: the host name or address of Prism")
            return "", port or PORT
        try:
            parts = urlsplit(endpoint if "://" in endpoint else f"https://{_bracketed(endpoint)}")
            host, own_port = parts.hostname, parts.port
        except ValueError:
            self._say("endpoint", "is neither a host name nor a URL such as https://prism.example.com:9440")
            return "", port or PORT
        self._check_url(parts)
        if own_port and port and own_port != port:
            self._say("port", f"is {port}, but the endpoint says {own_port}; give one of them")
        return host or "", own_port or port or PORT

    def _check_url(self, parts: SplitResult) -> None:
        if parts.scheme != "https":
            self._say("endpoint", f"begins with {parts.scheme}://, but Prism speaks HTTPS only; write https://")
        if parts.username or parts.password:
            self._say("endpoint", f"holds credentials; use {_key(self.name, 'username')} and its password instead")
        if not parts.hostname or " " in parts.netloc:
            self._say("endpoint", "names no host")
        if parts.path.strip("/") and not parts.path.startswith("/console"):
            self._say("endpoint", f"holds a path ({parts.path}); give host and port only")

    def _port(self) -> int:
        text = self._text("port")
        if not text:
            return 0
        if text.isdecimal() and 0 < int(text) < 65536:
            return int(text)
        self._say("port", f"is '{text}', not a number from 1 to 65535")
        return 0

    def _credentials(self) -> dict[str, Any]:
        username, password, api_key = (self._text(key) for key in ("username", "password", "apiKey"))
        if api_key and (username or password):
            self._say("apiKey", "is set together with username or password; give one of the two")
        elif not api_key and not (username and password):
            missing = "password" if username else "username"
            self._say(missing, "is missing: give username and password, or an apiKey")
        if api_key and not (api_key.isascii() and api_key.isprintable()):
            self._say("apiKey", "holds a line break or a character that no header carries")
        if ":" in username:
            self._say("username", "holds a colon, which HTTP basic authentication cannot carry")
        return {"username": username, "password": Secret(password), "api_key": Secret(api_key)}

    def _flag(self, key: str) -> bool:
        value = _WORDS.get(self._text(key).lower())
        if value is None:
            self._say(key, f"is '{self._text(key)}', not true or false")
        return bool(value)

    def _ca_bundle(self) -> str:
        path = self._text("caBundle")
        if path and not Path(path).is_file():
            self._say("caBundle", f"is '{path}', which is not a file; it names a file with PEM certificates")
        elif path and b"-----BEGIN CERTIFICATE-----" not in Path(path).read_bytes():
            self._say("caBundle", f"is '{path}', which holds no PEM certificate (-----BEGIN CERTIFICATE-----)")
        if path and self._flag("insecure"):
            self._say("insecure", "is true together with caBundle, which would then check nothing; give one of the two")
        return path

    def _proxy(self) -> str:
        proxy = self._text("proxy")
        if proxy and not (proxy.startswith(("http://", "https://")) and urlsplit(proxy).hostname):
            self._say("proxy", "is not a URL such as http://proxy.example.com:3128")
        return proxy

    def _product(self) -> str:
        product = self._text("product").lower()
        if product not in {"", *PRODUCTS}:
            self._say("product", f"is '{product}', not central or element; leave it out to take whichever answers")
            return ""
        return product

    def _seconds(self, key: str, default: float) -> float:
        text = self._text(key)
        if not text:
            return default
        try:
            seconds = float(text)
        except ValueError:
            seconds = 0.0
        if not 0 < seconds <= 86400:
            self._say(key, f"is '{text}', not a number of seconds above 0")
            return default
        return seconds


def _named(value: Any, wrong: list[str]) -> dict[str, Mapping[str, Any]]:
    """The named connections, from JSON text or from an object."""
    if value is None or value == "":
        return {}
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except json.JSONDecodeError as error:
            wrong.append(f"ahv:connections is not JSON ({error.msg} at character {error.pos})")
            return {}
    if not isinstance(value, Mapping) or not all(isinstance(one, Mapping) for one in value.values()):
        wrong.append('ahv:connections is not an object of objects: {"berlin": {"endpoint": "…"}}')
        return {}
    if DEFAULT in value:
        wrong.append(f"ahv:connections.{DEFAULT} is not possible: the default connection is set by ahv:endpoint")
    return {name: {key.removeprefix("ahv:"): one for key, one in each.items()} for name, each in value.items()}


def _with_variables(values: dict[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    """Values of the config over those of the environment; one kind of credentials pushes the other out."""
    defaults = {key: environ[name] for key, name in VARIABLES.items() if environ.get(name)}
    if "apiKey" in values:
        defaults.pop("username", None)
        defaults.pop("password", None)
    elif "username" in values or "password" in values:
        defaults.pop("apiKey", None)
    if not values.get("endpoint") and "endpoint" not in defaults:
        return values
    return defaults | values


def _given(values: Mapping[str, Any], key: str) -> bool:
    return values.get(key) not in (None, "")


def _key(connection: str, key: str) -> str:
    return f"ahv:{key}" if connection == DEFAULT else f"ahv:connections.{connection}.{key}"


def _bracketed(endpoint: str) -> str:
    """An IPv6 address as a URL wants it; everything else as it is."""
    return f"[{endpoint}]" if endpoint.count(":") > 1 and not endpoint.startswith("[") else endpoint
