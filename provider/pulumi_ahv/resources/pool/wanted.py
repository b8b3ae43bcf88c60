"""The members that a pool is to have: a map by name, made in ``check``, and what the planner takes of it.

Growing fills the lowest free slots, shrinking takes whole slots away; which slots are held stands in the old map.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pulumi_ahv.resources.handler import State
from pulumi_ahv.resources.pool.addressing import address_of
from pulumi_ahv.resources.pool.payloads import Payloads
from pulumi_ahv.resources.pool_plan.members import DISABLED, DesiredMember, Facts, OnPayloadChange
from pulumi_ahv.resources.pool_plan.settings import Desired, OnFailure, OnMemberFailure, Rollout
from pulumi_ahv.resources.pool_plan.slots import COUNTER, Naming, ScaleDown, choose_slots
from pulumi_ahv.schema.pool import PoolInputs, PoolMember, PoolNaming, PoolRollout

MIB = 1 << 20
MAX_NAME = 80  # of a VM in Prism


def naming_of(told: PoolInputs) -> Naming:
    """How members are named.

    Raises:
        InputError: the pattern does not hold its counter once.
    """
    given = told.naming or PoolNaming()
    return Naming(_pattern(told), given.start, given.width)


def names_of(told: PoolInputs, held: Mapping[str, Any]) -> dict[int, str]:
    """Names of the members by slot, in order.

    Raises:
        InputError: the pattern does not hold its counter once.
    """
    naming = naming_of(told)
    first = frozenset(int(held[name]["slot"]) for name in told.remove_first or () if name in held)
    chosen = choose_slots(told.size, _births(held), ScaleDown(told.scale_down), first=first)
    return {slot: naming.name(slot) for slot in chosen}


def head_of(told: PoolInputs) -> str:
    """What all names of members begin with."""
    return _pattern(told).partition(COUNTER)[0]


def members_map(
    told: PoolInputs, names: Mapping[int, str], version: str, payloads: Payloads, held: Mapping[str, Any]
) -> State:
    """The map of members, as it goes into state; a slot that was not held is born after all that were."""
    births = _births(held)
    newborn = max(births.values(), default=0) + 1
    return {
        name: bare(
            PoolMember(
                slot=slot,
                born=births.get(slot, newborn),
                template_version=version,
                payload_digest=payloads.digest(slot, name) or None,
                power=told.power,
                vcpus=told.vcpus,
                memory=told.memory,
                networks=told.networks,
                address=address_of(told, slot),
                categories=sorted(told.categories) if told.categories is not None else None,
                guest_tools=_tools(told),
            )
        )
        for slot, name in names.items()
    }


def bare(member: PoolMember) -> State:
    """A member as it goes into state: without what is not set."""
    return member.model_dump(by_alias=True, exclude_none=True)


def desired_of(told: PoolInputs, members: Mapping[str, PoolMember]) -> Desired:
    """What the planner takes."""
    rollout = told.rollout or PoolRollout()
    return Desired(
        members={
            member.slot: DesiredMember(member.slot, name, facts_of(member), member.born)
            for name, member in members.items()
        },
        rollout=Rollout(
            batch_size=rollout.batch_size,
            max_unavailable=rollout.max_unavailable,
            max_surge=rollout.max_surge,
            pause=rollout.pause,
            max_failed=rollout.max_failed,
            on_failure=OnFailure(rollout.on_failure),
        ),
        on_payload_change=OnPayloadChange(told.on_payload_change),
        on_member_failure=OnMemberFailure(told.on_member_failure),
    )


def facts_of(member: PoolMember) -> Facts:
    """What is compared of a member. A static address belongs to the card it is of."""
    networks = cards(member.networks, member.address) if member.networks is not None else None
    return Facts(
        template_version=member.template_version,
        payload_digest=member.payload_digest or "",
        vcpus=member.vcpus,
        memory=member.memory * MIB if member.memory is not None else None,
        power=member.power,
        networks=networks,
        categories=frozenset(member.categories) if member.categories is not None else None,
        guest_tools=member.guest_tools,
    )


def cards(networks: Iterable[str], address: str | None) -> tuple[str, ...]:
    """Networks in the form in which they are compared: the first with its static address."""
    first, *rest = (*networks, "")
    found = (f"{first} {address}" if address and first else first, *rest)
    return tuple(card for card in found if card)


def _births(held: Mapping[str, Any]) -> dict[int, int]:
    """When the slots of members were filled, as a count of the times that the pool has grown."""
    return {int(member["slot"]): int(member.get("born", 0)) for member in held.values()}


def tools_text(*, enabled: bool, capabilities: Iterable[str]) -> str:
    """Guest tools in the form in which they are compared.

    >>> tools_text(enabled=True, capabilities=["vssSnapshot", "selfServiceRestore"])
    'selfServiceRestore, vssSnapshot'
    """
    return (", ".join(sorted(capabilities)) or "enabled") if enabled else DISABLED


def _tools(told: PoolInputs) -> str | None:
    wanted = told.guest_tools
    return tools_text(enabled=True, capabilities=wanted.capabilities or ()) if wanted else None


def _pattern(told: PoolInputs) -> str:
    return (told.naming and told.naming.pattern) or f"{told.name}-{COUNTER}"
