"""What the typed classes share: state holds lowerCamelCase, Python reads snake_case, and outputs have types.

``pool`` and ``template_vm`` translate their names themselves, and say there why.
"""

from __future__ import annotations

from typing import Any

import pulumi
from pulumi import Output
from pulumi.dynamic import Resource

from pulumi_ahv.dynamic.names import camel, snake


def output(resource: Resource, name: str) -> Output[Any]:
    """An output of a resource, by the name it has for the SDK; properties give it its type."""
    found: Output[Any] = pulumi.get(resource, name)
    return found


class TranslatedResource(Resource):
    """A resource whose names are all ours, so that the SDK translates them."""

    def translate_input_property(self, prop: str) -> str:
        """State holds lowerCamelCase."""
        return camel(prop)

    def translate_output_property(self, prop: str) -> str:
        """Python reads snake_case."""
        return snake(prop)
