"""Who a resource is: what the engine never tells a dynamic provider, and the program knows."""

from __future__ import annotations

import pulumi

STACK = "pulumi:pulumi:Stack"


def owner_of(resource_name: str, opts: pulumi.ResourceOptions | None) -> pulumi.Input[str]:
    """``project/stack/name``; below a component, with the component's type: ``project/stack/team:Farm$name``.

    With that it is as unique as the resource's URN, which is made of the same parts.
    """
    place = f"{pulumi.get_project()}/{pulumi.get_stack()}"
    if opts is None or opts.parent is None or opts.parent.pulumi_resource_type == STACK:
        return f"{place}/{resource_name}"
    return opts.parent.urn.apply(lambda urn: f"{place}/{urn.split('::')[2]}${resource_name}")
