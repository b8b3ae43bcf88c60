"""Content on its way to an image: one PUT of v0.8, in constant memory.

v2.0 has no upload (api-legacy, section 1.2). The image is there already, without content; the call names the storage
container in a header and answers the id of a task. A broken upload is sent again from the start. Where the first one
had come through and only its answer was lost, the image has a task of the upload by then, and that one counts.
"""

from __future__ import annotations

from pulumi_ahv.kernel.clock import Deadline
from pulumi_ahv.kernel.errors import ApiError, ConnectionFailed
from pulumi_ahv.kernel.progress import Meter, Progress, size_text
from pulumi_ahv.prism.element.api import V08, Api, task_of
from pulumi_ahv.prism.element.body import Body
from pulumi_ahv.prism.element.tasks import ElementTasks
from pulumi_ahv.prism.tasks import ENDED_BADLY
from pulumi_ahv.prism.transport import Request
from pulumi_ahv.prism.values import ImageSpec, StreamSource

_TRIES = 3


class Uploads:
    """Sends content to images of one Prism Element."""

    def __init__(self, api: Api, tasks: ElementTasks) -> None:
        self._api = api
        self._tasks = tasks

    def send(
        self,
        spec: ImageSpec,
        source: StreamSource,
        uuid: str,
        *,
        container: str,
        doing: str,
        deadline: Deadline,
        progress: Progress,
    ) -> str:
        """Send the content and return the id of the task that takes it in; empty where Prism names none.

        Args:
            spec: The image.
            source: Its content; opened again for each try.
            uuid: The image's id.
            container: UUID of the storage container that the content goes to.
            doing: What errors begin with.
            deadline: When to give up.
            progress: Told how far it is.

        Raises:
            ConnectionFailed: The upload did not get through.
        """
        before = {task.id for task in self._tasks.of_entity(uuid, doing=doing, deadline=deadline)}
        progress(f"{spec.name}: uploading {size_text(source.size)}")

        def content() -> Body:
            meter = Meter(progress, f"{spec.name}: uploading", source.size, clock=self._api.transport.clock)
            return Body(source, meter, deadline, doing)

        headers = {"Content-Type": "application/octet-stream", "X-Nutanix-Destination-Container": container}
        request = Request("PUT", f"{V08}/images/{uuid}/upload", doing, content=content, headers=headers)
        for left in reversed(range(_TRIES)):
            try:
                named = task_of(self._api.call(request, deadline, reconnect=False).json())
                return named or self._begun(uuid, before, doing, deadline)
            except (ApiError, ConnectionFailed) as error:
                if begun := self._begun(uuid, before, doing, deadline):
                    return begun
                if not left or _is_final(error) or deadline.expired():
                    raise
            progress(f"{spec.name}: upload broken off, once more from the start")
        raise AssertionError  # pragma: no cover - the last try returns or raises

    def _begun(self, uuid: str, before: set[str], doing: str, deadline: Deadline) -> str:
        """The task of an upload that came through; empty if none did."""
        tasks = self._tasks.of_entity(uuid, doing=doing, deadline=deadline)
        return next((task.id for task in tasks if task.id not in before and task.status not in ENDED_BADLY), "")


def _is_final(error: ApiError | ConnectionFailed) -> bool:
    """Whether Prism said no, which another try does not change."""
    return isinstance(error, ApiError) and 400 <= error.answer.status < 500
