"""Payloads on their way into guests: a disc made for one machine, or Prism's own customisation.

A disc is an image for a few seconds only: Prism copies it into the drive, so it is deleted as soon as it lies there.
What an interrupted run left of such images is found by their mark.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pulumi_ahv.kernel.errors import AhvError
from pulumi_ahv.kernel.progress import silent
from pulumi_ahv.payload.limits import Delivery
from pulumi_ahv.payload.payload import RenderedPayload
from pulumi_ahv.prism.values import Image, ImageSpec
from pulumi_ahv.prism.vm_interface import MachineSite, Outcomes
from pulumi_ahv.prism.vms import Outcome, Power, Vm
from pulumi_ahv.resources.discs import disc_image, has_disc, identity_of
from pulumi_ahv.resources.mark import Mark
from pulumi_ahv.resources.pool.advising import vanished
from pulumi_ahv.resources.pool.customizing import customization_of, delivery_of
from pulumi_ahv.resources.pool.job import Job, Work, attempt, by_uuid, going
from pulumi_ahv.resources.pool.marks import PoolMarks, read_line


class Courier:
    """Delivers payloads to machines that are off."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def deliver(self, works: Sequence[Work]) -> None:
        """Bring every machine its payload; one that has none, or has it already, is left alone."""
        if self._job.eyes.at_birth:
            return
        rendered: dict[str, RenderedPayload] = {}
        by_prism: list[Work] = []
        by_disc: list[Work] = []
        for work in works:
            try:
                payload = self._job.payload(work.target)
                if payload is None:
                    continue
                work.by_disc = delivery_of(self._job, payload) is Delivery.CDROM
            except (AhvError, ValueError) as error:
                work.fail("rendering the payload", error)
                continue
            rendered[work.uuid] = payload
            if not work.delivered:
                (by_disc if work.by_disc else by_prism).append(work)
        self._customise(by_prism, rendered)
        self._insert(by_disc, rendered)

    def _customise(self, works: list[Work], rendered: dict[str, RenderedPayload]) -> None:
        texts = {work.uuid: customization_of(rendered[work.uuid], identity_of(work.vm)) for work in works if work.vm}
        call = self._job.site.vms.customize
        attempt(
            works,
            "handing the payload to Prism's customisation",
            lambda: call(texts, doings=self._job.doings()),
            by_uuid,
        )

    def _insert(self, works: list[Work], rendered: dict[str, RenderedPayload]) -> None:
        images: dict[str, str] = {}
        try:
            images |= self._images(works, rendered)
            ready = going(works)
            discs = {work.uuid: images[work.uuid] for work in ready}
            call = self._job.site.vms.insert_disc
            attempt(ready, "inserting its disc", lambda: call(discs, doings=self._job.doings()), by_uuid)
        finally:
            delete_images(self._job.site, self._job, list(images.values()))

    def _images(self, works: Sequence[Work], rendered: dict[str, RenderedPayload]) -> dict[str, str]:
        """Have the discs of all of them made; answers the images by machine."""
        specs: dict[str, ImageSpec] = {}
        keys: dict[str, str] = {}
        for work in works:
            mark = self._job.marks.disc(work.uuid, work.target.facts.payload_digest or "")
            try:
                specs[mark.key] = self._spec(work, rendered[work.uuid], mark)
            except AhvError as error:
                work.fail("making its disc", error)
            keys[work.uuid] = mark.key
        images: dict[str, str] = {}

        def make() -> Outcomes:
            doings = self._job.doings()
            made = self._job.site.images.create_many(specs, deadline=doings.deadline, progress=silent)
            images.update({uuid: made[key].uuid for uuid, key in keys.items() if key in made and made[key].uuid})
            return made

        attempt(going(works), "making its disc", make, lambda work: keys[work.uuid])
        return images

    def _spec(self, work: Work, payload: RenderedPayload, mark: Mark) -> ImageSpec:
        job, vm = self._job, work.vm
        if vm is None:
            raise vanished(work.uuid)
        return disc_image(payload, vm, name=f"{job.marks.disc_prefix}{work.target.slot}", mark=mark)


def delete_images(site: MachineSite, job: Job, uuids: Sequence[str]) -> None:
    """Delete images of discs; one that will not go is kept in mind, and found again by its mark."""
    try:
        outcomes = site.images.delete_many(uuids, deadline=job.doings().deadline)
    except AhvError as error:
        outcomes = dict.fromkeys(uuids, Outcome(error=error))
    for uuid, outcome in outcomes.items():
        job.left.pop(uuid, None)
        if outcome.error:
            job.left[uuid] = f"image {uuid} of a disc is left and is deleted by the next run: {outcome.error}"


def left_over(site: MachineSite, marks: PoolMarks) -> list[Image]:
    """Images of discs that interrupted runs left."""
    found = site.images.described(marks.disc_fragment)
    return [image for image in found if image.name.startswith(marks.disc_prefix)]


def upload_keys(marks: PoolMarks, vms: Iterable[Vm]) -> list[str]:
    """Under what interrupted runs may have left uploads for unfinished machines: those that still lack their disc."""
    waiting = [vm for vm in vms if vm.power is Power.OFF and not has_disc(vm) and marks.is_marked(vm.description)]
    told = [(vm.uuid, line.payload) for vm in waiting if (line := read_line(vm.description))]
    return [marks.disc(uuid, payload).key for uuid, payload in told if payload]


def forget_uploads(job: Job, vms: Sequence[tuple[Vm, str]]) -> None:
    """Take away what interrupted uploads left beside the images, for machines and the payloads they wait for."""
    job.site.images.forget([job.marks.disc(vm.uuid, digest).key for vm, digest in vms])
