"""Payloads on their way into guests: a disc made for one machine, or Prism's own customisation.

A disc is an image for a few seconds only: Prism copies it into the drive, so it is deleted as soon as it lies there.
What an interrupted run left of such images is found by their mark. Prism has no bulk call for images, so some threads
bring them in side by side.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from io import BytesIO

from pulumi_ahv.kernel.errors import AhvError
from pulumi_ahv.kernel.progress import silent
from pulumi_ahv.payload.layouts import ANSWER_FILES, META_DATA, USER_DATA, Layout
from pulumi_ahv.payload.limits import Delivery, PrismSite, choose
from pulumi_ahv.payload.payload import RenderedPayload
from pulumi_ahv.payload.spec import Identity
from pulumi_ahv.prism.values import Checksum, Image, ImageSpec, ImageType, Product, StreamSource
from pulumi_ahv.prism.vm_interface import MachineSite
from pulumi_ahv.prism.vms import Customization, Vm
from pulumi_ahv.resources.pool.job import Job, Work, attempt, by_uuid, going
from pulumi_ahv.resources.pool.marks import PoolMarks

SIDE_BY_SIDE = 4


class Courier:
    """Delivers payloads to machines that are off."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def deliver(self, works: Sequence[Work]) -> None:
        """Bring every machine its payload; one that has none, or has its disc in the drive already, is left alone."""
        rendered: dict[str, RenderedPayload] = {}
        by_prism: list[Work] = []
        by_disc: list[Work] = []
        for work in works:
            try:
                payload = self._job.payload(work.target)
                if payload is None:
                    continue
                work.by_disc = self._delivery(payload) is Delivery.CDROM
            except (AhvError, ValueError) as error:
                work.fail("rendering the payload", error)
                continue
            rendered[work.uuid] = payload
            if not work.delivered:
                (by_disc if work.by_disc else by_prism).append(work)
        self._customise(by_prism, rendered)
        self._insert(by_disc, rendered)

    def _delivery(self, payload: RenderedPayload) -> Delivery:
        given = self._job.told.payload
        wanted = Delivery(given.delivery) if given else Delivery.AUTO
        info = self._job.site.info
        return choose(wanted, payload.texts(), PrismSite(info.product is Product.CENTRAL)).delivery

    def _customise(self, works: list[Work], rendered: dict[str, RenderedPayload]) -> None:
        texts = {work.uuid: _customization(rendered[work.uuid], work.vm) for work in works if work.vm}
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
            with ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="disc") as threads:
                for work, made in [(w, threads.submit(self._image, w, rendered[w.uuid])) for w in works]:
                    try:
                        images[work.uuid] = made.result()
                    except AhvError as error:
                        work.fail("making its disc", error)
            ready = going(works)
            discs = {work.uuid: images[work.uuid] for work in ready}
            call = self._job.site.vms.insert_disc
            attempt(ready, "inserting its disc", lambda: call(discs, doings=self._job.doings()), by_uuid)
        finally:
            delete_images(self._job.site, self._job, list(images.values()))

    def _image(self, work: Work, payload: RenderedPayload) -> str:
        job, vm = self._job, work.vm
        if vm is None:
            raise AhvError(f"Member {work.target.name}: the machine {work.uuid} is not there any more")
        disc = payload.disc(_identity(vm))
        mark = job.marks.disc(vm.uuid, work.target.facts.payload_digest or "")
        spec = ImageSpec(
            name=f"{job.marks.disc_prefix}{work.target.slot}",
            description=mark.write(None),
            type=ImageType.ISO,
            source=StreamSource(lambda: BytesIO(disc), len(disc)),
            checksum=Checksum("sha256", sha256(disc).hexdigest()),
            cluster_uuids=(vm.cluster_uuid,) if vm.cluster_uuid else (),
        )
        doings = job.doings()
        return job.site.images.create(spec, key=mark.key, deadline=doings.deadline, progress=silent).uuid


def delete_images(site: MachineSite, job: Job, uuids: Sequence[str]) -> None:
    """Delete images of discs side by side; one that will not go is told, and found again by its mark."""

    def delete(uuid: str) -> None:
        try:
            site.images.delete(uuid, deadline=job.doings().deadline)
        except AhvError as error:
            job.progress(f"{job.told.name}: image {uuid} of a disc is left and is deleted by the next run: {error}")

    with ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="disc") as threads:
        list(threads.map(delete, uuids))


def left_over(site: MachineSite, marks: PoolMarks) -> list[Image]:
    """Images of discs that interrupted runs left."""
    found = site.images.described(marks.disc_fragment)
    return [image for image in found if image.name.startswith(marks.disc_prefix)]


def forget_uploads(job: Job, vms: Sequence[tuple[Vm, str]]) -> None:
    """Take away what interrupted uploads left beside the images, for machines and the payloads they wait for."""
    for vm, digest in vms:
        job.site.images.forget(job.marks.disc(vm.uuid, digest).key)


def _identity(vm: Vm) -> Identity:
    return Identity(vm.bios_uuid or vm.uuid, tuple(nic.mac for nic in vm.nics))


def _customization(payload: RenderedPayload, vm: Vm) -> Customization:
    files, layout = payload.files(_identity(vm)), payload.spec.layout
    if layout is Layout.WINDOWS:
        return Customization("unattend", files.get(ANSWER_FILES[0], b""))
    return Customization("cloudInit", files.get(USER_DATA[layout], b""), files.get(META_DATA[layout], b""))
