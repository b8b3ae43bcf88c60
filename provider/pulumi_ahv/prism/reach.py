"""Why nothing usable answered: what went wrong below HTTP, and what the user can change about it.

``requests`` wraps ``urllib3`` wraps the operating system and OpenSSL; the reason is dug out of the chain, never read
from a text, except where the layers below keep it in a text only. What HTTP itself said is for the products' packages.
"""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Iterator
from enum import Enum, auto

import requests
import urllib3.exceptions

from pulumi_ahv.kernel.errors import ConnectionFailed
from pulumi_ahv.prism.connection import PORT, Connection

# Verification results of OpenSSL (x509_vfy.h).
_EXPIRED = 10
_NOT_YET_VALID = 9
_UNTRUSTED = (2, 18, 19, 20, 21)
_OTHER_HOST = (62, 64)


class Reason(Enum):
    """What stood in the way. ``passing`` ones may be over a moment later."""

    REFUSED = auto()
    UNROUTABLE = auto()
    NAME_UNKNOWN = auto()
    NAME_FOR_NOW = auto()
    NO_CONNECTION_IN_TIME = auto()
    NO_ANSWER_IN_TIME = auto()
    BROKEN_OFF = auto()
    NOT_TLS = auto()
    EXPIRED = auto()
    NOT_YET_VALID = auto()
    UNTRUSTED = auto()
    OTHER_HOST = auto()
    TLS = auto()
    PROXY = auto()
    OTHER = auto()

    @property
    def passing(self) -> bool:
        """Whether to try again makes sense."""
        return self in _PASSING


_PASSING = {
    Reason.REFUSED,
    Reason.UNROUTABLE,
    Reason.NAME_FOR_NOW,
    Reason.NO_CONNECTION_IN_TIME,
    Reason.NO_ANSWER_IN_TIME,
    Reason.BROKEN_OFF,
}


# The first kind that fits wins. ``gaierror`` comes before other kinds of OSError, timeouts of connecting before others.
_BY_TYPE: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], Reason], ...] = (
    ((requests.exceptions.ProxyError, urllib3.exceptions.ProxyError), Reason.PROXY),
    (socket.gaierror, Reason.NAME_UNKNOWN),
    ((ssl.SSLEOFError, ConnectionResetError, BrokenPipeError, ConnectionAbortedError), Reason.BROKEN_OFF),
    (ConnectionRefusedError, Reason.REFUSED),
    (requests.exceptions.ConnectTimeout, Reason.NO_CONNECTION_IN_TIME),
    ((requests.exceptions.ReadTimeout, urllib3.exceptions.ReadTimeoutError, TimeoutError), Reason.NO_ANSWER_IN_TIME),
    ((urllib3.exceptions.ProtocolError, requests.exceptions.ChunkedEncodingError), Reason.BROKEN_OFF),
)
_BY_ERRNO = {
    socket.EAI_AGAIN: Reason.NAME_FOR_NOW,
    errno.EHOSTUNREACH: Reason.UNROUTABLE,
    errno.ENETUNREACH: Reason.UNROUTABLE,
    errno.ENETDOWN: Reason.UNROUTABLE,
    errno.EHOSTDOWN: Reason.UNROUTABLE,
}
# OpenSSL's reasons for "the first bytes were no TLS at all"; they changed their names over its releases.
_NO_TLS_AT_ALL = {
    "WRONG_VERSION_NUMBER",
    "UNKNOWN_PROTOCOL",
    "RECORD_LAYER_FAILURE",
    "PACKET_LENGTH_TOO_LONG",
    "HTTP_REQUEST",
}

