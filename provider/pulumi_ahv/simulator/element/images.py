"""Images of one Element (v2.0), and their upload (v0.8).

Facts (api-legacy, section 1.2): an image is imported from a URL, copied from a disk, or made without content and
uploaded to; it is ``INACTIVE`` until it has content and for a moment after its task has ended; a failed import leaves
it there ``INACTIVE``; ``vm_disk_id``, not the image's own id, is what disks are cloned from; sizes are shown on
demand; names are not unique; the source of an active image cannot change; a client may choose the id, and a stale
``logical_timestamp`` is refused.

Assumed: an id that is taken, and a stale timestamp, fail the task; content goes to SelfServiceContainer unless told
otherwise; an image that lies on other clusters too is only taken off this one; what an Element makes, Central sees at
once, and each may change what the other made.
"""

from __future__ import annotations

from typing import Any

from pulumi_ahv.simulator.bodies import receive
from pulumi_ahv.simulator.chunked import BrokenBody
from pulumi_ahv.simulator.element.calls import (
    INVALID,
    NOT_FOUND,
    V08,
    V2,
    Call,
    Element,
    Refused,
    Reply,
    Route,
    fails,
    one_of,
    required,
    started,
)
from pulumi_ahv.simulator.element.cluster import number_of
from pulumi_ahv.simulator.element.drafts import (
    DRAFTS,
    IMAGES,
    REL,
    container_of,
    draft_of,
    find,
    images_of,
    is_settled,
    keep_draft,
    vm_disk_of,
)
from pulumi_ahv.simulator.element.listing import whole
from pulumi_ahv.simulator.element.sources import source_of
from pulumi_ahv.simulator.intake import take_in
from pulumi_ahv.simulator.site import Site
from pulumi_ahv.simulator.storage_containers import give_room, take_room
from pulumi_ahv.simulator.store import Record
from pulumi_ahv.simulator.work import Operation, Order, Run

_SECTION = "api-legacy §1.2"
_TYPES = ("DISK_IMAGE", "ISO_IMAGE")
_EXISTS, _STALE, _NOT_SUPPORTED = 9, 6, 19
# Seconds for which an image stays INACTIVE after its task has ended well.
_SETTLING = "element.image.settle"
_SETTLING_SECONDS = 4.0


def _list(element: Element, call: Call) -> Reply:
    sizes = call.flag("include_vm_disk_sizes")
    return whole([_shown(element, record, sizes=sizes) for record in images_of(element)])


def _get(element: Element, call: Call) -> Reply:
    return Reply(_shown(element, _expect(element, call), sizes=call.flag("include_vm_disk_sizes")))


def _expect(element: Element, call: Call) -> Record:
    record = find(element, call.params["uuid"])
    if record is None:
        raise Refused(404, f"Image {call.params['uuid']} does not exist.", code=NOT_FOUND)
    return record


def _shown(element: Element, record: Record, *, sizes: bool) -> dict[str, Any]:
    body, active = record.body, is_settled(element.site, record)
    container = container_of(element, record)
    shown: dict[str, Any] = {
        "uuid": record.ext_id,
        "name": body["name"],
        "annotation": body.get("description"),
        "deleted": False,
        "image_type": body["type"],
        "image_state": "ACTIVE" if active else "INACTIVE",
        "vm_disk_id": vm_disk_of(element, record) if active else None,
        "storage_container_id": number_of(element, container) if container else None,
        "storage_container_uuid": container.ext_id if container else None,
        "checksum": None,
        "checksum_type": None,
        "created_time_in_usecs": record.hidden.get("created", 0),
        "updated_time_in_usecs": record.hidden.get("updated", 0),
        "logical_timestamp": record.revision,
    }
    if checksum := record.hidden.get("checksum"):
        shown["checksum"] = checksum["hexDigest"]
        shown["checksum_type"] = "SHA_1" if checksum["$objectType"].endswith("Sha1Checksum") else "SHA_256"
    if sizes and active:
        shown["vm_disk_size"] = body["sizeBytes"]
    return shown


