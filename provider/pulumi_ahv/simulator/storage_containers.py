"""Storage containers (api-v4, section 7): CRUD by tasks, and how much room is left in one.

Lists show ``containerExtId`` and no ``extId`` (recorded from a real PC). Assumed: a container is filled by the data
of images and disks, holes are free; ``maxCapacityBytes`` is the limit.
"""

from __future__ import annotations

from pulumi_ahv.simulator.answers import Refusal, Reply
from pulumi_ahv.simulator.listing import Listing, page_of
from pulumi_ahv.simulator.preconditions import etag
from pulumi_ahv.simulator.replies import accepted
from pulumi_ahv.simulator.routing import Call, Route, answer_type
from pulumi_ahv.simulator.site import Site
from pulumi_ahv.simulator.store import Record
from pulumi_ahv.simulator.work import Operation, Order, Run

TYPE = "clustermgmt.v4.config.StorageContainer"
REL = "clustermgmt:config:storage-containers"
_SECTION = "api-v4 §7"
_LIST = Listing(
    filters={
        *("containerExtId", "name", "clusterExtId", "clusterName", "storagePoolExtId", "ownerExtId"),
        *("affinityHostExtId", "replicationFactor", "compressionDelaySecs"),
    },
    orders={
        *("name", "clusterName", "containerExtId", "replicationFactor", "erasureCode", "affinityHostExtId"),
        "compressionDelaySecs",
    },
)
_WRITABLE = (
    "name",
    "maxCapacityBytes",
    "logicalAdvertisedCapacityBytes",
    "replicationFactor",
    "isCompressionEnabled",
    "compressionDelaySecs",
)


def container_named(site: Site, cluster: str, name: str) -> Record | None:
    """The container of this name on a cluster."""
    for record in site.store.table("storage-containers"):
        if record.body["clusterExtId"] == cluster and record.body["name"] == name:
            return record
    return None


def take_room(site: Site, container: Record, size: int) -> None:
    """Count data in.

    Raises:
        Refusal: the container would overflow.
    """
    capacity = container.body["maxCapacityBytes"]
    used = container.hidden.get("used", 0)
    if used + size > capacity:
        name = container.body["name"]
        text = f"Insufficient space in storage container {name}: {size} bytes needed, {capacity - used} left."
        raise Refusal(400, "VMM-40000", text, group="INSUFFICIENT_STORAGE")
    give_room(site, container, -size)


def give_room(site: Site, container: Record, size: int) -> None:
    """Count data out."""
    container.hidden["used"] = max(0, container.hidden.get("used", 0) - size)
    site.store.table("storage-containers").save(container)


def _list(site: Site, call: Call) -> Reply:
    bodies = [record.body for record in site.store.table("storage-containers")]
    page, total = page_of(bodies, call.query, _LIST, code="CLU-10005")
    return Reply(page, TYPE, total=total)


def _get(site: Site, call: Call) -> Reply:
    record = site.find("storage-containers", call.params["extId"], code="CLU-10007")
    return Reply(record.body, TYPE, revision=etag(record))


def _create(site: Site, call: Call) -> Reply:
    cluster = call.headers.get("x-cluster-id", "")
    if not cluster:
        raise Refusal(400, "CLU-10006", "The X-Cluster-Id header is required.")
    site.find("clusters", cluster, code="CLU-10007")
    if container_named(site, cluster, call.body["name"]) is not None:
        raise Refusal(409, "CLU-10010", f"A storage container named {call.body['name']} exists on the cluster.")
    values = {name: call.body[name] for name in _WRITABLE if name in call.body}
    return accepted(site, call, Order("container.create", {"cluster": cluster, "values": values}, clusters=[cluster]))


def _created(site: Site, run: Run) -> None:
    ext_id, cluster = site.new_id(), run.arguments["cluster"]
    add_container(site, ext_id, cluster, run.arguments["values"])
    run.affect(ext_id, REL, run.arguments["values"]["name"])


def add_container(site: Site, ext_id: str, cluster: str, values: dict[str, object]) -> Record:
    """Put a container into the store with the defaults of a new one."""
    body = {
        "containerExtId": ext_id,
        "ownerExtId": site.admin_id,
        "clusterExtId": cluster,
        "clusterName": site.find("clusters", cluster).body["name"],
        "storagePoolExtId": site.named_id("storage-pool", cluster),
        "maxCapacityBytes": 4 << 40,
        "replicationFactor": 2,
        "isMarkedForRemoval": False,
        "isNfsWhitelistInherited": True,
        "isCompressionEnabled": False,
        "isInternal": False,
        "isEncrypted": False,
        "erasureCode": "OFF",
        "onDiskDedup": "OFF",
        **values,
    }
    return site.store.table("storage-containers").add(ext_id, body)


def _update(site: Site, call: Call) -> Reply:
    record = site.find("storage-containers", call.params["extId"], code="CLU-10007")
    values = {name: call.body[name] for name in _WRITABLE if name in call.body}
    return accepted(site, call, Order("container.update", {"id": record.ext_id, "values": values}))


def _updated(site: Site, run: Run) -> None:
    record = site.find("storage-containers", run.arguments["id"], code="CLU-10007")
    record.body.update(run.arguments["values"])
    site.store.table("storage-containers").touch(record)
    run.affect(record.ext_id, REL, record.body["name"])


def _delete(site: Site, call: Call) -> Reply:
    record = site.find("storage-containers", call.params["extId"], code="CLU-10007")
    return accepted(site, call, Order("container.delete", {"id": record.ext_id}))


def _deleted(site: Site, run: Run) -> None:
    record = site.find("storage-containers", run.arguments["id"], code="CLU-10007")
    if record.hidden.get("used", 0):
        raise Refusal(409, "CLU-10011", f"Storage container {record.body['name']} is not empty.")
    site.store.table("storage-containers").remove(record.ext_id)
    run.affect(record.ext_id, REL, record.body["name"])


OPERATIONS = (
    Operation("container.create", "kContainerCreate", "Create Storage Container", _created),
    Operation("container.update", "kContainerUpdate", "Update Storage Container", _updated),
    Operation("container.delete", "kContainerDelete", "Delete Storage Container", _deleted),
)


def _route(method: str, path: str, operation: str, handler: object, **more: object) -> Route:
    answer = answer_type("clustermgmt.v4.config", operation)
    return Route(method, "clustermgmt", path, operation, handler, _SECTION, answer, per_second=10, **more)  # type: ignore[arg-type] # a shorthand for this table


_ONE = "config/storage-containers/{extId}"
_SELF = ("storage-containers", "extId")
ROUTES = (
    _route("GET", "config/storage-containers", "list_storage_containers", _list, listing=_LIST),
    _route("GET", _ONE, "get_storage_container_by_id", _get),
    _route("POST", "config/storage-containers", "create_storage_container", _create, body=TYPE),
    _route("PUT", _ONE, "update_storage_container_by_id", _update, body=TYPE, match="required", guards=_SELF),
    _route("DELETE", _ONE, "delete_storage_container_by_id", _delete, assumed="a container with data is not deleted"),
)
