"""Drives a site with the vendor's own Python SDKs: a second opinion on the wire format, from outside of this project.

Not collected by pytest: the SDKs pin an old urllib3, so they live in an environment of their own::

    python -m venv sdk
    sdk/bin/pip install ntnx-vmm-py-client==4.3.2 ntnx-prism-py-client==4.4.2 \
        ntnx-clustermgmt-py-client==4.3.2 ntnx-networking-py-client==4.4.2
    ahv sim --port 9440 --pace 0.05
    sdk/bin/python tests/simulator/official_sdk.py 9440 CA_FILE PASSWORD

Ends with status 0 when every step was read back as it was asked for.
"""

from __future__ import annotations

import logging
import sys
import time
from typing import Any

import ntnx_clustermgmt_py_client as clustermgmt
import ntnx_networking_py_client as networking
import ntnx_prism_py_client as prism
import ntnx_vmm_py_client as vmm

AOS = "config/clusterFunction/any(a:a eq Clustermgmt.Config.ClusterFunctionRef'AOS')"
VM = "vmm:ahv:config:vm"


class Official:
    """The SDKs' clients of one site."""

    def __init__(self, port: int, ca_file: str, password: str) -> None:
        def client(package: Any) -> Any:
            settings = package.Configuration()
            settings.host, settings.port = "127.0.0.1", port
            settings.username, settings.password = "admin", password
            settings.root_ca_certificate_file = ca_file
            settings.logger["package_logger"].setLevel(logging.ERROR)
            return package.ApiClient(configuration=settings)

        own, tasks = client(vmm), client(prism)
        self.vms, self.images, self.templates = vmm.VmApi(own), vmm.ImagesApi(own), vmm.TemplatesApi(own)
        self.tasks, self.batches = prism.TasksApi(tasks), prism.BatchesApi(tasks)
        self.clusters = clustermgmt.ClustersApi(client(clustermgmt))
        self.subnets = networking.SubnetsApi(client(networking))

    def done(self, answer: Any, rel: str = "") -> str:
        """Wait for a task and answer the last entity of this rel."""
        for _ in range(600):
            task = self.tasks.get_task_by_id(answer.data.ext_id).data
            if task.status == "SUCCEEDED":
                return next((each.ext_id for each in reversed(task.entities_affected or []) if each.rel == rel), "")
            assert task.status in {"QUEUED", "RUNNING"}, task
            time.sleep(0.1)
        raise AssertionError(f"{answer.data.ext_id} did not end")

    def etag(self, vm: str) -> str:
        """The ETag of a VM as it is now."""
        return str(vmm.ApiClient.get_etag(self.vms.get_vm_by_id(vm)))


def make_image(sdk: Official) -> str:
    """An image that cannot be fetched fails its task; the SDK reads the reason."""
    source = vmm.UrlSource(url="http://192.0.2.1/image.qcow2")
    answer = sdk.images.create_image(vmm.Image(name="sdk", type="DISK_IMAGE", source=source))
    try:
        sdk.done(answer)
    except AssertionError as error:
        return str(error)
    raise AssertionError("an image came from nowhere")


def make_vm(sdk: Official, cluster: Any, subnet: Any) -> str:
    """A VM with every kind of device, customized by cloud-init."""
    script = vmm.CloudInit(
        datasource_type="CONFIG_DRIVE_V2", cloud_init_script=vmm.Userdata(value="I2Nsb3VkLWNvbmZpZwo=")
    )
    network = vmm.VirtualEthernetNicNetworkInfo(subnet=vmm.SubnetReference(ext_id=subnet.ext_id))
    spec = vmm.AhvConfigVm(
        name="sdk",
        cluster=vmm.AhvConfigClusterReference(ext_id=cluster.ext_id),
        memory_size_bytes=2 << 30,
        disks=[vmm.AhvConfigDisk(backing_info=vmm.AhvConfigVmDisk(disk_size_bytes=1 << 30))],
        cd_roms=[vmm.AhvConfigCdRom(disk_address=vmm.AhvConfigCdRomAddress(bus_type="SATA", index=0))],
        nics=[vmm.AhvConfigNic(nic_backing_info=vmm.VirtualEthernetNic(), nic_network_info=network)],
        guest_customization=vmm.GuestCustomizationParams(config=script),
    )
    ext_id = sdk.done(sdk.vms.create_vm(spec), VM)
    vm = sdk.vms.get_vm_by_id(ext_id).data
    assert (vm.name, vm.power_state, vm.vm_guest_customization_status) == ("sdk", "OFF", "PENDING")
    assert isinstance(vm.boot_config, vmm.LegacyBoot)
    assert vm.nics[0].nic_network_info.ipv4_config.ip_address.value.startswith("10.42.")
    return ext_id


