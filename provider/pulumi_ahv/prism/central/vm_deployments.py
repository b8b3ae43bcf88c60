"""Machines of a template version: one call for up to 250, with overrides for each (api-v4, section 5).

Facts: the keys of the override map are the indexes of the machines; each machine is made by a subtask. Assumed, and
used only where the names of those that did well agree: subtasks stand in the order of the indexes. Without that,
nothing tells whose error is whose, because a machine that was not made has no id.
"""

from __future__ import annotations

from pulumi_ahv.kernel.errors import AhvError, TaskFailed
from pulumi_ahv.prism.central.api import Api, Collection
from pulumi_ahv.prism.central.tasks import CentralTasks
from pulumi_ahv.prism.central.vm_births import Order, Specs, VmBirths, all_born, born, told
from pulumi_ahv.prism.central.vm_bodies import VmBodies
from pulumi_ahv.prism.tasks import ENDED_BADLY, failed
from pulumi_ahv.prism.vm_interface import Doings, Outcomes
from pulumi_ahv.prism.vms import Outcome

TEMPLATES = Collection("vmm", "content/templates", "template")
_MOST_AT_ONCE = 250


class VmDeployments:
    """Deploys templates of one Prism Central."""

    def __init__(self, api: Api, births: VmBirths, tasks: CentralTasks) -> None:
        self._births = births
        self._tasks = tasks
        self._bodies = VmBodies(api)

    def deploy(
        self, template_uuid: str, version_uuid: str, cluster_uuid: str, specs: Specs, *, doings: Doings
    ) -> dict[str, Outcome]:
        """Make machines; those whose names are there already are answered as they are."""
        doing = f"Deploying {len(specs)} machines of template {template_uuid}"

        def make(missing: Specs) -> Outcomes:
            known: dict[str, Outcome] = {}
            keys = list(missing)
            for first in range(0, len(keys), _MOST_AT_ONCE):
                part = {key: missing[key] for key in keys[first : first + _MOST_AT_ONCE]}
                body = self._bodies.deployment(version_uuid, cluster_uuid, part.values())
                asked = [version_uuid, cluster_uuid, told(part, list(part))]
                order = Order(TEMPLATES, template_uuid, "deploy", body, asked, template_uuid)
                known |= self._part(order, part, doing, doings)
            return known

        return self._births.by_name(template_uuid, specs, make, doing=doing, doings=doings)

    def _part(self, order: Order, specs: Specs, doing: str, doings: Doings) -> Outcomes:
        try:
            state = self._births.carry_out(order, doing, doings)
        except TaskFailed as error:
            return self._own_errors(error.task, specs, doing, doings, error)
        except AhvError as error:
            return dict.fromkeys(specs, Outcome(error=error))
        if len(set(all_born(state, order.origin))) >= len(specs):
            return {}
        return self._own_errors(state.id, specs, doing, doings)

    def _own_errors(
        self, task: str, specs: Specs, doing: str, doings: Doings, error: TaskFailed | None = None
    ) -> Outcomes:
        """Each machine's own error, where that can be told; else everyone's: a task that ends well may hide some."""
        states = self._tasks.under(task, deadline=doings.deadline)
        bad = [state for state in states if state.status in ENDED_BADLY]
        if error is None and not bad:
            return {}
        there = self._births.names(specs, doing)
        pairs = list(zip(specs, states, strict=False))
        if len(states) != len(specs) or any(
            born(state) not in ("", there.get(specs[key].name)) for key, state in pairs
        ):
            return dict.fromkeys(specs, Outcome(error=error or failed(bad[0], doing)))
        return {
            key: Outcome(error=failed(state, f"Deploying '{specs[key].name}'"))
            for key, state in pairs
            if state.status in ENDED_BADLY
        }
