"""The template VM, as Python programs write it.

Names inside the `payload` are the user's; so names are translated here, as in ``pool``, and the SDK translates none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict

import pulumi
from pulumi import Input, Output
from pulumi.dynamic import Resource

from pulumi_ahv.dynamic.names import camel, camel_keys, camel_once
from pulumi_ahv.dynamic.owner import owner_of
from pulumi_ahv.dynamic.payload import PayloadTextsArgs, sealed_payload
from pulumi_ahv.dynamic.provider import AhvProvider
from pulumi_ahv.dynamic.typed import output


class TemplateDiskArgs(TypedDict, total=False):
    """A disk: a copy of an image, or an empty one."""

    image: Input[str]
    size: Input[int]
    storage_container: Input[str]


class TemplateVmPayloadArgs(PayloadTextsArgs, total=False):
    """What the guest is told at the one boot that a version has before it is frozen."""

    timeout: Input[int]


class TemplateVmGuestToolsArgs(TypedDict, total=False):
    """Nutanix Guest Tools in a version that is built: their disc is in at that boot."""

    capabilities: Input[Sequence[Input[Literal["selfServiceRestore", "vssSnapshot"]]]]


class TemplateVm(Resource, module="ahv", name="TemplateVm"):
    """The master of pools: a template of Prism Central with its versions.

    Each change of what the machine is publishes a new version, and pools that follow the active one roll.

        golden = TemplateVm("golden", disks=[{"image": image.id}], vcpus=2, memory=4096, networks=["agents"])
        pool = Pool("agents", template=golden.id, template_version=golden.version_id, size=10)

    Set ``maintenance=True`` to have a machine of the newest version for changes by hand, and take it out again to
    publish them.
    """

    def __init__(
        self,
        resource_name: str,
        *,
        disks: Input[Sequence[Input[TemplateDiskArgs]]],
        vcpus: Input[int],
        memory: Input[int],
        name: Input[str] | None = None,
        description: Input[str] | None = None,
        cores_per_socket: Input[int] | None = None,
        networks: Input[Sequence[Input[str]]] | None = None,
        firmware: Input[Literal["bios", "uefi", "secureBoot"]] | None = None,
        machine_type: Input[Literal["pc", "q35"]] | None = None,
        vtpm: Input[bool] | None = None,
        cd_roms: Input[int] | None = None,
        payload: Input[TemplateVmPayloadArgs] | None = None,
        guest_tools: Input[TemplateVmGuestToolsArgs] | None = None,
        maintenance: Input[bool] | None = None,
        on_maintenance_end: Input[Literal["publish", "discard"]] | None = None,
        shutdown_timeout: Input[int] | None = None,
        on_shutdown_timeout: Input[Literal["fail", "powerOff"]] | None = None,
        version: Input[str] | None = None,
        timeout: Input[int] | None = None,
        cluster: Input[str] | None = None,
        connection: Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare a template VM.

        Args:
            resource_name: Name of the resource in the program.
            disks: Disks in their order: ``{"image": image.id}``, ``{"size": 20}`` (GiB, empty), or both.
            vcpus: Number of vCPUs.
            memory: Memory in MiB.
            name: Name in Prism. Default: the name of the resource.
            description: Description in Prism. The provider adds its owner mark below it.
            cores_per_socket: Cores on each socket. Default: 1.
            networks: Subnets by name or UUID, one for each card. Default: no card.
            firmware: How it boots: ``bios`` (default), ``uefi`` or ``secureBoot``.
            machine_type: ``pc`` or ``q35``. Default: Prism's own; ``q35`` for ``secureBoot``.
            vtpm: Whether it has a virtual TPM. Default: false.
            cd_roms: Empty CD-ROM drives. Default: 1.
            payload: What the guest is told, once, when a version is built; it has to end in a power-off. Default: a
                version is frozen as its images are.
            guest_tools: Nutanix Guest Tools: their disc is in at the boot for the payload. Default: none.
            maintenance: Whether a machine of the newest version is up for changes. Default: false.
            on_maintenance_end: What happens to the changes then: ``publish`` (default) or ``discard``.
            shutdown_timeout: Seconds that the guest may take to shut down for it. Default: 300.
            on_shutdown_timeout: What happens when it takes longer: ``fail`` (default) or ``powerOff``.
            version: Name or UUID of the version that is to be the active one. Default: the newest.
            timeout: Seconds that Prism may take for one step. Default: 3600.
            cluster: Cluster by name or UUID. Default: that of the connection, or the only one.
            connection: Name of a connection of ``ahv:connections``. Default: the connection of ``ahv:endpoint``.
            opts: Options that any Pulumi resource takes.
        """
        given: dict[str, Any] = {
            "name": resource_name if name is None else name,
            "description": description,
            "disks": camel_keys(disks),
            "vcpus": vcpus,
            "cores_per_socket": cores_per_socket,
            "memory": memory,
            "networks": networks,
            "firmware": firmware,
            "machine_type": machine_type,
            "vtpm": vtpm,
            "cd_roms": cd_roms,
            "payload": sealed_payload(payload),
            "guest_tools": camel_once(guest_tools),
            "maintenance": maintenance,
            "on_maintenance_end": on_maintenance_end,
            "shutdown_timeout": shutdown_timeout,
            "on_shutdown_timeout": on_shutdown_timeout,
            "version": version,
            "timeout": timeout,
            "cluster": cluster,
            "connection": connection,
            "owner": owner_of(resource_name, opts),
        }
        outputs = dict.fromkeys(
            ("content", "uuid", "active_version", "version_id", "versions", "maintenance_vm_uuid", "claim")
        )
        told = {camel(key): value for key, value in (given | outputs).items()}
        super().__init__(AhvProvider("TemplateVm"), resource_name, told, opts)

    @property
    @pulumi.getter
    def uuid(self) -> Output[str]:
        """UUID of the template; also the resource's id, which stays known in more previews."""
        return output(self, "uuid")

    @property
    @pulumi.getter(name="activeVersion")
    def active_version(self) -> Output[str]:
        """Name of the active version."""
        return output(self, "activeVersion")

    @property
    @pulumi.getter(name="versionId")
    def version_id(self) -> Output[str]:
        """UUID of the active version; a preview that may change it shows that the pools wired to it may roll."""
        return output(self, "versionId")

    @property
    @pulumi.getter
    def versions(self) -> Output[Sequence[Mapping[str, Any]]]:
        """All versions, the newest first: ``uuid``, ``name``, ``description``, ``created`` and ``active``."""
        return output(self, "versions")

    @property
    @pulumi.getter(name="maintenanceVmUuid")
    def maintenance_vm_uuid(self) -> Output[str | None]:
        """UUID of the machine that is up for changes."""
        return output(self, "maintenanceVmUuid")
