"""From what the program wants and what the state knows to the steps of one resource.

Decides in the real engine's order: import, ignored changes, Check, recreation of what was deleted as a dependent,
taking over what was only read, what its deletedWith or provider forces, Diff, replacement, update, nothing. Planning is
serial, one resource at a time; carrying the steps out is not.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from pulumi_ahv.engine import urns
from pulumi_ahv.engine.diffing import Difference, ignore_changes, replace_on_changes, same, settle
from pulumi_ahv.engine.execution import Execution, Stopped
from pulumi_ahv.engine.failures import ProviderFailure
from pulumi_ahv.engine.goals import Goal, ReadGoal
from pulumi_ahv.engine.journal import Journal
from pulumi_ahv.engine.marking import known, plain
from pulumi_ahv.engine.provider import Checked, Provider, Subject
from pulumi_ahv.engine.records import Record
from pulumi_ahv.engine.registry import Registry
from pulumi_ahv.engine.replacing import Replacing
from pulumi_ahv.engine.serving import Serving
from pulumi_ahv.engine.steps import Step
from pulumi_ahv.engine.tracker import Invalid, Tracker
from pulumi_ahv.engine.values import Bag, Unknown
from pulumi_ahv.kernel.errors import AhvError


@dataclass
class Registered:
    """The answer to a registration. ``result`` is success, failed or skipped."""

    record: Record
    result: str = "success"


@dataclass
class _Plan:
    """A registration on its way to steps."""

    goal: Goal
    urn: str
    provider: Provider | Registry | None
    old: Record | None
    new: Record
    seed: bytes

    @property
    def subject(self) -> Subject:
        return Subject(self.urn, self.old.id if self.old else "")


class Registrar:
    """Plans and carries out the registrations of one run."""

    def __init__(
        self,
        tracker: Tracker,
        execution: Execution,
        journal: Journal,
        serving: Serving,
        *,
        preview: bool,
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self._tracker = tracker
        self._execution = execution
        self._journal = journal
        self._serving = serving
        self._preview = preview
        self._random = random
        self._planning = threading.Lock()
        self._replacing = Replacing(tracker, serving)
        serving.register = self.register

    def register(self, goal: Goal) -> Registered:
        """Bring a resource about; Stopped if the run has failed, also by this very resource."""
        self._execution.check()
        reference = self._serving.reference_for(goal.provider, goal.type) if goal.custom else ""
        with self._planning:
            self._execution.check()
            plan = self._begin(goal, reference)
            imported = self._import_step(plan)
            steps = imported or self._guarded(plan, lambda: self._decide(plan))
        if imported:
            return self._continue_import(plan, imported)
        return self._carry_out(plan, steps)

    def read(self, goal: ReadGoal) -> Registered:
        """Look up a resource that somebody else manages."""
        self._execution.check()
        reference = self._serving.reference_for(goal.provider, goal.type)
        with self._planning:
            try:
                urn = self._tracker.admit(goal)
                old = self._tracker.find_old(urn, goal)
            except Invalid as invalid:
                self._execution.fail("", str(invalid))
                raise Stopped from invalid
            new = Record(
                urn,
                goal.type,
                custom=True,
                id=goal.id,
                inputs=goal.inputs,
                parent=goal.parent,
                provider=reference,
                external=True,
                dependencies=list(goal.dependencies),
                additional_secret_outputs=list(goal.additional_secret_outputs),
            )
            self._tracker.operated.add(urn)
            if old is not None and not old.external and old.id != goal.id:
                self._tracker.replaced.add(urn)
                steps = [
                    Step("read-replacement", urn, old, new, counted=False),
                    Step("replace", urn, old, new, late=True),
                ]
            else:
                steps = [Step("read", urn, old, new)]
        return self._finish(new, steps)

    def _begin(self, goal: Goal, reference: str) -> _Plan:
        try:
            urn = self._tracker.admit(goal)
            old = self._tracker.find_old(urn, goal)
        except Invalid as invalid:
            self._execution.fail("", str(invalid))
            raise Stopped from invalid
        if urn in self._tracker.former:
            self._journal.rename(self._tracker.former[urn], urn)
        new = _wanted(goal, urn, reference)
        if old is not None:
            new.created, new.modified = old.created, old.modified
            new.refresh_before_update = old.refresh_before_update
        provider = self._serving.provider_for(goal.type, reference) if goal.custom else None
        return _Plan(goal, urn, provider, old, new, self._random(32))

    def _guarded(self, plan: _Plan, decide: Callable[[], list[Step]]) -> list[Step]:
        """Errors while planning end the run: nothing has happened to the resource yet."""
        try:
            return decide()
        except Invalid as invalid:
            if str(invalid):
                self._execution.fail(plan.urn, str(invalid))
            raise Stopped from invalid
        except (ProviderFailure, AhvError, ValueError) as failure:
            self._execution.fail(plan.urn, str(failure))
            raise Stopped from failure

    def _import_step(self, plan: _Plan) -> list[Step]:
        goal, old = plan.goal, plan.old
        known = (old.import_id or old.id) if old else ""
        if not (goal.custom and goal.import_id and (old is None or old.external or known != goal.import_id)):
            return []
        self._tracker.operated.add(plan.urn)
        if old is None or plan.urn in self._tracker.deleted:
            return [Step("import", plan.urn, None, plan.new)]
        return [
            Step("import-replacement", plan.urn, old, plan.new, counted=False),
            Step("replace", plan.urn, old, plan.new, late=True),
        ]

    def _continue_import(self, plan: _Plan, steps: list[Step]) -> Registered:
        """After the read, the program's wishes are compared with what was found."""
        if not self._execution.chain(steps):
            return Registered(plan.new, "failed")
        found = plan.new
        plan = replace(plan, old=found, new=_wanted(plan.goal, plan.urn, found.provider))
        plan.new.created, plan.new.modified = found.created, found.modified
        with self._planning:
            further = self._guarded(plan, lambda: self._decide(plan))
        if [step.op for step in further] == ["same"]:
            self._tracker.news[plan.urn] = found
            return Registered(found)
        return self._carry_out(plan, further)

    def _decide(self, plan: _Plan) -> list[Step]:
        recreating = plan.urn in self._tracker.deleted
        external = plan.old is not None and plan.old.external
        self._check(plan, fresh=recreating or external or plan.old is None)
        self._tracker.operated.add(plan.urn)
        urn, old, new = plan.urn, plan.old, plan.new
        if old is None:
            return [Step("create", urn, None, new)]
        if recreating:
            self._tracker.deleted.discard(urn)
            self._tracker.replaced.add(urn)
            keys = self._tracker.replace_keys.get(urn, ())
            difference = Difference(changes=True, replace_keys=keys)
            return [
                Step("replace", urn, old, new, difference),
                Step("create-replacement", urn, old, new, difference, counted=False),
            ]
        if external:
            return [
                Step("create-replacement", urn, old, new, counted=False, late=True),
                Step("replace", urn, old, new, late=True),
            ]
        return self._decide_by_difference(plan, old)

    def _decide_by_difference(self, plan: _Plan, old: Record) -> list[Step]:
        goal, urn, new = plan.goal, plan.urn, plan.new
        ill = bool(old.init_errors)
        difference = replace_on_changes(self._difference(plan, old), goal.replace_on_changes, init_errors=ill)
        if (difference.changes and difference.replaces) or old.pending_replacement:
            self._may_replace(plan, old, difference)
            self._tracker.replaced.add(urn)
            self._check(plan, fresh=True)
            wanted = goal.delete_before_replace
            if difference.delete_before_replace if wanted is None else wanted:
                return self._replacing.delete_first(old, new, difference)
            return [
                Step("create-replacement", urn, old, new, difference, counted=False, late=True),
                Step("replace", urn, old, new, difference, late=True),
            ]
        if difference.changes or ill:
            return [Step("update", urn, old, new, difference)]
        return [Step("same", urn, old, new)]

    def _difference(self, plan: _Plan, old: Record) -> Difference:
        new, goal = plan.new, plan.goal
        if new.deleted_with and new.deleted_with in self._tracker.replaced:
            return Difference(changes=True, replace_keys=("deletedWith",))
        if self._serving.provider_changed(old, new, self._tracker.aliased):
            return Difference(changes=True, replace_keys=("provider",))
        if plan.provider is None:
            return Difference(changes=not same(plain(old.inputs), plain(new.inputs)))
        answer = plan.provider.diff(plan.subject, (old.inputs, old.outputs), new.inputs, goal.ignore_changes)
        return settle(answer, old.inputs, new.inputs, goal.ignore_changes)

    def _check(self, plan: _Plan, *, fresh: bool) -> None:
        """Complete the inputs. ``fresh`` leaves the old ones, and with them ignored changes, out of account."""
        inputs = plan.goal.inputs
        olds: Bag = {}
        if plan.old is not None and not fresh:
            olds = plan.old.inputs
            inputs, impossible = ignore_changes(olds, inputs, plan.goal.ignore_changes)
            if impossible:
                listed = ", ".join(impossible)
                text = f'cannot ignore changes in added or removed elements of the path: "{listed}"'
                self._execution.report("info", plan.urn, text)
        if plan.provider is None:
            plan.new.inputs = inputs
            return
        sent = inputs if self._preview else known(inputs)
        answer = plan.provider.check(Subject(plan.urn), olds, sent, plan.seed)
        plan.new.inputs = answer.inputs
        if answer.failures:
            self._report_failures(plan, answer)
            raise Invalid

    def _report_failures(self, plan: _Plan, answer: Checked) -> None:
        name = urns.name_of(plan.urn)
        for key, reason in answer.failures:
            text = f"{plan.goal.type} resource '{name}' has a problem: {reason}"
            if key:
                shown = _shown(plan.goal.inputs.get(key))
                text = f"{plan.goal.type} resource '{name}': property {key} value {shown} has a problem: {reason}"
            self._execution.fail(plan.urn, text)

    def _may_replace(self, plan: _Plan, old: Record, difference: Difference) -> None:
        if plan.new.protect and old.protect:
            text = (
                f'unable to replace resource "{plan.urn}"\nas it is currently marked for protection. To unprotect the '
                "resource, remove the `protect` flag from the resource in your Pulumi program and run `pulumi up`"
            )
            if not self._preview:
                raise Invalid(text)
            self._execution.report("error", plan.urn, text)
            self._execution.failed = self._execution.steps_failed = True
        if plan.goal.import_id:
            keys = ", ".join(difference.replace_keys)
            text = (
                "previously-imported resources that still specify an ID may not be replaced; please remove the "
                f"`import` declaration from your program;\n{keys}"
            )
            if not self._preview:
                raise Invalid(text)
            self._execution.report("warning", plan.urn, text)

    def _carry_out(self, plan: _Plan, steps: list[Step]) -> Registered:
        return self._finish(plan.new, steps)

    def _finish(self, new: Record, steps: list[Step]) -> Registered:
        if new.all_dependencies() & self._execution.missing:
            self._execution.missing.add(new.urn)
            return Registered(new, "skipped")
        done = self._execution.chain(steps)
        if done:
            self._tracker.news[new.urn] = new
        return Registered(new, "success" if done else "failed")


def _wanted(goal: Goal, urn: str, provider: str) -> Record:
    return Record(
        urn,
        goal.type,
        custom=goal.custom,
        inputs=goal.inputs,
        parent=goal.parent,
        provider=provider,
        dependencies=list(goal.dependencies),
        property_dependencies={key: list(found) for key, found in goal.property_dependencies.items()},
        protect=goal.protect,
        additional_secret_outputs=list(goal.additional_secret_outputs),
        custom_timeouts=dict(goal.timeouts),
        import_id=goal.import_id,
        retain_on_delete=goal.retain_on_delete,
        deleted_with=goal.deleted_with,
        ignore_changes=list(goal.ignore_changes),
        replace_on_changes=list(goal.replace_on_changes),
        hide_diff=list(goal.hide_diff),
    )


def _shown(value: object) -> str:
    """A value as the real engine prints it in a Check failure, but never a secret."""
    if isinstance(value, Unknown):
        return "{<unknown>}"
    return f"{{{value}}}" if value is not None else "{<nil>}"
