"""FIQL as lists of v2.0 take it: ``name==value`` and ``!=``, ``;`` for and, ``,`` for or, and binds tighter.

Facts (api-legacy, section 1.0): the messages for what cannot be read; ``vm_name`` is a name too. Assumed: comparisons
are exact and know upper and lower case.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from pulumi_ahv.simulator.element.calls import INVALID, Refused

_TERM = re.compile(r"(\w+)(==|!=)(.*)")
_ALIASES = {"vm_name": "name", "vm_uuid": "uuid"}
_KNOWN = {"name", "uuid", "power_state", "machine_type", "num_vcpus", "memory_mb", "host_uuid", "description"}


def matching(entities: Sequence[dict[str, Any]], text: str) -> list[dict[str, Any]]:
    """The entities that a filter lets through; all of them for an empty one.

    Raises:
        Refused: it cannot be read.
    """
    if not text:
        return list(entities)
    choices = [[_term(term) for term in choice.split(";")] for choice in text.split(",")]
    return [entity for entity in entities if any(all(_holds(entity, term) for term in choice) for choice in choices)]


def _term(text: str) -> tuple[str, bool, str]:
    found = _TERM.fullmatch(text.strip())
    if found is None:
        raise Refused(422, f"General error parsing FIQL expression {text}", code=INVALID)
    name = _ALIASES.get(found[1], found[1])
    if name not in _KNOWN:
        raise Refused(422, f"Invalid filter criteria specified. Unrecognized field {found[1]}", code=INVALID)
    return name, found[2] == "==", found[3]


def _holds(entity: dict[str, Any], term: tuple[str, bool, str]) -> bool:
    name, wanted, value = term
    return (str(entity.get(name, "")) == value) == wanted
