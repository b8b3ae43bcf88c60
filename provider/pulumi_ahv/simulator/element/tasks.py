"""Tasks as v2.0 and v0.8 show them. Their life is ``work``'s; Central shows the same ones in its own way.

Facts (api-legacy, section 1.7): states are ``Queued``, ``Running``, ``Succeeded``, ``Failed``, ``Aborted``; a failure
is told by ``meta_response{error_code, error_detail}``, in v0.8 by ``metaResponse{error, errorDetail}``; names in the
entity list may be null, and other entities stand beside the one that was asked for; a list is oldest first; a poll
blocks until one task is over or the time is up. Assumed: types of entities other than ``VM``; a task that nobody
knows ends a poll at once with 404; the time of a poll is real time.
"""

from __future__ import annotations

import asyncio
import time
from datetime import datetime
from typing import Any

from pulumi_ahv.simulator.element.calls import (
    INTERNAL,
    INVALID,
    NOT_FOUND,
    V08,
    V2,
    Call,
    Element,
    Refused,
    Reply,
    Route,
)
from pulumi_ahv.simulator.store import Record
from pulumi_ahv.simulator.work import PREFIX, TERMINAL

_SECTION = "api-legacy §1.7"
_STATES = {"SUCCEEDED": "Succeeded", "FAILED": "Failed", "CANCELED": "Aborted", "QUEUED": "Queued"}
_TYPES = {
    "vmm:content:image": "Image",
    "vmm:ahv:config:vm": "VM",
    "clustermgmt:config:storage-containers": "StorageContainer",
    "clustermgmt:config:cluster": "Cluster",
    "element:snapshot": "Snapshot",
    "element:volume-group": "VolumeGroup",
}
_LONGEST_POLL = 300.0
_LOOK = 0.02
# Numbers and names of the two services (api-legacy, section 1.7) for what Central tells by a text. The image service's
# are known; of the VM service's 9 and 27 are, the others are assumed.
_IMAGE_NUMBERS = {"VMM-20005": 7, "VMM-20021": 10, "VMM-20022": 7, "VMM-20023": 10, "VMM-20024": 1, "VMM-20025": 10}
_IMAGE_NAMES = {1: "Canceled", 5: "InvalidArgument", 6: "LogicalTimestampMismatch", 7: "NotFound", 9: "Exists"}
_IMAGE_NAMES |= {10: "ImportError", 19: "NotSupported"}
_VM_NUMBERS = {"VMM-30100": 7, "VMM-30103": 9, "VMM-30303": 6, "VMM-34418": 12, "VMM-31211": 27, "VMM-40000": 21}
_VM_NAMES = {5: "InvalidArgument", 6: "LogicalTimestampMismatch", 7: "NotFound", 9: "InvalidState"}
_VM_NAMES |= {12: "NoHostResources", 27: "NotSupported"}


def _get(element: Element, call: Call) -> Reply:
    return Reply(_shown(element, _find(element, call.params["uuid"]), call.api))


def _list(element: Element, call: Call) -> Reply:
    body = call.body
    wanted = {str(one.get("entity_id")) for one in body.get("entity_list") or ()}
    operations = set(body.get("operation_type_list") or ())
    found = []
    for record in element.site.store.table("tasks"):
        task = record.body
        if element.cluster not in task["clusterExtIds"]:
            continue
        if wanted and not wanted & {entity["extId"] for entity in task.get("entitiesAffected", ())}:
            continue
        if operations and _operation(task) not in operations:
            continue
        if not body.get("include_completed") and task["status"] in TERMINAL:
            continue
        found.append(record)
    shown = [_shown(element, record, V2) for record in found[: int(body.get("count") or len(found))]]
    metadata = {"grand_total_entities": len(found), "total_entities": len(found), "count": len(shown)}
    return Reply({"metadata": metadata, "entities": shown, "error_info": None}, 201)


def _of_entities(element: Element, call: Call) -> Reply:
    wanted = set(filter(None, call.query.get("entityUuids", "").split(",")))
    tasks = element.site.store.table("tasks")
    found = [
        _shown(element, record, V08)
        for record in tasks
        if wanted & {entity["extId"] for entity in record.body.get("entitiesAffected", ())}
        and (call.flag("includeCompleted") or record.body["status"] not in TERMINAL)
    ]
    return Reply({"metadata": {"totalEntities": len(found)}, "entities": found})


async def _poll(element: Element, call: Call) -> Reply:
    wanted = [str(uuid) for uuid in call.body.get("completed_tasks") or ()]
    limit = min(float(call.body.get("timeout_interval") or 0), _LONGEST_POLL)
    done = await _ended(element, wanted, limit)
    body = {"completed_tasks_info": [_shown(element, record, V2) for record in done], "timed_out": not done}
    return Reply(body, 201)


