"""Discs that carry a payload to one machine, whosever it is.

A disc is an image for a few seconds only: Prism copies it into the drive, so it is deleted as soon as it lies there.
What an interrupted run left of such images is found by their mark.
"""

from __future__ import annotations

from hashlib import sha256
from io import BytesIO

from pulumi_ahv.payload.payload import RenderedPayload
from pulumi_ahv.payload.spec import Identity
from pulumi_ahv.prism.values import Checksum, ImageSpec, ImageType, StreamSource
from pulumi_ahv.prism.vms import DiscKind, Vm
from pulumi_ahv.resources.mark import Mark


def disc_image(payload: RenderedPayload, vm: Vm, *, name: str, mark: Mark) -> ImageSpec:
    """The image of the disc for a machine, on the machine's cluster.

    Raises:
        PayloadError: the payload cannot be delivered to it.
    """
    disc = payload.disc(identity_of(vm))
    return ImageSpec(
        name=name,
        description=mark.write(None),
        type=ImageType.ISO,
        source=StreamSource(lambda: BytesIO(disc), len(disc)),
        checksum=Checksum("sha256", sha256(disc).hexdigest()),
        cluster_uuids=(vm.cluster_uuid,) if vm.cluster_uuid else (),
    )


def identity_of(vm: Vm) -> Identity:
    """What the guest of a machine knows the machine by."""
    return Identity(vm.bios_uuid or vm.uuid, tuple(nic.mac for nic in vm.nics))


def has_disc(vm: Vm) -> bool:
    """Whether a disc that is not Prism's own lies in a drive."""
    return any(drive.kind is DiscKind.OTHER for drive in vm.cd_roms)