def use_vm(sdk: Official, vm: str) -> None:
    """Power, tools and clones."""
    sdk.done(sdk.vms.power_on_vm(vm, if_match=sdk.etag(vm)))
    assert sdk.vms.get_vm_by_id(vm).data.power_state == "ON"
    tools = vmm.GuestToolsInsertConfig(capabilities=["VSS_SNAPSHOT"])
    sdk.done(sdk.vms.insert_vm_guest_tools(vm, tools, if_match=sdk.etag(vm)))
    assert sdk.vms.get_guest_tools_by_id(vm).data.is_iso_inserted
    many = vmm.BulkCloneOptions(num_vms=3, name_suffix_start_index=1)
    sdk.done(sdk.vms.clone_vm(vm, vmm.CloneOverrideParams(name="copy", bulk_clone_options=many), if_match=sdk.etag(vm)))
    found = sdk.vms.list_vms(_filter="startswith(name, 'copy')", _orderby="name").data
    assert [each.name for each in found] == ["copy-001", "copy-002", "copy-003"]


def use_template(sdk: Official, cluster: Any, vm: str) -> None:
    """A template, and VMs made of it."""
    version = vmm.TemplateVersionSpec(version_source=vmm.TemplateVmReference(ext_id=vm))
    spec = vmm.Template(template_name="golden", template_version_spec=version)
    template = sdk.done(sdk.templates.create_template(spec), "vmm:content:template")
    assert sdk.templates.get_template_by_id(template).data.template_version_spec.version_name == "Initial Version"
    overrides = {"0": vmm.VmConfigOverride(name="first")}
    deployment = vmm.TemplateDeployment(
        number_of_vms=2, cluster_reference=cluster.ext_id, override_vm_config_map=overrides
    )
    sdk.done(sdk.templates.deploy_template(template, deployment))
    assert sdk.vms.list_vms(_filter="name eq 'first'").data[0].power_state == "OFF"


def sweep(sdk: Official) -> None:
    """Delete all VMs in one batch."""
    metadata = prism.BatchSpecMetadata(
        action="DELETE", name="sweep", uri="/api/vmm/v4.3/ahv/config/vms/{extId}", chunk_size=4
    )
    payload = [
        prism.BatchSpecPayload(
            metadata=prism.BatchSpecPayloadMetadata(
                headers=[prism.BatchSpecPayloadMetadataHeader(name="If-Match", value=sdk.etag(vm.ext_id))],
                path=[prism.BatchSpecPayloadMetadataPath(name="extId", value=vm.ext_id)],
            )
        )
        for vm in sdk.vms.list_vms().data
    ]
    sdk.done(sdk.batches.submit_batch(prism.BatchSpec(metadata=metadata, payload=payload)))
    assert not sdk.vms.list_vms().data
    assert sdk.batches.list_batches().data[0].completion_status == "SUCCEEDED"


def main(port: str, ca_file: str, password: str) -> None:
    """Do all of it."""
    sdk = Official(int(port), ca_file, password)
    cluster = sdk.clusters.list_clusters(_filter=AOS).data[0]
    subnet = next(each for each in sdk.subnets.list_subnets().data if each.name == f"{cluster.name}-managed")
    assert "not on this machine" in make_image(sdk)
    vm = make_vm(sdk, cluster, subnet)
    use_vm(sdk, vm)
    use_template(sdk, cluster, vm)
    sweep(sdk)


if __name__ == "__main__":
    main(*sys.argv[1:])
