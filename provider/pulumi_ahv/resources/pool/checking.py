"""Everything that is wrong with a pool's inputs and can be told without asking Prism, all of it at once.

What needs an object of Prism (the template's version, the prefix of a subnet) is looked at by the handler, afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from pulumi_ahv.kernel.errors import InputError
from pulumi_ahv.payload.domain import wrong_with_domain, wrong_with_joining_name
from pulumi_ahv.payload.unattend.names import MAX_LENGTH
from pulumi_ahv.resources.payload_inputs import wrong_with_layout
from pulumi_ahv.resources.pool.addressing import set_by_guest, wrong_with_addresses
from pulumi_ahv.resources.pool.payloads import Payloads, domain_of
from pulumi_ahv.resources.pool.wanted import MAX_NAME, names_of, naming_of
from pulumi_ahv.resources.pool_plan.slots import COUNTER, Naming
from pulumi_ahv.schema.pool import MAX_SIZE, PoolInputs
from pulumi_ahv.schema.validate import property_path

_EITHER = "Set payload to {kind: cloudInit} for Linux, or {kind: unattend} for Windows; it needs no template for that."

_TEMPLATE = "Say it in the file, or let a template make the payload."


@dataclass(frozen=True)
class Examined:
    """The names of the members by slot, their payloads, and what was found. Without failures, all of it is there."""

    names: dict[int, str] = field(default_factory=dict)
    payloads: Payloads | None = None
    failures: tuple[InputError, ...] = ()
    warnings: tuple[str, ...] = ()


def examine(told: PoolInputs, held: Mapping[str, Any]) -> Examined:
    """Look at everything; ``held`` are the members that the pool has."""
    names: dict[int, str] = {}
    payloads: Payloads | None = None
    failures, warnings = [*_together(told), *_domain(told)], list[str]()
    try:
        names = names_of(told, held)
    except InputError as wrong:
        failures.append(wrong)
    else:
        failures += [*_names(told, names), *_strangers(told, names, held)]
        warnings += _not_there(told, names)
    failures += wrong_with_addresses(told, names)
    try:
        payloads = Payloads(told)
    except InputError as wrong:
        failures.append(wrong)
    if payloads and names and not any(wrong.path.startswith(("addresses[", "network.")) for wrong in failures):
        errors, more = payloads.wrong(names)
        known = {wrong.path for wrong in failures}
        failures += [wrong for wrong in errors if wrong.path not in known]
        warnings += more
    errors, more = wrong_with_layout(told.payload)
    return Examined(names, payloads, (*failures, *errors), (*warnings, *more))


def _together(told: PoolInputs) -> Iterator[InputError]:
    """What properties want of each other."""
    payload, joins = told.payload, told.domain is not None and told.domain.join
    needy = {"domain": joins, "addresses": set_by_guest(told)}
    if payload is None:
        needy["domain"] = told.domain is not None
        yield from _without("there is none", needy, _EITHER)
    elif payload.delivery == "path":
        yield from _without("the delivery is path", needy, "Choose another delivery, or put it into the file.")
    else:
        says = (payload.template, payload.template_file, payload.meta_data, payload.network_config)
        if payload.kind == "cloudInit" and not any(needy.values()) and all(each is None for each in says):
            yield InputError("payload", "it says nothing: none of template and templateFile is given")
        if joins and payload.windows and payload.windows.workgroup:
            advice = "Take one of them out."
            yield InputError("payload.windows.workgroup", "a machine of a domain is in no workgroup", advice=advice)


def _without(why: str, needy: Mapping[str, bool], advice: str) -> Iterator[InputError]:
    """Properties that reach guests by a payload that we render, which this pool does not have."""
    for path, there in needy.items():
        if there:
            yield InputError(
                path, f"it reaches guests by the payload that is rendered for them, and {why}", advice=advice
            )


def _domain(told: PoolInputs) -> Iterator[InputError]:
    if domain := domain_of(told):
        for wrong in wrong_with_domain(domain):
            yield InputError(f"domain.{wrong.name}", wrong.said, advice=wrong.advice)


def _names(told: PoolInputs, names: Mapping[int, str]) -> Iterator[InputError]:
    """Names that are too long; the longest stands for all of them."""
    longest = max(names.values(), key=len, default="")
    windows = told.payload is not None and told.payload.kind == "unattend"
    joins = told.domain is not None and told.domain.join
    if len(longest) > MAX_NAME:
        said = f"it makes '{longest}', which has {len(longest)} characters; Prism takes {MAX_NAME}"
    elif windows and len(longest) > MAX_LENGTH:
        said = f"it makes '{longest}', which has {len(longest)} characters; Windows takes {MAX_LENGTH}"
    elif joins and wrong_with_joining_name(longest):
        said = wrong_with_joining_name(longest)
    else:
        return
    yield InputError("naming.pattern", said, advice="Set naming.pattern to a shorter one, or lower naming.width.")


def _strangers(told: PoolInputs, names: Mapping[int, str], held: Mapping[str, Any]) -> Iterator[InputError]:
    """Names and slots that no member can ever have. One that is not there now may come back when the pool grows."""
    naming = naming_of(told)

    def possible(key: str) -> bool:
        return key in names.values() or key in held or _slot_of(naming, key) in range(MAX_SIZE)

    keys = [(property_path(("memberVariables", key)), key) for key in told.member_variables or ()]
    told_first = [(f"removeFirst[{index}]", name) for index, name in enumerate(told.remove_first or ())]
    for path, key in (*keys, *told_first):
        if possible(key) or (path.startswith("member") and _is_slot(key)):
            continue
        near = get_close_matches(key, names.values(), n=1)
        advice = (
            f"Did you mean {near[0]!r}?" if near else f"Members are called like {next(iter(names.values()), '')!r}."
        )
        yield InputError(path, f"no member can be called {key!r}", advice=advice)


def _not_there(told: PoolInputs, names: Mapping[int, str]) -> list[str]:
    """Variables of members that the pool does not have at its present size."""
    there = {*names.values(), *map(str, names)}
    idle = [key for key in told.member_variables or () if key not in there]
    return [f"memberVariables: the pool has no {', '.join(idle)} at its present size"] if idle else []


def _slot_of(naming: Naming, name: str) -> int:
    """The slot that this name is made for; -1 for a name that is made for none."""
    head, _, tail = naming.pattern.partition(COUNTER)
    number = name.removeprefix(head).removesuffix(tail)
    slot = int(number) - naming.start if number.isdecimal() else -1
    return slot if slot >= 0 and naming.name(slot) == name else -1


def _is_slot(key: str) -> bool:
    return key.isdecimal() and int(key) < MAX_SIZE
