"""What a task made, read back: a replica may show it some seconds after the task has ended."""

from __future__ import annotations

from pulumi_ahv.kernel.clock import Deadline
from pulumi_ahv.kernel.errors import TaskVanished
from pulumi_ahv.prism.central.api import Api, Collection, Entity
from pulumi_ahv.prism.settling import settled
from pulumi_ahv.prism.tasks import TaskState

LAG = 20.0
"""Seconds that lists and replicas may be behind the tasks."""


def read_back(api: Api, where: Collection, uuid: str, state: TaskState, *, doing: str, deadline: Deadline) -> Entity:
    """The entity that a task made, when it is there.

    Raises:
        TaskVanished: It does not appear, or the task names none.
    """
    found: list[Entity] = []

    def seen() -> bool:
        entity = api.get(where, uuid, doing=doing) if uuid else None
        found.extend([entity] if entity else [])
        return bool(found) or not uuid

    settled(seen, api.transport.clock, deadline, lag=LAG)
    if found:
        return found[0]
    said = f"the task ended well, but {where.noun} {uuid or 'it made'} is not there"
    raise TaskVanished(doing, task=state.id, state=state.status, said=said, advice="Run again.")