# What happened, and what to change.
_WORDS = {
    Reason.REFUSED: ("nothing listens at {place}{proxy}", "Check {key}endpoint and {key}port.{usual}"),
    Reason.UNROUTABLE: ("no route to {place} ({detail})", "Check the address, the network and the VPN."),
    Reason.NAME_UNKNOWN: ("the name '{host}' does not resolve", "Check {key}endpoint and the DNS of this machine."),
    Reason.NAME_FOR_NOW: ("the name '{host}' could not be resolved for now", "Check the DNS server of this machine."),
    Reason.NO_CONNECTION_IN_TIME: (
        "no connection to {place}{proxy} within {connect}",
        "Check the address, firewalls on the way and {key}connectTimeout.{usual}",
    ),
    Reason.NO_ANSWER_IN_TIME: (
        "{place} took the call{proxy} but did not answer within {request}",
        "Prism may be overloaded; raise {key}requestTimeout if it is only slow.",
    ),
    Reason.BROKEN_OFF: (
        "{place} broke the connection{proxy} off ({detail})",
        "Check that it is Prism that listens there.{usual}",
    ),
    Reason.NOT_TLS: (
        "what listens at {place} does not speak HTTPS",
        "Check {key}port: it may be a plain HTTP port or another service.{usual}",
    ),
    Reason.EXPIRED: ("the certificate of {place} has expired", "Renew it in Prism (Settings, SSL Certificate)."),
    Reason.NOT_YET_VALID: (
        "the certificate of {place} is not valid yet",
        "Compare the clocks of this machine and of Prism.",
    ),
    Reason.UNTRUSTED: (
        "the certificate of {place} is not signed by an authority this machine trusts ({detail}; {bundle})",
        "Set {key}caBundle to the PEM file of that authority; {key}insecure gives up the check.",
    ),
    Reason.OTHER_HOST: (
        "the certificate of {place} was not made for '{host}' ({detail})",
        "Use the name that the certificate carries in {key}endpoint.",
    ),
    Reason.TLS: ("TLS with {place} failed ({detail})", "Check the TLS settings of both sides."),
    Reason.PROXY: ("the way{proxy} failed ({detail})", "Check {key}proxy."),
    Reason.OTHER: ("{place}{proxy} could not be reached ({detail})", "Check {key}endpoint."),
}


class Unreachable(Exception):
    """No HTTP answer came. Inside this package only; users see the ``ConnectionFailed`` that ``explain`` makes."""

    def __init__(self, reason: Reason, detail: str) -> None:
        self.reason = reason
        self.detail = detail
        super().__init__(reason, detail)


def unreachable(error: requests.RequestException) -> Unreachable:
    """Find the reason in what ``requests`` raised."""
    chain = list(_chain(error))
    for link in chain:
        reason = _reason(link)
        if reason:
            return Unreachable(reason, _detail(link))
    return Unreachable(Reason.OTHER, _detail(chain[-1]))


def explain(failure: Unreachable, connection: Connection, doing: str) -> ConnectionFailed:
    """Say it to a user: what happened at which address, and what to change."""
    host, port, key = connection.host, connection.port, connection.key
    facts = {
        "host": host,
        "place": f"{host}:{port}",
        "detail": failure.detail,
        "connect": f"{connection.timeouts.connect:g} s",
        "request": f"{connection.timeouts.request:g} s",
        "bundle": f"not by {connection.ca_bundle} either" if connection.ca_bundle else "Prism's own is self-signed",
        "usual": "" if port == PORT else f" Prism listens on port {PORT}.",
        "proxy": f" through the proxy {connection.proxy_name}" if connection.proxy else "",
        "key": key(""),
    }
    said, advice = (text.format_map(facts) for text in _WORDS[failure.reason])
    return ConnectionFailed(doing, said=said, advice=advice)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and everything it wraps, outermost first."""
    seen: set[int] = set()
    queue: list[BaseException] = [error]
    while queue:
        link = queue.pop(0)
        if id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        inner = [getattr(link, "reason", None), *link.args, link.__cause__, link.__context__]
        queue += [one for one in inner if isinstance(one, BaseException)]


def _reason(link: BaseException) -> Reason | None:
    """The reason that this link of the chain tells by itself; ``None`` for a mere wrapper."""
    if isinstance(link, ssl.SSLCertVerificationError):
        return _certificate(link.verify_code)
    if isinstance(link, ssl.SSLError) and not isinstance(link, ssl.SSLEOFError):
        return Reason.NOT_TLS if link.reason in _NO_TLS_AT_ALL else Reason.TLS
    if isinstance(link, OSError) and link.errno in _BY_ERRNO:
        return _BY_ERRNO[link.errno]
    if isinstance(link, urllib3.exceptions.ProtocolError) and isinstance(link.args[-1], OSError):
        return None
    return next((reason for kind, reason in _BY_TYPE if isinstance(link, kind)), None)


def _certificate(code: int) -> Reason:
    if code == _EXPIRED:
        return Reason.EXPIRED
    if code == _NOT_YET_VALID:
        return Reason.NOT_YET_VALID
    if code in _UNTRUSTED:
        return Reason.UNTRUSTED
    return Reason.OTHER_HOST if code in _OTHER_HOST else Reason.TLS


def _detail(link: BaseException) -> str:
    if isinstance(link, ssl.SSLCertVerificationError):
        return str(link.verify_message)
    if isinstance(link, OSError) and link.strerror:
        return str(link.strerror)
    return str(link) or type(link).__name__
