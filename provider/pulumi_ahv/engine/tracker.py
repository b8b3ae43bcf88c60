"""What one run has seen so far: which URNs were registered, under which old names, and what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pulumi_ahv.engine import urns
from pulumi_ahv.engine.goals import Alias, Goal, ReadGoal
from pulumi_ahv.engine.records import Record


class Invalid(Exception):
    """A registration that the engine refuses; its message has not been shown yet."""


@dataclass
class Tracker:
    """The memory of the planner. Guarded by the planner's lock."""

    stack: str
    project: str
    olds: dict[str, Record]
    seen: set[str] = field(default_factory=set)
    operated: set[str] = field(default_factory=set)
    replaced: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)
    condemned: set[int] = field(default_factory=set)
    aliased: dict[str, str] = field(default_factory=dict)
    former: dict[str, str] = field(default_factory=dict)
    news: dict[str, Record] = field(default_factory=dict)
    replace_keys: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def admit(self, goal: Goal | ReadGoal) -> str:
        """Name a resource that is registered; Invalid if the name is taken or its parent unknown."""
        if goal.parent and goal.parent not in self.seen:
            raise Invalid(f"could not find parent resource {goal.parent}")
        urn = urns.make_urn(self.stack, self.project, goal.parent, goal.type, goal.name)
        if urn in self.seen:
            raise Invalid(f"Duplicate resource URN '{urn}'; try giving it a unique name")
        self.seen.add(urn)
        return urn

    def find_old(self, urn: str, goal: Goal | ReadGoal) -> Record | None:
        """What the state knows of the resource, under this name or a former one."""
        if urn in self.aliased:
            taken = self.aliased[urn]
            raise Invalid(f"Duplicate resource URN '{urn}' conflicting with alias on resource with URN '{taken}'")
        if urn in self.olds:
            return self.olds[urn]
        for former in self._former_names(goal):
            old = self.olds.get(former)
            if old is None:
                continue
            if former in self.seen or former in self.aliased:
                other = self.aliased.get(former, urn)
                raise Invalid(
                    f"Duplicate resource alias '{former}' applied to resource with URN '{urn}' conflicting with "
                    f"resource with URN '{other}'"
                )
            self.aliased[former] = urn
            self.former[urn] = former
            return old
        return None

    def _former_names(self, goal: Goal | ReadGoal) -> Sequence[str]:
        aliases: Sequence[Alias] = goal.aliases if isinstance(goal, Goal) else ()
        own = [self._collapse(alias, goal) for alias in aliases]
        names = list(own)
        if goal.parent in self.former:
            parent = self.former[goal.parent]
            names.append(self._inherited(goal.type, goal.name, goal.parent, parent))
            names += [self._inherited(urns.type_of(urn), urns.name_of(urn), goal.parent, parent) for urn in own]
        return list(dict.fromkeys(names))

    def _collapse(self, alias: Alias, goal: Goal | ReadGoal) -> str:
        if alias.urn:
            return alias.urn
        parent = goal.parent if alias.parent is None else self.former.get(alias.parent, alias.parent)
        if parent and urns.type_of(parent) == urns.STACK_TYPE:
            parent = ""
        stack, project = alias.stack or self.stack, alias.project or self.project
        return urns.make_urn(stack, project, parent, alias.type or goal.type, alias.name or goal.name)

    def _inherited(self, type_: str, name: str, parent: str, former: str) -> str:
        """A child named after its parent is taken to have followed the parent's change of name."""
        parent_name = urns.name_of(parent)
        if name.startswith(parent_name):
            name = urns.name_of(former) + name.removeprefix(parent_name)
        return urns.make_urn(self.stack, self.project, former, type_, name)
