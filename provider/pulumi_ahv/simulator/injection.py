"""Faults on purpose: rules that are asked about every call and every task, in order; the first that fits wins.

Owns the rules and their matching; ``gateway`` and ``work`` carry out what a rule says. Chance comes from the site's
seeded source, so a run with faults can be repeated.
"""

from __future__ import annotations

import random
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from typing import Any, get_args

from pulumi_ahv.simulator.kinds import BodyKind, FaultKind

TASK_KINDS = frozenset({"task-failure", "task-canceled", "task-stuck", "late-etag"})
TASK_RULE = "ahv.task-rule"
"""Where a request carries the rule that hits the tasks which it starts, for doors that may await in between."""


@dataclass
class Rule:
    """One rule. Empty matchers match everything; ``operation`` names a route or a task, with ``*`` and ``?``."""

    kind: str
    operation: str = ""
    method: str = ""
    path: str = ""
    entity: str = ""
    probability: float = 1.0
    skip: int = 0
    count: int | None = None
    delay: float = 0.0
    status: int = 500
    code: str = "VMM-40000"
    group: str = ""
    message: str = "An internal error occurred."
    body: str = "envelope"
    retry_after: int | None = None
    id: str = ""
    hits: int = field(default=0)

    def __post_init__(self) -> None:
        """Refuse what could never do what its writer meant.

        Raises:
            ValueError: the kind of fault or of body is not known.
        """
        if self.kind not in get_args(FaultKind):
            raise ValueError(f"kind must be one of {', '.join(get_args(FaultKind))}")
        if self.body not in get_args(BodyKind):
            raise ValueError(f"body must be one of {', '.join(get_args(BodyKind))}")


@dataclass(frozen=True)
class Target:
    """What a rule is held against. ``about`` is all text by which an entity can be named: path, body, names."""

    method: str
    path: str
    operation: str
    about: str


class Injector:
    """The rules of a site."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._rules: list[Rule] = []
        self._count = 0
        self.current: Rule | None = None

    def add(self, description: dict[str, Any]) -> Rule:
        """Take a rule in.

        Raises:
            ValueError, TypeError: it is not a rule.
        """
        rule = Rule(**{key.replace("-", "_"): value for key, value in description.items()})
        self._count += 1
        rule.id = rule.id or f"fault-{self._count}"
        self._rules.append(rule)
        return rule

    def rules(self) -> list[dict[str, Any]]:
        """All rules, with how often each has hit."""
        return [asdict(rule) for rule in self._rules]

    def clear(self, rule_id: str = "") -> None:
        """Drop one rule, or all."""
        self._rules = [rule for rule in self._rules if rule_id and rule.id != rule_id]

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing to match."""
        return not self._rules

    def match(self, target: Target) -> Rule | None:
        """The rule that hits this call, if one does; it is counted."""
        for rule in self._rules:
            if _fits(rule, target) and self._fires(rule):
                return rule
        return None

    def task_fault(self, operation: str, arguments: dict[str, Any]) -> dict[str, Any] | None:
        """What shall become of a task that is being submitted: ``kind``, and the message of a failure."""
        rule = self.current
        if rule is None and self._rules:
            target = Target("TASK", "", operation, repr(arguments))
            rule = next((r for r in self._rules if r.operation and _fits(r, target) and self._fires(r)), None)
        if rule is None or rule.kind not in TASK_KINDS:
            return None
        if rule.kind == "late-etag":
            message = "If-Match header value passed does not match the current ETag of the entity."
            return {"kind": rule.kind, "code": "VMM-30303", "group": "VM_ETAG_MISMATCH", "message": message}
        return {"kind": rule.kind, "code": rule.code, "group": rule.group, "message": rule.message}

    def _fires(self, rule: Rule) -> bool:
        if rule.count is not None and rule.hits >= rule.count + rule.skip:
            return False
        if rule.probability < 1 and self._chance.random() >= rule.probability:
            return False
        rule.hits += 1
        return rule.hits > rule.skip


def _fits(rule: Rule, target: Target) -> bool:
    if target.method == "TASK" and rule.kind not in TASK_KINDS:
        return False
    pairs = ((rule.method.upper(), target.method), (rule.path, target.path), (rule.operation, target.operation))
    return all(not pattern or fnmatchcase(text, pattern) for pattern, text in pairs) and rule.entity in target.about
