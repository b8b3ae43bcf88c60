"""Templates and their versions (api-v4, section 5): create, change, publish, delete. The rest is ``deployments``'.

Facts: the first version is named ``Initial Version`` and described ``Created from VM: <name>``; a PUT with a new
``templateVersionSpec`` adds a version and makes it the active one unless told otherwise; a GET shows the active
version only, its ``vmSpec`` without ids and its disks pointing to images, and no ``versionSource``, although the SDKs'
models require one (recorded answers in the documentation of nutanix.ansible's template modules). Assumed: the active
version cannot be deleted; a version freezes the disks as they are, whatever the VM's power state.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from pulumi_ahv.simulator import customization, vm_clone
from pulumi_ahv.simulator.answers import Refusal, Reply
from pulumi_ahv.simulator.categories import check_known
from pulumi_ahv.simulator.listing import Listing, page_of
from pulumi_ahv.simulator.preconditions import etag
from pulumi_ahv.simulator.replies import accepted
from pulumi_ahv.simulator.routing import Call, Route, answer_type
from pulumi_ahv.simulator.site import Site
from pulumi_ahv.simulator.store import Record
from pulumi_ahv.simulator.work import Operation, Order, Run

TYPE = "vmm.v4.content.Template"
VERSION = "vmm.v4.content.TemplateVersionSpec"
REL = "vmm:content:template"
SECTION = "api-v4 §5"
_LIST = Listing(filters={"extId", "templateName"}, orders={"templateName", "updateTime"})
_VERSIONS = Listing(filters={"extId", "versionName"}, orders={"createTime", "versionName"})
_OVERRIDES = ("numSockets", "numCoresPerSocket", "numThreadsPerCore", "memorySizeBytes", "nics")


def template_of(site: Site, call: Call) -> Record:
    """The template that a call is about.

    Raises:
        Refusal: 404.
    """
    ext_id = call.params.get("templateExtId") or call.params["extId"]
    return site.find("templates", ext_id, code="VMM-40004")


def version_of(site: Site, template: Record, ext_id: str = "") -> Record:
    """One of the template's versions; the active one if none is named.

    Raises:
        Refusal: 404.
    """
    version = site.find("template-versions", ext_id or template.hidden["active"], code="VMM-40005")
    if version.hidden["template"] != template.ext_id:
        raise Refusal(404, "VMM-40005", "The version belongs to another template.")
    return version


def versions_of(site: Site, template: Record) -> list[Record]:
    """All versions of a template, oldest first."""
    return [each for each in site.store.table("template-versions") if each.hidden["template"] == template.ext_id]


def add_version(site: Site, template: Record, vm: dict[str, Any], **told: Any) -> Record:
    """Freeze a VM as a version. ``told`` are fields of the version; ``isActiveVersion`` false leaves the active one."""
    content = told.pop("content", None) or vm_clone.contents(site, vm)
    ext_id = site.new_id()
    body = {
        "extId": ext_id,
        "createTime": site.timeline.stamp(),
        "createdBy": template.body["updatedBy"],
        "isGcOverrideEnabled": told.pop("isGcOverrideEnabled", True),
        "vmSpec": _frozen(site, vm),
        **told,
    }
    version = site.store.table("template-versions").add(
        ext_id, body, template=template.ext_id, content=deepcopy(content), vm=deepcopy(vm)
    )
    if body.pop("isActiveVersion", True):
        template.hidden["active"] = ext_id
    return version


def _frozen(site: Site, vm: dict[str, Any]) -> dict[str, Any]:
    """A VM as a specification: without ids, state and addresses."""
    gone = {"extId", "powerState", "host", "createTime", "updateTime", "generationUuid", "biosUuid", "cdRoms", "source"}
    spec = deepcopy({name: value for name, value in vm.items() if name not in gone})
    for disk in spec.get("disks", ()):
        del disk["extId"], disk["backingInfo"]["diskExtId"]
        reference = {"$objectType": "vmm.v4.ahv.config.ImageReference", "imageExtId": site.new_id()}
        disk["backingInfo"]["dataSource"] = {"reference": reference}
    for nic in spec.get("nics", ()):
        del nic["extId"]
        for part in ("backingInfo", "nicBackingInfo"):
            nic[part].pop("macAddress", None)
        for part in ("networkInfo", "nicNetworkInfo"):
            nic[part].pop("ipv4Config", None)
            nic[part].pop("ipv4Info", None)
    return spec


def shown(site: Site, template: Record) -> dict[str, Any]:
    """A template with its active version, as GET and list show it."""
    active = site.find("template-versions", template.hidden["active"])
    return {**template.body, "templateVersionSpec": {**active.body, "isActiveVersion": True}}


def _list(site: Site, call: Call) -> Reply:
    bodies = (shown(site, record) for record in site.store.table("templates"))
    page, total = page_of(bodies, call.query, _LIST)
    return Reply(page, TYPE, total=total)


def _get(site: Site, call: Call) -> Reply:
    template = template_of(site, call)
    return Reply(shown(site, template), TYPE, revision=etag(template))


def _create(site: Site, call: Call) -> Reply:
    body = call.body
    if not body.get("templateName") or "versionSource" not in body.get("templateVersionSpec", {}):
        raise Refusal(400, "VMM-40001", "templateName and templateVersionSpec.versionSource are required.")
    check_known(site, body.get("categoryExtIds", []))
    source = body["templateVersionSpec"]["versionSource"]
    _check_source(site, source)
    if not source["$objectType"].endswith("TemplateVmReference"):
        raise Refusal(400, "VMM-40002", "A template is created from a VM.")
    user = {"extId": call.user.ext_id, "username": call.user.name}
    return accepted(site, call, Order("template.create", {"body": body, "user": user}))


def _check_source(site: Site, source: dict[str, Any]) -> None:
    customization.check(site, source.get("guestCustomization"))
    if source["$objectType"].endswith("TemplateVmReference"):
        site.find("vms", source["extId"], code="VMM-30100")
    else:
        site.find("template-versions", source["versionId"], code="VMM-40005")


def _created(site: Site, run: Run) -> None:
    spec, user = run.arguments["body"], run.arguments["user"]
    ext_id, stamp = site.new_id(), site.timeline.stamp()
    vm = site.find("vms", spec["templateVersionSpec"]["versionSource"]["extId"], code="VMM-30100")
    body = {
        "extId": ext_id,
        "templateName": spec["templateName"],
        "templateDescription": spec.get("templateDescription", ""),
        "categoryExtIds": spec.get("categoryExtIds", []),
        "createTime": stamp,
        "updateTime": stamp,
        "createdBy": user,
        "updatedBy": user,
    }
    template = site.store.table("templates").add(ext_id, body, active="")
    first = {"versionName": "Initial Version", "versionDescription": f"Created from VM: {vm.body['name']}"}
    told = spec["templateVersionSpec"]
    add_version(site, template, vm.body, **first, isGcOverrideEnabled=told.get("isGcOverrideEnabled", True))
    run.affect(ext_id, REL, body["templateName"])


def _update(site: Site, call: Call) -> Reply:
    template = template_of(site, call)
    check_known(site, call.body.get("categoryExtIds", []))
    source = call.body.get("templateVersionSpec", {}).get("versionSource")
    if source is not None:
        _check_source(site, source)
    user = {"extId": call.user.ext_id, "username": call.user.name}
    return accepted(site, call, Order("template.update", {"id": template.ext_id, "body": call.body, "user": user}))


def _updated(site: Site, run: Run) -> None:
    template, spec = site.find("templates", run.arguments["id"], code="VMM-40004"), run.arguments["body"]
    for name in ("templateName", "templateDescription", "categoryExtIds"):
        if name in spec:
            template.body[name] = spec[name]
    template.body["updatedBy"] = run.arguments["user"]
    told = spec.get("templateVersionSpec", {})
    if "versionSource" in told:
        _new_version(site, template, told)
    changed(site, template)
    run.affect(template.ext_id, REL, template.body["templateName"])


def _new_version(site: Site, template: Record, told: dict[str, Any]) -> None:
    names = ("versionName", "versionDescription", "isActiveVersion", "isGcOverrideEnabled")
    fields = {name: told[name] for name in names if name in told}
    source = told["versionSource"]
    if source["$objectType"].endswith("TemplateVmReference"):
        add_version(site, template, site.find("vms", source["extId"], code="VMM-30100").body, **fields)
        return
    base = version_of(site, template, source["versionId"])
    overrides = {name: source["overrideVmConfig"][name] for name in _OVERRIDES if name in source["overrideVmConfig"]}
    add_version(site, template, {**base.hidden["vm"], **overrides}, content=base.hidden["content"], **fields)


def changed(site: Site, template: Record) -> None:
    """Note that a template looks different from now on."""
    template.body["updateTime"] = site.timeline.stamp()
    site.store.table("templates").touch(template)


def _delete(site: Site, call: Call) -> Reply:
    return accepted(site, call, Order("template.delete", {"id": template_of(site, call).ext_id}))


def _deleted(site: Site, run: Run) -> None:
    template = site.find("templates", run.arguments["id"], code="VMM-40004")
    for version in versions_of(site, template):
        site.store.table("template-versions").remove(version.ext_id)
    site.store.table("templates").remove(template.ext_id)
    run.affect(template.ext_id, REL, template.body["templateName"])


def _list_versions(site: Site, call: Call) -> Reply:
    template = template_of(site, call)
    bodies = [_version_shown(template, version) for version in versions_of(site, template)]
    page, total = page_of(bodies, call.query, _VERSIONS)
    return Reply(page, VERSION, total=total)


def _version_shown(template: Record, version: Record) -> dict[str, Any]:
    return {**version.body, "isActiveVersion": version.ext_id == template.hidden["active"]}


def _get_version(site: Site, call: Call) -> Reply:
    template = template_of(site, call)
    version = version_of(site, template, call.params["extId"])
    return Reply(_version_shown(template, version), VERSION, revision=etag(version))


def _delete_version(site: Site, call: Call) -> Reply:
    template = template_of(site, call)
    version = version_of(site, template, call.params["extId"])
    if version.ext_id == template.hidden["active"]:
        raise Refusal(400, "VMM-40006", "The active version of a template cannot be deleted.")
    return accepted(site, call, Order("template.delete-version", {"id": template.ext_id, "version": version.ext_id}))


def _version_deleted(site: Site, run: Run) -> None:
    template = site.find("templates", run.arguments["id"], code="VMM-40004")
    site.store.table("template-versions").remove(run.arguments["version"])
    changed(site, template)
    run.affect(template.ext_id, REL, template.body["templateName"])


def _publish(site: Site, call: Call) -> Reply:
    template = template_of(site, call)
    version = version_of(site, template, call.body["versionId"])
    return accepted(site, call, Order("template.publish", {"id": template.ext_id, "version": version.ext_id}))


def _published(site: Site, run: Run) -> None:
    template = site.find("templates", run.arguments["id"], code="VMM-40004")
    template.hidden["active"] = version_of(site, template, run.arguments["version"]).ext_id
    changed(site, template)
    run.affect(template.ext_id, REL, template.body["templateName"])


OPERATIONS = (
    Operation("template.create", "kVmTemplateCreate", "Create Template", _created, 3.0),
    Operation("template.update", "kVmTemplateUpdate", "Update Template", _updated, 2.0),
    Operation("template.delete", "kVmTemplateDelete", "Delete Template", _deleted),
    Operation("template.delete-version", "kVmTemplateVersionDelete", "Delete Template Version", _version_deleted),
    Operation("template.publish", "kVmTemplatePublish", "Publish Template Version", _published),
)


def template_route(method: str, path: str, operation: str, handler: Any, **more: Any) -> Route:
    """A route below ``content/templates``; an ETag is compared only where one is sent."""
    if method != "GET" and path:
        param = "templateExtId" if "{templateExtId}" in path else "extId"
        more = {"match": "optional", "guards": ("templates", param), **more}
    answer = answer_type("vmm.v4.content", operation)
    return Route(method, "vmm", f"content/templates{path}", operation, handler, SECTION, answer, **more)


_VERSION_PATH = "/{templateExtId}/versions"
ROUTES = (
    template_route("GET", "", "list_templates", _list, listing=_LIST, per_second=20),
    template_route("POST", "", "create_template", _create, body=TYPE),
    template_route("GET", "/{extId}", "get_template_by_id", _get),
    template_route("PUT", "/{extId}", "update_template_by_id", _update, body=TYPE, match="required"),
    template_route("DELETE", "/{extId}", "delete_template_by_id", _delete),
    template_route("GET", _VERSION_PATH, "list_template_versions", _list_versions, listing=_VERSIONS),
    template_route("GET", _VERSION_PATH + "/{extId}", "get_template_version_by_id", _get_version),
    template_route(
        "DELETE",
        _VERSION_PATH + "/{extId}",
        "delete_template_version_by_id",
        _delete_version,
        guards=("template-versions", "extId"),
        assumed="the active version answers 400",
    ),
    template_route(
        "POST", "/{extId}/$actions/publish", "publish_template", _publish, body="vmm.v4.content.TemplatePublishSpec"
    ),
)
