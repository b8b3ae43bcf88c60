"""iSCSI clients outside of the cluster (api-v4, section 8): list, get, update; attaching one makes it known.

Facts: a client is named by exactly one of ``iscsiInitiatorName`` and ``iscsiInitiatorNetworkId``, for good; CHAP needs
``clientSecret``, which is never shown again. Assumed: a client stays known when it has been detached; it has 32
virtual targets unless it asks for another number; it is another client on another cluster.
"""

from __future__ import annotations

from typing import Any

from pulumi_ahv.simulator.answers import Reply
from pulumi_ahv.simulator.element.attachments import TABLE
from pulumi_ahv.simulator.listing import Listing, page_of
from pulumi_ahv.simulator.preconditions import etag
from pulumi_ahv.simulator.replies import accepted
from pulumi_ahv.simulator.routing import Call, Route, answer_type
from pulumi_ahv.simulator.site import Site
from pulumi_ahv.simulator.store import Record
from pulumi_ahv.simulator.volume_tasks import NOT_FOUND, PACKAGE, SECTION, checked_authentication, refused
from pulumi_ahv.simulator.work import Operation, Order, Run

CLIENTS = "iscsi-clients"
TYPE = f"{PACKAGE}.IscsiClient"
REL = "volumes:config:iscsi-client"
_IDENTITY = ("iscsiInitiatorName", "iscsiInitiatorNetworkId")
_FIXED = (*_IDENTITY, "numVirtualTargets")
_LIST = Listing(filters={"extId", "clusterReference"}, orders={"extId", "clusterReference", "createdTime"})


def address_of(spec: dict[str, Any]) -> str:
    """What a client is named by: its initiator's name, its address or its host name.

    Raises:
        Refusal: it is named by neither, or by both.
    """
    if sum(name in spec for name in _IDENTITY) != 1:
        raise refused(f"Exactly one of {' and '.join(_IDENTITY)} is required.")
    network = spec.get("iscsiInitiatorNetworkId", {})
    named = [network[kind].get("value", "") for kind in ("ipv4", "ipv6", "fqdn") if kind in network]
    address = str(spec.get("iscsiInitiatorName") or "".join(named[:1]))
    if not address:
        raise refused("The iSCSI initiator has neither a name nor an address.")
    return address


def id_of(site: Site, cluster: str, spec: dict[str, Any]) -> str:
    """The id that a client has on a cluster, known or not."""
    return site.named_id("client", f"{cluster}/{address_of(spec)}")


def register(site: Site, cluster: str, spec: dict[str, Any]) -> Record:
    """The client that a specification without secrets names, made known to its cluster if it was not."""
    ext_id = id_of(site, cluster, spec)
    known = site.store.table(CLIENTS).get(ext_id)
    if known is not None:
        return known
    body = {
        "extId": ext_id,
        "clusterReference": cluster,
        "enabledAuthentications": "NONE",
        "numVirtualTargets": 32,
        "createdTime": site.timeline.stamp(),  # to sort by; no type declares it
        **spec,
    }
    return site.store.table(CLIENTS).add(ext_id, body)


def checked(spec: dict[str, Any], *, has_secret: bool = False) -> dict[str, Any]:
    """What of a body is kept: who the client is and how it proves it, without the secret.

    Raises:
        Refusal: CHAP lacks its secret, or a secret lacks CHAP.
    """
    asked = checked_authentication(spec, "clientSecret")
    if asked == "CHAP" and not (spec.get("clientSecret") or has_secret):
        raise refused("CHAP authentication needs a clientSecret.")
    kept = {name: spec[name] for name in (*_FIXED, "attachmentSite", "projectExtId") if name in spec}
    return {**kept, "enabledAuthentications": asked}


def _shown(site: Site, client: Record) -> dict[str, Any]:
    targets = [
        {"numVirtualTargets": client.body["numVirtualTargets"], "iscsiTargetName": group.body["iscsi_target"]}
        for group in site.store.table(TABLE)
        if any(each.get("client_uuid") == client.ext_id for each in group.body["attachment_list"])
    ]
    return {**client.body, "attachedTargets": targets}


def _list(site: Site, call: Call) -> Reply:
    bodies = [_shown(site, client) for client in site.store.table(CLIENTS)]
    page, total = page_of(bodies, call.query, _LIST, code="VOL-10003")
    return Reply(page, TYPE, total=total)


def _get(site: Site, call: Call) -> Reply:
    client = site.find(CLIENTS, call.params["extId"], code=NOT_FOUND)
    return Reply(_shown(site, client), TYPE, revision=etag(client))


def _update(site: Site, call: Call) -> Reply:
    client = site.find(CLIENTS, call.params["extId"], code=NOT_FOUND)
    changed = [name for name in _FIXED if name in call.body and call.body[name] != client.body.get(name)]
    if changed:
        raise refused(f"{', '.join(changed)} of an iSCSI client cannot be changed.")
    values = checked(call.body, has_secret=client.body["enabledAuthentications"] == "CHAP")
    order = Order("volume.client.update", {"id": client.ext_id, "values": values}, locks=client.ext_id)
    return accepted(site, call, order)


def _updated(site: Site, run: Run) -> None:
    client = site.find(CLIENTS, run.arguments["id"], code=NOT_FOUND)
    client.body.update(run.arguments["values"])
    site.store.table(CLIENTS).touch(client)
    run.affect(client.ext_id, REL)


OPERATIONS = (Operation("volume.client.update", "IscsiClientUpdate", "Update iSCSI Client", _updated),)


def _route(method: str, path: str, operation: str, handler: Any, **more: Any) -> Route:
    answer = answer_type(PACKAGE, operation)
    return Route(method, "volumes", f"config/iscsi-clients{path}", operation, handler, SECTION, answer, **more)


ROUTES = (
    _route("GET", "", "list_iscsi_clients", _list, listing=_LIST, assumed="a client that was detached is still there"),
    _route("GET", "/{extId}", "get_iscsi_client_by_id", _get),
    _route(
        "PUT",
        "/{extId}",
        "update_iscsi_client_by_id",
        _update,
        body=TYPE,
        match="optional",
        guards=(CLIENTS, "extId"),
        assumed="CHAP keeps the secret that it has",
    ),
)
