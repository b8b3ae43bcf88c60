"""From the names that users write to the UUIDs that Prism wants, and back.

Going there, a name that is missing or ambiguous is an error that lists what exists. Coming back, the user's own
spelling is kept wherever it is still true, so that only what really differs shows as a drift.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Protocol
from uuid import UUID

from pulumi_ahv.kernel.errors import InputError
from pulumi_ahv.prism.interface import Inventory


class _Named(Protocol):
    @property
    def uuid(self) -> str: ...
    @property
    def name(self) -> str: ...


def is_uuid(text: str) -> bool:
    """Whether what a user wrote can be a UUID; only such a text is worth a read by UUID."""
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def resolve(what: str, wanted: str, known: Sequence[_Named], *, path: str) -> str:
    """The UUID of the one thing of this name or UUID.

    Args:
        what: how to call such a thing in a message, for example ``cluster``.
        wanted: the name or UUID a user wrote.
        known: what exists.
        path: the property it was written in.

    Raises:
        InputError: there is none, or there are several.
    """
    found = [thing.uuid for thing in known if wanted in (thing.uuid, thing.name)]
    if len(found) == 1:
        return found[0]
    if found:
        raise InputError(
            path,
            f"{len(found)} {what}s are named {wanted!r}",
            advice=f"Give the UUID of the one you mean: {', '.join(found)}.",
        )
    raise InputError(
        path, f"there is no {what} {wanted!r}", advice=_known(what, wanted, (thing.name for thing in known))
    )


def resolve_clusters(inventory: Inventory, wanted: Sequence[str] | None) -> tuple[str, ...]:
    """UUIDs of the clusters of the property ``clusters``."""
    if not wanted:
        return ()
    known = inventory.clusters()
    return tuple(resolve("cluster", name, known, path=f"clusters[{at}]") for at, name in enumerate(wanted))


def resolve_container(inventory: Inventory, wanted: str | None) -> str:
    """UUID of the storage container of the property ``storageContainer``; empty when none is asked for."""
    if wanted is None:
        return ""
    return resolve("storage container", wanted, inventory.storage_containers(), path="storageContainer")


def resolve_categories(inventory: Inventory, wanted: Sequence[str] | None) -> tuple[str, ...]:
    """UUIDs of the categories, written ``Key:Value``, of the property ``categories``."""
    return tuple(_category(inventory, text, f"categories[{at}]") for at, text in enumerate(wanted or ()))


def _category(inventory: Inventory, text: str, path: str) -> str:
    key, _, value = text.partition(":")
    found = inventory.category(key, value)
    if found is None:
        raise InputError(
            path,
            f"Prism Central has no category {key!r} with the value {value!r}",
            advice="Create it in Prism Central (Administration, Categories), or correct the spelling.",
        )
    return found.uuid


def live_names(wanted: Iterable[str], live: Iterable[str], names: Mapping[str, str], *, extras: bool) -> list[str]:
    """What a list property would read if it told the truth.

    Args:
        wanted: the names or UUIDs the user wrote.
        live: the UUIDs that are so.
        names: the name of each known UUID.
        extras: whether what is so without being wanted belongs into the list.
    """
    uuids = list(live)
    kept = [text for text in wanted if any(text in (uuid, names.get(uuid)) for uuid in uuids)]
    if not extras:
        return kept
    return kept + [names.get(uuid, uuid) for uuid in uuids if uuid not in kept and names.get(uuid) not in kept]


def _known(what: str, wanted: str, names: Iterable[str]) -> str:
    known = sorted(set(names))
    if not known:
        return f"Prism knows no {what} at all that this account may see."
    near = get_close_matches(wanted, known, n=1)
    hint = f"Did you mean {near[0]!r}? " if near else ""
    return f"{hint}Known are: {', '.join(known[:20])}{' …' if len(known) > 20 else ''}."
