"""Snapshots of machines: list, take, delete.

Facts (api-legacy, section 1.5): one list holds all of them; the client chooses their UUIDs, so what an unanswered call
made is found by them; they outlive their machine, and may go while clones of them run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from pulumi_ahv.kernel.errors import ApiError, NotFound, TaskFailed
from pulumi_ahv.prism.element.api import Api
from pulumi_ahv.prism.tasks import TaskPoller
from pulumi_ahv.prism.vm_interface import Doings

SNAPSHOTS = "/snapshots"
_SIDE_BY_SIDE = 8


class Snapshots:
    """Snapshots of one Prism Element."""

    def __init__(self, api: Api, poller: TaskPoller) -> None:
        self._api = api
        self._poller = poller

    def all(self, doing: str) -> list[Mapping[str, Any]]:
        """Every snapshot there is."""
        return self._api.entities(SNAPSHOTS, doing=doing)

    def take(self, uuid: str, vm_uuid: str, name: str, *, doing: str, doings: Doings) -> None:
        """Freeze a machine under a UUID of our choice, unless that was done before."""
        if self._there(uuid, doing):
            return
        body = {"snapshot_specs": [{"uuid": uuid, "vm_uuid": vm_uuid, "snapshot_name": name}]}
        try:
            task = self._api.start("POST", SNAPSHOTS, doing=doing, body=body, deadline=doings.deadline)
            self._poller.wait(task, doing=doing, deadline=doings.deadline)
        except (ApiError, TaskFailed):
            if not self._there(uuid, doing):
                raise

    def delete(self, uuids: Sequence[str], *, doing: str, doings: Doings) -> None:
        """Delete some; those that are not there are deleted already.

        Raises:
            AhvError: one would not go; the others are gone or were tried.
        """
        with ThreadPoolExecutor(_SIDE_BY_SIDE, thread_name_prefix="snapshot") as threads:
            deeds = [threads.submit(self._delete, uuid, f"{doing}: snapshot {uuid}", doings) for uuid in uuids]
        for deed in deeds:
            deed.result()

    def _delete(self, uuid: str, doing: str, doings: Doings) -> None:
        try:
            task = self._api.start("DELETE", f"{SNAPSHOTS}/{uuid}", doing=doing, deadline=doings.deadline)
            self._poller.wait(task, doing=doing, deadline=doings.deadline)
        except NotFound:
            return
        except TaskFailed:
            if self._there(uuid, doing):
                raise

    def _there(self, uuid: str, doing: str) -> bool:
        return self._api.get(f"{SNAPSHOTS}/{uuid}", doing=doing) is not None