def _create(element: Element, call: Call) -> Reply:
    body = call.body
    values = {
        "name": str(required(body, "name")),
        "description": str(body.get("annotation") or ""),
        "type": one_of(body.get("image_type") or "DISK_IMAGE", "image_type", _TYPES),
    }
    source = source_of(element, body)
    uuid = str(body.get("uuid") or element.site.new_id())
    arguments: dict[str, Any] = {"cluster": element.cluster, "id": uuid, "values": values}
    if source is None:
        return _started(element, "element.image.register", arguments)
    arguments |= {"source": source.told, "container": source.container}
    arguments["values"] = values | ({"checksum": source.checksum} if source.checksum else {})
    if find(element, uuid) is None:
        keep_draft(element.site, arguments)
        return _started(element, "element.image.import", arguments)
    return _started(element, "element.image.register", arguments)


def _started(element: Element, operation: str, arguments: dict[str, Any], status: int = 201) -> Reply:
    # A container stands beside the image, and before it: clients that take the first entity take the wrong one.
    beside = [(arguments["container"], "clustermgmt:config:storage-containers", "")] if "container" in arguments else []
    affected = [*beside, (arguments["id"], REL, "")]
    order = Order(operation, arguments, affected=affected, clusters=[element.cluster], locks=arguments["id"])
    return started(element.start(order), status)


def _registered(site: Site, run: Run) -> None:
    element = Element(site, run.arguments["cluster"])
    if find(element, run.arguments["id"]) is not None:
        raise fails(_EXISTS, f"Image {run.arguments['id']} already exists.")
    keep_draft(site, run.arguments)


def _filled(site: Site, run: Run) -> None:
    """Make an image of a draft whose content has come."""
    arguments, result = run.arguments, run.result
    element = Element(site, arguments["cluster"])
    draft = site.store.table(DRAFTS).get(arguments["id"])
    if draft is None:
        raise fails(NOT_FOUND, f"Image {arguments['id']} does not exist.")
    container = site.find("storage-containers", arguments["container"])
    take_room(site, container, result["used"])
    stamp = site.timeline.stamp()
    body = {
        "extId": draft.ext_id,
        **draft.body,
        "ownerExtId": site.admin_id,
        "ownerName": site.settings.username,
        "sizeBytes": result["size"],
        "categoryExtIds": [],
        "clusterLocationExtIds": [element.cluster],
        "createTime": stamp,
        "lastUpdateTime": stamp,
    }
    hidden = {
        **draft.hidden,
        "content": result["content"],
        "used": result["used"],
        "format": result["format"],
        "containers": {element.cluster: container.ext_id},
        "settled": site.timeline.now() + site.latency(_SETTLING, _SETTLING_SECONDS),
    }
    site.store.table(DRAFTS).remove(draft.ext_id)
    site.store.table(IMAGES).add(draft.ext_id, body, **hidden)
    _forget_upload(site, run)


def _forget_upload(site: Site, run: Run) -> None:
    uploaded = run.arguments["source"].get("uploaded")
    if uploaded:
        (site.store.disks / uploaded).unlink(missing_ok=True)


def _update(element: Element, call: Call) -> Reply:
    record, body = _expect(element, call), call.body
    source = source_of(element, body)
    values = {
        mine: str(body[theirs]) for theirs, mine in (("name", "name"), ("annotation", "description")) if theirs in body
    }
    if body.get("image_type"):
        values["type"] = one_of(body["image_type"], "image_type", _TYPES)
    arguments: dict[str, Any] = {"cluster": element.cluster, "id": record.ext_id, "values": values}
    arguments["timestamp"] = body.get("logical_timestamp")
    if source is None:
        return _started(element, "element.image.update", arguments)
    if draft_of(element, record.ext_id) is None:
        raise Refused(422, "The source of an active image cannot be changed.", code=_NOT_SUPPORTED)
    filled = {**arguments, "values": {**record.body, **values}, "source": source.told, "container": source.container}
    return _started(element, "element.image.import", filled)


