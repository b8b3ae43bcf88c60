"""Many at a time: batches, paging, the task list; and what is refused."""

from __future__ import annotations

import uuid
from typing import Any

import vms
from driven import Site, expect

_OPERATIONS = "prism.v4.operations"
_COUNT = 7


def walk_through(site: Site) -> None:
    """Make and remove VMs in batches, page through them, then do everything wrong once."""
    uri = f"/api/vmm/v4.{_minor(site)}/ahv/config/vms"
    create(site, uri)
    ids = pages(site)
    remove(site, uri, ids)
    tasks(site)
    refusals(site)


def _minor(site: Site) -> int:
    return 0 if site.is_first else int(site.ask["release"][3:])


def _batch(site: Site, action: str, uri: str, payload: list[Any]) -> Any:
    metadata = site.new(f"{_OPERATIONS}.BatchSpecMetadata", action=action, name="sdk", uri=uri, chunk_size=3)
    spec = site.new(f"{_OPERATIONS}.BatchSpec", metadata=metadata, payload=payload)
    return site.done(site.api("prism", "BatchesApi").submit_batch(spec))


def create(site: Site, uri: str) -> None:
    """Bodies in a batch are maps, not models."""
    cluster = {"extId": site.cluster, "$objectType": "vmm.v4.ahv.config.ClusterReference"}
    payload = [
        site.new(f"{_OPERATIONS}.BatchSpecPayload", data={"name": f"many-{index}", "cluster": cluster})
        for index in range(_COUNT)
    ]
    _batch(site, "CREATE", uri, payload)
    api = site.api("prism", "BatchesApi")
    found = api.list_batches(_orderby="startTime desc").data[0]
    expect((found.size, found.success_count), (_COUNT, _COUNT))
    expect(api.get_batch_by_id(found.ext_id).data.completion_status, "SUCCEEDED")


def pages(site: Site) -> list[str]:
    """All ids, three to a page."""
    api, ids = site.api("vmm", "VmApi"), []
    for page in range(4):
        answer = api.list_vms(_page=page, _limit=3, _filter="startswith(name, 'many-')", _orderby="name asc")
        expect(answer.metadata.total_available_results, _COUNT)
        ids += [each.ext_id for each in answer.data or ()]
    expect(len(set(ids)), _COUNT)
    return ids


def remove(site: Site, uri: str, ids: list[str]) -> None:
    def element(vm: str) -> Any:
        path = site.new(f"{_OPERATIONS}.BatchSpecPayloadMetadataPath", name="extId", value=vm)
        tag = vms.tag(site, vm)["if_match"]
        header = site.new(f"{_OPERATIONS}.BatchSpecPayloadMetadataHeader", name="If-Match", value=tag)
        metadata = site.new(f"{_OPERATIONS}.BatchSpecPayloadMetadata", headers=[header], path=[path])
        return site.new(f"{_OPERATIONS}.BatchSpecPayload", metadata=metadata)

    _batch(site, "DELETE", uri + "/{extId}", [element(each) for each in ids])
    expect(site.api("vmm", "VmApi").list_vms(_filter="startswith(name, 'many-')").metadata.total_available_results, 0)


def tasks(site: Site) -> None:
    api = site.api("prism", "TasksApi")
    every = api.list_tasks(_limit=100)
    expect(every.metadata.total_available_results > 50, True)
    failed = api.list_tasks(_filter="status eq Prism.Config.TaskStatus'FAILED'", _select="extId,status,errorMessages")
    expect({each.status for each in failed.data}, {"FAILED"})
    running = site.api("vmm", "VmApi").create_vm(vms.body(site, "sdk-cancelled"))
    got = api.get_task_by_id(running.data.ext_id, _select="status,extId").data
    expect(got.status in {"QUEUED", "RUNNING"}, True)
    site.done(running)


def refusals(site: Site) -> None:
    """Missing and stale ETags, request ids, filters, pages, bodies."""
    api = site.api("vmm", "VmApi")
    vm = vms.make(site, "sdk-refused")
    nobody = str(uuid.uuid4())
    with site.refused("vmm", 404):
        api.get_vm_by_id(nobody)
    with site.refused("prism", 404):
        site.api("prism", "TasksApi").get_task_by_id(f"ZXJnb24=:{nobody}")
    with site.refused("clustermgmt", 404):
        site.api("clustermgmt", "ClustersApi").get_cluster_by_id(nobody)
    with site.refused("vmm", 428, "PLAT-10004"):
        api.power_on_vm(vm)
    with site.refused("vmm", 412, "VMM-30303"):
        api.power_on_vm(vm, if_match="YXBwbGljYXRpb24vanNvbg==:0123")
    with site.refused("vmm", 412, "PLAT-10005"):
        api.power_on_vm(vm, if_match="*")
    with site.recorder.without("NTNX-Request-Id"), site.refused("vmm", 400, "VMM-30400"):
        api.power_on_vm(vm, **vms.tag(site, vm))
    with site.refused("vmm", 400, "VMM-30401"):
        api.power_on_vm(vm, **vms.tag(site, vm), **{"NTNX-Request-Id": "not-a-uuid"})
    with site.refused("vmm", 400):
        api.list_vms(_filter="colour eq 'blue'")
    with site.refused("vmm", 400):
        api.list_vms(_filter="name equals 'x'")
    with site.refused("vmm", 400):
        api.list_vms(_limit=101)
    with site.refused("vmm", 400):
        api.create_vm(site.new("vmm.v4.ahv.config.Vm"))
    with site.refused("vmm", 400):
        site.api("vmm", "ImagesApi").create_image(site.new("vmm.v4.content.Image", name="no-type"))
    site.done(api.delete_vm_by_id(vm, **vms.tag(site, vm)))
