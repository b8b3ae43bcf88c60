"""Clusters and their hosts (api-v4, section 7): read only. The PC itself is in the list, as PRISM_CENTRAL."""

from __future__ import annotations

from typing import Any

from pulumi_ahv.simulator.answers import Reply
from pulumi_ahv.simulator.listing import Listing, page_of
from pulumi_ahv.simulator.preconditions import etag
from pulumi_ahv.simulator.routing import Call, Route, answer_type
from pulumi_ahv.simulator.site import Site

CLUSTER = "clustermgmt.v4.config.Cluster"
HOST = "clustermgmt.v4.config.Host"
_SECTION = "api-v4 §7"
_CLUSTERS = Listing(
    filters={
        *("extId", "name", "config/buildInfo/version", "config/clusterFunction", "config/hypervisorTypes"),
        *("config/isAvailable", "config/encryptionInTransitStatus", "upgradeStatus", "clusterProfileExtId"),
        *("backupEligibilityScore", "network/keyManagementServerType"),
    },
    orders={
        *("extId", "name", "config/buildInfo/version", "config/isAvailable", "nodes/numberOfNodes", "vmCount"),
        *("inefficientVmCount", "upgradeStatus", "backupEligibilityScore"),
    },
    expands={"clusterProfile", "storageSummary"},
)
_HOSTS = Listing(
    filters={
        *("extId", "hostName", "cluster/name", "cluster/uuid", "hypervisor/type", "memorySizeBytes", "cpuModel"),
        *(
            "numberOfCpuCores",
            "numberOfCpuSockets",
            "numberOfCpuThreads",
            "cpuCapacityHz",
            "cpuFrequencyHz",
            "bootTimeUsecs",
        ),
    },
    orders={"extId", "hostName", "hostType", "cluster/name", "hypervisor/type", "memorySizeBytes"},
)


def aos_clusters(site: Site) -> list[str]:
    """The ids of the clusters that run VMs."""
    return [
        record.ext_id for record in site.store.table("clusters") if "AOS" in record.body["config"]["clusterFunction"]
    ]


def _list_clusters(site: Site, call: Call) -> Reply:
    page, total = page_of(_bodies(site, "clusters"), call.query, _CLUSTERS, code="CLU-10005")
    return Reply(page, CLUSTER, total=total)


def _get_cluster(site: Site, call: Call) -> Reply:
    record = site.find("clusters", call.params["extId"], code="CLU-10007")
    return Reply(record.body, CLUSTER, revision=etag(record))


def _list_hosts(site: Site, call: Call) -> Reply:
    hosts = _bodies(site, "hosts")
    if cluster := call.params.get("clusterExtId"):
        hosts = [host for host in hosts if host["cluster"]["uuid"] == cluster]
    page, total = page_of(hosts, call.query, _HOSTS, code="CLU-10005")
    return Reply(page, HOST, total=total)


def _get_host(site: Site, call: Call) -> Reply:
    record = site.find("hosts", call.params["extId"], code="CLU-10007")
    return Reply(record.body, HOST, revision=etag(record))


def _bodies(site: Site, kind: str) -> list[dict[str, Any]]:
    return [record.body for record in site.store.table(kind)]


def _route(path: str, operation: str, handler: Any, listing: Listing | None = None) -> Route:
    answer = answer_type("clustermgmt.v4.config", operation)
    return Route("GET", "clustermgmt", path, operation, handler, _SECTION, answer, listing=listing, per_second=10)


ROUTES = (
    _route("config/clusters", "list_clusters", _list_clusters, _CLUSTERS),
    _route("config/clusters/{extId}", "get_cluster_by_id", _get_cluster),
    _route("config/hosts", "list_hosts", _list_hosts, _HOSTS),
    _route("config/clusters/{clusterExtId}/hosts", "list_hosts_by_cluster_id", _list_hosts, _HOSTS),
    _route("config/clusters/{clusterExtId}/hosts/{extId}", "get_host_by_id", _get_host),
)
