"""What all calls on volume groups have in common: where groups are kept, one task at a time on each, their routes.

A group is the same thing for Prism Central and for the Element of its cluster (``element.volume_groups``), so there
is one table. It is kept in v2.0's words; what v2.0 has no word for lies in the hidden part. Facts (api-v4, sections 3
and 8): every change is a task; the rels; only a PUT is known to need the ETag. Assumed: the names of all tasks but
that of attaching, and that a stale ETag is refused by the other calls too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pulumi_ahv.simulator.answers import Refusal, Reply
from pulumi_ahv.simulator.element.attachments import TABLE
from pulumi_ahv.simulator.replies import accepted
from pulumi_ahv.simulator.routing import Call, Route, answer_type
from pulumi_ahv.simulator.site import Site
from pulumi_ahv.simulator.store import Record
from pulumi_ahv.simulator.work import Operation, Order, Run

REL = "volumes:config:volume-group"
SECTION = "api-v4 §8"
NOT_FOUND = "VOL-10001"
PACKAGE = "volumes.v4.config"
Effect = Callable[[Site, Run, Record], None]


def refused(message: str) -> Refusal:
    """The refusal of what cannot be done to a group as it is."""
    return Refusal(400, "VOL-10002", message)


def group_of(site: Site, call: Call) -> Record:
    """The group that a call is about.

    Raises:
        Refusal: 404.
    """
    return site.find(TABLE, call.params.get("volumeGroupExtId") or call.params["extId"], code=NOT_FOUND)


def submitted(site: Site, call: Call, key: str, **arguments: Any) -> Reply:
    """Take on a task on the group that a call is about."""
    group = group_of(site, call)
    order = Order(key, {"id": group.ext_id, **arguments}, clusters=[group.hidden["cluster"]], locks=group.ext_id)
    return accepted(site, call, order)


def group_operation(key: str, name: str, title: str, effect: Effect) -> Operation:
    """A kind of task on one group; ``effect`` does what it does when it ends."""

    def finish(site: Site, run: Run) -> None:
        group = site.find(TABLE, run.arguments["id"], code=NOT_FOUND)
        run.affect(group.ext_id, REL, group.body["name"])
        effect(site, run, group)
        if site.store.table(TABLE).get(group.ext_id) is not None:
            site.store.table(TABLE).touch(group)

    return Operation(key, name, title, finish)


def group_route(method: str, path: str, operation: str, handler: Any, **more: Any) -> Route:
    """A route below ``config/volume-groups``."""
    param = "volumeGroupExtId" if path.startswith("/{volumeGroupExtId}") else "extId"
    if method != "GET" and path:
        match = "required" if method == "PUT" else "optional"
        more = {"match": match, "guards": (TABLE, param), **more}
    answer = answer_type(PACKAGE, operation.removesuffix("_by_volume_group_id"))
    return Route(method, "volumes", f"config/volume-groups{path}", operation, handler, SECTION, answer, **more)


def checked_authentication(spec: dict[str, Any], secret: str) -> str:
    """The kind of authentication that a body asks for, NONE where it says nothing.

    Raises:
        Refusal: it brings a secret that nothing uses.
    """
    asked = str(spec.get("enabledAuthentications", "NONE"))
    if spec.get(secret) and asked != "CHAP":
        raise refused(f"{secret} is only for CHAP authentication.")
    return asked
