"""The cluster itself, its hosts and storage containers, and what tells an Element from a Central.

Facts (api-legacy, sections 1.8 and 1.10): bodies carry explicit nulls; numbers inside ``stats`` are texts and their
keys have dots; ``containers`` is 404 in v2.0. A v3 GET of ``users/me`` answers on both products, ``prism_central`` on
Central only. Assumed: values that no client reads are of a fresh cluster.
"""

from __future__ import annotations

from typing import Any

from pulumi_ahv.simulator.element.calls import NOT_FOUND, V1, V2, V3, Call, Element, Refused, Reply, Route
from pulumi_ahv.simulator.element.listing import paged
from pulumi_ahv.simulator.store import Record

_SECTION = "api-legacy §1.8"
_KIND = "clusters"


def _cluster(element: Element, _: Call) -> Reply:
    return Reply(_cluster_body(element))


def _clusters(element: Element, call: Call) -> Reply:
    return paged([_cluster_body(element)], call.query)


def _cluster_body(element: Element) -> dict[str, Any]:
    site = element.site
    body = site.find(_KIND, element.cluster).body
    config, address = body["config"], body["network"]["externalAddress"]["ipv4"]["value"]
    services = body["network"]["externalDataServiceIp"]["ipv4"]["value"]
    build = config["buildInfo"]
    return {
        "id": f"{element.cluster}::{config['incarnationId']}",
        "uuid": element.cluster,
        "cluster_uuid": element.cluster,
        "cluster_incarnation_id": config["incarnationId"],
        "name": body["name"],
        "cluster_external_ipaddress": address,
        "cluster_external_address": {"ipv4": address, "ipv6": None},
        "cluster_fully_qualified_domain_name": None,
        "cluster_external_data_services_ipaddress": services,
        "cluster_external_data_services_address": {"ipv4": services, "ipv6": None},
        "timezone": config["timezone"],
        "operation_mode": "Normal",
        "encrypted": False,
        "storage_type": "all_flash",
        "cluster_functions": ["NDFS"],
        "is_lts": config["isLts"],
        "is_registered_to_pc": site.settings.product == "central",
        "num_nodes": body["nodes"]["numberOfNodes"],
        "block_serials": ["sim"],
        "version": build["version"],
        "full_version": build["fullVersion"],
        "target_version": None,
        "external_subnet": None,
        "internal_subnet": "192.168.5.0/255.255.255.128",
        "ncc_version": "ncc-5.0.0",
        "enable_shadow_clones": True,
        "name_servers": [],
        "ntp_servers": [],
        "http_proxies": [],
        "rackable_units": [],
        "hypervisor_types": ["kKvm"],
        "cluster_redundancy_state": {"current_redundancy_factor": config["redundancyFactor"]},
        "multicluster": False,
        "cloudcluster": False,
        "is_upgrade_in_progress": False,
        "cluster_arch": config["clusterArch"],
        "fault_tolerance_domain_type": "NODE",
        "stats": {"num_io": "0"},
        "usage_stats": _usage(4 << 40, 0),
    }


def _hosts(element: Element, call: Call) -> Reply:
    return paged([_host_body(element, record) for record in _of_cluster(element)], call.query)


def _host(element: Element, call: Call) -> Reply:
    found = next((record for record in _of_cluster(element) if record.ext_id == call.params["uuid"]), None)
    if found is None:
        raise Refused(404, f"Host {call.params['uuid']} is not found.", code=NOT_FOUND)
    return Reply(_host_body(element, found))


def _of_cluster(element: Element) -> list[Record]:
    hosts = element.site.store.table("hosts")
    return [record for record in hosts if record.body["cluster"]["uuid"] == element.cluster]


def _host_body(element: Element, record: Record) -> dict[str, Any]:
    body = record.body
    vms = [vm for vm in element.site.store.table("vms") if (vm.body.get("host") or {}).get("extId") == record.ext_id]
    return {
        "uuid": record.ext_id,
        "name": body["hostName"],
        "serial": record.ext_id[:8],
        "hypervisor_address": body["hypervisor"]["externalAddress"]["ipv4"]["value"],
        "hypervisor_type": "kKvm",
        "hypervisor_full_name": body["hypervisor"]["fullName"],
        "hypervisor_state": "kAcropolisNormal",
        "state": "NORMAL",
        "host_type": body["hostType"],
        "acropolis_connection_state": "kConnected",
        "memory_capacity_in_bytes": body["memorySizeBytes"],
        "num_cpu_cores": body["numberOfCpuCores"],
        "num_cpu_threads": body["numberOfCpuThreads"],
        "num_cpu_sockets": body["numberOfCpuSockets"],
        "cpu_model": body["cpuModel"],
        "num_vms": len(vms),
        "cluster_uuid": element.cluster,
        "service_vmexternal_ip": None,
        "service_vmid": None,
        "host_in_maintenance_mode": None,
        "is_degraded": False,
        "block_model_name": None,
        "stats": {"hypervisor_cpu_usage_ppm": "20000"},
        "usage_stats": _usage(4 << 40, 0),
    }


