"""Recovery points, of one VM and of sets."""

from __future__ import annotations

import vms
from driven import Site, expect

_DP = "dataprotection.v4.config"
_REL = "dataprotection:config:recovery-point"


def walk_through(site: Site) -> None:
    """Freeze a VM, restore it beside itself, and remove all of it."""
    vm = vms.make(site, "sdk-frozen")
    sets(site, vm)
    if not site.is_first:
        singles(site, vm)
    site.done(site.api("vmm", "VmApi").delete_vm_by_id(vm, **vms.tag(site, vm)))


def sets(site: Site, vm: str) -> None:
    api = site.api("dataprotection", "RecoveryPointsApi")
    member = site.new(f"{_DP}.VmRecoveryPoint", vm_ext_id=vm)
    body = site.new(
        f"{_DP}.RecoveryPoint",
        name="sdk-point",
        recovery_point_type="CRASH_CONSISTENT",
        vm_recovery_points=[member],
    )
    point = site.done(api.create_recovery_point(body), _REL)
    got = api.get_recovery_point_by_id(point).data
    expect((got.name, len(got.vm_recovery_points)), ("sdk-point", 1))
    part = api.get_vm_recovery_point_by_id(point, got.vm_recovery_points[0].ext_id).data
    expect(part.vm_ext_id, vm)
    spec = site.new("vmm.v4.ahv.config.RevertParams", vm_recovery_point_ext_id=part.ext_id)
    site.done(site.api("vmm", "VmApi").revert_vm(vm, spec, **vms.tag(site, vm)))
    expect([each.ext_id for each in api.list_recovery_points(_filter="name eq 'sdk-point'").data], [point])
    spec = site.new(f"{_DP}.RecoveryPointRestorationSpec", cluster_ext_id=site.cluster)
    task = site.ended(api.restore_recovery_point(point, spec, **_tag(site, point)))
    expect(task.status, "SUCCEEDED")
    detail = next(each for each in task.completion_details if each.name == "vmExtIds")
    for restored in detail.value if isinstance(detail.value, list) else [detail.value]:
        site.done(site.api("vmm", "VmApi").delete_vm_by_id(restored, **vms.tag(site, restored)))
    site.done(api.delete_recovery_point_by_id(point, **_tag(site, point)))
    with site.refused("dataprotection", 404):
        api.get_recovery_point_by_id(point)


def _tag(site: Site, point: str) -> dict[str, str]:
    return site.etag(site.api("dataprotection", "RecoveryPointsApi").get_recovery_point_by_id(point))


def singles(site: Site, vm: str) -> None:
    api = site.api("vmm", "VmRecoveryPointsApi")
    body = site.new("vmm.v4.ahv.config.VmRecoveryPoint", name="sdk-single", vm_ext_id=vm)
    point = site.done(api.create_vm_recovery_point(body), "dataprotection:config:vm-recovery-point")
    expect(api.get_vm_recovery_point_by_ext_id(point).data.name, "sdk-single")
    expect(len(api.list_vm_recovery_points().data) >= 1, True)
    naming = site.new("vmm.v4.ahv.config.VmConfigOverrideSpecification", name="sdk-restored")
    spec = site.new("vmm.v4.ahv.config.RestoreVmRecoveryPointParams", vm_config_override_spec=naming)
    site.done(api.restore_vm_recovery_point(point, spec))
    restored = site.api("vmm", "VmApi").list_vms(_filter="name eq 'sdk-restored'").data[0].ext_id
    site.done(site.api("vmm", "VmApi").delete_vm_by_id(restored, **vms.tag(site, restored)))
    site.done(api.delete_vm_recovery_point_by_ext_id(point))
