"""Batches of Prism Central: one call that repeats one URI over many entities (``prism/operations/$actions/batch``).

Facts (api-v4, section 3, and the vendor's samples): ``uri`` holds names in braces that each element fills; an
element's headers carry its ``If-Match``; every element that is taken becomes a subtask of the batch's task, and an
element that is refused at once leaves none. So a batch that went well needs no further look; of one that did not, the
subtasks tell what became of its elements, and an element without one asks for itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pulumi_ahv.kernel.clock import Deadline
from pulumi_ahv.kernel.errors import ApiError
from pulumi_ahv.prism.central.api import Api, Collection
from pulumi_ahv.prism.tasks import TaskPoller, TaskState

_BATCH = Collection("prism", "operations/$actions/batch", "batch")
MOST = 100
"""Elements of one batch. No limit is public; a hundred bodies of machines stay below a megabyte."""

# Fewer than that are called for one by one: a batch costs a look at its subtasks as well.
_FEW = 4
# The vendor's own sample runs twenty at a time.
_CHUNK = 20
_UNSERVED = {404, 405, 501}


@dataclass(frozen=True)
class Element:
    """One entity of a batch: what fills the braces of the URI, the body, and the headers of this one call."""

    path: Mapping[str, str]
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Repeated:
    """The call that a batch repeats. ``action`` is CREATE, MODIFY, ACTION or DELETE; ``path`` is below ``where``.

    Without a path it is a call on the collection itself.
    """

    action: str
    where: Collection
    path: str


class Batches:
    """Runs batches of one Prism Central."""

    def __init__(self, api: Api, poller: TaskPoller) -> None:
        self._api = api
        self._poller = poller
        self._served = True

    @property
    def served(self) -> bool:
        """Whether this Prism Central takes batches, as far as is known."""
        return self._served

    def worth_it(self, count: int) -> bool:
        """Whether so many calls are cheaper as a batch."""
        return self._served and count >= _FEW

    def run(self, call: Repeated, elements: Sequence[Element], *, doing: str, deadline: Deadline) -> TaskState | None:
        """Repeat a call over at most ``MOST`` elements and return the batch's task when it has ended, well or badly.

        ``None`` is a Prism Central that serves no batches.

        Raises:
            ApiError: The batch as a whole was refused.
            TaskTimedOut, TaskVanished: It cannot be told how it ended.
        """
        body = self._body(call, elements, doing)
        try:
            task = self._api.submit("POST", _BATCH, doing=doing, body=body, deadline=deadline)
        except ApiError as error:
            self._served = error.answer.status not in _UNSERVED
            if self._served:
                raise
            return None
        return self._poller.ended(task, doing=doing, deadline=deadline)

    def _body(self, call: Repeated, elements: Sequence[Element], doing: str) -> dict[str, Any]:
        where = call.where
        below = f"/{call.path}" if call.path else ""
        uri = f"/api/{where.namespace}/{self._api.version(where.namespace)}/{where.path}{below}"
        metadata = self._framed(
            "BatchSpecMetadata",
            action=call.action,
            name=doing[:256],
            uri=uri,
            shouldStopOnError=False,
            chunkSize=_CHUNK,
        )
        return self._framed("BatchSpec", metadata=metadata, payload=[self._payload(element) for element in elements])

    def _payload(self, element: Element) -> dict[str, Any]:
        metadata = self._framed(
            "BatchSpecPayloadMetadata",
            headers=self._pairs("BatchSpecPayloadMetadataHeader", element.headers),
            path=self._pairs("BatchSpecPayloadMetadataPath", element.path),
        )
        return self._framed("BatchSpecPayload", metadata=metadata, data=element.body)

    def _pairs(self, kind: str, values: Mapping[str, str]) -> list[dict[str, Any]]:
        return [self._framed(kind, name=name, value=value) for name, value in values.items()]

    def _framed(self, kind: str, **fields: Any) -> dict[str, Any]:
        return self._api.framed("prism", f"operations.{kind}", **fields)
