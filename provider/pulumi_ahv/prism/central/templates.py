"""Templates of Prism Central (``vmm/content/templates``) and their versions, guest updates and deployments.

Facts (api-v4, section 5): a template is made from a machine and its first version is named ``Initial Version``; a PUT
with a new version source adds a version and makes it the active one; a GET shows the active version only, the others
have a list of their own; a description cannot be filtered by; one guest update at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pulumi_ahv.kernel.clock import Deadline
from pulumi_ahv.kernel.errors import AhvError, NotFound, TaskError
from pulumi_ahv.prism.central.api import Api, Collection, Entity, quoted
from pulumi_ahv.prism.central.results import read_back
from pulumi_ahv.prism.central.stale import while_stale
from pulumi_ahv.prism.central.vm_deployments import TEMPLATES, VmDeployments
from pulumi_ahv.prism.dispatch import Dispatcher, Intention
from pulumi_ahv.prism.tasks import TaskPoller, TaskState
from pulumi_ahv.prism.vm_interface import Doings, Outcomes
from pulumi_ahv.prism.vms import CloneSpec, Template, TemplateVersion

_REL = "vmm:content:template"


Wanted = Callable[[Entity], dict[str, Any] | None]
"""The body that a template as read needs to be sent, or ``None``."""


@dataclass(frozen=True)
class _Call:
    """One call on a template. With a ``key`` it is the same call after a crash: for what must not be done twice."""

    method: str
    path: str
    doing: str
    key: str = ""


class CentralTemplates:
    """``Templates`` of one Prism Central."""

    def __init__(self, api: Api, poller: TaskPoller, dispatcher: Dispatcher, deployments: VmDeployments) -> None:
        self._api = api
        self._poller = poller
        self._dispatcher = dispatcher
        self._deployments = deployments

    def get(self, uuid: str) -> Template | None:
        """The template with all its versions, or ``None``."""
        doing = f"Reading template {uuid}"
        entity = self._api.get(TEMPLATES, uuid, doing=doing)
        return self._whole(entity.data, doing) if entity else None

    def named(self, name: str) -> list[Template]:
        """All templates of exactly this name."""
        doing = f"Looking for templates named '{name}'"
        wanted = f"templateName eq {quoted(name)}"
        return self._found(doing, wanted, lambda data: data.get("templateName") == name)

    def described(self, fragment: str) -> list[Template]:
        """All templates whose description holds this text; Prism cannot filter by it, so all are listed."""
        doing = f"Looking for templates that carry '{fragment}'"
        return self._found(doing, "", lambda data: fragment in str(data.get("templateDescription") or ""))

    def create(self, vm_uuid: str, *, name: str, description: str, key: str, doings: Doings) -> Template:
        """Make a template of a machine; its first version is active."""
        doing = f"Creating template '{name}'"
        version = self._framed("TemplateVersionSpec", versionSource=self._machine(vm_uuid), isGcOverrideEnabled=True)
        body = self._framed(
            "Template", templateName=name, templateDescription=description or None, templateVersionSpec=version
        )

        def start(request_id: str) -> str:
            return self._api.submit(
                "POST", TEMPLATES, doing=doing, body=body, request_id=request_id, deadline=doings.deadline
            )

        def gone(state: TaskState) -> bool:
            return not state.entity(_REL) or self._api.get(TEMPLATES, state.entity(_REL), doing=doing) is None

        state = self._dispatcher.run(Intention(key, doing, body), start, gone=gone, deadline=doings.deadline)
        made = read_back(self._api, TEMPLATES, state.entity(_REL), state, doing=doing, deadline=doings.deadline)
        return self._whole(made.data, doing)

    def add_version(
        self, uuid: str, vm_uuid: str, *, name: str, description: str, key: str, doings: Doings
    ) -> Template:
        """Freeze the machine's present state as a new version, and make it the active one.

        A version of this name and description is taken for what an interrupted run made.
        """
        doing = f"Adding version '{name}' to template {uuid}"

        def body(entity: Entity) -> dict[str, Any] | None:
            if self._version(entity, name, description, doing):
                return None
            version = self._framed(
                "TemplateVersionSpec",
                versionName=name,
                versionDescription=description,
                versionSource=self._machine(vm_uuid),
                isActiveVersion=True,
                isGcOverrideEnabled=True,
            )
            return _sent_back(entity.data) | {"templateVersionSpec": version}

        call = _Call("PUT", "", doing, key=f"{key} {name} {vm_uuid}")
        return self._changed(uuid, call, body, doings=doings)

    def publish(self, uuid: str, version_uuid: str, *, doings: Doings) -> Template:
        """Make a version the active one."""

        def body(entity: Entity) -> dict[str, Any] | None:
            if _active(entity.data) == version_uuid:
                return None
            return self._framed("TemplatePublishSpec", versionId=version_uuid)

        call = _Call("POST", "/$actions/publish", f"Publishing version {version_uuid} of template {uuid}")
        return self._changed(uuid, call, body, doings=doings)

    def delete_version(self, uuid: str, version_uuid: str, *, doings: Doings) -> None:
        """Delete a version that is not the active one; one that is not there is deleted already."""
        doing = f"Deleting version {version_uuid} of template {uuid}"
        self._removed(TEMPLATES.below(f"{uuid}/versions"), version_uuid, doing, doings.deadline)

    def change(self, uuid: str, *, name: str | None, description: str | None, doings: Doings) -> Template:
        """Change name and description in place."""
        asked = {"templateName": name, "templateDescription": description}
        wanted = {field: value for field, value in asked.items() if value is not None}

        def body(entity: Entity) -> dict[str, Any] | None:
            if all(entity.data.get(field, "") == value for field, value in wanted.items()):
                return None
            return _sent_back(entity.data) | wanted

        return self._changed(uuid, _Call("PUT", "", f"Changing template {uuid}"), body, doings=doings)

    def delete(self, uuid: str, *, doings: Doings) -> None:
        """Delete a template with its versions; one that is not there is deleted already."""
        self._removed(TEMPLATES, uuid, f"Deleting template {uuid}", doings.deadline)

    def deploy(
        self, uuid: str, version_uuid: str, cluster_uuid: str, specs: Mapping[str, CloneSpec], *, doings: Doings
    ) -> Outcomes:
        """Make many machines of a version; the keys name the intentions."""
        return self._deployments.deploy(uuid, version_uuid, cluster_uuid, specs, doings=doings)

    def begin_guest_update(self, uuid: str, version_uuid: str, *, key: str, doings: Doings) -> str:
        """Bring up the machine in which a version can be changed; answers its UUID. One under way is taken up."""

        def body(entity: Entity) -> dict[str, Any] | None:
            if _guest_update_vm(entity.data):
                return None
            return self._framed("InitiateGuestUpdateSpec", versionId=version_uuid or None)

        doing = f"Beginning a guest update of template {uuid}"
        call = _Call("POST", "/$actions/initiate-guest-update", doing, key=key)
        return self._changed(uuid, call, body, doings=doings).guest_update_vm

    def complete_guest_update(self, uuid: str, *, name: str, description: str, key: str, doings: Doings) -> Template:
        """Freeze what the guest update's machine has become as the new active version; the machine goes."""
        doing = f"Completing the guest update of template {uuid}"

        def body(entity: Entity) -> dict[str, Any] | None:
            if _guest_update_vm(entity.data):
                fields = {"versionName": name, "versionDescription": description, "isActiveVersion": True}
                return self._framed("CompleteGuestUpdateSpec", **fields)
            if self._version(entity, name, description, doing):
                return None
            raise AhvError(doing, said="no guest update is under way", advice="Begin one first.")

        call = _Call("POST", "/$actions/complete-guest-update", doing, key=f"{key} {name}")
        return self._changed(uuid, call, body, doings=doings)

    def cancel_guest_update(self, uuid: str, *, doings: Doings) -> None:
        """Drop a guest update and its machine; when none is under way there is nothing to do."""

        def body(entity: Entity) -> dict[str, Any] | None:
            return {} if _guest_update_vm(entity.data) else None

        call = _Call("POST", "/$actions/cancel-guest-update", f"Cancelling the guest update of template {uuid}")
        self._changed(uuid, call, body, doings=doings)

    def _changed(self, uuid: str, call: _Call, wanted: Wanted, *, doings: Doings) -> Template:
        """Read, call where something is wanted, read back; a stale ETag is read again."""

        def attempt(refused: int) -> Entity:
            entity = self._expect(uuid, call.doing)
            body = wanted(entity)
            if body is None:
                return entity
            key = f"{call.key}~{refused}" if call.key and refused else call.key
            self._call_once(
                replace(TEMPLATES, path=f"{TEMPLATES.path}/{uuid}{call.path}"),
                replace(call, key=key),
                Entity(body, entity.etag),
                still_wanted=lambda: wanted(self._expect(uuid, call.doing)) is not None,
                deadline=doings.deadline,
            )
            return self._expect(uuid, call.doing)

        entity = while_stale(attempt, clock=self._api.transport.clock, deadline=doings.deadline)
        return self._whole(entity.data, call.doing)

    def _call_once(
        self, where: Collection, call: _Call, body: Entity, *, still_wanted: Callable[[], bool], deadline: Deadline
    ) -> None:
        def start(request_id: str) -> str:
            return self._api.submit(
                call.method,
                where,
                doing=call.doing,
                body=body.data or None,
                etag=body.etag,
                request_id=request_id,
                deadline=deadline,
            )

        if call.key:
            intention = Intention(call.key, call.doing)
            self._dispatcher.run(intention, start, gone=lambda _: still_wanted(), deadline=deadline)
        else:
            self._poller.wait(start(""), doing=call.doing, deadline=deadline)

    def _removed(self, where: Collection, uuid: str, doing: str, deadline: Deadline) -> None:
        def attempt(_: int) -> None:
            entity = self._api.get(where, uuid, doing=doing, deadline=deadline)
            if entity:
                task = self._api.submit("DELETE", where.below(uuid), doing=doing, etag=entity.etag, deadline=deadline)
                self._poller.wait(task, doing=doing, deadline=deadline)

        try:
            while_stale(attempt, clock=self._api.transport.clock, deadline=deadline)
        except NotFound:
            return
        except TaskError:
            if self._api.get(where, uuid, doing=doing):
                raise

    def _found(self, doing: str, filter_by: str, fits: Callable[[Mapping[str, Any]], bool]) -> list[Template]:
        listed = self._api.entries(TEMPLATES, doing=doing, filter_by=filter_by)
        return [self._whole(data, doing) for data in listed if fits(data)]

    def _whole(self, data: Mapping[str, Any], doing: str) -> Template:
        """A template with its versions, which have a list of their own."""
        uuid = str(data.get("extId", ""))
        versions = self._versions(uuid, doing)
        active = _active(data)
        return Template(
            uuid=uuid,
            name=str(data.get("templateName", "")),
            description=str(data.get("templateDescription") or ""),
            versions=tuple(_version(version, active) for version in versions),
            guest_update_vm=_guest_update_vm(data),
            category_uuids=tuple(data.get("categoryExtIds") or ()),
        )

    def _versions(self, uuid: str, doing: str) -> Sequence[Mapping[str, Any]]:
        listed = self._api.entries(TEMPLATES.below(f"{uuid}/versions"), doing=doing)
        return sorted(listed, key=lambda version: str(version.get("createTime", "")), reverse=True)

    def _version(self, entity: Entity, name: str, description: str, doing: str) -> bool:
        versions = self._versions(str(entity.data.get("extId", "")), doing)
        return any((one.get("versionName"), one.get("versionDescription")) == (name, description) for one in versions)

    def _expect(self, uuid: str, doing: str) -> Entity:
        entity = self._api.get(TEMPLATES, uuid, doing=doing)
        if entity is None:
            raise self._api.not_found(doing)
        return entity

    def _machine(self, vm_uuid: str) -> dict[str, Any]:
        return self._framed("TemplateVmReference", extId=vm_uuid)

    def _framed(self, kind: str, **fields: Any) -> dict[str, Any]:
        return self._api.framed("vmm", f"content.{kind}", **fields)


def _sent_back(data: Mapping[str, Any]) -> dict[str, Any]:
    """A template as a PUT takes it: without the active version, which would be made once more."""
    return {name: value for name, value in data.items() if name not in {"links", "tenantId", "templateVersionSpec"}}


def _active(data: Mapping[str, Any]) -> str:
    return str((data.get("templateVersionSpec") or {}).get("extId", ""))


def _guest_update_vm(data: Mapping[str, Any]) -> str:
    return str((data.get("guestUpdateStatus") or {}).get("deployedVmReference") or "")


def _version(data: Mapping[str, Any], active: str) -> TemplateVersion:
    uuid = str(data.get("extId", ""))
    return TemplateVersion(
        uuid=uuid,
        name=str(data.get("versionName", "")),
        description=str(data.get("versionDescription") or ""),
        created=str(data.get("createTime", "")),
        active=uuid == active,
    )
