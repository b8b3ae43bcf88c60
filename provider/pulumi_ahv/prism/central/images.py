"""Images of Prism Central (``vmm/content/images``): find, make, change, delete.

Three facts shape it. An image has no upload of its own: a local file goes through Objects Lite first (``objects``).
Names are not unique and filters are the server's business, so what a list returns is compared again here. A change is
a PUT of the whole entity under its ETag, which is checked at once or only when the task runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pulumi_ahv.kernel.clock import Clock, Deadline
from pulumi_ahv.kernel.errors import ApiError, InputError, NotFound, TaskError, TaskFailed, TaskVanished
from pulumi_ahv.kernel.progress import Progress
from pulumi_ahv.prism.central.answers import MISSING_ETAG
from pulumi_ahv.prism.central.api import Api, Entity, quoted
from pulumi_ahv.prism.central.image_bodies import IMAGES, REL, ImageBodies, changed, image_of
from pulumi_ahv.prism.central.image_bulk import ImageBulk
from pulumi_ahv.prism.central.objects import ObjectsLite
from pulumi_ahv.prism.central.results import LAG, read_back
from pulumi_ahv.prism.central.stale import while_stale
from pulumi_ahv.prism.dispatch import Dispatcher, Intention
from pulumi_ahv.prism.quarters import Quarters
from pulumi_ahv.prism.settling import settled
from pulumi_ahv.prism.side_by_side import outcomes_of, side_by_side
from pulumi_ahv.prism.tasks import TaskPoller
from pulumi_ahv.prism.values import Image, ImageChange, ImageSpec, StreamSource
from pulumi_ahv.prism.vms import Outcome


class CentralImages:
    """``Images`` of one Prism Central."""

    def __init__(
        self, api: Api, poller: TaskPoller, dispatcher: Dispatcher, objects: ObjectsLite, bulk: ImageBulk
    ) -> None:
        self._api = api
        self._poller = poller
        self._dispatcher = dispatcher
        self._objects = objects
        self._bulk = bulk
        self._bodies = ImageBodies(api)

    @property
    def _clock(self) -> Clock:
        return self._api.transport.clock

    def get(self, uuid: str) -> Image | None:
        """The image, or ``None`` when Prism positively does not know it."""
        entity = self._read(uuid, f"Reading image {uuid}")
        return image_of(entity.data) if entity else None

    def named(self, name: str) -> list[Image]:
        """All images of exactly this name."""
        doing = f"Looking for images named '{name}'"
        return [image for image in self._listed(f"name eq {quoted(name)}", doing) if image.name == name]

    def described(self, fragment: str) -> list[Image]:
        """All images whose description holds this text."""
        doing = f"Looking for images that carry '{fragment}'"
        found = self._listed(f"contains(description, {quoted(fragment)})", doing)
        return [image for image in found if fragment in image.description]

    def create(self, spec: ImageSpec, *, key: str, deadline: Deadline, progress: Progress) -> Image:
        """Make an image, or find the one that an interrupted run made under the same key; wait and read it back."""
        _refuse(spec)
        percent = Quarters(progress, spec.name)
        if not isinstance(spec.source, StreamSource):
            return self._make(spec.name, self._bodies.create(spec), key=key, deadline=deadline, percent=percent)
        with self._objects.uploaded(
            spec.source, key=key, name=spec.name, deadline=deadline, progress=progress
        ) as uploaded:
            body = self._bodies.create(spec, object_key=uploaded.key)
            return self._make(spec.name, body, key=key, deadline=deadline, percent=percent)

    def create_many(
        self, specs: Mapping[str, ImageSpec], *, deadline: Deadline, progress: Progress
    ) -> dict[str, Outcome]:
        """Make many images with one batch; a few are made side by side."""
        for spec in specs.values():
            _refuse(spec)
        if self._bulk.worth_it(len(specs)):

            def alone(key: str, body: Mapping[str, Any], began: float) -> str:
                return self._make(specs[key].name, body, key=key, deadline=deadline, began=began).uuid

            return self._bulk.create(specs, alone, deadline=deadline)

        def one(key: str) -> str:
            return self.create(specs[key], key=key, deadline=deadline, progress=progress).uuid

        return outcomes_of(side_by_side(one, list(specs)))

    def forget(self, keys: Sequence[str]) -> None:
        """Remove the objects that interrupted uploads under these keys left in Objects Lite."""
        self._objects.forget(keys)

    def left_behind(self, keys: Sequence[str]) -> list[str]:
        """Those of the keys under which an interrupted upload left an object in Objects Lite."""
        return [key for key in keys if self._objects.has(key)]

    def update(self, uuid: str, change: ImageChange, *, deadline: Deadline) -> Image:
        """Change an image in place; read again and apply again when somebody else changed it meanwhile."""
        doing = f"Changing image {uuid}"
        return while_stale(
            lambda _: self._change_once(uuid, change, doing, deadline), clock=self._clock, deadline=deadline
        )

    def delete(self, uuid: str, *, deadline: Deadline) -> None:
        """Delete an image and see that it is gone; one that is not there is deleted already."""
        doing = f"Deleting image {uuid}"
        try:
            task = self._start_delete(uuid, doing, deadline)
            self._poller.wait(task, doing=doing, deadline=deadline)
        except NotFound:
            return
        except (TaskFailed, TaskVanished):
            if self._read(uuid, doing):
                raise
            return
        if not settled(lambda: self._read(uuid, doing) is None, self._clock, deadline, lag=LAG):
            raise TaskError(doing, task=task, state="SUCCEEDED", said="but the image is still there")

    def delete_many(self, uuids: Sequence[str], *, deadline: Deadline) -> dict[str, Outcome]:
        """Delete many images with one batch; a few are deleted side by side."""

        def alone(uuid: str) -> None:
            self.delete(uuid, deadline=deadline)

        if self._bulk.worth_it(len(uuids)):
            return self._bulk.delete(uuids, alone, deadline=deadline)
        return outcomes_of(side_by_side(alone, uuids))

    def _make(
        self,
        name: str,
        body: Mapping[str, Any],
        *,
        key: str,
        deadline: Deadline,
        percent: Quarters | None = None,
        began: float | None = None,
    ) -> Image:
        doing = f"Creating image '{name}'"

        def start(request_id: str) -> str:
            return self._api.start(IMAGES, doing=doing, body=body, request_id=request_id, deadline=deadline)

        state = self._dispatcher.run(
            Intention(key, doing, body),
            start,
            gone=lambda state: not state.entity(REL) or self._read(state.entity(REL), doing) is None,
            deadline=deadline,
            percent=percent,
            began=began,
        )
        made = read_back(self._api, IMAGES, state.entity(REL), state, doing=doing, deadline=deadline)
        return image_of(made.data)

    def _change_once(self, uuid: str, change: ImageChange, doing: str, deadline: Deadline) -> Image:
        entity = self._expect(uuid, doing)
        wanted = dict(entity.data) | changed(change)
        if wanted != entity.data:
            # GET tells who may see the image and where else to read; PUT wants neither back.
            body = {name: value for name, value in wanted.items() if name not in {"links", "tenantId"}}
            task = self._api.replace(IMAGES, uuid, Entity(body, entity.etag), doing=doing, deadline=deadline)
            self._poller.wait(task, doing=doing, deadline=deadline)
            entity = self._expect(uuid, doing)
        return image_of(entity.data)

    def _start_delete(self, uuid: str, doing: str, deadline: Deadline) -> str:
        """Official clients disagree whether a delete needs the ETag: ask without it, and with it when told to."""
        try:
            return self._api.remove(IMAGES, uuid, doing=doing, deadline=deadline)
        except ApiError as error:
            if error.answer.code != MISSING_ETAG:
                raise
        return self._api.remove(IMAGES, uuid, doing=doing, deadline=deadline, etag=self._expect(uuid, doing).etag)

    def _read(self, uuid: str, doing: str) -> Entity | None:
        return self._api.get(IMAGES, uuid, doing=doing)

    def _expect(self, uuid: str, doing: str) -> Entity:
        entity = self._read(uuid, doing)
        if entity is None:
            raise self._api.not_found(doing)
        return entity

    def _listed(self, filter_by: str, doing: str) -> Iterator[Image]:
        return (image_of(data) for data in self._api.entries(IMAGES, doing=doing, filter_by=filter_by))


def _refuse(spec: ImageSpec) -> None:
    if spec.storage_container_uuid:
        raise InputError("storageContainer", "Prism Central places images by cluster", advice="Use clusters.")
