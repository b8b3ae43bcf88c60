"""New machines of a Prism Element: made of images, or cloned many at a time.

Facts (api-legacy, sections 1.3 to 1.5): the client chooses the ids, so what an unanswered call made is found by them;
one call clones a machine or a snapshot many times and its task names all; its customization counts for all of them,
so clones with texts of their own take a call each; a clone is made of an image's disk, not of the image.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_ahv.kernel.errors import AhvError, ApiError, InputError, TaskFailed
from pulumi_ahv.prism.dispatch import Intention
from pulumi_ahv.prism.element.api import Api
from pulumi_ahv.prism.element.images import ElementImages
from pulumi_ahv.prism.element.vm_many import PATH, WHOLE
from pulumi_ahv.prism.element.vm_reading import vm_of
from pulumi_ahv.prism.settling import settled
from pulumi_ahv.prism.tasks import TaskPoller
from pulumi_ahv.prism.values import Cluster
from pulumi_ahv.prism.vm_interface import Doings, Outcomes
from pulumi_ahv.prism.vms import CloneSpec, Customization, DiskSpec, Firmware, NicSpec, Outcome, Vm, VmSpec

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

    def clone(self, source: str, specs: Mapping[str, CloneSpec], *, doings: Doings) -> Outcomes:
        """Clone what a path names; clones without a customization of their own in one call."""
        groups: dict[str, dict[str, CloneSpec]] = {}
        for key, spec in specs.items():
            groups.setdefault(key if spec.customization else "", {})[key] = spec
        outcomes: dict[str, Outcome] = {}
        for group in groups.values():
            outcomes |= self._clone_together(source, group, doings)
        return outcomes

    def disk_of(self, image_uuid: str) -> str:
        """The disk that clones of an image are made from.

        Raises:
            InputError: there is no such image, or it is not ready.
        """
        image = self._images.get(image_uuid)
        if image is None or not image.vm_disk_uuid:
            said = "it is not active yet" if image else "this Prism Element does not know it"
            raise InputError(
                "image", f"image {image_uuid} cannot be used: {said}", advice="Wait for it, or correct it."
            )
        return image.vm_disk_uuid

    def _clone_together(self, source: str, group: Mapping[str, CloneSpec], doings: Doings) -> Outcomes:
        bodies = {key: _clone_body(spec) for key, spec in group.items()}
        uuids = {key: Intention(key, source, body).request_id(1) for key, body in bodies.items()}
        shared: dict[str, Any] = {}
        if text := next((spec.customization for spec in group.values() if spec.customization), None):
            shared["vm_customization_config"] = _customization(text)
        wanted = {uuid: {**bodies[key], "uuid": uuid} for key, uuid in uuids.items()}
        errors = self._make_clones(f"{source}/clone", wanted, shared, doings)
        return {key: Outcome(uuid, errors.get(uuid)) for key, uuid in uuids.items()}

    def _make_clones(
        self, path: str, wanted: Mapping[str, Any], shared: Mapping[str, Any], doings: Doings
    ) -> dict[str, AhvError]:
        """Make the clones, and answer the errors of those that are not there then.

        A call fails as a whole when an earlier one, unanswered or interrupted, has made some of them; then the others
        are asked for by themselves.
        """
        doing = f"Cloning {len(wanted)} machines"
        try:
            self._start(path, {"spec_list": list(wanted.values()), **shared}, doing, doings)
        except AhvError as error:
            missing = {uuid: body for uuid, body in wanted.items() if not self._read(uuid, doing)}
            if len(missing) == len(wanted):
                return dict.fromkeys(wanted, error)
            return self._make_clones(path, missing, shared, doings) if missing else {}
        return {}

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
        disks = [disk_body(one, self.disk_of(one.image_uuid) if one.image_uuid else "") for one in spec.disks]
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
        return body


def disk_body(spec: DiskSpec, image_disk: str) -> dict[str, Any]:
    """A disk to be made: of an image's disk, or empty."""
    place = {"storage_container_uuid": spec.storage_container_uuid} if spec.storage_container_uuid else {}
    item: dict[str, Any] = {"is_cdrom": False, "disk_address": {"device_bus": spec.bus}}
    if not image_disk:
        return item | {"vm_disk_create": {"size": spec.size_bytes, **place}}
    clone: dict[str, Any] = {"disk_address": {"vmdisk_uuid": image_disk}, **place}
    return item | {"vm_disk_clone": clone | ({"minimum_size": spec.size_bytes} if spec.size_bytes else {})}


def nic_body(spec: NicSpec) -> dict[str, Any]:
    """A card to be made. Its model is left to Prism, which refuses the word ``VIRTIO``."""
    body: dict[str, Any] = {"network_uuid": spec.subnet_uuid, "is_connected": True}
    if spec.address:
        body |= {"request_ip": True, "requested_ip_address": spec.address}
    return body | ({"model": "e1000"} if spec.model == "e1000" else {})


def _clone_body(spec: CloneSpec) -> dict[str, Any]:
    wanted = {
        "name": spec.name,
        "num_vcpus": spec.sockets,
        "num_cores_per_vcpu": spec.cores_per_socket,
        "memory_mb": None if spec.memory_bytes is None else spec.memory_bytes >> 20,
    }
    body: dict[str, Any] = {name: value for name, value in wanted.items() if value is not None}
    if spec.nics is not None:
        body |= {"override_network_config": True, "vm_nics": [nic_body(one) for one in spec.nics]}
    return body


def _customization(text: Customization) -> dict[str, Any]:
    """The text in the clear, as v2.0 wants it; an answer file is user data there, too."""
    return {"datasource_type": "CONFIG_DRIVE_V2", "userdata": text.text.decode("utf-8"), "fresh_install": False}


def _refuse(spec: VmSpec) -> None:
    """Refuse what only Prism Central can make."""
    for given, path, what in ((spec.category_uuids, "categories", "categories"), (spec.vtpm, "vtpm", "vTPM over v2.0")):
        if given:
            raise InputError(path, f"Prism Element has no {what}", advice="Leave it out, or use Prism Central.")
