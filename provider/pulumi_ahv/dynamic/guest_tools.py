"""Guest tools of one machine, as Python programs write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict

import pulumi
from pulumi import Input, Output

from pulumi_ahv.dynamic.provider import AhvProvider
from pulumi_ahv.dynamic.typed import TranslatedResource, output


class GuestToolsInstallArgs(TypedDict, total=False):
    """How the tools get into the guest."""

    username: Input[str]
    password: Input[str]
    reboot: Input[Literal["skip", "immediate"]]


class GuestTools(TranslatedResource, module="ahv", name="GuestTools"):
    """Nutanix Guest Tools (NGT) of one machine: enabled, for what, their disc, and whether they are installed.

        tools = GuestTools(
            "tools", vm=vm_uuid, capabilities=["vssSnapshot"], wait_until_reachable=True,
            install={"username": "administrator", "password": config.require_secret("password")},
        )

    Members of a pool have ``guest_tools`` of the pool.
    """

    def __init__(
        self,
        resource_name: str,
        *,
        vm: Input[str],
        name: Input[str] | None = None,
        enabled: Input[bool] | None = None,
        capabilities: Input[Sequence[Input[Literal["selfServiceRestore", "vssSnapshot"]]]] | None = None,
        mount: Input[bool] | None = None,
        install: Input[GuestToolsInstallArgs] | None = None,
        wait_until_reachable: Input[bool] | None = None,
        on_delete: Input[Literal["disable", "keep", "uninstall"]] | None = None,
        timeout: Input[int] | None = None,
        connection: Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the guest tools of a machine.

        Args:
            resource_name: Name of the resource in the program.
            vm: UUID of the machine.
            name: What messages call it. Default: the name of the resource.
            enabled: Whether Prism talks to the tools. Default: true.
            capabilities: What they are enabled for. Default: what they are enabled for already.
            mount: Whether their disc is in a drive. Default: left to others.
            install: Installs them inside the running guest: ``username``, ``password`` and ``reboot``.
            wait_until_reachable: Whether a run waits until they answer. Default: false.
            on_delete: What happens to them then: ``disable`` (default), ``keep`` or ``uninstall``.
            timeout: Seconds that one step may take. Default: 1800.
            connection: Name of a connection of ``ahv:connections``. Default: the connection of ``ahv:endpoint``.
            opts: Options that any Pulumi resource takes.
        """
        given: dict[str, Any] = {
            "name": resource_name if name is None else name,
            "vm": vm,
            "enabled": enabled,
            "capabilities": capabilities,
            "mount": mount,
            "install": _sealed(install),
            "wait_until_reachable": wait_until_reachable,
            "on_delete": on_delete,
            "timeout": timeout,
            "connection": connection,
        }
        outputs = dict.fromkeys(("installed", "reachable", "version", "available_version", "iso_mounted"))
        super().__init__(AhvProvider("GuestTools"), resource_name, {**given, **outputs}, opts)

    @property
    @pulumi.getter
    def installed(self) -> Output[bool]:
        """Whether they are installed in the guest."""
        return output(self, "installed")

    @property
    @pulumi.getter
    def reachable(self) -> Output[bool]:
        """Whether they answer Prism."""
        return output(self, "reachable")

    @property
    @pulumi.getter
    def version(self) -> Output[str]:
        """Version that is installed; empty where there is none."""
        return output(self, "version")

    @property
    @pulumi.getter(name="availableVersion")
    def available_version(self) -> Output[str]:
        """Version that Prism has."""
        return output(self, "available_version")

    @property
    @pulumi.getter(name="isoMounted")
    def iso_mounted(self) -> Output[bool]:
        """Whether their disc is in a drive."""
        return output(self, "iso_mounted")


def _sealed(install: Any) -> Any:
    """The credentials with the password marked; those that only the engine knows yet are secret as a whole."""
    if isinstance(install, Output):
        return Output.secret(install)
    if isinstance(install, Mapping) and install.get("password") is not None:
        return {**install, "password": Output.secret(install["password"])}
    return install
