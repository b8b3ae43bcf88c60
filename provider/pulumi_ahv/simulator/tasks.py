"""The calls that show and cancel tasks (api-v4, section 3). Their life is ``work``'s."""

from __future__ import annotations

from pulumi_ahv.simulator.answers import Refusal, Reply
from pulumi_ahv.simulator.listing import Listing, page_of
from pulumi_ahv.simulator.routing import Call, Route
from pulumi_ahv.simulator.site import Site
from pulumi_ahv.simulator.store import Record
from pulumi_ahv.simulator.work import TERMINAL

TYPE = "prism.v4.config.Task"
_SECTION = "api-v4 §3"
_TIMES = ("createdTime", "startedTime", "completedTime", "lastUpdatedTime")
_LIST = Listing(
    filters={
        *("extId", "status", "operation", "operationDescription", "parentTask", "rootTask", "clusterExtIds"),
        *("progressPercentage", "isBackgroundTask", "ownedBy/extId", "ownedBy/name"),
        *("entitiesAffected/extId", "entitiesAffected/name", "entitiesAffected/rel", "entitiesAffected"),
        *("parentTask/extId", "rootTask/extId", *_TIMES),
    },
    orders={
        *("status", "operation", "operationDescription", "progressPercentage", "ownedBy/extId", "ownedBy/name"),
        *_TIMES,
    },
    newest_first=True,
)


def _shown(site: Site, record: Record) -> dict[str, object]:
    body = site.engine.view(record)
    if len(body.get("subTasks", ())) > _SUBTASKS_SHOWN:
        body = {**body, "subTasks": body["subTasks"][:_SUBTASKS_SHOWN]}
    return body


_SUBTASKS_SHOWN = 50


def _list(site: Site, call: Call) -> Reply:
    tasks = site.store.table("tasks")
    bodies = (site.engine.view(record, count=False) for record in tasks)
    page, total = page_of(bodies, call.query, _LIST, code="TSKS-20103")
    for body in page:
        if (record := tasks.get(body["extId"])) is not None:
            record.hidden["reads"] += 1
    return Reply(page, TYPE, total=total)


def _get(site: Site, call: Call) -> Reply:
    record = site.find("tasks", call.params["extId"], code="TSKS-20104")
    return Reply(_shown(site, record), TYPE)


def _cancel(site: Site, call: Call) -> Reply:
    record = site.find("tasks", call.params["taskExtId"], code="TSKS-20104")
    if record.body["status"] in TERMINAL or not record.body["isCancelable"]:
        raise Refusal(400, "TSKS-20902", "The task cannot be cancelled.", group="TASK_CANCELLATION_FAILURE")
    site.engine.cancel(record)
    text = {
        "code": "TSKS-20901",
        "severity": "INFO",
        "message": "Task cancellation is in progress.",
        "errorGroup": "TASK_CANCELLATION_SUCCESS",
        "locale": "en_US",
    }
    return Reply(text, "prism.v4.error.AppMessage")


ROUTES = (
    Route(
        "GET",
        "prism",
        "config/tasks",
        "list_tasks",
        _list,
        _SECTION,
        "prism.v4.config.ListTasksApiResponse",
        listing=_LIST,
        assumed="filter on parentTask/extId beside parentTask",
    ),
    Route(
        "GET", "prism", "config/tasks/{extId}", "get_task_by_id", _get, _SECTION, "prism.v4.config.GetTaskApiResponse"
    ),
    Route(
        "POST",
        "prism",
        "config/tasks/{taskExtId}/$actions/cancel",
        "cancel_task",
        _cancel,
        _SECTION,
        "prism.v4.config.CancelTaskApiResponse",
        assumed="a task that cannot be cancelled answers 400 TSKS-20902",
    ),
)
