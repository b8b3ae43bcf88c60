"""Guest tools of one machine: create and update are one convergence; read tells drift by live inputs.

There is no object of ours in Prism: the id is the machine's. What interrupted runs left is what the next one finds.
"""

from __future__ import annotations

from typing import cast

from pulumi_ahv.kernel.errors import AhvError
from pulumi_ahv.prism.vm_interface import MachineSite
from pulumi_ahv.resources.guest_tools.equipping import Equipping, is_served
from pulumi_ahv.resources.guest_tools.job import Equipped, Job, demand
from pulumi_ahv.resources.handler import CheckOutcome, Context, Created, Live, State
from pulumi_ahv.resources.support import fitted
from pulumi_ahv.schema.compare import replaced_by
from pulumi_ahv.schema.guest_tools import GuestToolsInputs
from pulumi_ahv.schema.validate import validate

_INPUT_NAMES = frozenset(field.alias or "" for field in GuestToolsInputs.model_fields.values())


class GuestToolsHandler:
    """Guest tools, on both products."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def check(self, olds: State, news: State) -> CheckOutcome:
        """Validate."""
        del olds
        return CheckOutcome(news, validate(GuestToolsInputs, news).failures)

    def replaces(self, state: State, news: State) -> list[str]:
        """Another machine, or another connection, has other tools."""
        return replaced_by(GuestToolsInputs, state, news)

    def create(self, inputs: State) -> Created:
        """Bring the tools to what is told; a failure takes back what this call did, but for an installation."""
        job = self._job(inputs)
        before, equipping = job.expect(), Equipping(job)
        try:
            found = equipping.converge()
        except AhvError:
            try:
                equipping.undo(before)
            except AhvError as error:
                job.say(f"what this run did to the guest tools of machine {job.told.vm} is left as it is: {error}")
            raise
        return Created(job.told.vm, {**inputs, **_outputs(found)})

    def read(self, uuid: str, state: State) -> Live | None:
        """Ask Prism, and say what the inputs would be if they told the truth."""
        inputs = {name: value for name, value in state.items() if name in _INPUT_NAMES}
        told = GuestToolsInputs.model_validate({"name": uuid, **inputs, "vm": uuid})
        found = Job(self._context, self._site(told), told).find()
        if found is None:
            return None
        live = {**inputs, "vm": uuid, **_live(told, inputs, found)}
        live = {name: value for name, value in live.items() if value is not None}
        return Live({**live, **_outputs(found)}, live)

    def update(self, uuid: str, state: State, news: State) -> State:
        """Bring the tools to the new inputs."""
        del uuid, state
        return {**news, **_outputs(Equipping(self._job(news)).converge())}

    def delete(self, uuid: str, state: State) -> None:
        """Do what ``onDelete`` says; the tools of a machine that is not there are gone."""
        del uuid
        told = GuestToolsInputs.model_validate({name: value for name, value in state.items() if name in _INPUT_NAMES})
        job = Job(self._context, self._site(told), told)
        if told.on_delete == "keep":
            return
        found = job.find()
        if found is None:
            return
        if told.mount and found.tools.iso_inserted:
            demand(job.site.guest_tools.eject([told.vm], doings=job.doings()))
        if told.on_delete == "uninstall" and found.tools.installed:
            job.say(f"uninstalling the guest tools of machine '{found.vm.name}'")
            job.site.guest_tools.uninstall(told.vm, doings=job.doings())
        elif told.enabled and found.tools.enabled:
            demand(job.site.guest_tools.configure([told.vm], enabled=False, capabilities=(), doings=job.doings()))

    def _job(self, inputs: State) -> Job:
        told = GuestToolsInputs.model_validate(inputs)
        site = self._site(told)
        return Job(self._context, site, fitted(told, site.info, self._context.progress, name=told.name))

    def _site(self, told: GuestToolsInputs) -> MachineSite:
        return cast("MachineSite", self._context.site(told.connection))  # both products are one


def _live(told: GuestToolsInputs, inputs: State, found: Equipped) -> State:
    """Live inputs; ``None`` takes one out, so that what it asked for shows as missing.

    Only what the user has set is told: ``enabled`` is set by leaving it out.
    """
    live: State = {}
    if found.tools.enabled != told.enabled:
        live["enabled"] = found.tools.enabled
    if told.capabilities is not None and sorted(told.capabilities) != list(found.tools.capabilities):
        live["capabilities"] = list(found.tools.capabilities)
    if told.mount is not None:
        live["mount"] = found.tools.iso_inserted or (told.mount and is_served(found))
    if "install" in inputs and not found.tools.installed:
        live["install"] = None
    return live


def _outputs(found: Equipped) -> State:
    tools = found.tools
    return {
        "installed": tools.installed,
        "reachable": tools.reachable,
        "version": tools.version,
        "availableVersion": tools.available_version,
        "isoMounted": tools.iso_inserted,
    }
