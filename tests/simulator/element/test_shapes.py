"""The bodies of v2.0 hold the fields and types that api-legacy lists for each of them, and no others.

Types are Python's. A trailing ``?`` allows null, as recorded bodies of clusters, hosts and containers have it; a leading
``-`` is a field that may be left out.
"""

from __future__ import annotations

from typing import Any

import pytest

_TYPES: dict[str, Any] = {"str": str, "int": int, "bool": bool, "dict": dict, "list": list}

# §1.8
CLUSTER = """
id:str uuid:str cluster_uuid:str cluster_incarnation_id:int name:str cluster_external_ipaddress:str
cluster_external_address:dict cluster_fully_qualified_domain_name:str? cluster_external_data_services_ipaddress:str?
cluster_external_data_services_address:dict? timezone:str operation_mode:str encrypted:bool storage_type:str
cluster_functions:list is_lts:bool is_registered_to_pc:bool num_nodes:int block_serials:list version:str
full_version:str target_version:str? external_subnet:str? internal_subnet:str? ncc_version:str
enable_shadow_clones:bool name_servers:list ntp_servers:list http_proxies:list rackable_units:list
hypervisor_types:list cluster_redundancy_state:dict multicluster:bool cloudcluster:bool is_upgrade_in_progress:bool
cluster_arch:str fault_tolerance_domain_type:str stats:dict usage_stats:dict
"""
HOST = """
uuid:str name:str serial:str hypervisor_address:str hypervisor_type:str hypervisor_full_name:str hypervisor_state:str
state:str host_type:str acropolis_connection_state:str memory_capacity_in_bytes:int num_cpu_cores:int
num_cpu_threads:int num_cpu_sockets:int cpu_model:str num_vms:int cluster_uuid:str service_vmexternal_ip:str?
service_vmid:str? host_in_maintenance_mode:bool? is_degraded:bool block_model_name:str? stats:dict usage_stats:dict
"""
CONTAINER = """
id:str storage_container_uuid:str name:str cluster_uuid:str max_capacity:int replication_factor:int
advertised_capacity:int? compression_enabled:bool on_disk_dedup:str erasure_code:str is_nutanix_managed:bool
marked_for_removal:bool usage_stats:dict
"""
# §1.2; that an image without content has null where it has nothing to say is assumed.
IMAGE = """
uuid:str name:str annotation:str? image_type:str image_state:str vm_disk_id:str? -vm_disk_size:int
storage_container_id:int storage_container_uuid:str checksum:str? checksum_type:str? created_time_in_usecs:int
updated_time_in_usecs:int deleted:bool logical_timestamp:int
"""
# §1.3; a VM omits what has no value.
VM = """
uuid:str name:str -description:str allow_live_migrate:bool gpus_assigned:bool -boot:dict ha_priority:int -host_uuid:str
memory_mb:int num_cores_per_vcpu:int num_vcpus:int power_state:str timezone:str -vm_disk_info:list -vm_nics:list
vm_features:dict vm_logical_timestamp:int machine_type:str -affinity:dict -vm_gpus:list
"""
DISK = """
disk_address:dict is_cdrom:bool is_empty:bool flash_mode_enabled:bool is_scsi_passthrough:bool
is_hot_remove_enabled:bool is_thin_provisioned:bool shared:bool -source_disk_address:dict -storage_container_uuid:str
-size:int -data_source_url:str
"""
ADDRESS = """
device_bus:str device_index:int disk_label:str -ndfs_filepath:str -vmdisk_uuid:str -device_uuid:str
-volume_group_uuid:str
"""
NIC = """
mac_address:str network_uuid:str nic_uuid:str model:str -ip_address:str -ip_addresses:list -requested_ip_address:str
vlan_mode:str is_connected:bool
"""
# §1.8
NETWORK = """
uuid:str name:str vlan_id:int vswitch_name:str virtual_switch_uuid:str logical_timestamp:int ip_config:dict
"""
IP_CONFIG = """
network_address:str? prefix_length:int ipam_enabled:bool free_ips:int assigned_ips:int num_macs:int
default_gateway:str? dhcp_options:dict pool:list dhcp_server_address:str?
"""
# §1.9
GROUP = """
uuid:str name:str description:str logical_timestamp:int disk_list:list iscsi_target:str attachment_list:list
flash_mode_enabled:bool enabled_authentications:list usage_type:str is_shared:bool
"""
GROUP_DISK = """
index:int vmdisk_uuid:str container_id:int storage_container_id:int container_uuid:str storage_container_uuid:str
-vmdisk_size_mb:int -vmdisk_size_bytes:int vmdisk_path:str flash_mode_enabled:bool
"""
# §1.5
SNAPSHOT = """
uuid:str snapshot_name:str vm_uuid:str group_uuid:str created_time:int deleted:bool logical_timestamp:int
vm_create_spec:dict
"""
# §1.6, v1
TOOLS = """
vmId:str vmName:str vmUuid:str clusterVersion:str installedVersion:str? enabled:bool toolsMounted:bool
communicationLinkActive:bool toRemove:bool applications:dict
"""
# §1.7
TASK = """
uuid:str cluster_uuid:str meta_request:dict meta_response:dict create_time_usecs:int -start_time_usecs:int
-complete_time_usecs:int last_updated_time_usecs:int entity_list:list operation_type:str message:str
percentage_complete:int progress_status:str subtask_uuid_list:list
"""
# §1.0
PAGED = """
grand_total_entities:int total_entities:int count:int start_index:int end_index:int filter_criteria:str
sort_criteria:str page:int
"""
WHOLE = "grand_total_entities:int total_entities:int"


