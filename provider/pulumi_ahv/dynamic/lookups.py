"""Lookups, as Python programs write them: ``get_subnet(...)``, and ``get_subnet_output(...)`` for values still to come.

A dynamic provider has no functions (pulumi.md, 1.7), so lookups run in the program's process. Connections are those
of the stack's configuration and of the environment, as for resources; they are made at the first lookup that needs
them, shared by all, and closed when the process ends. A preview looks up what it can: an ``_output`` lookup waits for
its inputs, and is unknown while one of them is.
"""

from __future__ import annotations

import asyncio
import atexit
import os
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import pulumi
from pulumi import Input, InvokeOutputOptions, Output

from pulumi_ahv.dynamic.names import camel, camel_payload, snake
from pulumi_ahv.kernel.errors import AhvError

if TYPE_CHECKING:
    from pulumi_ahv.dynamic.pool import PoolPayloadArgs
    from pulumi_ahv.dynamic.worlds import Settings
    from pulumi_ahv.schema.lookups import (
        GetCategoryResult,
        GetClusterResult,
        GetImageResult,
        GetStorageContainerResult,
        GetSubnetResult,
        GetTemplateResult,
        RenderPayloadResult,
    )

Options = InvokeOutputOptions | None


class LookupFailed(AhvError, pulumi.RunError):
    """What a lookup raises. To Pulumi it is an error that it shows as it is, without a traceback."""


def get_cluster(name: str | None = None, *, connection: str | None = None) -> GetClusterResult:
    """Look up a cluster by name or UUID; without either the connection's, or the only one."""
    found: GetClusterResult = _ask("getCluster", name=name, connection=connection)
    return found


def get_cluster_output(
    name: Input[str] | None = None, *, connection: Input[str] | None = None, opts: Options = None
) -> Output[GetClusterResult]:
    """Do what `get_cluster` does, as soon as the inputs are known."""
    return _ask_later("getCluster", opts, name=name, connection=connection)


def get_subnet(name: str, *, cluster: str | None = None, connection: str | None = None) -> GetSubnetResult:
    """Look up a subnet by name or UUID; ``cluster`` tells those of one name apart."""
    found: GetSubnetResult = _ask("getSubnet", name=name, cluster=cluster, connection=connection)
    return found


def get_subnet_output(
    name: Input[str],
    *,
    cluster: Input[str] | None = None,
    connection: Input[str] | None = None,
    opts: Options = None,
) -> Output[GetSubnetResult]:
    """Do what `get_subnet` does, as soon as the inputs are known."""
    return _ask_later("getSubnet", opts, name=name, cluster=cluster, connection=connection)


def get_storage_container(
    name: str, *, cluster: str | None = None, connection: str | None = None
) -> GetStorageContainerResult:
    """Look up a storage container by name or UUID; ``cluster`` tells those of one name apart."""
    found: GetStorageContainerResult = _ask("getStorageContainer", name=name, cluster=cluster, connection=connection)
    return found


def get_storage_container_output(
    name: Input[str],
    *,
    cluster: Input[str] | None = None,
    connection: Input[str] | None = None,
    opts: Options = None,
) -> Output[GetStorageContainerResult]:
    """Do what `get_storage_container` does, as soon as the inputs are known."""
    return _ask_later("getStorageContainer", opts, name=name, cluster=cluster, connection=connection)


def get_image(
    name: str,
    *,
    type: Literal["disk", "iso"] | None = None,  # noqa: A002 - Prism's word for it
    connection: str | None = None,
) -> GetImageResult:
    """Look up an image by name or UUID, whoever made it."""
    found: GetImageResult = _ask("getImage", name=name, type=type, connection=connection)
    return found


def get_image_output(
    name: Input[str],
    *,
    type: Input[Literal["disk", "iso"]] | None = None,  # noqa: A002 - Prism's word for it
    connection: Input[str] | None = None,
    opts: Options = None,
) -> Output[GetImageResult]:
    """Do what `get_image` does, as soon as the inputs are known."""
    return _ask_later("getImage", opts, name=name, type=type, connection=connection)


def get_template(name: str, *, connection: str | None = None) -> GetTemplateResult:
    """Look up a template by name or UUID, whoever made it."""
    found: GetTemplateResult = _ask("getTemplate", name=name, connection=connection)
    return found


def get_template_output(
    name: Input[str], *, connection: Input[str] | None = None, opts: Options = None
) -> Output[GetTemplateResult]:
    """Do what `get_template` does, as soon as the inputs are known."""
    return _ask_later("getTemplate", opts, name=name, connection=connection)