def containers_of(element: Element) -> list[Record]:
    """The storage containers of this cluster."""
    containers = element.site.store.table("storage-containers")
    return [record for record in containers if record.body["clusterExtId"] == element.cluster]


def number_of(element: Element, container: Record) -> int:
    """The number of a container within its cluster: what stands behind ``::`` in its id."""
    return 1 + [each.ext_id for each in containers_of(element)].index(container.ext_id)


def _containers(element: Element, call: Call) -> Reply:
    wanted = call.query.get("search_string", "")
    found = [record for record in containers_of(element) if wanted in record.body["name"]]
    return paged([_container_body(element, record) for record in found], call.query)


def _container(element: Element, call: Call) -> Reply:
    found = next((one for one in containers_of(element) if one.ext_id == call.params["uuid"]), None)
    if found is None:
        raise Refused(404, f"Storage container {call.params['uuid']} is not found.", code=NOT_FOUND)
    return Reply(_container_body(element, found))


def _container_body(element: Element, record: Record) -> dict[str, Any]:
    body = record.body
    return {
        "id": f"{element.cluster}::{number_of(element, record)}",
        "storage_container_uuid": record.ext_id,
        "name": body["name"],
        "cluster_uuid": element.cluster,
        "max_capacity": body["maxCapacityBytes"],
        "replication_factor": body["replicationFactor"],
        "advertised_capacity": None,
        "compression_enabled": body["isCompressionEnabled"],
        "on_disk_dedup": body["onDiskDedup"],
        "erasure_code": body["erasureCode"].lower(),
        "is_nutanix_managed": body["name"] == "NutanixManagementShare",
        "marked_for_removal": body["isMarkedForRemoval"],
        "usage_stats": _usage(body["maxCapacityBytes"], record.hidden.get("used", 0)),
    }


def _usage(capacity: int, used: int) -> dict[str, str]:
    return {"storage.capacity_bytes": str(capacity), "storage.usage_bytes": str(used)}


def _me(element: Element, _: Call) -> Reply:
    user = element.site.settings.username
    metadata = {"kind": "user", "uuid": element.site.admin_id}
    return Reply({"api_version": "3.1", "metadata": metadata, "status": {"state": "COMPLETE", "name": user}})


def _no_central(_: Element, __: Call) -> Reply:
    message = {"message": "The requested entity does not exist.", "reason": "ENTITY_NOT_FOUND"}
    body = {"api_version": "3.1", "code": 404, "kind": "prism_central", "message_list": [message], "state": "ERROR"}
    return Reply(body, 404)


def _registrations(element: Element, _: Call) -> Reply:
    """What an Element knows of the Central it is registered with."""
    if element.site.settings.product != "central":
        return Reply([])
    central = element.site.named_id("cluster", "prism-central")
    details = {"ipAddresses": ["127.0.0.1"], "multicluster": True}
    state = {"clusterUuid": central, "clusterDetails": details}
    return Reply([{**state, "remoteConnectionExists": True, "markedForRemoval": False}])


ROUTES = (
    Route("GET", V2, "cluster", "v2_get_cluster", _cluster, _SECTION),
    Route("GET", V2, "clusters", "v2_list_clusters", _clusters, _SECTION),
    Route("GET", V2, "hosts", "v2_list_hosts", _hosts, _SECTION),
    Route("GET", V2, "hosts/{uuid}", "v2_get_host", _host, _SECTION),
    Route("GET", V2, "storage_containers", "v2_list_storage_containers", _containers, _SECTION),
    Route("GET", V2, "storage_containers/{uuid}", "v2_get_storage_container", _container, _SECTION),
    Route("GET", V3, "users/me", "v3_get_me", _me, "api-legacy §2.4"),
    Route("GET", V3, "prism_central", "v3_get_prism_central", _no_central, "api-legacy §1.10"),
    Route(
        "GET",
        V1,
        "multicluster/cluster_external_state",
        "v1_get_cluster_external_state",
        _registrations,
        "api-legacy §1.2",
    ),
)