async def _poll_one(element: Element, call: Call) -> Reply:
    limit = min(float(call.query.get("timeoutseconds") or 0), _LONGEST_POLL)
    done = await _ended(element, [call.params["uuid"]], limit)
    task = _shown(element, _find(element, call.params["uuid"]), V08)
    return Reply({"taskInfo": task, "isUnrecognized": False, "timedOut": not done})


async def _ended(element: Element, wanted: list[str], limit: float) -> list[Record]:
    """The tasks that are over: at once if one is, else when one is, else none when time is up."""
    site = element.site
    records = [_find(element, uuid) for uuid in wanted]
    end = time.monotonic() + (0 if site.timeline.is_manual else limit)
    while not (done := [record for record in records if _seems_over(element, record)]) and time.monotonic() < end:
        await asyncio.sleep(_LOOK)
        site.settle()
    return done


def _seems_over(element: Element, record: Record) -> bool:
    record.hidden["reads"] += 1
    return element.site.engine.view(record, count=False)["status"] in TERMINAL


def _find(element: Element, uuid: str) -> Record:
    record = element.site.store.table("tasks").get(uuid if uuid.startswith(PREFIX) else PREFIX + uuid)
    if record is None:
        raise Refused(404, f"Task {uuid} is not found.", code=NOT_FOUND)
    return record


def _shown(element: Element, record: Record, api: str) -> dict[str, Any]:
    body = element.site.engine.view(record)
    failure = next(iter(body.get("errorMessages", ())), None)
    entities = body.get("entitiesAffected", ())
    shown: dict[str, Any] = {
        "uuid": record.ext_id.removeprefix(PREFIX),
        "cluster_uuid": element.cluster,
        "meta_request": {"method_name": _operation(body)},
        "meta_response": _response(failure, _operation(body)),
        "create_time_usecs": _usecs(body["createdTime"]),
        "last_updated_time_usecs": _usecs(body["lastUpdatedTime"]),
        "entity_list": [
            {"entity_id": entity["extId"], "entity_type": _TYPES.get(entity["rel"], "Unknown"), "entity_name": None}
            for entity in entities
        ],
        "operation_type": _operation(body),
        "message": "",
        "percentage_complete": body.get("progressPercentage", 0),
        "progress_status": _STATES.get(body["status"], "Running"),
        "subtask_uuid_list": [sub["extId"].removeprefix(PREFIX) for sub in body.get("subTasks", ())],
    }
    for name, mine in (("start_time_usecs", "startedTime"), ("complete_time_usecs", "completedTime")):
        if mine in body:
            shown[name] = _usecs(body[mine])
    return shown if api == V2 else _camel(shown)


def _response(failure: dict[str, Any] | None, operation: str) -> dict[str, Any]:
    """What a v2.0 task says of its end; the VM service puts the name of its number before the text."""
    if failure is None:
        return {"error_code": 0}
    code, of_images = str(failure["code"]), operation.startswith("Image")
    unknown = INTERNAL if of_images else INVALID
    number = int(code) if code.isdecimal() else (_IMAGE_NUMBERS if of_images else _VM_NUMBERS).get(code, unknown)
    name = "" if of_images else f"{_VM_NAMES.get(number, 'InternalError')}: "
    return {"error_code": number, "error_detail": f"{name}{failure['message']}"}


def _camel(shown: dict[str, Any]) -> dict[str, Any]:
    """The same task in v0.8's spelling."""
    task = {_word(name): value for name, value in shown.items() if name not in {"meta_response", "entity_list"}}
    task["metaRequest"] = {"methodName": shown["operation_type"]}
    number = shown["meta_response"]["error_code"]
    if number:
        detail = shown["meta_response"]["error_detail"]
        names = _IMAGE_NAMES if shown["operation_type"].startswith("Image") else _VM_NAMES
        task["metaResponse"] = {"error": f"k{names.get(number, 'InternalError')}", "errorDetail": detail}
    task["entityList"] = [{_word(name): value for name, value in one.items()} for one in shown["entity_list"]]
    return task


def _word(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.title() for part in rest)


def _operation(body: dict[str, Any]) -> str:
    return str(body["operation"]).removeprefix("k")


def _usecs(stamp: str) -> int:
    return int(datetime.fromisoformat(stamp).timestamp() * 1_000_000)


ROUTES = (
    Route("POST", V2, "tasks/list", "v2_list_tasks", _list, _SECTION),
    Route("POST", V2, "tasks/poll", "v2_poll_tasks", _poll, _SECTION, assumed="an unknown task is 404"),
    Route("GET", V2, "tasks/{uuid}", "v2_get_task", _get, _SECTION),
    Route("GET", V08, "tasks", "v08_list_tasks", _of_entities, _SECTION),
    Route("GET", V08, "tasks/{uuid}", "v08_get_task", _get, _SECTION),
    Route("GET", V08, "tasks/{uuid}/poll", "v08_poll_task", _poll_one, _SECTION, assumed="the form of the answer"),
)
