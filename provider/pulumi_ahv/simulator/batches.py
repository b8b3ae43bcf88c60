"""Batches (api-v4, section 3): one URI, many bodies, in chunks; each element is a call like any other.

Facts: ``uri`` may hold names in braces that each element's ``metadata.path`` fills; ``headers`` of an element carry
its If-Match; chunk size 1 and going on after errors are the defaults. Assumed: elements without a request id get
one; the batch's task fails if an element failed, and its subtasks are those of the elements; it names the batch as
``prism:operations:batch``.
"""

from __future__ import annotations

import re
from typing import Any

from pulumi_ahv.simulator.answers import Refusal, Reply
from pulumi_ahv.simulator.listing import Listing, page_of
from pulumi_ahv.simulator.replies import accepted, entity
from pulumi_ahv.simulator.routing import Call, Inner, Principal, Route
from pulumi_ahv.simulator.site import Site
from pulumi_ahv.simulator.store import Record
from pulumi_ahv.simulator.work import Operation, Order, Run

TYPE = "prism.v4.operations.Batch"
REL = "prism:operations:batch"
_SECTION = "api-v4 §3"
_URI = re.compile(r"^/api/[a-z]+/v\d+\.\d+[^/]*/.*$")
_METHODS = {"CREATE": "POST", "MODIFY": "PUT", "ACTION": "POST", "DELETE": "DELETE"}
_LIST = Listing(filters={"extId", "name"}, orders={"name", "startTime", "endTime"})


def _submit(site: Site, call: Call) -> Reply:
    told = call.body["metadata"]
    if not _URI.match(told["uri"]) or not call.body["payload"]:
        raise Refusal(400, "PRISM-10001", "A batch needs a uri of the API and at least one payload element.")
    ext_id = site.new_id()
    arguments = {"spec": call.body, "user": [call.user.ext_id, call.user.name], "batch": ext_id}
    body = {
        "extId": ext_id,
        "name": told["name"],
        "ownerUuid": call.user.ext_id,
        "startTime": site.timeline.stamp(),
        "size": len(call.body["payload"]),
        "successCount": 0,
        "failedCount": 0,
        "executionStatus": "IN_PROGRESS",
        "shouldStopOnError": told.get("shouldStopOnError", False),
    }
    site.store.table("batches").add(ext_id, body, done=0, counted=0)
    return accepted(site, call, Order("batch.run", arguments, affected=[(ext_id, REL, told["name"])]))


def _go_on(site: Site, run: Run) -> None:
    """Count what has ended, then start the next chunk: until a chunk leaves subtasks behind, or nothing is left."""
    batch = site.find("batches", run.arguments["batch"])
    spec = run.arguments["spec"]
    payload, size = spec["payload"], spec["metadata"].get("chunkSize", 1)
    _count_ended(site, run, batch)
    while batch.hidden["done"] < len(payload) and not _has_to_stop(batch):
        chunk = payload[batch.hidden["done"] : batch.hidden["done"] + size]
        batch.hidden["done"] += len(chunk)
        for element in chunk:
            _perform(site, run, batch, element)
        if run.record.hidden.get("open"):
            site.store.table("batches").save(batch)
            return
    _complete(site, batch)


def _has_to_stop(batch: Record) -> bool:
    return bool(batch.body["shouldStopOnError"] and batch.body["failedCount"])


def _count_ended(site: Site, run: Run, batch: Record) -> None:
    children = run.record.body.get("subTasks", [])
    for child in children[batch.hidden["counted"] :]:
        ended = site.find("tasks", child["extId"]).body["status"]
        batch.body["successCount" if ended == "SUCCEEDED" else "failedCount"] += 1
    batch.hidden["counted"] = len(children)


def _perform(site: Site, run: Run, batch: Record, element: dict[str, Any]) -> None:
    told = run.arguments["spec"]["metadata"]
    metadata = element.get("metadata", {})
    uri = told["uri"]
    for part in metadata.get("path", ()):
        uri = uri.replace("{" + part["name"] + "}", part["value"])
    headers = {each["name"].lower(): each["value"] for each in metadata.get("headers", ())}
    headers.setdefault("ntnx-request-id", site.new_id())
    user = Principal(*run.arguments["user"])
    status, answer = site.perform(Inner(_METHODS[told["action"]], uri, headers, element.get("data") or {}, user))
    if status < 300:
        batch.body["successCount"] += status != 202
        return
    batch.body["failedCount"] += 1
    error = answer["data"]["error"]
    message = (
        error[0] if isinstance(error, list) else {"message": error["error"], "severity": "ERROR", "code": "PRISM-10002"}
    )
    run.record.body.setdefault("errorMessages", []).append(
        {name: value for name, value in message.items() if not name.startswith("$")}
    )


def _complete(site: Site, batch: Record) -> None:
    failed, succeeded = batch.body["failedCount"], batch.body["successCount"]
    status = "PARTIALLY_SUCCEEDED" if failed and succeeded else "FAILED" if failed else "SUCCEEDED"
    batch.body.update(executionStatus="COMPLETED", completionStatus=status, endTime=site.timeline.stamp())
    site.store.table("batches").save(batch)


def _list(site: Site, call: Call) -> Reply:
    page, total = page_of((record.body for record in site.store.table("batches")), call.query, _LIST)
    return Reply(page, TYPE, total=total)


def _get(site: Site, call: Call) -> Reply:
    return entity(site.find("batches", call.params["extId"], code="PRISM-10003"), TYPE)


OPERATIONS = (Operation("batch.run", "kBatchSubmit", "Submit Batch", _go_on, 0.5, resume=_go_on),)
_ANSWER = "prism.v4.operations.{}ApiResponse"
ROUTES = (
    Route(
        "POST",
        "prism",
        "operations/$actions/batch",
        "submit_batch",
        _submit,
        _SECTION,
        _ANSWER.format("SubmitBatch"),
        body="prism.v4.operations.BatchSpec",
        assumed="the batch's task fails if an element failed",
    ),
    Route("GET", "prism", "operations/batches", "list_batches", _list, _SECTION, _ANSWER.format("ListBatches")),
    Route("GET", "prism", "operations/batches/{extId}", "get_batch_by_id", _get, _SECTION, _ANSWER.format("GetBatch")),
)
