"""A template's life: versions, publish, deployments, guest updates."""

from __future__ import annotations

from typing import Any

import vms
from driven import Site, expect

CONTENT = "vmm.v4.content"
_REL = "vmm:content:template"


def walk_through(site: Site) -> None:
    """One template's life."""
    api = site.api("vmm", "TemplatesApi")
    master = vms.make(site, "sdk-master")
    template = site.done(api.create_template(_body(site, master)), _REL)
    first = api.get_template_by_id(template).data.template_version_spec
    expect((first.version_name, first.is_active_version), ("Initial Version", True))
    versions(site, template, first.ext_id)
    deploy(site, template)
    guest_update(site, template)
    expect([each.ext_id for each in api.list_templates(_filter="templateName eq 'sdk-template'").data], [template])
    site.done(api.delete_template_by_id(template, **_tag(site, template)))
    with site.refused("vmm", 404):
        api.get_template_by_id(template)
    vm_api = site.api("vmm", "VmApi")
    site.done(vm_api.delete_vm_by_id(master, **vms.tag(site, master)))


def _tag(site: Site, template: str) -> dict[str, str]:
    return site.etag(site.api("vmm", "TemplatesApi").get_template_by_id(template))


def _body(site: Site, master: str) -> Any:
    source = site.new(f"{CONTENT}.TemplateVmReference", ext_id=master)
    spec = site.new(f"{CONTENT}.TemplateVersionSpec", version_source=source, is_gc_override_enabled=True)
    return site.new(
        f"{CONTENT}.Template",
        template_name="sdk-template",
        template_description="made by an SDK",
        template_version_spec=spec,
    )


def versions(site: Site, template: str, first: str) -> None:
    """A version made of another, published, pinned back, removed."""
    api = site.api("vmm", "TemplatesApi")
    override = site.new(f"{CONTENT}.VmConfigOverride", num_sockets=4)
    source = site.new(f"{CONTENT}.TemplateVersionReference", version_id=first, override_vm_config=override)
    spec = site.new(
        f"{CONTENT}.TemplateVersionSpec",
        version_name="bigger",
        version_description="four sockets",
        version_source=source,
        is_active_version=True,
    )
    body = site.new(f"{CONTENT}.Template", template_name="sdk-template", template_version_spec=spec)
    site.done(api.update_template_by_id(template, body, **_tag(site, template)))
    both = api.list_template_versions(template, _orderby="createTime desc").data
    expect([each.version_name for each in both], ["bigger", "Initial Version"])
    got = api.get_template_version_by_id(template, both[0].ext_id)
    bigger = got.data
    expect(bigger.vm_spec.num_sockets, 4)
    publish = site.new(f"{CONTENT}.TemplatePublishSpec", version_id=first)
    site.done(api.publish_template(template, publish, **_tag(site, template)))
    expect(api.get_template_by_id(template).data.template_version_spec.ext_id, first)
    site.done(api.delete_template_version_by_id(template, bigger.ext_id, **site.etag(got)))
    expect(len(api.list_template_versions(template).data), 1)


def deploy(site: Site, template: str) -> None:
    """Two VMs with names of their own; the clients' generations differ in the map's items only."""
    overrides = {
        str(index): site.new(
            f"{CONTENT}.VmConfigOverride", name=f"sdk-{index}", guest_customization=vms.customization(site)
        )
        for index in range(2)
    }
    spec = site.new(
        f"{CONTENT}.TemplateDeployment",
        number_of_vms=2,
        cluster_reference=site.cluster,
        override_vm_config_map=overrides,
    )
    api, vm_api = site.api("vmm", "TemplatesApi"), site.api("vmm", "VmApi")
    site.done(api.deploy_template(template, spec, **_tag(site, template)))
    made = vm_api.list_vms(_filter="name eq 'sdk-0' or name eq 'sdk-1'").data
    expect(len(made), 2)
    for each in made:
        site.done(vm_api.delete_vm_by_id(each.ext_id, **vms.tag(site, each.ext_id)))


def guest_update(site: Site, template: str) -> None:
    """One update given up, one completed."""
    api = site.api("vmm", "TemplatesApi")
    version = api.get_template_by_id(template).data.template_version_spec.ext_id
    spec = site.new(f"{CONTENT}.InitiateGuestUpdateSpec", version_id=version)
    site.done(api.initiate_guest_update(template, spec, **_tag(site, template)), vms.REL)
    expect(bool(api.get_template_by_id(template).data.guest_update_status.deployed_vm_reference), True)
    site.done(api.cancel_guest_update(template, **_tag(site, template)))
    site.done(api.initiate_guest_update(template, spec, **_tag(site, template)))
    spec = site.new(
        f"{CONTENT}.CompleteGuestUpdateSpec",
        version_name="patched",
        version_description="by hand",
        is_active_version=True,
    )
    site.done(api.complete_guest_update(template, spec, **_tag(site, template)))
    expect(api.get_template_by_id(template).data.template_version_spec.version_name, "patched")
