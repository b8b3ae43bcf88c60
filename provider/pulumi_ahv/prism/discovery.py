"""The first call: what answers at the address, and is it what was meant?

One authenticated read that every Prism Central with the v4 API serves decides it. Only when that is answered with
something else are more calls spent, to find out *what* it is: an Element, a Central of before v4, no Prism at all.
"Nothing usable answered" is told by ``reach``.

Facts behind it: a Prism Element answers 404 to every v4 path; ``GET …/v2.0/cluster`` tells ``cluster_functions``
(``NDFS`` for an AOS cluster, ``MULTICLUSTER`` for a Prism Central); ``X-Ntnx-Env`` says ``pe`` or ``pc`` and
``X-Ntnx-Product`` the version of a PC; a 401 comes with JSON, with HTML or with nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pulumi_ahv.kernel.clock import Clock, Deadline
from pulumi_ahv.kernel.errors import AccessDenied, ConnectionFailed
from pulumi_ahv.prism.central import answers as central_answers
from pulumi_ahv.prism.central.limits import FAMILIES, WHOLE_PC
from pulumi_ahv.prism.central.site import CentralSite
from pulumi_ahv.prism.connection import PORT, PRODUCTS, Connection
from pulumi_ahv.prism.element import answers as element_answers
from pulumi_ahv.prism.element.site import ElementSite
from pulumi_ahv.prism.interface import Site
from pulumi_ahv.prism.pages import gist, is_html
from pulumi_ahv.prism.rate import Limits
from pulumi_ahv.prism.transport import Request, Response, Transport
from pulumi_ahv.prism.values import Cluster, Product, SiteInfo

_V4_PROBE = "/api/clustermgmt/v4.0/config/clusters"
_V2_PROBE = "/PrismGateway/services/rest/v2.0/cluster"
_V3_PROBE = "/api/nutanix/v3/prism_central"
# Seconds for retries of the first call: a user waits in front of it.
_PATIENCE = 15.0


@dataclass(frozen=True)
class _Found:
    """What answered."""

    product: Product
    version: str = ""
    cluster: Cluster | None = None
    v4: bool = False


def discover(connection: Connection, *, clock: Clock, ids: Callable[[], UUID]) -> Site:
    """Find out what answers and return the site for it. Raises as ``connection.connect`` says."""
    transport = Transport(connection, Limits(WHOLE_PC, FAMILIES, clock=clock), clock=clock, ids=ids)
    try:
        return _site(transport, _identify(transport))
    except BaseException:
        transport.close()
        raise


def _site(transport: Transport, found: _Found) -> Site:
    """The implementation for a product."""
    connection = transport.connection
    info = SiteInfo(connection.name, connection.url, found.product, found.version, {})
    if connection.product and PRODUCTS[connection.product] is not found.product:
        raise _other_product(found, connection)
    if found.product is Product.ELEMENT:
        return ElementSite(transport, info, _cluster(found, connection))
    if not found.v4:
        version = f" {found.version}" if found.version else ""
        raise ConnectionFailed(
            _doing(connection),
            said=f"{connection.url} is Prism Central{version}, which does not serve the v4 API",
            advice="The v4 API came with pc.2024.3: upgrade Prism Central.",
        )
    return CentralSite(transport, info)


def _identify(transport: Transport) -> _Found:
    """What answers at the address."""
    request = _probe(transport, _V4_PROBE, {"$limit": 1})
    response = transport.send(request, Deadline(transport.clock, _PATIENCE), reconnect=False)
    if response.status in {401, 403, 407}:
        raise _refused(transport, request, response)
    if response.status == 200 and _is_envelope(response.json()):
        return _Found(Product.CENTRAL, _product(response), v4=True)
    if response.status == 404 or (400 <= response.status < 500 and response.json() is not None):
        found = _by_older_calls(transport, response)
        if found:
            return found
    raise _no_prism(transport.connection, response, transport.scrubber.scrub(gist(response)))


def _by_older_calls(transport: Transport, first: Response) -> _Found | None:
    """What it is when it does not know the v4 call; ``None`` when it is no Prism either."""
    request = _probe(transport, _V2_PROBE)
    cluster = transport.send(request, Deadline(transport.clock, _PATIENCE), reconnect=False)
    body = cluster.json() if cluster.status == 200 else None
    if isinstance(body, Mapping) and body.get("cluster_functions"):
        version = str(body.get("version") or "")
        if "MULTICLUSTER" in body["cluster_functions"]:
            return _Found(Product.CENTRAL, _product(first) or version)
        return _Found(Product.ELEMENT, version, Cluster(str(body.get("uuid") or ""), str(body.get("name") or "")))
    if cluster.status in {401, 403}:
        raise _refused(transport, request, cluster)
    environment = _environment(first) or _environment(cluster)
    if environment == "pe":
        return _Found(Product.ELEMENT)
    if environment == "pc":
        return _Found(Product.CENTRAL, _product(first) or _product(cluster))
    central = transport.send(_probe(transport, _V3_PROBE), Deadline(transport.clock, _PATIENCE), reconnect=False)
    is_central = central.status == 200 and isinstance(central.json(), Mapping)
    return _Found(Product.CENTRAL, _product(central)) if is_central else None


def _refused(transport: Transport, request: Request, response: Response) -> AccessDenied | ConnectionFailed:
    """401 and 403 of Prism, of a proxy, or of something that is no Prism at all."""
    connection = transport.connection
    if response.status == 407:
        said = f"the proxy {connection.proxy_name} wants a user name and password"
        return ConnectionFailed(_doing(connection), said=said, advice=f"Put them into {connection.key('proxy')}.")
    is_element = _environment(response) == "pe"
    read = element_answers.failure if is_element else central_answers.failure
    error = read(request, response, connection, transport.scrubber)
    what = "does not take the credentials" if response.status == 401 else "knows the user but refuses the call"
    said = transport.scrubber.scrub(_said(response, error.said))
    return AccessDenied(f"{_doing(connection)} ({what})", answer=error.answer, said=said, advice=error.advice)


def _said(response: Response, said: str) -> str:
    """The words of a refusal without the answer's own tail, and nothing of a page."""
    return "" if response.json() is None else said.partition(" (HTTP ")[0].partition("HTTP ")[0]


