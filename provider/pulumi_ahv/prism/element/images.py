"""Images of Prism Element (v2.0): find, make, change, delete.

Three facts shape it (api-legacy, section 1.2). The client chooses the image's id, so what an unanswered call made is
found by it. An image is of use only when it is ``ACTIVE``, which is some seconds after its task has ended. A change may
carry the ``logical_timestamp`` that was read, and is refused when somebody else was faster, at once or in its task.
Names cannot be searched for: a list is all images, and what is looked for is picked out here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from pulumi_ahv.kernel.clock import Clock, Deadline
from pulumi_ahv.kernel.errors import (
    AhvError,
    ApiError,
    Conflict,
    InputError,
    NotFound,
    TaskError,
    TaskFailed,
    TaskVanished,
)
from pulumi_ahv.kernel.progress import Progress
from pulumi_ahv.prism.dispatch import Intention
from pulumi_ahv.prism.element.answers import EXISTS, STALE
from pulumi_ahv.prism.element.api import Api
from pulumi_ahv.prism.element.inventory import ElementInventory
from pulumi_ahv.prism.element.tasks import ElementTasks
from pulumi_ahv.prism.element.uploads import Uploads
from pulumi_ahv.prism.quarters import Quarters
from pulumi_ahv.prism.settling import settled
from pulumi_ahv.prism.side_by_side import outcomes_of, side_by_side
from pulumi_ahv.prism.tasks import ENDED_BADLY, TaskPoller
from pulumi_ahv.prism.values import Image, ImageChange, ImageSpec, ImageType, StreamSource, UrlSource, VmDiskSource
from pulumi_ahv.prism.vms import Outcome

_PATH = "/images"
_SIZES = {"include_vm_disk_sizes": "true"}
_TYPES = {ImageType.DISK: "DISK_IMAGE", ImageType.ISO: "ISO_IMAGE"}
_SUMS = {"sha1": "SHA_1", "sha256": "SHA_256"}
_CHANGES = 5
_MOST_ATTEMPTS = 50
# Seconds: a client that tests real clusters waits 5 for ACTIVE; lists may lag behind a delete as well.
_LAG = 60.0
_MOMENT = 10.0
_LOOK_AGAIN = 0.5
_FEW = 3
# As many as with machines: an image waits for its tasks most of the time.
_AT_ONCE = 16


class ElementImages:
    """``Images`` of one Prism Element."""

    def __init__(self, api: Api, poller: TaskPoller, tasks: ElementTasks, inventory: ElementInventory) -> None:
        self._api = api
        self._poller = poller
        self._tasks = tasks
        self._inventory = inventory
        self._uploads = Uploads(api, tasks)
        self._cluster = inventory.clusters()[0]

    @property
    def _clock(self) -> Clock:
        return self._api.transport.clock

    def get(self, uuid: str) -> Image | None:
        """The image, or ``None`` when Prism positively does not know it."""
        data = self._read(uuid, f"Reading image {uuid}")
        return self._image(data) if data else None

    def some(self, uuids: Collection[str]) -> dict[str, Image]:
        """Those of the images that exist: many out of one list, and by themselves few, and those that it lacks yet."""
        listed = self._listed(f"Reading {len(uuids)} images") if len(uuids) > _FEW else []
        found = {image.uuid: image for image in listed if image.uuid in uuids and image.vm_disk_uuid}
        return found | {uuid: image for uuid in uuids if uuid not in found and (image := self.get(uuid))}

    def named(self, name: str) -> list[Image]:
        """All images of exactly this name."""
        return [image for image in self._listed(f"Looking for images named '{name}'") if image.name == name]

    def described(self, fragment: str) -> list[Image]:
        """All images whose annotation holds this text."""
        found = self._listed(f"Looking for images that carry '{fragment}'")
        return [image for image in found if fragment in image.description]

    def create(self, spec: ImageSpec, *, key: str, deadline: Deadline, progress: Progress) -> Image:
        """Make an image, bring its content in, and wait until it is active; or finish what an interrupted run began.

        The caller has looked for the image before. So one that is active already when this begins is not his any more
        (somebody adopted it), and the next id is taken; one that is not, or comes to be meanwhile, is his.
        """
        doing = f"Creating image '{spec.name}'"
        self._refuse(spec.cluster_uuids, spec.category_uuids)
        container = self._inventory.container_for_images(spec.storage_container_uuid)
        body = _body(spec, container)
        for attempt in range(1, _MOST_ATTEMPTS):
            uuid = Intention(key, doing).request_id(attempt)
            begun = self._read(uuid, doing)
            if begun and _is_active(begun):
                continue
            percent = Quarters(progress, spec.name)
            if self._make(uuid, body, doing, deadline, is_begun=bool(begun), percent=percent):
                if isinstance(spec.source, StreamSource) and not self._has_content(uuid, doing):
                    self._upload(spec, spec.source, uuid, container, deadline, progress)
                return self._active(uuid, doing, deadline)
        raise AhvError(doing, said=f"{_MOST_ATTEMPTS} images with its ids are there, and belong to others")

    def create_many(
        self, specs: Mapping[str, ImageSpec], *, deadline: Deadline, progress: Progress
    ) -> dict[str, Outcome]:
        """Make many images, each with calls of its own, some side by side; one poll looks at all of their tasks."""

        def one(key: str) -> str:
            return self.create(specs[key], key=key, deadline=deadline, progress=progress).uuid

        return outcomes_of(side_by_side(one, list(specs), _AT_ONCE))

    def delete_many(self, uuids: Sequence[str], *, deadline: Deadline) -> dict[str, Outcome]:
        """Delete many images, each with a call of its own, some side by side."""
        return outcomes_of(side_by_side(lambda uuid: self.delete(uuid, deadline=deadline), uuids, _AT_ONCE))

    def forget(self, _keys: Sequence[str]) -> None:
        """Nothing: content goes straight into the image, which carries the mark and is found by it."""

    def left_behind(self, _keys: Sequence[str]) -> list[str]:
        """Nothing, for the same reason."""
        return []

    def update(self, uuid: str, change: ImageChange, *, deadline: Deadline) -> Image:
        """Change an image in place; read again and apply again when somebody else changed it meanwhile."""
        doing = f"Changing image {uuid}"
        self._refuse(change.cluster_uuids, change.category_uuids)
        for _ in range(_CHANGES - 1):
            try:
                return self._change_once(uuid, change, doing, deadline)
            except (Conflict, TaskFailed) as error:
                if (isinstance(error, TaskFailed) and error.code != STALE) or deadline.expired():
                    raise
                self._clock.sleep(_LOOK_AGAIN)
        return self._change_once(uuid, change, doing, deadline)

    def delete(self, uuid: str, *, deadline: Deadline) -> None:
        """Delete an image and see that it is gone; one that is not there is deleted already."""
        doing = f"Deleting image {uuid}"
        try:
            task = self._api.start("DELETE", f"{_PATH}/{uuid}", doing=doing, deadline=deadline)
            self._poller.wait(task, doing=doing, deadline=deadline)
        except NotFound:
            return
        except (TaskFailed, TaskVanished):
            if self._read(uuid, doing):
                raise
            return
        if not settled(lambda: self._read(uuid, doing) is None, self._clock, deadline, lag=_LAG):
            raise TaskError(doing, task=task, state="SUCCEEDED", said="it ended well, but the image is still there")

    def _make(
        self,
        uuid: str,
        body: Any,
        doing: str,
        deadline: Deadline,
        *,
        is_begun: bool,
        percent: Callable[[int], None],
    ) -> bool:
        """Have the image made; whether it is there then, to be filled or full.

        An id is taken by an earlier call whose answer got lost, by an interrupted run, or by an image that was deleted.
        An import that has failed leaves an image that nothing more is made of.
        """
        try:
            if not is_begun:
                task = self._api.start("POST", _PATH, doing=doing, body={**body, "uuid": uuid}, deadline=deadline)
                self._poller.wait(task, doing=doing, deadline=deadline, percent=percent)
                return True
        except (ApiError, TaskFailed) as error:
            if (error.code if isinstance(error, TaskFailed) else error.answer.code) != EXISTS:
                raise
        for begun in self._tasks.of_entity(uuid, doing=doing, deadline=deadline):
            if not begun.over:
                self._poller.ended(begun.id, doing=doing, deadline=deadline, percent=percent)
        tasks = self._tasks.of_entity(uuid, doing=doing, deadline=deadline)
        is_import = "image_import_spec" in body or "vm_disk_clone_spec" in body
        is_made = not is_import or any(task.status not in ENDED_BADLY for task in tasks)
        return is_made and self._read(uuid, doing) is not None

    def _upload(
        self, spec: ImageSpec, source: StreamSource, uuid: str, container: str, deadline: Deadline, progress: Progress
    ) -> None:
        doing = f"Uploading the content of image '{spec.name}'"
        try:
            task = self._uploads.send(
                spec, source, uuid, container=container, doing=doing, deadline=deadline, progress=progress
            )
        except ApiError:
            # An interrupted run's upload may have come through, and look for a moment as if it had not.
            if not settled(lambda: self._has_content(uuid, doing), self._clock, deadline, lag=_MOMENT):
                raise
            return
        if task:
            self._poller.wait(task, doing=doing, deadline=deadline, percent=Quarters(progress, spec.name))

    def _has_content(self, uuid: str, doing: str) -> bool:
        data = self._read(uuid, doing)
        return bool(data and _is_active(data))

    def _active(self, uuid: str, doing: str, deadline: Deadline) -> Image:
        """Wait out the moment between the end of the task and the image's being of use."""
        seen: list[Mapping[str, Any]] = []

        def ready() -> bool:
            data = self._read(uuid, doing)
            seen.extend([data] if data else [])
            if data and str(data.get("image_state")).upper() == "ERROR":
                raise AhvError(doing, said=f"the task ended well, but image {uuid} is in state ERROR")
            return bool(data and _is_active(data))

        if not settled(ready, self._clock, deadline, lag=_LAG):
            state = seen[-1].get("image_state") if seen else "not there"
            said = f"the task ended well, but image {uuid} is {state} after {_LAG:g} s"
            raise AhvError(doing, said=said, advice="Run again.")
        return self._image(seen[-1])

    def _change_once(self, uuid: str, change: ImageChange, doing: str, deadline: Deadline) -> Image:
        data = self._expect(uuid, doing)
        now = {"name": data.get("name"), "annotation": data.get("annotation") or ""}
        told = {"name": change.name, "annotation": change.description}
        wanted = now | {field: value for field, value in told.items() if value is not None}
        if wanted != now:
            timestamp = {"logical_timestamp": data.get("logical_timestamp")}
            body = {**wanted, "image_type": data.get("image_type"), **timestamp}
            task = self._api.start("PUT", f"{_PATH}/{uuid}", doing=doing, body=body, deadline=deadline)
            self._poller.wait(task, doing=doing, deadline=deadline)
            data = self._expect(uuid, doing)
        return self._image(data)

    def _refuse(self, clusters: tuple[str, ...] | None, categories: tuple[str, ...] | None) -> None:
        """Refuse what only Prism Central has."""
        if categories:
            raise InputError("categories", "Prism Element has no categories", advice="Leave them out.")
        if any(uuid != self._cluster.uuid for uuid in clusters or ()):
            said = f"this Prism Element manages cluster '{self._cluster.name}' only"
            raise InputError("clusters", said, advice="Leave them out, or use a connection to Prism Central.")

    def _read(self, uuid: str, doing: str) -> Mapping[str, Any] | None:
        data = self._api.get(f"{_PATH}/{uuid}", doing=doing, query=_SIZES)
        return None if data and data.get("deleted") else data

    def _expect(self, uuid: str, doing: str) -> Mapping[str, Any]:
        data = self._read(uuid, doing)
        if data is None:
            raise self._api.not_found(doing)
        return data

    def _listed(self, doing: str) -> list[Image]:
        listed = self._api.entities(_PATH, doing=doing, query=_SIZES)
        return [self._image(data) for data in listed if not data.get("deleted")]

    def _image(self, data: Mapping[str, Any]) -> Image:
        """An image as told; one that is not active yet has no size and no disk, whatever it says."""
        active = _is_active(data)
        return Image(
            uuid=str(data.get("uuid") or ""),
            name=str(data.get("name") or ""),
            description=str(data.get("annotation") or ""),
            type=ImageType.ISO if "ISO" in str(data.get("image_type")).upper() else ImageType.DISK,
            size_bytes=int(data.get("vm_disk_size") or 0) if active else 0,
            cluster_uuids=(self._cluster.uuid,),
            category_uuids=(),
            vm_disk_uuid=str(data.get("vm_disk_id") or "") if active else "",
        )


def _is_active(data: Mapping[str, Any]) -> bool:
    """Whether the image is of use."""
    return str(data.get("image_state") or "").upper() == "ACTIVE"


def _body(spec: ImageSpec, container: str) -> dict[str, Any]:
    body: dict[str, Any] = {"name": spec.name, "annotation": spec.description, "image_type": _TYPES[spec.type]}
    match spec.source:
        case UrlSource(url, insecure):
            if insecure:
                said = "Prism Element always verifies the certificate of a server"
                raise InputError("source.insecure", said, advice="Use an http address, or a path or s3 source.")
            body["image_import_spec"] = {"url": url, "storage_container_uuid": container, **_checksum(spec)}
        case VmDiskSource(uuid):
            if spec.checksum:
                said = "Prism Element copies a disk without comparing it with anything"
                raise InputError("checksum", said, advice="Leave it out.")
            address = {"vmdisk_uuid": uuid}
            body["vm_disk_clone_spec"] = {"disk_address": address, "storage_container_uuid": container}
    return body


def _checksum(spec: ImageSpec) -> dict[str, str]:
    if spec.checksum is None:
        return {}
    return {"checksum": spec.checksum.digest, "checksum_type": _SUMS[spec.checksum.algorithm]}