def hold(body: dict[str, Any], shape: str) -> None:
    """Hold a body against a shape."""
    listed: dict[str, tuple[type, bool]] = {}
    required = set()
    for word in shape.split():
        name, _, kind = word.lstrip("-").partition(":")
        listed[name] = (_TYPES[kind.rstrip("?")], kind.endswith("?"))
        if not word.startswith("-"):
            required.add(name)
    assert set(body) <= set(listed), f"not in the reference: {set(body) - set(listed)}"
    assert required <= set(body), f"missing: {required - set(body)}"
    for name, value in body.items():
        kind, nullable = listed[name]
        assert (value is None and nullable) or type(value) is kind, f"{name} is {value!r}"


@pytest.mark.parametrize(
    ("path", "shape"), [("/clusters", CLUSTER), ("/hosts", HOST), ("/storage_containers", CONTAINER)]
)
def test_clusters_hosts_and_containers(berlin: Any, path: str, shape: str) -> None:
    told = berlin.get(path)
    hold(told["metadata"], PAGED)
    assert told["metadata"]["start_index"] == 1
    assert told["entities"]
    for one in told["entities"]:
        hold(one, shape)
        for text in one.get("usage_stats", {}).values():
            assert isinstance(text, str)
        assert all("." in key for key in one["usage_stats"])


def test_the_one_cluster(berlin: Any) -> None:
    told = berlin.get("/cluster")
    hold(told, CLUSTER)
    assert told["cluster_functions"] == ["NDFS"]
    assert told["id"].startswith(f"{told['uuid']}::")


def test_images(berlin: Any, image: str) -> None:
    berlin.made("/images", {"name": "empty"})
    told = berlin.get("/images", include_vm_disk_sizes="true")
    hold(told["metadata"], WHOLE)
    assert len(told["entities"]) == 2
    for one in told["entities"]:
        hold(one, IMAGE)


def test_tasks(berlin: Any, image: str) -> None:
    failed = berlin.done("POST", "/images", {"name": "other", "uuid": image})
    running = berlin.get(f"/tasks/{berlin.call('POST', '/images', {'name': 'x'}).json()['task_uuid']}")
    for task in (failed, running):
        hold(task, TASK)
    hold(failed["entity_list"][0], "entity_id:str entity_type:str entity_name:str?")
    hold(failed["meta_response"], "error_code:int error_detail:str")


