"""New machines of a Prism Element, made of images and empty disks. ``vm_clones`` makes those that are like others.

Facts (api-legacy, section 1.3): the client chooses the id, so what an unanswered call made is found by it; a disk is
made of an image's disk, not of the image.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pulumi_ahv.kernel.errors import AhvError, ApiError, InputError, TaskFailed
from pulumi_ahv.prism.dispatch import Intention
from pulumi_ahv.prism.element.api import Api
from pulumi_ahv.prism.element.images import ElementImages
from pulumi_ahv.prism.element.vm_bodies import disk_body, nic_body
from pulumi_ahv.prism.element.vm_many import PATH, WHOLE
from pulumi_ahv.prism.element.vm_reading import vm_of
from pulumi_ahv.prism.settling import settled
from pulumi_ahv.prism.tasks import TaskPoller
from pulumi_ahv.prism.values import Cluster
from pulumi_ahv.prism.vm_interface import Doings
from pulumi_ahv.prism.vms import Firmware, Vm, VmSpec

_LAG = 20.0


class VmBirths:
    """Makes machines of one Prism Element."""

    def __init__(self, api: Api, poller: TaskPoller, images: ElementImages, cluster: Cluster) -> None:
        self._api = api
        self._poller = poller
        self._images = images
        self._cluster = cluster

    def create(self, spec: VmSpec, *, key: str, doings: Doings) -> Vm:
        """Make one machine, or find the one that an unanswered call of the same intention made."""
        doing = f"Creating machine '{spec.name}'"
        _refuse(spec)
        body = self._body(spec)
        uuid = Intention(key, doing, body).request_id(1)
        try:
            self._start(PATH, {**body, "uuid": uuid}, doing, doings)
        except (ApiError, TaskFailed):
            if not self._read(uuid, doing):
                raise
        return self._there(uuid, doing, doings)

    def disks_of(self, image_uuids: Iterable[str]) -> dict[str, str]:
        """The disks that clones of images are made from, by image; an empty id, which is no image's, has none.

        Raises:
            InputError: there is no such image, or it is not ready.
        """
        wanted = set(image_uuids) - {""}
        found, disks = self._images.some(wanted), {"": ""}
        for uuid in wanted:
            image = found.get(uuid)
            if image is None or not image.vm_disk_uuid:
                said = "it is not active yet" if image else "this Prism Element does not know it"
                advice = "Wait for it, or correct it."
                raise InputError("image", f"image {uuid} cannot be used: {said}", advice=advice)
            disks[uuid] = image.vm_disk_uuid
        return disks

    def _start(self, path: str, body: Any, doing: str, doings: Doings) -> None:
        task = self._api.start("POST", path, doing=doing, body=body, deadline=doings.deadline)
        self._poller.wait(task, doing=doing, deadline=doings.deadline)

    def _there(self, uuid: str, doing: str, doings: Doings) -> Vm:
        seen: list[Mapping[str, Any]] = []

        def looks_right() -> bool:
            data = self._read(uuid, doing)
            seen.extend([data] if data else [])
            return bool(seen)

        if not settled(looks_right, self._api.transport.clock, doings.deadline, lag=_LAG):
            said = f"the task ended well, but machine {uuid} is not there"
            raise AhvError(doing, said=said, advice="Run again.")
        return vm_of(seen[0], self._cluster.uuid)

    def _read(self, uuid: str, doing: str) -> Mapping[str, Any] | None:
        return self._api.get(f"{PATH}/{uuid}", doing=doing, query=WHOLE)

    def _body(self, spec: VmSpec) -> dict[str, Any]:
        known = self.disks_of(one.image_uuid for one in spec.disks)
        disks = [disk_body(one, known[one.image_uuid]) for one in spec.disks]
        drives = [{"is_cdrom": True, "is_empty": True, "disk_address": {"device_bus": bus}} for bus in spec.cd_rom_bus]
        body: dict[str, Any] = {
            "name": spec.name,
            "description": spec.description,
            "num_vcpus": spec.sockets,
            "num_cores_per_vcpu": spec.cores_per_socket,
            "memory_mb": spec.memory_bytes >> 20,
            "vm_disks": [*disks, *drives],
            "vm_nics": [nic_body(one) for one in spec.nics],
        }
        if spec.machine_type:
            body["machine_type"] = spec.machine_type.upper()
        if spec.firmware is not Firmware.BIOS:
            body["boot"] = {"uefi_boot": True, "secure_boot": spec.firmware is Firmware.SECURE_BOOT}
        if spec.firmware is Firmware.SECURE_BOOT:
            body.setdefault("machine_type", "Q35")  # it needs that
        return body


def _refuse(spec: VmSpec) -> None:
    """Refuse what only Prism Central can make."""
    for given, path, what in ((spec.category_uuids, "categories", "categories"), (spec.vtpm, "vtpm", "vTPM over v2.0")):
        if given:
            raise InputError(path, f"Prism Element has no {what}", advice="Leave it out, or use Prism Central.")
