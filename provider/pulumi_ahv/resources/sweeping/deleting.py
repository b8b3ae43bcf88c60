"""Deletes what was found, in the order in which things hold on to each other.

Machines are not asked to shut down: no program knows of them, and nobody waits for what is in them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pulumi_ahv.kernel.clock import Clock, Deadline
from pulumi_ahv.kernel.errors import AhvError
from pulumi_ahv.kernel.progress import Progress
from pulumi_ahv.prism.vm_interface import Doings, MachineSite
from pulumi_ahv.prism.vms import Outcome
from pulumi_ahv.resources.sweeping.looking import Finding, Kind

SECONDS = 900.0
_MACHINES = (Kind.MACHINE, Kind.MEMBER, Kind.CLONE, Kind.BUILDING)

Failures = dict[Finding, AhvError]
"""What could not be deleted, and why."""


@dataclass(frozen=True)
class Sweeper:
    """Deletes on one site."""

    site: MachineSite
    clock: Clock
    progress: Progress

    def sweep(self, findings: Sequence[Finding]) -> Failures:
        """Delete all that may be deleted. What fails does not stop the rest; what is gone already is deleted."""
        wanted = [finding for finding in findings if not finding.stays]
        failures = _each(_of(wanted, Kind.GUEST_UPDATE), self._cancel)
        stuck = {finding.template: error for finding, error in failures.items()}
        templates = _of(wanted, Kind.TEMPLATE)
        failures |= {one: stuck[one.uuid] for one in templates if one.uuid in stuck}
        failures |= _each([one for one in templates if one.uuid not in stuck], self._delete_template)
        # A Prism Element may have made a template of it already, with a version that would be left.
        failures |= _each(_of(wanted, Kind.BUILDING), self._delete_template)
        machines = [one for one in _of(wanted, *_MACHINES) if one not in failures]
        failures |= self._machines(machines)
        failures |= self._images(_of(wanted, Kind.DISC, Kind.IMAGE))
        return failures | self._uploads(_of(wanted, Kind.UPLOAD))

    def _doings(self) -> Doings:
        return Doings(Deadline(self.clock, SECONDS), self.progress)

    def _cancel(self, finding: Finding) -> None:
        self.site.templates.cancel_guest_update(finding.template, doings=self._doings())

    def _delete_template(self, finding: Finding) -> None:
        if self.site.templates.get(finding.uuid):
            self.site.templates.delete(finding.uuid, doings=self._doings())

    def _machines(self, findings: Sequence[Finding]) -> Failures:
        vms = self.site.vms
        failures = _together(findings, lambda uuids: vms.power_off(list(vms.by_uuid(uuids)), doings=self._doings()))
        off = [finding for finding in findings if finding not in failures]
        return failures | _together(off, lambda uuids: vms.delete(uuids, doings=self._doings()))

    def _images(self, findings: Sequence[Finding]) -> Failures:
        deadline = Deadline(self.clock, SECONDS)
        return _together(findings, lambda uuids: self.site.images.delete_many(uuids, deadline=deadline))

    def _uploads(self, findings: Sequence[Finding]) -> Failures:
        if not findings:
            return {}
        by_key = {finding.key: finding for finding in findings}
        self.site.images.forget(list(by_key))
        error = AhvError("Deleting an upload", said="it is still there", advice="It takes up space, and nothing else.")
        return {by_key[key]: error for key in self.site.images.left_behind(list(by_key))}


def _of(findings: Sequence[Finding], *kinds: Kind) -> list[Finding]:
    return [finding for finding in findings if finding.kind in kinds]


def _each(findings: Sequence[Finding], delete: Callable[[Finding], None]) -> Failures:
    failures: Failures = {}
    for finding in findings:
        try:
            delete(finding)
        except AhvError as error:
            failures[finding] = error
    return failures


def _together(findings: Sequence[Finding], call: Callable[[Sequence[str]], Mapping[str, Outcome]]) -> Failures:
    """Make one call for all; when it fails as a whole, everyone did."""
    if not findings:
        return {}
    by_uuid = {finding.uuid: finding for finding in findings}
    try:
        outcomes = call(list(by_uuid))
    except AhvError as error:
        return dict.fromkeys(findings, error)
    failures: Failures = {}
    for uuid, outcome in outcomes.items():
        if isinstance(outcome.error, AhvError):
            failures[by_uuid[uuid]] = outcome.error
        elif outcome.error is not None:
            raise outcome.error
    return failures
