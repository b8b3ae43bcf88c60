"""Guest updates on an Element: a clone of a version, changed by hand, frozen as the next version, and deleted.

The anchor's line tells which machine that is and how far things are: the next run goes on where one was cut off.

    begin       line: begins → clone → its description → line: changes
    complete    snapshot → line: ends → delete the machine → line: nothing
    cancel      delete what was frozen of it → delete the machine → line: nothing

``anchors`` reads a snapshot as a version only when the machine is gone.
"""

from __future__ import annotations

from dataclasses import replace

from pulumi_ahv.kernel.errors import AhvError
from pulumi_ahv.prism.dispatch import Intention
from pulumi_ahv.prism.element.anchors import Anchor, Anchors, raise_error
from pulumi_ahv.prism.element.snapshots import SNAPSHOTS, Snapshots
from pulumi_ahv.prism.element.template_texts import Phase, snapshot_name
from pulumi_ahv.prism.element.vm_clones import VmClones
from pulumi_ahv.prism.element.vm_many import Call, Data, Many
from pulumi_ahv.prism.vm_interface import Doings
from pulumi_ahv.prism.vms import CloneSpec, Template


class GuestUpdates:
    """Guest updates of the templates of one Prism Element."""

    def __init__(self, anchors: Anchors, snapshots: Snapshots, many: Many, clones: VmClones) -> None:
        self._anchors = anchors
        self._snapshots = snapshots
        self._many = many
        self._clones = clones

    def begin(self, uuid: str, version_uuid: str, *, key: str, doings: Doings) -> str:
        """Make the machine, or answer the one under way."""
        doing = f"Beginning a guest update of template {uuid}"
        anchor = self._anchors.expect(uuid, doing)
        line = anchor.line
        if line.update and line.phase is not Phase.BEGINS:
            return line.update
        version = anchor.version(version_uuid) if version_uuid else anchor.active
        if version is None:
            raise AhvError(doing, said=f"it has no version {version_uuid or 'any more'}", advice="Refresh the state.")
        machine = line.update or Intention(key, doing, version.uuid).request_id(1)
        self._anchors.describe(uuid, replace(line, update=machine, phase=Phase.BEGINS), doings)
        specs = {machine: CloneSpec(f"ahv-update-{uuid}")}
        raise_error(self._clones.clone_as(f"{SNAPSHOTS}/{version.uuid}", specs, doings=doings)[machine])
        self._say_what_it_is(machine, f"Guest update of template '{anchor.template.name}' ({uuid}).", doings)
        self._anchors.describe(uuid, replace(line, update=machine, phase=Phase.CHANGES), doings)
        return machine

    def complete(self, uuid: str, *, name: str, description: str, key: str, doings: Doings) -> Template:
        """Make a version of the machine. When that was done before there is nothing to do."""
        doing = f"Completing the guest update of template {uuid}"
        anchor = self._anchors.expect(uuid, doing)
        machine = anchor.template.guest_update_vm
        if machine:
            self._demand_ours(uuid, machine, doing)
            self._demand_off(machine, doing)
            version = Intention(key, name, [uuid, machine]).request_id(1)
            told = snapshot_name(uuid, name, description)
            self._snapshots.take(version, machine, told, doing=doing, doings=doings)
            self._anchors.describe(uuid, replace(anchor.line, phase=Phase.ENDS), doings)
            self._delete(machine, doings)
            anchor = self._anchors.expect(uuid, doing)
        elif not any((one.name, one.description) == (name, description) for one in anchor.template.versions):
            raise AhvError(doing, said="no guest update is under way", advice="Begin one first.")
        self._anchors.describe(uuid, anchor.line, doings)
        return anchor.template

    def cancel(self, uuid: str, *, doings: Doings) -> None:
        """Delete the machine, and what was frozen of it."""
        doing = f"Cancelling the guest update of template {uuid}"
        anchor = self._anchors.expect(uuid, doing)
        if machine := anchor.line.update:
            self._demand_ours(uuid, machine, doing)
            self._snapshots.delete(_waiting(anchor, machine), doing=doing, doings=doings)
            self._delete(machine, doings)
        self._anchors.describe(uuid, replace(anchor.line, update="", phase=Phase.CHANGES), doings)

    def _say_what_it_is(self, machine: str, text: str, doings: Doings) -> None:
        """A clone may come with the description of what it was made of."""

        def plan(_: str, data: Data) -> Call | None:
            return Call("PUT", "", {"description": text}) if data.get("description") != text else None

        raise_error(self._many.bring([machine], "Describing", plan, doings)[machine].error)

    def _demand_ours(self, uuid: str, machine: str, doing: str) -> None:
        """Touch no machine but the one we made, whatever somebody wrote into the line."""
        data = self._anchors.machine(machine, doing)
        if data and uuid not in f"{data.get('name')} {data.get('description')}":
            said = f"machine {machine} ('{data.get('name')}') does not say that it is the one of this guest update"
            advice = f"Correct the last line of the description of machine {uuid}."
            raise AhvError(doing, said=said, advice=advice)

    def _demand_off(self, machine: str, doing: str) -> None:
        data = self._anchors.machine(machine, doing)
        if data is None:
            raise AhvError(doing, said=f"its machine {machine} is gone", advice="Cancel the guest update.")
        if str(data.get("power_state")).lower() != "off":
            said = f"its machine {machine} is {data.get('power_state')}, and a snapshot would be like a power cut"
            raise AhvError(doing, said=said, advice="Shut it down first.")

    def _delete(self, machine: str, doings: Doings) -> None:
        gone = self._many.bring([machine], "Deleting", lambda *_: Call("DELETE"), doings, gone=True)
        raise_error(gone[machine].error)


def _waiting(anchor: Anchor, machine: str) -> list[str]:
    """Snapshots of the machine of a guest update, which are no versions yet."""
    return [one.uuid for one in anchor.frozen if one.machine == machine]
