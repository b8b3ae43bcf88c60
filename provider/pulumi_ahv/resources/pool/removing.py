"""Taking machines away: guests are asked first and given time, then they are switched off, then they go."""

from __future__ import annotations

from collections.abc import Sequence

from pulumi_ahv.kernel.clock import Clock
from pulumi_ahv.kernel.errors import AhvError
from pulumi_ahv.prism.vm_interface import Doings, MachineSite, Outcomes
from pulumi_ahv.prism.vms import Power, Vm
from pulumi_ahv.resources.watching import Watch


class Remover:
    """Shuts machines down and deletes them, many with one call."""

    def __init__(self, site: MachineSite, clock: Clock, shutdown_seconds: float) -> None:
        self._site = site
        self._watch = Watch(site.vms.by_uuid, clock)
        self._seconds = shutdown_seconds

    def shut_down(self, uuids: Sequence[str], doings: Doings) -> dict[str, AhvError]:
        """Bring running machines to a stop; the guests that do not go in time are cut off."""
        if not uuids:
            return {}
        asked = self._site.vms.ask_to_shut_down(uuids, doings=doings)
        listening = [uuid for uuid in uuids if uuid in asked and asked[uuid].error is None]
        stubborn = self._watch.until(listening, self._seconds, is_off)
        deaf = [uuid for uuid in uuids if uuid not in listening]
        left = [*(uuid for uuid, vm in stubborn.items() if vm is not None), *deaf]
        return errors_of(self._site.vms.power_off(left, doings=doings)) if left else {}

    def remove(self, vms: Sequence[Vm], gently: frozenset[str], doings: Doings) -> dict[str, AhvError]:
        """Delete machines; only guests of ``gently`` are asked first, the others never were in use."""
        running = [vm.uuid for vm in vms if vm.power is not Power.OFF]
        failed = self.shut_down([uuid for uuid in running if uuid in gently], doings)
        if rough := [uuid for uuid in running if uuid not in gently]:
            failed |= errors_of(self._site.vms.power_off(rough, doings=doings))
        if going := [vm.uuid for vm in vms if vm.uuid not in failed]:
            failed |= errors_of(self._site.vms.delete(going, doings=doings))
        return failed


def is_off(vm: Vm) -> bool:
    """Whether a machine is off."""
    return vm.power is Power.OFF


def errors_of(outcomes: Outcomes) -> dict[str, AhvError]:
    """What failed, by key; an error that is none of ours is raised."""
    found: dict[str, AhvError] = {}
    for key, outcome in outcomes.items():
        if isinstance(outcome.error, AhvError):
            found[key] = outcome.error
        elif outcome.error is not None:
            raise outcome.error
    return found
