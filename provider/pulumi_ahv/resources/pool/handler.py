"""The pool: check expands it to its members, the run brings them about, read tells them as they are.

Create does not fail once a member exists (design rule 2): state has to know of it. What is not as it should be stands
in ``status``, ``needs_repair`` makes the next run an update, and the gate fails this one. After a run ``members`` in
state are those that were asked for, after a refresh those that are: always what the engine has as inputs.
"""

from __future__ import annotations

from typing import Any, cast

from pulumi_ahv.kernel.clock import Deadline
from pulumi_ahv.kernel.errors import AhvError, InputError
from pulumi_ahv.payload.limits import PrismSite
from pulumi_ahv.prism.values import Product
from pulumi_ahv.prism.vm_interface import Doings, MachineSite
from pulumi_ahv.resources.handler import CheckOutcome, Context, Created, Live, State
from pulumi_ahv.resources.payload_inputs import texts_in, with_texts
from pulumi_ahv.resources.pool.actual import DONE, Names, search
from pulumi_ahv.resources.pool.addressing import wrong_on_subnet
from pulumi_ahv.resources.pool.checking import Examined, examine
from pulumi_ahv.resources.pool.delivering import left_over, upload_keys
from pulumi_ahv.resources.pool.previewing import plan_lines
from pulumi_ahv.resources.pool.removing import Remover, errors_of
from pulumi_ahv.resources.pool.running import eyes_of, first_subnet, inputs_in, known_of, marks_of, run
from pulumi_ahv.resources.pool.seeing import look_of, with_tools
from pulumi_ahv.resources.pool.telling import outputs_after, told_of
from pulumi_ahv.resources.pool.wanted import members_map
from pulumi_ahv.resources.support import fitted
from pulumi_ahv.schema.compare import replaced_by
from pulumi_ahv.schema.fields import UNKNOWN, has_unknown
from pulumi_ahv.schema.pool import PoolInputs, PoolMetrics
from pulumi_ahv.schema.validate import validate

NO_METRICS = PoolMetrics(seconds=0, members={})


