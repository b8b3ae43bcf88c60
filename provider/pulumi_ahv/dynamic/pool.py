"""The pool and its gate, as Python programs write them.

Names inside `variables`, `secrets` and `meta_data` are the user's and stay as they are. So, other than in ``image``,
names are translated here, one level deep, and the SDK is told to translate none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict

import pulumi
from pulumi import Input, Output
from pulumi.dynamic import Resource

from pulumi_ahv.dynamic.names import camel, camel_once
from pulumi_ahv.dynamic.owner import owner_of
from pulumi_ahv.dynamic.payload import PayloadTextsArgs, sealed, sealed_payload
from pulumi_ahv.dynamic.provider import AhvProvider
from pulumi_ahv.dynamic.typed import output


class PoolNamingArgs(TypedDict, total=False):
    """What members are called."""

    pattern: Input[str]
    start: Input[int]
    width: Input[int]


class PoolPayloadArgs(PayloadTextsArgs, total=False):
    """What the guest of each member is told at its first boot."""

    delivery: Input[Literal["auto", "cdrom", "prism", "path"]]
    path: Input[str]
    disc_seconds: Input[int]


class PoolDomainArgs(TypedDict, total=False):
    """The Active Directory domain that members join at their first boot."""

    name: Input[str]
    ou: Input[str]
    account: Input[str]
    account_domain: Input[str]
    password: Input[str]
    join: Input[bool]


class PoolNetworkArgs(TypedDict, total=False):
    """What goes with addresses that guests set themselves."""

    gateway: Input[str]
    dns_servers: Input[Sequence[Input[str]]]
    dns_search: Input[Sequence[Input[str]]]
    mtu: Input[int]


class PoolGuestToolsArgs(TypedDict, total=False):
    """Nutanix Guest Tools of every member."""

    capabilities: Input[Sequence[Input[Literal["selfServiceRestore", "vssSnapshot"]]]]


class PoolReadinessArgs(TypedDict, total=False):
    """When a member counts as ready."""

    when: Input[Literal["power", "address", "payload", "guestTools"]]
    timeout: Input[int]


class PoolRolloutArgs(TypedDict, total=False):
    """How members are rolled."""

    batch_size: Input[int]
    max_unavailable: Input[int]
    max_surge: Input[int]
    pause: Input[float]
    max_failed: Input[int]
    on_failure: Input[Literal["stop", "rollBack"]]


class PoolGate(Resource, module="ahv", name="PoolGate"):
    """Fails the run while its pool is not ready. A ``Pool`` registers its own; wire what needs a whole pool to it.

    container = Command("configure", opts=pulumi.ResourceOptions(depends_on=[pool.gate]))
    """

    def __init__(self, resource_name: str, *, pool: Pool, opts: pulumi.ResourceOptions | None = None) -> None:
        """Watch a pool.

        Args:
            resource_name: Name of the resource in the program.
            pool: The pool.
            opts: Options that any Pulumi resource takes.
        """
        told = {"pool": pool.id, "name": resource_name, "ready": pool.ready, "failures": pool.failures}
        super().__init__(AhvProvider("PoolGate"), resource_name, told, opts)


class Pool(Resource, module="ahv", name="Pool"):
    """Machines made of one template: a stable slot each, rolled in batches when the template or the payload changes.

        pool = Pool("agents", template=template_uuid, size=10, payload={"template_file": "user-data.yaml"})
        pulumi.export("addresses", pool.member_addresses)

    A pool that could not be made whole stands with the members that it has. Its gate, a resource below it, then fails
    the run with one line for each of the others, and the next ``up`` repairs those.
    """

    gate: PoolGate

    def __init__(
        self,
        resource_name: str,
        *,
        template: Input[str],
        size: Input[int],
        name: Input[str] | None = None,
        provisioning: Input[Literal["thin", "full"]] | None = None,
        template_version: Input[str] | None = None,
        naming: Input[PoolNamingArgs] | None = None,
        payload: Input[PoolPayloadArgs] | None = None,
        member_variables: Input[Mapping[str, Mapping[str, Any]]] | None = None,
        networks: Input[Sequence[Input[str]]] | None = None,
        addresses: Input[Sequence[Input[str]]] | None = None,
        network: Input[PoolNetworkArgs] | None = None,
        domain: Input[PoolDomainArgs] | None = None,
        vcpus: Input[int] | None = None,
        memory: Input[int] | None = None,
        categories: Input[Sequence[Input[str]]] | None = None,
        power: Input[Literal["on", "off"]] | None = None,
        guest_tools: Input[PoolGuestToolsArgs] | None = None,
        readiness: Input[PoolReadinessArgs] | None = None,
        rollout: Input[PoolRolloutArgs] | None = None,
        remove_first: Input[Sequence[Input[str]]] | None = None,
        scale_down: Input[Literal["highestSlot", "oldest", "newest"]] | None = None,
        on_payload_change: Input[Literal["recreate", "nextRecreate", "ignore"]] | None = None,
        on_member_failure: Input[Literal["replace", "keep", "fail"]] | None = None,
        on_delete: Input[Literal["delete", "keep"]] | None = None,
        shutdown_timeout: Input[int] | None = None,
        timeout: Input[int] | None = None,
        cluster: Input[str] | None = None,
        connection: Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare a pool.

        Args:
            resource_name: Name of the resource in the program.
            template: UUID of the template.
            size: Number of members.
            name: Name of the pool. Default: the name of the resource.
            provisioning: How new members are made: ``thin`` (default) or ``full``.
            template_version: UUID of a template version. Default: the active one, followed when another becomes it.
            naming: What members are called: ``pattern`` with ``{n}`` in it, ``start`` and ``width`` of the number.
            payload: What guests are told at their first boot: a template, its variables and secrets.
            member_variables: Further variables of single members, by their name or slot.
            networks: Subnets by name or UUID, one for each card. Default: the cards of the template.
            addresses: Addresses of the first card, by slot: plain ones are given out by Prism, those with a prefix
                length set by the guest. Default: Prism or DHCP gives them.
            network: Gateway and name servers of guests that set their address themselves.
            domain: Active Directory domain that members join: ``name``, ``ou``, ``account`` and its ``password``.
            vcpus: Number of vCPUs. Default: as in the template.
            memory: Memory in MiB. Default: as in the template.
            categories: Categories as ``Key:Value``. They have to exist.
            power: Whether members run: ``on`` (default) or ``off``.
            guest_tools: Guest tools of every member, and what they are enabled for.
            readiness: When a member counts as ready, and how long that may take.
            rollout: How members are rolled: batches, limits, what happens when too many fail.
            remove_first: Names of members that go first when the pool shrinks.
            scale_down: Who goes after them: ``highestSlot`` (default), ``oldest`` or ``newest``.
            on_payload_change: A new payload: ``recreate`` (default), ``nextRecreate`` or ``ignore``.
            on_member_failure: A broken member: ``replace`` (default), ``keep`` or ``fail``.
            on_delete: What happens to the members when the pool goes: ``delete`` (default) or ``keep``.
            shutdown_timeout: Seconds that a guest may take to shut down. Default: 120.
            timeout: Seconds that Prism may take for one batch. Default: 3600.
            cluster: Cluster by name or UUID. Default: that of the connection, or the only one.
            connection: Name of a connection of ``ahv:connections``. Default: the connection of ``ahv:endpoint``.
            opts: Options that any Pulumi resource takes.
        """
        given: dict[str, Any] = {
            "template": template,
            "size": size,
            "name": resource_name if name is None else name,
            "provisioning": provisioning,
            "template_version": template_version,
            "naming": camel_once(naming),
            "payload": sealed_payload(payload),
            "member_variables": member_variables,
            "networks": networks,
            "addresses": addresses,
            "network": camel_once(network),
            "domain": sealed(domain, "password"),
            "vcpus": vcpus,
            "memory": memory,
            "categories": categories,
            "power": power,
            "guest_tools": camel_once(guest_tools),
            "readiness": camel_once(readiness),
            "rollout": camel_once(rollout),
            "remove_first": remove_first,
            "scale_down": scale_down,
            "on_payload_change": on_payload_change,
            "on_member_failure": on_member_failure,
            "on_delete": on_delete,
            "shutdown_timeout": shutdown_timeout,
            "timeout": timeout,
            "cluster": cluster,
            "connection": connection,
            "owner": owner_of(resource_name, opts),
            "fallback": Output.secret({}),  # what the provider puts into such a place is secret as well
        }
        outputs = dict.fromkeys(("members", "status", "ready", "failures", "metrics"))
        told = {camel(key): value for key, value in (given | outputs).items()}
        super().__init__(AhvProvider("Pool"), resource_name, told, opts)
        self.gate = PoolGate(resource_name, pool=self, opts=pulumi.ResourceOptions(parent=self))

    @property
    @pulumi.getter
    def members(self) -> Output[Mapping[str, Any]]:
        """Every member by its name, as it is wanted; after a refresh, as it is."""
        return output(self, "members")

    @property
    @pulumi.getter
    def status(self) -> Output[Mapping[str, Any]]:
        """Every member by its name: ``uuid``, ``slot``, ``addresses``, ``state`` and ``reason``."""
        return output(self, "status")

    @property
    def member_addresses(self) -> Output[Mapping[str, Sequence[str]]]:
        """Addresses of every member, by its name."""
        return self.status.apply(lambda told: {name: each["addresses"] for name, each in (told or {}).items()})

    @property
    @pulumi.getter
    def ready(self) -> Output[bool]:
        """Whether all members are as they are wanted."""
        return output(self, "ready")

    @property
    @pulumi.getter
    def failures(self) -> Output[Sequence[str]]:
        """One line for each member that is not."""
        return output(self, "failures")

    @property
    @pulumi.getter
    def metrics(self) -> Output[Mapping[str, Any]]:
        """How long the last run took: ``seconds`` in all, and ``members`` by phase."""
        return output(self, "metrics")
