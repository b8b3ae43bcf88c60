"""Images (api-v4, section 4): create from a URL, an uploaded object or a VM disk; read, change, delete, download.

Taking content in (download, checksum, conversion to sparse raw) is ``intake``'s, uploads are ``objects``'. Facts:
needs name, type and source; names are not unique; the checksum is compared after the download and fails the task;
``source`` is not shown again. Assumed: without clusters an image goes to all of them; it lies in
SelfServiceContainer; a failed create leaves no image; ``sizeBytes`` is the size of the raw disk; the download gives
the raw disk.
"""

from __future__ import annotations

from typing import Any

from pulumi_ahv.simulator.answers import Refusal, Reply
from pulumi_ahv.simulator.categories import check_known
from pulumi_ahv.simulator.clusters import aos_clusters
from pulumi_ahv.simulator.intake import take_in
from pulumi_ahv.simulator.listing import Listing, page_of
from pulumi_ahv.simulator.replies import accepted, entity
from pulumi_ahv.simulator.routing import Call, Route, answer_type
from pulumi_ahv.simulator.site import Site
from pulumi_ahv.simulator.storage_containers import container_named, give_room, take_room
from pulumi_ahv.simulator.store import Record
from pulumi_ahv.simulator.work import Operation, Order, Run

TYPE = "vmm.v4.content.Image"
REL = "vmm:content:image"
CONTAINER = "SelfServiceContainer"
_SECTION = "api-v4 §4"
_FILTERS = {"extId", "description", "name", "sizeBytes", "type"}
_LIST = Listing(filters=_FILTERS, orders=(_FILTERS - {"extId"}) | {"lastUpdateTime"})


def _list(site: Site, call: Call) -> Reply:
    page, total = page_of((record.body for record in site.store.table("images")), call.query, _LIST)
    return Reply(page, TYPE, total=total)


def _get(site: Site, call: Call) -> Reply:
    return entity(site.find("images", call.params["extId"]), TYPE)


def _create(site: Site, call: Call) -> Reply:
    body = call.body
    if "source" not in body:
        raise _invalid("source", "")
    clusters = _clusters(site, body)
    check_known(site, body.get("categoryExtIds", []))
    arguments = {
        "values": {name: body[name] for name in ("name", "description", "type", "checksum") if name in body},
        "categories": body.get("categoryExtIds", []),
        "clusters": clusters,
        "source": _resolved(site, body["source"]),
        "owner": {"ownerExtId": call.user.ext_id, "ownerName": call.user.name},
    }
    return accepted(site, call, Order("image.create", arguments, clusters=clusters))


def _resolved(site: Site, source: dict[str, Any]) -> dict[str, Any]:
    """The source with the file behind a disk or an uploaded object, as far as it is there."""
    if source["$objectType"].endswith("VmDiskSource"):
        record = site.find("disks", source["extId"], code="VMM-20010")
        return {**source, "file": record.hidden["content"], "used": record.hidden["used"], "os": record.hidden["os"]}
    if source["$objectType"].endswith("ObjectsLiteSource"):
        uploaded = site.store.table("objects").get(f"vmm-images/{source['key']}")
        return {**source, "file": uploaded.hidden["content"] if uploaded else ""}
    return source


def _clusters(site: Site, body: dict[str, Any]) -> list[str]:
    known = aos_clusters(site)
    asked = body.get("clusterLocationExtIds") or known
    for ext_id in asked:
        if ext_id not in known:
            raise _invalid("clusterLocationExtIds", ext_id)
    return list(dict.fromkeys(asked))


def _invalid(name: str, value: str) -> Refusal:
    arguments = {"argument_key": name, "argument_value": value}
    return Refusal(400, "VMM-30102", f"Invalid value for {name}.", group="VM_INVALID_ARGUMENT", arguments=arguments)