class PoolHandler:
    """Pools, on a Prism Central or Element."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def check(self, olds: State, news: State) -> CheckOutcome:
        """Validate, render every payload, and expand the pool to its members."""
        checked = validate(PoolInputs, news)
        if checked.failures:
            return CheckOutcome(news, checked.failures)
        if "members" in news:  # only ignoreChanges can put it there, and then it holds
            return CheckOutcome(with_texts(news, texts_in(olds, news)))
        if checked.inputs is None:
            return CheckOutcome({**with_texts(news, texts_in(olds, news)), "members": UNKNOWN})
        told, held = checked.inputs, olds.get("members")
        there = held if isinstance(held, dict) and not has_unknown(held) else {}
        found = examine(told, there)
        failures = found.failures or self._wrong_in_prism(told, found)
        if failures or found.payloads is None:
            return CheckOutcome(news, failures)
        self._tell(list(found.warnings), told.name)
        try:
            version = told.template_version or self._active_version(told)
        except InputError as failure:
            return CheckOutcome(news, (failure,))
        members = members_map(told, found.names, version, found.payloads, there)
        if not olds:
            self._tell(plan_lines(PoolInputs.model_validate({**news, "members": members}), {}))
        kept = texts_in(olds, news) if members == held else {}  # a comment has changed, say: that is no change
        return CheckOutcome({**with_texts(news, kept or found.payloads.texts), "members": members, "fallback": {}})

    def replaces(self, state: State, news: State) -> list[str]:
        """Another connection, cluster or owner needs a new pool. Says beforehand what an update will do."""
        replaces = replaced_by(PoolInputs, state, news)
        if not replaces and not has_unknown(news):
            lines = plan_lines(PoolInputs.model_validate(news), state)
            if not lines and self.needs_repair(state, news):
                lines = [f"{news['name']}: look again at what the last run left: {'; '.join(state['failures'])}"]
            self._tell(lines)
        return replaces

    def needs_repair(self, state: State, news: State) -> bool:
        """Whether the last run left something to do that no input tells.

        Where the members differ the engine sees it by itself, and shows it; told that there is a change it shows none.
        """
        return not state.get("ready", True) and state.get("members") == news.get("members")

    def create(self, inputs: State) -> Created:
        """Find or make the members; fails only while there is none."""
        told = PoolInputs.model_validate(inputs)
        try:
            state = self._run(told, inputs, {})
        except AhvError as error:
            state = self._what_stands(told, inputs, error)
        if told.size and not any(status["uuid"] for status in state["status"].values()):
            raise AhvError(
                f"Pool {told.name!r}: none of its {told.size} members could be made", said="; ".join(state["failures"])
            )
        return Created(marks_of(told).pool_id, state)

    def read(self, uuid: str, state: State) -> Live | None:
        """Ask Prism for all members at once. A pool is never gone: without machines it has no members."""
        del uuid
        told = _told(state)
        site = self._site(told)
        known = known_of(state)
        vms = look_of(site, told)(list(known))
        metrics = PoolMetrics.model_validate(state.get("metrics") or NO_METRICS)
        eyes = eyes_of(site, told)
        reasons = {status["slot"]: status["reason"] for status in state["status"].values() if not status["uuid"]}
        live = told_of(told, eyes, vms, known=known, reasons=reasons, metrics=metrics)
        inputs = {name: value for name, value in state.items() if name in _INPUT_NAMES}
        return Live({**state, **live}, {**inputs, "members": live["members"], "fallback": {}})

    def update(self, uuid: str, state: State, news: State) -> State:
        """Bring the members to the new inputs, and repair what is not as it should be."""
        del uuid
        return self._run(PoolInputs.model_validate(news), news, state)

    def delete(self, uuid: str, state: State) -> None:
        """Delete the members and what is left of their discs, or leave the members to others."""
        del uuid
        told = _told(state)
        site, marks = self._site(told), marks_of(told)
        doings = Doings(Deadline(self._context.clock, told.timeout), self._context.progress)
        left = [image.uuid for image in left_over(site, marks)]
        if stuck := errors_of(site.images.delete_many(left, deadline=doings.deadline)):
            said = "; ".join(f"{uuid}: {error}" for uuid, error in stuck.items())
            doing = f"Pool {told.name!r}: {len(stuck)} images of discs could not be deleted"
            raise AhvError(doing, said=said, advice="They may hold secrets: run `destroy` again.")
        if told.on_delete == "keep":
            self._tell([f"the {len(state.get('status') or {})} members are kept"], told.name)
            return
        known = known_of(state)
        own, _ = search(site, marks, Names.of(told), known)
        if not own:
            return
        gently = frozenset(uuid for uuid, each in known.items() if each.standing in DONE)
        site.images.forget(upload_keys(marks, [vm for uuid, vm in own.items() if uuid not in gently]))
        self._tell([f"removing {len(own)} members"], told.name)
        failed = Remover(site, self._context.clock, told.shutdown_timeout).remove(list(own.values()), gently, doings)
        if failed:
            said = "; ".join(f"{own[uuid].name} ({uuid}): {error}" for uuid, error in failed.items())
            doing = f"Pool {told.name!r}: {len(failed)} of {len(own)} members could not be deleted"
            raise AhvError(doing, said=said, advice="See what holds them, then run `destroy` again.")

    def _wrong_in_prism(self, told: PoolInputs, found: Examined) -> tuple[InputError, ...]:
        """What is wrong with the addresses on their subnet, and with what Prism's own customisation is to carry."""
        failures: list[InputError] = []
        if told.payload and told.payload.delivery == "prism" and found.payloads:
            central = self._site(told).info.product is Product.CENTRAL
            failures += found.payloads.wrong_for_prism(found.names, PrismSite(central))
        if told.addresses:
            try:
                failures += wrong_on_subnet(told, first_subnet(self._site(told), told))
            except InputError as failure:
                failures.append(failure)
        return tuple(failures)

    def _active_version(self, told: PoolInputs) -> str:
        site = self._site(told)
        template = site.templates.get(told.template)
        if template is None:
            raise InputError(
                "template",
                f"{site.info.product} at {site.info.url} has no template {told.template!r}",
                advice="Give the UUID of a template: `template.id` of a TemplateVm.",
            )
        active = next((version.uuid for version in template.versions if version.active), None)
        if active is None:
            raise InputError("template", f"template {template.name!r} has no active version")
        return active

    def _run(self, told: PoolInputs, inputs: State, state: State) -> State:
        site = self._site(told)
        told = fitted(told, site.info, self._context.progress, name=told.name)
        ran = run(self._context, site, told, state)
        eyes = eyes_of(site, told)
        after = outputs_after(told, eyes, ran)
        self._tell([_summary(after)], told.name)
        return {**inputs, **after, "members": inputs["members"], "fallback": _fallback(after, state)}

    def _what_stands(self, told: PoolInputs, inputs: State, error: AhvError) -> State:
        """The state of a pool whose making was broken off; raises the error again when there is nothing of it."""
        site, marks = self._site(told), marks_of(told)
        try:
            own, _ = search(site, marks, Names.of(told), ())
            eyes = eyes_of(site, told)
        except AhvError:
            raise error from None
        if not own:
            raise error
        stands = told_of(told, eyes, with_tools(site, told, own), known={}, reasons={}, metrics=NO_METRICS)
        failures = [*stands["failures"], str(error)]
        return {**inputs, **stands, "members": inputs["members"], "ready": False, "failures": failures}

    def _site(self, told: PoolInputs) -> MachineSite:
        return cast("MachineSite", self._context.site(told.connection))  # both products have machines and templates

    def _tell(self, lines: list[str], name: str = "") -> None:
        for line in lines:
            self._context.progress(f"{name}: {line}" if name else line)


def _fallback(after: State, before: State) -> State:
    """What the next rollout that fails can go back to, beyond the inputs that are in state anyway.

    Among the inputs it is an empty place: what lies in it is secret because the place is.
    """
    if after["ready"] or not before:
        return {}
    earlier = {name: value for name, value in before.items() if name in _INPUT_NAMES and name != "fallback"}
    return dict(before.get("fallback") or earlier)


_INPUT_NAMES = frozenset(field.alias or "" for field in PoolInputs.model_fields.values())


def _told(state: State) -> PoolInputs:
    told = inputs_in(state)
    if told is None:
        raise ValueError("a pool without state")
    return told


def _summary(after: dict[str, Any]) -> str:
    status = after["status"].values()
    good = sum(each["state"] in ("ready", "off") for each in status)
    return f"{good} of {len(status)} members are as they should be, after {after['metrics']['seconds']:.0f} s"
