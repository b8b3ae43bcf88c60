"""A plan in a few lines, for a preview: how many of what, in how many batches, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from pulumi_ahv.resources.pool_plan.run import Plan
from pulumi_ahv.resources.pool_plan.steps import (
    ChangeMember,
    CreateMember,
    EndKind,
    FinishMember,
    RecreateMember,
    RemoveMember,
    Step,
)

_SHOWN = 5


def summary(plan: Plan) -> list[str]:
    """One line for every kind of step and reason; a last one when the plan cannot come to its end.

    Where reasons are those of single members (a name, an address), a large pool has as many: they share a line then.
    """
    grouped: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for number, batch in enumerate(plan.batches):
        for step in batch.steps:
            grouped.setdefault((_verb(step), step.reason), []).append((number, _name(step)))
    lines = [_line(verb, reason, members) for (verb, reason), members in _merged(grouped).items()]
    if plan.pending:
        lines.append(
            f"left as it is {len(plan.pending)}: {_names(plan.pending)} (a new payload waits for the next recreate)"
        )
    if plan.end.kind is EndKind.STOPPED:
        lines.append(f"then stop: {plan.end.reason}")
    return lines or ["nothing to do"]


def _merged(grouped: dict[tuple[str, str], list[tuple[int, str]]]) -> dict[tuple[str, str], list[tuple[int, str]]]:
    reasons = Counter(verb for verb, _ in grouped)
    shown: dict[tuple[str, str], list[tuple[int, str]]] = {}
    firsts: dict[str, str] = {}
    for (verb, reason), members in grouped.items():
        first = firsts.setdefault(verb, reason)
        more = f"{first}; {reasons[verb] - 1} more reasons" if reasons[verb] > _SHOWN else reason
        shown.setdefault((verb, more), []).extend(members)
    return shown


def _line(verb: str, reason: str, members: list[tuple[int, str]]) -> str:
    batches = len({number for number, _ in members})
    rolled = f" in {batches} batches" if batches > 1 else ""
    return f"{verb} {len(members)}{rolled}: {_names(name for _, name in members)} ({reason})"


def _names(names: Iterable[str]) -> str:
    every = list(names)
    more = len(every) - _SHOWN
    return ", ".join(every[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _name(step: Step) -> str:
    return step.member.name if isinstance(step, RemoveMember) else step.target.name


def _verb(step: Step) -> str:
    match step:
        case CreateMember():
            return "create"
        case FinishMember():
            return "finish"
        case RecreateMember():
            return "recreate"
        case ChangeMember(restart=True):
            return "change and restart"
        case ChangeMember():
            return "change"
        case RemoveMember():
            return "remove"