def _created(site: Site, run: Run) -> None:
    arguments, result = run.arguments, run.result
    ext_id = site.new_id()
    _occupy(site, arguments["clusters"], result["used"])
    stamp = site.timeline.stamp()
    body = {
        "extId": ext_id,
        **arguments["values"],
        **arguments["owner"],
        "sizeBytes": result["size"],
        "categoryExtIds": arguments["categories"],
        "clusterLocationExtIds": arguments["clusters"],
        "createTime": stamp,
        "lastUpdateTime": stamp,
    }
    hidden = {"content": result["content"], "used": result["used"], "format": result["format"]}
    hidden["os"] = arguments["source"].get("os", {})
    site.store.table("images").add(ext_id, body, **hidden)
    run.affect(ext_id, REL, body["name"])


def _occupy(site: Site, clusters: list[str], size: int) -> None:
    """Take room on every cluster, or on none."""
    taken: list[Record] = []
    try:
        for cluster in clusters:
            container = container_named(site, cluster, CONTAINER)
            if container is not None:
                take_room(site, container, size)
                taken.append(container)
    except Refusal:
        for container in taken:
            give_room(site, container, size)
        raise


def _vacate(site: Site, record: Record, clusters: list[str]) -> None:
    """Give the room back: of the container that an Element put the image into, else of the usual one."""
    chosen = record.hidden.get("containers", {})
    for cluster in clusters:
        container = site.store.table("storage-containers").get(chosen.get(cluster, ""))
        container = container or container_named(site, cluster, CONTAINER)
        if container is not None:
            give_room(site, container, record.hidden["used"])


def _update(site: Site, call: Call) -> Reply:
    record = site.find("images", call.params["extId"])
    check_known(site, call.body.get("categoryExtIds", []))
    names = ("name", "description", "type", "categoryExtIds")
    values = {name: call.body.get(name) for name in names}
    values["clusterLocationExtIds"] = _clusters(site, call.body)
    return accepted(site, call, Order("image.update", {"id": record.ext_id, "values": values}))


def _updated(site: Site, run: Run) -> None:
    record = site.find("images", run.arguments["id"])
    values = run.arguments["values"]
    old, new = set(record.body["clusterLocationExtIds"]), set(values["clusterLocationExtIds"])
    _occupy(site, sorted(new - old), record.hidden["used"])
    _vacate(site, record, sorted(old - new))
    record.body.update(values, lastUpdateTime=site.timeline.stamp())
    site.store.table("images").touch(record)
    run.affect(record.ext_id, REL, record.body["name"])


def _delete(site: Site, call: Call) -> Reply:
    record = site.find("images", call.params["extId"])
    return accepted(site, call, Order("image.delete", {"id": record.ext_id}))


def _deleted(site: Site, run: Run) -> None:
    record = site.find("images", run.arguments["id"])
    _vacate(site, record, record.body["clusterLocationExtIds"])
    site.store.table("images").remove(record.ext_id)
    run.affect(record.ext_id, REL, record.body["name"])


def _download(site: Site, call: Call) -> Reply:
    record = site.find("images", call.params["imageExtId"])
    headers = {"Content-Disposition": f'attachment; filename="{record.ext_id}"'}
    return Reply(file=site.store.disks / record.hidden["content"], headers=headers)


OPERATIONS = (
    Operation("image.create", "kImageCreate", "Create Image", _created, 2.0, work=take_in, cancelable=True),
    Operation("image.update", "kImageUpdate", "Update Image", _updated),
    Operation("image.delete", "kImageDelete", "Delete Image", _deleted),
)


def _route(method: str, path: str, operation: str, handler: Any, **more: Any) -> Route:
    return Route(method, "vmm", path, operation, handler, _SECTION, answer_type("vmm.v4.content", operation), **more)


_ONE = "content/images/{extId}"
_SELF = ("images", "extId")
ROUTES = (
    _route("GET", "content/images", "list_images", _list, listing=_LIST, assumed="extId can be filtered by"),
    _route("GET", _ONE, "get_image_by_id", _get),
    _route("POST", "content/images", "create_image", _create, body=TYPE),
    _route("PUT", _ONE, "update_image_by_id", _update, body=TYPE, match="required", guards=_SELF),
    _route("DELETE", _ONE, "delete_image_by_id", _delete, match="optional", guards=_SELF),
    _route(
        "GET",
        "content/images/{imageExtId}/file",
        "get_file_by_image_id",
        _download,
        assumed="answers 200 with the raw disk, never a 302 to an Element",
    ),
)
