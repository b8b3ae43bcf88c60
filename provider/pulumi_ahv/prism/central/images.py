"""Images of Prism Central (``vmm/content/images``): find, make, change, delete.

Three facts shape it. An image has no upload of its own: a local file goes through Objects Lite first (``objects``).
Names are not unique and filters are the server's business, so what a list returns is compared again here. A change is
a PUT of the whole entity under its ETag, which is checked at once or only when the task runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pulumi_ahv.kernel.clock import Clock, Deadline
from pulumi_ahv.kernel.errors import ApiError, Conflict, InputError, NotFound, TaskError, TaskFailed, TaskVanished
from pulumi_ahv.kernel.progress import Progress
from pulumi_ahv.prism.central.answers import MISSING_ETAG, Complaint
from pulumi_ahv.prism.central.api import Api, Collection, Entity, quoted
from pulumi_ahv.prism.central.objects import ObjectsLite, Uploaded
from pulumi_ahv.prism.dispatch import Dispatcher, Intention
from pulumi_ahv.prism.quarters import Quarters
from pulumi_ahv.prism.settling import settled
from pulumi_ahv.prism.tasks import TaskPoller, TaskState
from pulumi_ahv.prism.values import (
    Checksum,
    Image,
    ImageChange,
    ImageSpec,
    ImageType,
    StreamSource,
    UrlSource,
    VmDiskSource,
)

IMAGES = Collection("vmm", "content/images", "image")
_REL = "vmm:content:image"
_TYPES = {ImageType.DISK: "DISK_IMAGE", ImageType.ISO: "ISO_IMAGE"}
_CHANGES = 5
# A replica may show an image some seconds after the task that made it, or some seconds after it was deleted.
_LAG = 20.0
_LOOK_AGAIN = 0.5


class CentralImages:
    """``Images`` of one Prism Central."""

    def __init__(self, api: Api, poller: TaskPoller, dispatcher: Dispatcher, objects: ObjectsLite) -> None:
        self._api = api
        self._poller = poller
        self._dispatcher = dispatcher
        self._objects = objects

    @property
    def _clock(self) -> Clock:
        return self._api.transport.clock

    def get(self, uuid: str) -> Image | None:
        """The image, or ``None`` when Prism positively does not know it."""
        entity = self._read(uuid, f"Reading image {uuid}")
        return _image(entity.data) if entity else None

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
        doing = f"Creating image '{spec.name}'"
        if spec.storage_container_uuid:
            raise InputError("storageContainer", "Prism Central places images by cluster", advice="Use clusters.")
        if not isinstance(spec.source, StreamSource):
            return self._make(spec, self._source(spec), key=key, doing=doing, deadline=deadline, progress=progress)
        with self._objects.uploaded(
            spec.source, key=key, name=spec.name, deadline=deadline, progress=progress
        ) as uploaded:
            source = self._upload_source(uploaded)
            return self._make(spec, source, key=key, doing=doing, deadline=deadline, progress=progress)

    def forget(self, key: str) -> None:
        """Remove the object that an interrupted upload under this key left in Objects Lite."""
        self._objects.forget(key)

    def left_behind(self, keys: Sequence[str]) -> list[str]:
        """Those of the keys under which an interrupted upload left an object in Objects Lite."""
        return [key for key in keys if self._objects.has(key)]

    def update(self, uuid: str, change: ImageChange, *, deadline: Deadline) -> Image:
        """Change an image in place; read again and apply again when somebody else changed it meanwhile."""
        doing = f"Changing image {uuid}"
        for _ in range(_CHANGES - 1):
            try:
                return self._change_once(uuid, change, doing, deadline)
            except (Conflict, TaskFailed) as error:
                if not _stale(error) or deadline.expired():
                    raise
                self._clock.sleep(_LOOK_AGAIN)
        return self._change_once(uuid, change, doing, deadline)

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
        if not settled(lambda: self._read(uuid, doing) is None, self._clock, deadline, lag=_LAG):
            raise TaskError(doing, task=task, state="SUCCEEDED", said="but the image is still there")

    def _make(
        self,
        spec: ImageSpec,
        source: Mapping[str, Any],
        *,
        key: str,
        doing: str,
        deadline: Deadline,
        progress: Progress,
    ) -> Image:
        body = self._body(spec, source)

        def start(request_id: str) -> str:
            return self._api.start(IMAGES, doing=doing, body=body, request_id=request_id, deadline=deadline)

        state = self._dispatcher.run(
            Intention(key, doing, body),
            start,
            gone=lambda state: not state.entity(_REL) or self._read(state.entity(_REL), doing) is None,
            deadline=deadline,
            percent=Quarters(progress, spec.name),
        )
        return self._made(state, doing, deadline)

    def _made(self, state: TaskState, doing: str, deadline: Deadline) -> Image:
        """Read back what a task made; a replica may need a moment to show it."""
        uuid = state.entity(_REL)
        found: list[Entity] = []

        def seen() -> bool:
            entity = self._read(uuid, doing) if uuid else None
            found.extend([entity] if entity else [])
            return bool(found)

        if not settled(seen, self._clock, deadline, lag=_LAG):
            said = f"the task ended well, but image {uuid or 'it made'} is not there"
            raise TaskVanished(doing, task=state.id, state=state.status, said=said, advice="Run again.")
        return _image(found[0].data)

    def _change_once(self, uuid: str, change: ImageChange, doing: str, deadline: Deadline) -> Image:
        entity = self._expect(uuid, doing)
        wanted = dict(entity.data) | _changed(change)
        if wanted != entity.data:
            # GET tells who may see the image and where else to read; PUT wants neither back.
            body = {name: value for name, value in wanted.items() if name not in {"links", "tenantId"}}
            task = self._api.replace(IMAGES, uuid, Entity(body, entity.etag), doing=doing, deadline=deadline)
            self._poller.wait(task, doing=doing, deadline=deadline)
            entity = self._expect(uuid, doing)
        return _image(entity.data)

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
        return (_image(data) for data in self._api.entries(IMAGES, doing=doing, filter_by=filter_by))

    def _body(self, spec: ImageSpec, source: Mapping[str, Any]) -> dict[str, Any]:
        return self._api.framed(
            "vmm",
            "content.Image",
            name=spec.name,
            description=spec.description or None,
            type=_TYPES[spec.type],
            source=source,
            checksum=self._checksum(spec.checksum) if spec.checksum else None,
            clusterLocationExtIds=list(spec.cluster_uuids) or None,
            categoryExtIds=list(spec.category_uuids) or None,
        )

    def _checksum(self, checksum: Checksum) -> dict[str, Any]:
        kind = {"sha1": "content.ImageSha1Checksum", "sha256": "content.ImageSha256Checksum"}[checksum.algorithm]
        return self._api.framed("vmm", kind, hexDigest=checksum.digest)

    def _source(self, spec: ImageSpec) -> dict[str, Any]:
        match spec.source:
            case UrlSource(url, insecure):
                return self._api.framed("vmm", "content.UrlSource", url=url, shouldAllowInsecureUrl=insecure)
            case VmDiskSource(uuid, vm_uuid):
                # The field came with v4.3; older schemas refuse it.
                beside = vm_uuid if vm_uuid and self._api.version("vmm") == "v4.3" else None
                return self._api.framed("vmm", "content.VmDiskSource", extId=uuid, vmExtId=beside)
        raise TypeError(spec.source)  # pragma: no cover - streams are uploaded first

    def _upload_source(self, uploaded: Uploaded) -> dict[str, Any]:
        return self._api.framed("vmm", "content.ObjectsLiteSource", key=uploaded.key)


def _changed(change: ImageChange) -> dict[str, Any]:
    wanted = {
        "name": change.name,
        "description": change.description,
        "clusterLocationExtIds": None if change.cluster_uuids is None else list(change.cluster_uuids),
        "categoryExtIds": None if change.category_uuids is None else list(change.category_uuids),
    }
    return {field: value for field, value in wanted.items() if value is not None}


def _stale(error: Conflict | TaskFailed) -> bool:
    """Whether somebody else was faster: told at once as a conflict, or later in the failed task."""
    return isinstance(error, Conflict) or Complaint(code=error.code).stale or "If-Match" in error.said


def _image(data: Mapping[str, Any]) -> Image:
    return Image(
        uuid=str(data.get("extId", "")),
        name=str(data.get("name", "")),
        description=str(data.get("description") or ""),
        type=ImageType.ISO if data.get("type") == "ISO_IMAGE" else ImageType.DISK,
        size_bytes=int(data.get("sizeBytes") or 0),
        cluster_uuids=tuple(data.get("clusterLocationExtIds") or ()),
        category_uuids=tuple(data.get("categoryExtIds") or ()),
    )
