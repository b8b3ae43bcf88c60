"""Templates of a Prism Element, which has none: a machine that stays off, and a snapshot for each version.

``template_texts`` says what they carry, ``anchors`` what is told of them, ``guest_updates`` how they change.

The machine that a template is made of becomes its anchor, and its UUID the template's. It was never on and never will
be: whatever runs is a clone of a snapshot. Every step finds what an interrupted run did of it: UUIDs of snapshots and
machines follow from the key, and each description is written as a whole.

Assumed: the UUID of a machine or snapshot that was deleted can be given again.
"""

from __future__ import annotations

from collections.abc import Mapping

from pulumi_ahv.kernel.errors import AhvError
from pulumi_ahv.prism.dispatch import Intention
from pulumi_ahv.prism.element.anchors import Anchors, raise_error
from pulumi_ahv.prism.element.api import Api
from pulumi_ahv.prism.element.guest_updates import GuestUpdates
from pulumi_ahv.prism.element.snapshots import SNAPSHOTS, Snapshots
from pulumi_ahv.prism.element.template_texts import Line, digits, snapshot_name
from pulumi_ahv.prism.element.vm_clones import VmClones
from pulumi_ahv.prism.element.vm_many import Call, Many
from pulumi_ahv.prism.tasks import TaskPoller
from pulumi_ahv.prism.vm_interface import Doings, Outcomes
from pulumi_ahv.prism.vms import FIRST_VERSION, CloneSpec, Outcome, Template