@pytest.mark.parametrize("power", ["OFF", "ON"])
def test_machines(berlin: Any, image: str, power: str) -> None:
    network = next(one["uuid"] for one in berlin.get("/networks")["entities"] if one["ip_config"]["ipam_enabled"])
    disk = {"disk_address": {"vmdisk_uuid": berlin.get(f"/images/{image}")["vm_disk_id"]}}
    disks = [{"vm_disk_clone": disk}, {"vm_disk_create": {"size": 1 << 20}}, {"is_cdrom": True, "is_empty": True}]
    body = {"name": "agent", "memory_mb": 1024, "num_vcpus": 1, "description": "mine", "vm_disks": disks}
    body |= {"vm_nics": [{"network_uuid": network}], "vm_customization_config": {"userdata": "#!/bin/sh"}}
    vm = berlin.made("/vms", body)
    berlin.call("POST", f"/vms/{vm}/set_power_state", {"transition": power})
    berlin.clock.advance(60)
    told = berlin.get("/vms", include_vm_disk_config="true", include_vm_nic_config="true")
    hold(told["metadata"], f"{WHOLE} count:int start_index:int end_index:int")
    assert told["metadata"]["start_index"] == 0
    (one,) = told["entities"]
    hold(one, VM)
    assert one["power_state"] == power.lower()
    assert len(one["vm_disk_info"]) == 4
    for each in one["vm_disk_info"]:
        hold(each, DISK)
        hold(each["disk_address"], ADDRESS)
    for each in one["vm_nics"]:
        hold(each, NIC)
    hold(berlin.get(f"/PrismGateway/services/rest/v1/vms/{vm}/guest_tools"), TOOLS)


def test_networks(berlin: Any) -> None:
    told = berlin.get("/networks")
    hold(told["metadata"], WHOLE)
    assert {one["ip_config"]["ipam_enabled"] for one in told["entities"]} == {True, False}
    for one in told["entities"]:
        hold(one, NETWORK)
        hold(one["ip_config"], IP_CONFIG)
        for pool in one["ip_config"]["pool"]:
            hold(pool, "range:str num_free_ips:int num_total_ips:int")


def test_snapshots(berlin: Any) -> None:
    vm = berlin.made("/vms", {"name": "agent", "memory_mb": 1024, "num_vcpus": 1})
    berlin.made("/snapshots", {"snapshot_specs": [{"vm_uuid": vm, "snapshot_name": "v1"}]})
    (one,) = berlin.get("/snapshots")["entities"]
    hold(one, SNAPSHOT)


def test_volume_groups(berlin: Any) -> None:
    vm = berlin.made("/vms", {"name": "agent", "memory_mb": 1024, "num_vcpus": 1})
    group = berlin.made("/volume_groups", {"name": "data", "disk_list": [{"create_config": {"size": 1 << 30}}]})
    berlin.done("POST", f"/volume_groups/{group}/attach", {"vm_uuid": vm})
    told = berlin.get(f"/volume_groups/{group}", include_disk_size="true")
    hold(told, GROUP)
    hold(told["disk_list"][0], GROUP_DISK)
    hold(told["attachment_list"][0], "vm_uuid:str index:int")


def test_errors(berlin: Any) -> None:
    body = berlin.call("GET", "/images/nobody").json()
    hold(body, "message:str detailed_message:str error_code:dict")
    hold(body["error_code"], "code:int help_url:str")
    older = berlin.call("PUT", "/api/nutanix/v0.8/images/nobody/upload", data=b"x").json()
    hold(older, "message:str detailedMessage:str errorCode:dict")


def test_lists_are_paged_from_one(berlin: Any) -> None:
    first = berlin.get("/storage_containers", page=1, count=2)
    second = berlin.get("/storage_containers", page=2, count=2)
    assert [len(page["entities"]) for page in (first, second)] == [2, 1]
    assert second["metadata"]["start_index"] == 3
    assert berlin.call("GET", "/hosts", params={"count": 1001}).status_code == 422
