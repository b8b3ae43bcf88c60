"""The words that resources are declared in.

A property is a pydantic field: its type and limits are the annotation, its description is the string below it, and
what pydantic has no word for is a `Facts` in the annotation. Names are snake_case here and lowerCamelCase in every
bag, state file and schema.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Literal, get_args

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Change(StrEnum):
    """What a changed property costs."""

    IN_PLACE = "changes in place"
    RESTARTS = "changes in place, with a restart"
    REPLACES = "replaces"
    RECORDED = "is only remembered"
    REBUILDS = "publishes a version that is built anew from the images"
    RESHAPES = "publishes a version made of the newest one"


@dataclass(frozen=True)
class Support:
    """What a product makes of a property. What is ``ignored`` is told to the user each time; ``why`` is said of it."""

    word: Literal["supported", "ignored", "refused"] = "supported"
    why: str = ""


SUPPORTED: Final = Support()


@dataclass(frozen=True)
class Facts:
    """What pydantic has no word for.

    ``computed`` properties are worked out by ``check`` or by the face: inputs to the engine, and nothing a user writes.
    ``filled`` ones a user may write; where he does not, the face fills them in. ``central`` and ``element`` say what
    the two products make of it.
    """

    change: Change = Change.IN_PLACE
    secret: bool = False
    computed: bool = False
    filled: bool = False
    central: Support = SUPPORTED
    element: Support = SUPPORTED


IN_PLACE: Final = Facts(Change.IN_PLACE)
REPLACES: Final = Facts(Change.REPLACES)
RECORDED: Final = Facts(Change.RECORDED)


class Bag(BaseModel):
    """A set of properties: the inputs or outputs of a resource, or an object inside one."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        use_attribute_docstrings=True,
        protected_namespaces=(),
    )


class Unknown:
    """A value that a preview does not know yet. There is one, `UNKNOWN`; it equals nothing, itself included."""

    def __repr__(self) -> str:
        return "[unknown]"

    __hash__ = None  # type: ignore[assignment]  # a value that equals nothing cannot be a key

    def __eq__(self, other: object) -> bool:
        return False


UNKNOWN: Final = Unknown()


def has_unknown(value: Any) -> bool:
    """Whether a preview's unknown stands anywhere in a value."""
    if isinstance(value, Unknown):
        return True
    if isinstance(value, dict):
        return any(has_unknown(item) for item in value.values())
    return isinstance(value, list) and any(has_unknown(item) for item in value)


def facts_of(model: type[BaseModel], name: str) -> Facts:
    """The `Facts` of a field (by its Python name); a field without any changes in place."""
    found = [item for item in model.model_fields[name].metadata if isinstance(item, Facts)]
    return found[0] if found else IN_PLACE


def wire_name(model: type[BaseModel], name: str) -> str:
    """The lowerCamelCase name of a field."""
    return model.model_fields[name].alias or name


def bag_in(annotation: Any) -> type[Bag] | None:
    """The declared object inside an annotation (``ImageSource | None``, ``list[Nic]``), if there is one."""
    if isinstance(annotation, type) and issubclass(annotation, Bag):
        return annotation
    return next((found for found in map(bag_in, get_args(annotation)) if found), None)