def _no_prism(connection: Connection, response: Response, line: str) -> ConnectionFailed:
    """Something answered HTTPS and is no Prism, or is one that is not up."""
    said = f"{connection.url} answered HTTP {response.status}"
    port = "" if connection.port == PORT else f" Prism listens on port {PORT}."
    if response.status >= 500 or response.status == 429:
        said += f": {line}" if line else ""
        return ConnectionFailed(
            _doing(connection), said=said, advice="Prism is starting, overloaded or down: try again later."
        )
    target = response.headers.get("Location", "")
    if 300 <= response.status < 400 and target:
        said += f" and sends on to {target}"
        advice = f"Give the address of Prism itself in {connection.key('endpoint')}, not of a page before it.{port}"
        return ConnectionFailed(_doing(connection), said=said, advice=advice)
    kind = "a web page" if is_html(response) else "something that is not Prism's JSON"
    said += f" with {kind}" + (f" ('{line}')" if line else "") + ", so it is no Prism"
    advice = (
        f"Check {connection.key('endpoint')} and {connection.key('port')}; a proxy or portal may answer instead.{port}"
    )
    return ConnectionFailed(_doing(connection), said=said, advice=advice)


def _other_product(found: _Found, connection: Connection) -> ConnectionFailed:
    """A Prism answered, and not the one that the settings ask for."""
    cluster = f"of cluster '{found.cluster.name}'" if found.cluster and found.cluster.name else ""
    told = " ".join(part for part in (found.product, found.version, cluster) if part)
    key = connection.key("product")
    said = f"{connection.url} is {told}, and {key} asks for {PRODUCTS[connection.product]}"
    return ConnectionFailed(_doing(connection), said=said, advice=f"{_MEANT[found.product]}, or correct {key}.")


_MEANT = {
    Product.ELEMENT: "Give the address of the Prism Central that this cluster is registered with",
    Product.CENTRAL: "Give the address of the cluster itself",
}


def _cluster(found: _Found, connection: Connection) -> Cluster:
    """The cluster of an Element."""
    if found.cluster:
        return found.cluster
    said = f"{connection.url} is Prism Element, but does not tell its cluster ({_V2_PROBE})"
    advice = "Prism is starting, or this account may not read the cluster: try again, or with another account."
    raise ConnectionFailed(_doing(connection), said=said, advice=advice)


def _is_envelope(body: Any) -> bool:
    return isinstance(body, Mapping) and "metadata" in body and isinstance(body.get("data", []), list)


def _probe(transport: Transport, path: str, query: Mapping[str, str | int] | None = None) -> Request:
    return Request("GET", path, _doing(transport.connection), query=query or {})


def _doing(connection: Connection) -> str:
    named = "" if connection.name == "default" else f" '{connection.name}'"
    return f"Connecting{named} to Prism at {connection.host}:{connection.port}"


def _product(response: Response) -> str:
    return response.headers.get("X-Ntnx-Product", "")


def _environment(response: Response) -> str:
    return response.headers.get("X-Ntnx-Env", "").lower()
