"""Lists of the older APIs: paging from 1, and what stands beside the entities.

Facts (api-legacy, section 1.0): hosts, containers and clusters are paged by ``page`` and ``count`` (1 to 1000) and
tell twelve things about it; VMs and networks come whole unless asked otherwise and tell fewer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pulumi_ahv.simulator.element.calls import INVALID, Refused, Reply

_MOST = 1000


def paged(entities: Sequence[Any], query: Mapping[str, str]) -> Reply:
    """A page of a list that is counted from 1."""
    page, count = _number(query, "page", 1), _number(query, "count", _MOST)
    if not 1 <= count <= _MOST or page < 1:
        raise Refused(422, f"count must be from 1 to {_MOST}, and page at least 1.", code=INVALID)
    first = (page - 1) * count
    shown = entities[first : first + count]
    metadata = {
        "grand_total_entities": len(entities),
        "total_entities": len(entities),
        "filter_criteria": query.get("filter_criteria", ""),
        "sort_criteria": query.get("sort_criteria", ""),
        "page": page,
        "count": len(shown),
        "start_index": first + 1,
        "end_index": first + len(shown),
    }
    return Reply({"metadata": metadata, "entities": list(shown)})


def whole(entities: Sequence[Any]) -> Reply:
    """All of a list that is not paged."""
    metadata = {"grand_total_entities": len(entities), "total_entities": len(entities)}
    return Reply({"metadata": metadata, "entities": list(entities)})


def _number(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, "")
    if text and not text.isdecimal():
        raise Refused(422, f"{name} is not a number.", code=INVALID)
    return int(text or default)
