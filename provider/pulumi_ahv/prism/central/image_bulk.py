"""Many images at once: contents uploaded side by side, then one batch that makes them all, or deletes them.

Facts (api-v4, sections 2.6, 3 and 4): each element of a batch has headers of its own, so also a request id of its own.
Those ids are the ones that a single call of the same intention has: whatever a batch leaves open is settled by asking
for that one image alone, and the answer is the task that the batch began, with the reason if it has failed. A task
names the image that it made and not the call that began it: whose an image is, name and description tell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pulumi_ahv.kernel.clock import Deadline
from pulumi_ahv.kernel.errors import AhvError
from pulumi_ahv.kernel.progress import silent
from pulumi_ahv.prism.central.api import Api, any_of
from pulumi_ahv.prism.central.batches import MOST, Batches, Element, Repeated
from pulumi_ahv.prism.central.image_bodies import IMAGES, ImageBodies, image_of
from pulumi_ahv.prism.central.objects import ObjectsLite
from pulumi_ahv.prism.central.results import LAG
from pulumi_ahv.prism.central.tasks import CentralTasks
from pulumi_ahv.prism.dispatch import Intention
from pulumi_ahv.prism.settling import settled
from pulumi_ahv.prism.side_by_side import side_by_side
from pulumi_ahv.prism.tasks import SUCCEEDED, TaskState
from pulumi_ahv.prism.values import ImageSpec, StreamSource
from pulumi_ahv.prism.vms import Outcome

Specs = Mapping[str, ImageSpec]
Body = Mapping[str, Any]

MakeAlone = Callable[[str, Body, float], str]
"""Makes one image: key, body and when the run began, by Prism's clock; answers its UUID."""

_CREATE = Repeated("CREATE", IMAGES, "")
_DELETE = Repeated("DELETE", IMAGES, "{extId}")


class ImageBulk:
    """Makes and deletes many images of one Prism Central."""

    def __init__(self, api: Api, batches: Batches, tasks: CentralTasks, objects: ObjectsLite) -> None:
        self._api = api
        self._batches = batches
        self._tasks = tasks
        self._objects = objects
        self._bodies = ImageBodies(api)

    def worth_it(self, count: int) -> bool:
        """Whether so many are cheaper together."""
        return self._batches.worth_it(count)

    def create(self, specs: Specs, alone: MakeAlone, *, deadline: Deadline) -> dict[str, Outcome]:
        """Make them; descriptions have to differ, because they tell which image is whose."""
        began = self._api.transport.server_time()
        streams = [key for key, spec in specs.items() if isinstance(spec.source, StreamSource)]
        try:
            bodies = side_by_side(lambda key: self._body(key, specs[key], deadline), list(specs))
            failed = {key: Outcome(error=body) for key, body in bodies.items() if isinstance(body, AhvError)}
            ready = {key: body for key, body in bodies.items() if not isinstance(body, AhvError)}
            made: dict[str, Outcome] = {}
            for part in _parts(list(ready)):
                made |= self._made(specs, {key: ready[key] for key in part}, alone, began, deadline)
        finally:
            self._objects.forget(streams)
        return {key: (failed | made)[key] for key in specs}

    def delete(self, uuids: Sequence[str], alone: Callable[[str], None], *, deadline: Deadline) -> dict[str, Outcome]:
        """Delete them. One of which no task says that it went is deleted alone, which is no error if it is gone."""
        ended: dict[str, Outcome] = {}
        for part in _parts(uuids):
            doing = f"Deleting {len(part)} images"
            elements = [Element({"extId": uuid}) for uuid in part]
            try:
                batch = self._batches.run(_DELETE, elements, doing=doing, deadline=deadline)
                subtasks = self._tasks.under(batch.id, deadline=deadline) if batch else []
            except AhvError as error:
                ended |= dict.fromkeys(part, Outcome(error=error))
                continue
            gone = {uuid for state in subtasks if state.status == SUCCEEDED for _, uuid in state.entities}
            left = side_by_side(alone, [uuid for uuid in part if uuid not in gone])
            ended |= {uuid: _outcome(uuid, left.get(uuid)) for uuid in part}
        return ended

    def _body(self, key: str, spec: ImageSpec, deadline: Deadline) -> Body:
        """Upload what has to be, and write the call."""
        if not isinstance(spec.source, StreamSource):
            return self._bodies.create(spec)
        uploaded = self._objects.upload(spec.source, key=key, name=spec.name, deadline=deadline, progress=silent)
        return self._bodies.create(spec, object_key=uploaded.key)

    def _made(
        self, specs: Specs, bodies: Mapping[str, Body], alone: MakeAlone, began: float, deadline: Deadline
    ) -> dict[str, Outcome]:
        doing = f"Creating {len(bodies)} images"
        own = {key: specs[key] for key in bodies}
        try:
            elements = [_element(key, body) for key, body in bodies.items()]
            batch = self._batches.run(_CREATE, elements, doing=doing, deadline=deadline)
            there = self._there(own, batch, doing, deadline) if batch else {}
        except AhvError as error:
            return dict.fromkeys(bodies, Outcome(error=error))
        missing = [key for key in bodies if key not in there]
        results = side_by_side(lambda key: alone(key, bodies[key], began), missing)
        return {key: _outcome(there.get(key, ""), results.get(key)) for key in bodies}

    def _there(self, specs: Specs, batch: TaskState, doing: str, deadline: Deadline) -> dict[str, str]:
        """UUIDs by key. Lists may lag; that is waited for only where every element has made an image."""
        there = dict(self._found(specs, doing, deadline))
        if len(there) == len(specs) or batch.status != SUCCEEDED:
            return there
        subtasks = self._tasks.under(batch.id, deadline=deadline)
        if sum(state.status == SUCCEEDED for state in subtasks) < len(specs):  # others failed, or ran long ago
            return there

        def all_there() -> bool:
            there.update(self._found(specs, doing, deadline))
            return len(there) == len(specs)

        settled(all_there, self._api.transport.clock, deadline, lag=LAG)
        return there

    def _found(self, specs: Specs, doing: str, deadline: Deadline) -> Iterator[tuple[str, str]]:
        keys = {(spec.name, spec.description): key for key, spec in specs.items()}
        for filter_by in any_of("name", dict.fromkeys(name for name, _ in keys)):
            for data in self._api.entries(IMAGES, doing=doing, filter_by=filter_by, deadline=deadline):
                image = image_of(data)
                if key := keys.get((image.name, image.description)):
                    yield key, image.uuid


def _element(key: str, body: Body) -> Element:
    return Element({}, body, {"NTNX-Request-Id": Intention(key, "", body).request_id(0)})


def _outcome(uuid: str, alone: str | AhvError | None) -> Outcome:
    """How one ended that was made together with the others, or alone."""
    if isinstance(alone, AhvError):
        return Outcome(error=alone)
    return Outcome(alone or uuid)


def _parts(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    for first in range(0, len(keys), MOST):
        yield keys[first : first + MOST]
