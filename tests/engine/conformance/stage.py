"""What programs of scenarios are written with."""

from __future__ import annotations

from typing import Any

import pulumi
from dynamics import Dyn
from pulumi import ResourceOptions as Opts
from pulumi import export

__all__ = ["Comp", "Dyn", "Opts", "Prov", "Res", "export", "pulumi", "secret"]

secret = pulumi.Output.secret


class Res(pulumi.CustomResource):
    uid: pulumi.Output[str]

    def __init__(self, resource: str, /, opts: pulumi.ResourceOptions | None = None, **props: Any) -> None:
        super().__init__("actor:index:Res", resource, {"uid": None, **props}, opts)


class Comp(pulumi.ComponentResource):
    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("my:index:Comp", name, {}, opts)

    def done(self, **outputs: Any) -> None:
        self.register_outputs(outputs)


class Prov(pulumi.ProviderResource):
    def __init__(self, resource: str, /, opts: pulumi.ResourceOptions | None = None, **props: Any) -> None:
        super().__init__("actor", resource, props, opts)
