"""The two replies that every family gives: a task was taken on, an entity as it is."""

from __future__ import annotations

from pulumi_ahv.simulator.answers import Reply
from pulumi_ahv.simulator.preconditions import etag
from pulumi_ahv.simulator.routing import Call
from pulumi_ahv.simulator.site import Site
from pulumi_ahv.simulator.store import Record
from pulumi_ahv.simulator.work import Order


def accepted(site: Site, call: Call, order: Order) -> Reply:
    """Submit a task and answer 202 with its reference."""
    owner = {"extId": call.user.ext_id, "name": call.user.name}
    ext_id = site.engine.submit(order, owner=owner)
    return Reply({"extId": ext_id}, "prism.v4.config.TaskReference", status=202)


def entity(record: Record, type_name: str) -> Reply:
    """Answer a single entity with its ETag."""
    return Reply(record.body, type_name, revision=etag(record))