def get_category(key: str, value: str, *, connection: str | None = None) -> GetCategoryResult:
    """Look up a category. Prism Central only."""
    found: GetCategoryResult = _ask("getCategory", key=key, value=value, connection=connection)
    return found


def get_category_output(
    key: Input[str], value: Input[str], *, connection: Input[str] | None = None, opts: Options = None
) -> Output[GetCategoryResult]:
    """Do what `get_category` does, as soon as the inputs are known."""
    return _ask_later("getCategory", opts, key=key, value=value, connection=connection)


def render_payload(
    payload: PoolPayloadArgs,
    *,
    name: str | None = None,
    slot: int | None = None,
    member_variables: Mapping[str, Any] | None = None,
    owner: str | None = None,
) -> RenderPayloadResult:
    """Render a payload without secrets, as a pool does for one member, and say what is wrong with it.

    Raises:
        LookupFailed: a file carries a secret, which a plain answer cannot keep.
    """
    found: RenderPayloadResult = _ask(
        "renderPayload",
        payload=camel_payload(payload),
        name=name,
        slot=slot,
        member_variables=member_variables,
        owner=owner,
    )
    if found.carries_secret:
        said = "its files carry a secret, which a plain answer cannot keep"
        raise LookupFailed("render_payload: payload", said=said, advice="Use render_payload_output.")
    return found


def render_payload_output(
    payload: Input[PoolPayloadArgs],
    *,
    name: Input[str] | None = None,
    slot: Input[int] | None = None,
    member_variables: Input[Mapping[str, Any]] | None = None,
    owner: Input[str] | None = None,
    opts: Options = None,
) -> Output[RenderPayloadResult]:
    """Do what `render_payload` does, as soon as the inputs are known; secret where a file carries a secret."""
    found: Output[RenderPayloadResult] = _ask_later(
        "renderPayload",
        opts,
        payload=camel_payload(payload),
        name=name,
        slot=slot,
        member_variables=member_variables,
        owner=owner,
    )
    return found.apply(lambda told: Output.secret(told) if told.carries_secret else Output.from_input(told))


def _ask(lookup: str, **given: Any) -> Any:
    return _answer(lookup, _bag(given), _settings())


def _ask_later(lookup: str, opts: Options, **given: Any) -> Output[Any]:
    """Ask in a thread when all is known, so that the program goes on meanwhile."""
    settings = _settings()  # now: this is the program's own context

    def ask(known: Sequence[Any]) -> Any:
        return asyncio.to_thread(_answer, lookup, _bag(known[0]), settings)

    return Output.all(Output.from_input(given), Output.all(*_waited_for(opts))).apply(ask)


def _answer(lookup: str, bag: Mapping[str, Any], settings: Settings) -> Any:
    from pulumi_ahv.dynamic.worlds import DEBUG, world  # noqa: PLC0415 - a program without lookups does not pay for it
    from pulumi_ahv.resources.lookups.answering import answer  # noqa: PLC0415 - likewise

    _close_at_the_end()
    try:
        return answer(lookup, bag, lambda connection: world(settings).site(connection))
    except AhvError as error:
        if os.environ.get(DEBUG):
            raise
        raise LookupFailed(f"{snake(lookup)}: {error.doing}", said=error.said, advice=error.advice) from None


def _settings() -> Settings:
    from pulumi_ahv.dynamic.worlds import settings_in  # noqa: PLC0415 - likewise

    return settings_in(pulumi.Config("ahv").get)


def _waited_for(opts: Options) -> list[Output[Any]]:
    """What tells that resources exist: a custom resource's id, which is unknown in the preview that creates it."""
    if opts is None:
        return []
    if opts.provider is not None:
        raise LookupFailed("A lookup takes no provider", advice="Name a connection instead: connection='...'.")
    named: Any = opts.depends_on or []
    listed = named if isinstance(named, Sequence) else [named]
    return [Output.from_input(one).apply(_sign) for one in listed]


def _sign(resource: pulumi.Resource) -> Output[Any]:
    return resource.id if isinstance(resource, pulumi.CustomResource) else resource.urn


def _bag(given: Mapping[str, Any]) -> dict[str, Any]:
    return {camel(name): value for name, value in given.items() if value is not None}


@cache
def _close_at_the_end() -> None:
    from pulumi_ahv.dynamic.worlds import close_worlds  # noqa: PLC0415 - likewise

    atexit.register(close_worlds)