def _updated(site: Site, run: Run) -> None:
    record = _current(site, run)
    record.body.update(run.arguments["values"])
    record.hidden["updated"] = int(site.timeline.now() * 1_000_000)
    kind = IMAGES if "extId" in record.body else DRAFTS
    if kind == IMAGES:
        record.body["lastUpdateTime"] = site.timeline.stamp()
    site.store.table(kind).touch(record)


def _current(site: Site, run: Run) -> Record:
    """The image of a task, unless it is gone or somebody else has changed it."""
    record = find(Element(site, run.arguments["cluster"]), run.arguments["id"])
    if record is None:
        raise fails(NOT_FOUND, f"Image {run.arguments['id']} does not exist.")
    told = run.arguments.get("timestamp")
    if told not in (None, "") and int(told) != record.revision:
        raise fails(_STALE, f"Logical timestamp mismatch: {told} was sent, {record.revision} is current.")
    return record


def _delete(element: Element, call: Call) -> Reply:
    record = _expect(element, call)
    arguments = {"cluster": element.cluster, "id": record.ext_id, "timestamp": call.query.get("logical_timestamp")}
    return _started(element, "element.image.delete", arguments)


def _deleted(site: Site, run: Run) -> None:
    record = _current(site, run)
    element = Element(site, run.arguments["cluster"])
    if "extId" not in record.body:
        site.store.table(DRAFTS).remove(record.ext_id)
        return
    if container := container_of(element, record):
        give_room(site, container, record.hidden["used"])
    left = [cluster for cluster in record.body["clusterLocationExtIds"] if cluster != element.cluster]
    if left:
        record.body["clusterLocationExtIds"] = left
        site.store.table(IMAGES).touch(record)
    else:
        site.store.table(IMAGES).remove(record.ext_id)


async def _upload(element: Element, call: Call) -> Reply:
    record = draft_of(element, call.params["uuid"])
    if record is None:
        _expect(element, call)
        raise Refused(422, "The image has content already.", code=_NOT_SUPPORTED)
    told = call.request.headers.get("x-nutanix-destination-container", "")
    container = container_of(element, told) if told else None
    if container is None:
        raise Refused(422, "X-Nutanix-Destination-Container names no storage container.", code=INVALID)
    try:
        content, _ = await receive(element.site, call.request)
    except BrokenBody as error:
        raise Refused(400, str(error), code=INVALID) from error
    source = {"$objectType": "element.ObjectsLiteSource", "file": content, "uploaded": content, "key": record.ext_id}
    arguments = {"cluster": element.cluster, "id": record.ext_id, "values": record.body}
    arguments |= {"source": source, "container": container.ext_id}
    return _started(element, "element.image.upload", arguments, 200)


def _operation(key: str, name: str, finish: Any, seconds: float = 1.0, **more: Any) -> Operation:
    return Operation(f"element.image.{key}", name, name, finish, seconds, **more)


OPERATIONS = (
    _operation("register", "ImageCreate", _registered),
    _operation("import", "ImageCreate", _filled, 2.0, work=take_in),
    _operation("upload", "ImageUpload", _filled, 2.0, work=take_in, abandon=_forget_upload),
    _operation("update", "ImageUpdate", _updated),
    _operation("delete", "ImageDelete", _deleted),
)
_ONE = "images/{uuid}"
ROUTES = (
    Route("GET", V2, "images", "v2_list_images", _list, _SECTION),
    Route("GET", V2, _ONE, "v2_get_image", _get, _SECTION),
    Route("POST", V2, "images", "v2_create_image", _create, _SECTION, assumed="a taken id fails the task"),
    Route("PUT", V2, _ONE, "v2_update_image", _update, _SECTION, assumed="answers 201; what is left out stays"),
    Route("DELETE", V2, _ONE, "v2_delete_image", _delete, _SECTION),
    Route("PUT", V08, "images/{uuid}/upload", "v08_upload_image", _upload, _SECTION, reads_body=False),
)
