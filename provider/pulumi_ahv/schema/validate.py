"""From a bag to typed inputs, or to everything that is wrong with it, all at once.

Unknown values of a preview are let through wherever they stand: pydantic hands back the input of each of its errors, so
an error about an unknown is known for what it is. Nothing typed comes out of such a bag; a preview needs none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Generic, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from pulumi_ahv.kernel.errors import InputError
from pulumi_ahv.schema.fields import Bag, Unknown, bag_in, has_unknown

Inputs = TypeVar("Inputs", bound=Bag)
_PLAIN_KEY = re.compile(r"^[A-Za-z_][A-Za-z0-9_-]*$")


@dataclass(frozen=True)
class Checked(Generic[Inputs]):
    """What validation found: typed inputs, unless there are failures or unknowns."""

    inputs: Inputs | None
    failures: tuple[InputError, ...]


def validate(model: type[Inputs], bag: Mapping[str, Any]) -> Checked[Inputs]:
    """Check a bag against a declaration.

    ``inputs`` is ``None`` when there are failures, and when the bag holds an unknown.
    """
    try:
        inputs = model.model_validate(dict(bag))
    except ValidationError as error:
        failures = [
            InputError(property_path(detail["loc"]), _reason(model, detail))
            for detail in error.errors(include_url=False)
            if not isinstance(detail["input"], Unknown)
        ]
        return Checked(None, tuple(failures))
    return Checked(None if has_unknown(dict(bag)) else inputs, ())


def property_path(parts: tuple[int | str, ...]) -> str:
    """A path as Pulumi writes it: ``source.s3.bucket``, ``categories[0]``, ``tags["two words"]``."""
    path = ""
    for part in parts:
        if isinstance(part, int):
            path += f"[{part}]"
        elif _PLAIN_KEY.match(part):
            path += f".{part}" if path else part
        else:
            path += f'["{part}"]'
    return path


def _reason(model: type[Bag], detail: ErrorDetails) -> str:
    match detail["type"]:
        case "missing":
            return "is required"
        case "extra_forbidden":
            names = _names_at(model, detail["loc"][:-1])
            near = get_close_matches(str(detail["loc"][-1]), names, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(sorted(names))}"
            return f"is not a property here; {hint}"
        case "value_error":
            return str(detail["ctx"]["error"])
        case _:
            return detail["msg"].replace("Input should", "should", 1)


def _names_at(model: type[Bag], path: tuple[int | str, ...]) -> list[str]:
    """The property names of the object at a path, found by walking the declarations."""
    for part in path:
        field = next((field for field in model.model_fields.values() if field.alias == part), None)
        model = bag_in(field.annotation) or model if field else model
    return [field.alias or "" for field in model.model_fields.values()]