class ElementTemplates:
    """``Templates`` of one Prism Element."""

    def __init__(self, api: Api, poller: TaskPoller, many: Many, clones: VmClones) -> None:
        self._api = api
        self._many = many
        self._clones = clones
        self._snapshots = Snapshots(api, poller)
        self._anchors = Anchors(api, many, self._snapshots)
        self._updates = GuestUpdates(self._anchors, self._snapshots, many, clones)

    def get(self, uuid: str) -> Template | None:
        """The template with all its versions, or ``None``: also for a machine that is no template's."""
        anchor = self._anchors.find(uuid, f"Reading template {uuid}")
        return anchor.template if anchor else None

    def named(self, name: str) -> list[Template]:
        """All templates of exactly this name."""
        doing = f"Looking for templates named '{name}'"
        return [anchor.template for anchor in self._anchors.search(lambda called, _: called == name, doing)]

    def described(self, fragment: str) -> list[Template]:
        """All templates whose description holds this text."""
        doing = f"Looking for templates that carry '{fragment}'"
        return [anchor.template for anchor in self._anchors.search(lambda _, told: fragment in told, doing)]

    def create(self, vm_uuid: str, *, name: str, description: str, key: str, doings: Doings) -> Template:
        """Make a template of a machine, which becomes its anchor.

        It gets its new name last: until then it is a machine under the name it was made with, to be found or deleted.
        """
        doing = f"Creating template '{name}'"
        machine = self._anchors.machine(vm_uuid, doing)
        if machine is None:
            raise self._api.not_found(f"{doing} of machine {vm_uuid}")
        version = Intention(key, FIRST_VERSION, vm_uuid).request_id(1)
        line = Line(active=digits(version))
        self._anchors.describe(vm_uuid, line, doings)
        told = f"Created from VM: {machine.get('name')}"
        self._snapshots.take(version, vm_uuid, snapshot_name(vm_uuid, FIRST_VERSION, told), doing=doing, doings=doings)
        self._anchors.describe(vm_uuid, line, doings, name=name, text=description)
        return self._anchors.expect(vm_uuid, doing).template

    def add_version(
        self, uuid: str, vm_uuid: str, *, name: str, description: str, key: str, doings: Doings
    ) -> Template:
        """Freeze the machine's present state as a new version, and make it the active one."""
        doing = f"Adding version '{name}' to template {uuid}"
        self._anchors.expect(uuid, doing)
        version = Intention(key, name, [uuid, vm_uuid]).request_id(1)
        told = snapshot_name(uuid, name, description)
        self._snapshots.take(version, vm_uuid, told, doing=doing, doings=doings)
        return self._activate(uuid, version, doing, doings)

    def publish(self, uuid: str, version_uuid: str, *, doings: Doings) -> Template:
        """Make a version the active one."""
        return self._activate(uuid, version_uuid, f"Publishing version {version_uuid} of template {uuid}", doings)

    def delete_version(self, uuid: str, version_uuid: str, *, doings: Doings) -> None:
        """Delete a version that is not the active one; one that is not there is deleted already."""
        doing = f"Deleting version {version_uuid} of template {uuid}"
        anchor = self._anchors.find(uuid, doing)
        version = anchor.version(version_uuid) if anchor else None
        if version is None:
            return
        if version.active:
            raise AhvError(doing, said="it is the active version", advice="Make another one the active version first.")
        self._snapshots.delete([version_uuid], doing=doing, doings=doings)

    def change(self, uuid: str, *, name: str | None, description: str | None, doings: Doings) -> Template:
        """Change name and description in place; the line of the template stays."""
        doing = f"Changing template {uuid}"
        line = self._anchors.expect(uuid, doing).line
        self._anchors.describe(uuid, line, doings, name=name, text=description)
        return self._anchors.expect(uuid, doing).template

    def delete(self, uuid: str, *, doings: Doings) -> None:
        """Delete all versions, then the anchor; a machine that is no template's is left alone."""
        doing = f"Deleting template {uuid}"
        anchor = self._anchors.find(uuid, doing)
        versions = anchor.frozen if anchor else self._anchors.left_over(uuid, doing)
        self._snapshots.delete([one.uuid for one in versions], doing=doing, doings=doings)
        if anchor:
            gone = self._many.bring([uuid], "Deleting template", lambda *_: Call("DELETE"), doings, gone=True)
            raise_error(gone[uuid].error)

    def deploy(
        self, uuid: str, version_uuid: str, cluster_uuid: str, specs: Mapping[str, CloneSpec], *, doings: Doings
    ) -> Outcomes:
        """Make many machines of a version; the keys name the intentions."""
        del cluster_uuid  # there is one
        try:
            version = version_uuid or self._active(uuid, f"Deploying template {uuid}")
        except AhvError as error:
            return dict.fromkeys(specs, Outcome(error=error))
        return self._clones.clone(f"{SNAPSHOTS}/{version}", specs, doings=doings)

    def begin_guest_update(self, uuid: str, version_uuid: str, *, key: str, doings: Doings) -> str:
        """Bring up the machine in which a version can be changed; answers its UUID. One under way is taken up."""
        return self._updates.begin(uuid, version_uuid, key=key, doings=doings)

    def complete_guest_update(self, uuid: str, *, name: str, description: str, key: str, doings: Doings) -> Template:
        """Freeze what the guest update's machine has become as the new active version; the machine goes."""
        return self._updates.complete(uuid, name=name, description=description, key=key, doings=doings)

    def cancel_guest_update(self, uuid: str, *, doings: Doings) -> None:
        """Drop a guest update and its machine; when none is under way there is nothing to do."""
        self._updates.cancel(uuid, doings=doings)

    def _active(self, uuid: str, doing: str) -> str:
        version = self._anchors.expect(uuid, doing).active
        if version is None:
            raise AhvError(doing, said="it has no version any more", advice="Its deletion was cut off: delete it.")
        return version.uuid

    def _activate(self, uuid: str, version_uuid: str, doing: str, doings: Doings) -> Template:
        anchor = self._anchors.expect(uuid, doing)
        if anchor.version(version_uuid) is None:
            raise self._api.not_found(doing)
        self._anchors.describe(uuid, anchor.line.with_active(version_uuid), doings)
        return self._anchors.expect(uuid, doing).template
