"""The one way in: the name of a lookup and a bag, and out comes what was found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from pulumi_ahv.kernel.errors import AhvError
from pulumi_ahv.prism.interface import Site
from pulumi_ahv.resources.lookups import contents, places
from pulumi_ahv.schema.fields import Bag
from pulumi_ahv.schema.lookups import (
    Found,
    GetCategoryArgs,
    GetClusterArgs,
    GetImageArgs,
    GetStorageContainerArgs,
    GetSubnetArgs,
    GetTemplateArgs,
    RenderPayloadArgs,
)
from pulumi_ahv.schema.validate import validate

Sites = Callable[[str | None], Site]
"""The site of a connection; the default one for ``None``."""
Args = TypeVar("Args", bound=Bag)
Handler = Callable[[Mapping[str, Any], Sites], Found]


def answer(lookup: str, bag: Mapping[str, Any], sites: Sites) -> Found:
    """Look up.

    Args:
        lookup: its name in the schema: ``getSubnet``.
        bag: what to look for, under schema names and without unknown values.
        sites: asked for the connection that the bag names, once the bag is found to be right.

    Raises:
        AhvError: the bag is wrong, or there is no such thing, or there are several; with the paths of properties.
    """
    return _HANDLERS[lookup](bag, sites)


def _asking(model: type[Args], find: Callable[[Site, Args], Found]) -> Handler:
    def handle(bag: Mapping[str, Any], sites: Sites) -> Found:
        asked = _checked(model, bag)
        return find(sites(bag.get("connection")), asked)

    return handle


def _render(bag: Mapping[str, Any], _: Sites) -> Found:
    from pulumi_ahv.resources.lookups.payloads import payload  # noqa: PLC0415 - heavy, and only this lookup needs it

    return payload(_checked(RenderPayloadArgs, bag))


def _checked(model: type[Args], bag: Mapping[str, Any]) -> Args:
    checked = validate(model, bag)
    if len(checked.failures) > 1:
        said = "; ".join(str(failure) for failure in checked.failures)
        raise AhvError(f"{len(checked.failures)} properties are wrong", said=said)
    if checked.failures:
        raise checked.failures[0]
    if checked.inputs is None:
        raise TypeError("a lookup is not asked with unknown values")
    return checked.inputs


_HANDLERS: Final[Mapping[str, Handler]] = {
    "getCluster": _asking(GetClusterArgs, places.cluster),
    "getSubnet": _asking(GetSubnetArgs, places.subnet),
    "getStorageContainer": _asking(GetStorageContainerArgs, places.storage_container),
    "getImage": _asking(GetImageArgs, contents.image),
    "getTemplate": _asking(GetTemplateArgs, contents.template),
    "getCategory": _asking(GetCategoryArgs, places.category),
    "renderPayload": _render,
}
