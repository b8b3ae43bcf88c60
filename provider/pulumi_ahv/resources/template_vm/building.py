"""Makes versions: a machine under a working name, built from the images or made of a version, frozen, and dropped.

The working name tells what the machine is to become, so that an interrupted run's machine is taken up, and it begins
with what belongs to this template alone, so that what is left over can be swept away. A machine that a template has
taken over (that of the first version on an Element) has its name no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pulumi_ahv.kernel.errors import InputError
from pulumi_ahv.prism.values import Image
from pulumi_ahv.prism.vms import CloneSpec, DiskSpec, Firmware, Power, Template, TemplateVersion, Vm, VmSpec
from pulumi_ahv.resources.naming import is_uuid, resolve
from pulumi_ahv.resources.template_vm.first_boot import FirstBoot, Stage, disc_mark, stage_of, staged
from pulumi_ahv.resources.template_vm.job import Job, demand
from pulumi_ahv.resources.template_vm.records import (
    Record,
    described,
    newest,
    next_name,
    same_base,
    working_name,
    working_prefix,
)
from pulumi_ahv.schema.template_vm import TemplateDisk

_MIB = 1 << 20
_GIB = 1 << 30
_CD_ROM_BUS = "sata"  # the one bus that every machine type has
_STAYS = "It stays: once it is off the next `up` freezes it; deleted, it is built anew."


@dataclass(frozen=True)
class Building:
    """The versions of one template."""

    job: Job
    content: str

    def first(self) -> Template:
        """A new template with its first version."""
        self.job.say("building its machine")
        machine = self._from_images("", fate="It goes with this failed run.")
        self.job.say("freezing the machine as a template")
        return self.job.site.templates.create(
            machine,
            name=self.job.told.name,
            description=described(self.job.told.description, self.job.mark, None),
            key=self.job.mark.key,
            doings=self.job.doings(),
        )

    def next(self, template: Template) -> Template:
        """One more version, which is the active one then."""
        base, name = newest(template), next_name(template.versions)
        if base and same_base(base[1].content, self.content):
            self.job.say(f"making '{name}' of '{base[0].name}'")
            machine, text = self._from_version(template, base[0], name), f"Made of '{base[0].name}'."
        else:
            self.job.say(f"building '{name}' from the images")
            machine, text = self._from_images(name, fate=_STAYS), "Built from the images."
        return self.job.site.templates.add_version(
            template.uuid,
            machine,
            name=name,
            description=Record(self.content).write(text),
            key=f"{self.job.mark.key}\0{name}",
            doings=self.job.doings(),
        )

    def sweep(self) -> None:
        """Delete every machine that was built for this template and still has the name it was built under.

        Discs for first boots go before their machines: while there is none of those, there is none of these.
        """
        left = self.job.site.vms.find(prefix=working_prefix(self.job.mark.owner))
        if left:
            self._delete_discs(left)
            self._delete(left)

    def _from_images(self, version: str, *, fate: str) -> str:
        """The machine for a version, ready to be frozen."""
        vm, payload = self._built(version), self.job.told.payload
        if payload is None:
            return vm.uuid
        first_boot = FirstBoot(self.job, payload, fate)
        if first_boot.is_lost(vm):
            self.job.say(f"building its machine anew: what the guest of machine {vm.uuid} has done is not known")
            self._delete_discs([vm])
            self._delete([vm])
            vm = self._built(version)
        first_boot.bring(vm)
        self._delete_discs([vm])
        return vm.uuid

    def _delete(self, vms: Sequence[Vm]) -> None:
        job, running = self.job, [vm.uuid for vm in vms if vm.power is not Power.OFF]
        if running:
            demand(job.site.vms.power_off(running, doings=job.doings()))
        demand(job.site.vms.delete([vm.uuid for vm in vms], doings=job.doings()))

    def _delete_discs(self, vms: Sequence[Vm]) -> None:
        """Delete what interrupted runs left of the discs for first boots."""
        job = self.job
        marks = [disc_mark(job.told.owner, vm.uuid) for vm in vms if stage_of(vm)]
        if not marks:
            return
        left = [image.uuid for mark in marks for image in job.site.images.described(mark.fragment)]
        demand(job.site.images.delete_many(left, deadline=job.doings().deadline))
        job.site.images.forget([mark.key for mark in marks])

    def _built(self, version: str) -> Vm:
        """The machine for a version; each has one of its own, also where an earlier one had the same content."""
        job, told = self.job, self.job.told
        name = working_name(job.mark.owner, self.content)
        if found := job.site.vms.find(names=[name]):
            return found[0]
        text = f"Is frozen as a version of template '{told.name}'."
        spec = VmSpec(
            name=name,
            description=staged(text, Stage.WANTED) if told.payload else text,
            cluster_uuid=job.cluster_uuid(),
            sockets=told.vcpus // told.cores_per_socket,
            cores_per_socket=told.cores_per_socket,
            memory_bytes=told.memory * _MIB,
            disks=tuple(self._disk(disk, f"disks[{at}]") for at, disk in enumerate(told.disks)),
            nics=job.nics(),
            cd_rom_bus=(_CD_ROM_BUS,) * told.cd_roms,
            firmware=Firmware(told.firmware),
            machine_type=told.machine_type or "",
            vtpm=told.vtpm,
        )
        return job.site.vms.create(spec, key=f"{job.mark.key}\0{name}\0{version}", doings=job.doings())

    def _from_version(self, template: Template, base: TemplateVersion, version: str) -> str:
        job, told = self.job, self.job.told
        spec = CloneSpec(
            name=working_name(job.mark.owner, self.content, base.uuid),
            sockets=told.vcpus // told.cores_per_socket,
            cores_per_socket=told.cores_per_socket,
            memory_bytes=told.memory * _MIB,
            nics=job.nics(),
        )
        specs = {f"{job.mark.key}\0{spec.name}\0{version}": spec}
        made = job.site.templates.deploy(template.uuid, base.uuid, job.cluster_uuid(), specs, doings=job.doings())
        demand(made)
        uuid = next(iter(made.values())).uuid
        if not spec.nics:  # a deployment without cards has those of the version
            demand(job.site.vms.set_nics({uuid: ()}, doings=job.doings()))
        return uuid

    def _disk(self, disk: TemplateDisk, path: str) -> DiskSpec:
        image = self._image(disk.image, f"{path}.image") if disk.image else None
        size = (disk.size or 0) * _GIB
        if image and size and size < image.size_bytes:
            said = f"is {disk.size} GiB, and image {image.name!r} has {image.size_bytes} bytes"
            raise InputError(f"{path}.size", said, advice="Make it as large as the image, or leave it out.")
        container = self._container(disk.storage_container, f"{path}.storageContainer")
        return DiskSpec(image.uuid if image else "", size, container)

    def _image(self, text: str, path: str) -> Image:
        images = self.job.site.images
        found = images.get(text) if is_uuid(text) else None
        if found:
            return found
        known = images.named(text)
        uuid = resolve("image", text, known, path=path)
        return next(image for image in known if image.uuid == uuid)

    def _container(self, text: str | None, path: str) -> str:
        """Containers have the same names on every cluster: only those of ours count."""
        if text is None:
            return ""
        inventory, cluster = self.job.site.inventory, self.job.cluster_uuid()
        known = [each for each in inventory.storage_containers() if each.cluster_uuid == cluster]
        return resolve("storage container", text, known, path=path)
