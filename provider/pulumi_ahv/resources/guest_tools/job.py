"""What everyone who works on the tools of a machine holds in his hands, and the look at that machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pulumi_ahv.kernel.clock import Deadline
from pulumi_ahv.kernel.errors import InputError
from pulumi_ahv.prism.vm_interface import Doings, MachineSite, Outcomes
from pulumi_ahv.prism.vms import Tools, Vm
from pulumi_ahv.resources.handler import Context
from pulumi_ahv.schema.guest_tools import GuestToolsInputs


@dataclass(frozen=True)
class Equipped:
    """A machine and its tools."""

    vm: Vm
    tools: Tools


@dataclass(frozen=True)
class Job:
    """One run on the tools of one machine."""

    context: Context
    site: MachineSite
    told: GuestToolsInputs

    def doings(self) -> Doings:
        """The surroundings of one call."""
        return Doings(Deadline(self.context.clock, self.told.timeout), self.context.progress)

    def say(self, line: str) -> None:
        """Tell the user what is going on."""
        self.context.progress(f"{self.told.name}: {line}")

    def look(self, uuids: Sequence[str]) -> Mapping[str, Vm]:
        """Machines with their tools, by UUID."""
        vms = self.site.vms.by_uuid(uuids)
        tools = self.site.guest_tools.of(list(vms.values()))
        return {uuid: replace(vm, tools=tools[uuid]) for uuid, vm in vms.items() if uuid in tools}

    def find(self) -> Equipped | None:
        """The machine as it is now; ``None`` when there is positively none."""
        vm = self.look([self.told.vm]).get(self.told.vm)
        return Equipped(vm, vm.tools) if vm and vm.tools else None

    def expect(self) -> Equipped:
        """The machine as it is now.

        Raises:
            InputError: there is none.
        """
        found = self.find()
        if found is None:
            info = self.site.info
            said = f"{info.product} at {info.url} has no machine {self.told.vm!r}"
            raise InputError("vm", said, advice="Give the UUID of a machine.")
        return found


def demand(outcomes: Outcomes) -> None:
    """Raise the error of a call on one machine, if it has one.

    Raises:
        AhvError: the call did not end well.
    """
    for outcome in outcomes.values():
        if outcome.error:
            raise outcome.error
