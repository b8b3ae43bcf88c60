"""The inventory of a site: a default one, and what a caller adds to it.

Everything is deterministic: the same seed gives the same names and UUIDs. Two AOS clusters (``berlin``,
``hamburg``) beside the PC itself, their storage containers and hosts, the categories of a fresh PC, one disk of a
VM to make images from.
"""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Any

from pulumi_ahv.simulator.categories import add_category
from pulumi_ahv.simulator.site import Site
from pulumi_ahv.simulator.storage_containers import add_container
from pulumi_ahv.simulator.storage_files import add_file
from pulumi_ahv.simulator.subnets import add_subnet

CLUSTERS = ("berlin", "hamburg")
CONTAINERS = ("default-container", "SelfServiceContainer", "NutanixManagementShare")
CATEGORIES = (
    *(("Environment", value) for value in ("Dev", "Production", "Staging", "Testing")),
    *(("AppType", value) for value in ("Default", "Exchange", "Microsoft_SQL")),
)
_HOSTS = 3


def furnish(site: Site) -> None:
    """Build the default inventory in an empty site. An Element without a Central is the first cluster alone."""
    alone = site.settings.product == "element"
    if not alone:
        _add_central(site)
    for name in CLUSTERS[:1] if alone else CLUSTERS:
        add_cluster(site, {"name": name})
        _add_subnet(site, {"cluster": name, "name": f"{name}-dhcp", "vlan": 0})
        _add_subnet(site, {"cluster": name, "name": f"{name}-managed", "vlan": 100, "network": "10.42.0.0/16"})
    for key, value in CATEGORIES:
        add_category(site, site.named_id("category", f"{key}:{value}"), key, value, kind="SYSTEM")
    _add_disk(site)


def extend(site: Site, wanted: dict[str, list[dict[str, Any]]]) -> dict[str, list[str]]:
    """Add clusters, storage containers, categories, subnets and files; answers the ids of what was made, by kind.

    Raises:
        KeyError: a kind or a field is not known.
    """
    makers = {
        "clusters": add_cluster,
        "storageContainers": _add_container,
        "categories": _add_category,
        "subnets": _add_subnet,
        "files": add_file,
    }
    unknown = set(wanted) - set(makers)
    if unknown:
        raise KeyError(f"unknown kinds {sorted(unknown)}; known are {sorted(makers)}")
    return {kind: [makers[kind](site, item) for item in items] for kind, items in wanted.items()}


def add_cluster(site: Site, item: dict[str, Any]) -> str:
    """Add an AOS cluster with its hosts and containers."""
    name = item["name"]
    number = len(site.store.table("clusters"))
    ext_id = site.named_id("cluster", name)
    network = {"externalAddress": _address(f"10.{number}.0.10"), "externalDataServiceIp": _address(f"10.{number}.0.11")}
    nodes = [_add_host(site, ext_id, name, number, index) for index in range(_HOSTS)]
    body = {
        "extId": ext_id,
        "name": name,
        "nodes": {"numberOfNodes": _HOSTS, "nodeList": nodes},
        "config": _config(site, "AOS", item.get("version", site.settings.release.aos)),
        "network": network,
        "vmCount": 0,
        "inefficientVmCount": 0,
    }
    site.store.table("clusters").add(ext_id, body)
    for container in CONTAINERS:
        _add_container(site, {"cluster": name, "name": container})
    return ext_id


def _add_central(site: Site) -> None:
    ext_id = site.named_id("cluster", "prism-central")
    config = _config(site, "PRISM_CENTRAL", site.settings.release.product)
    body = {"extId": ext_id, "name": "Unnamed", "config": config, "vmCount": 0, "inefficientVmCount": 0}
    site.store.table("clusters").add(ext_id, body)


def _config(site: Site, function: str, version: str) -> dict[str, Any]:
    return {
        "incarnationId": 1_700_000_000_000_000 + site.settings.seed,
        "buildInfo": {"buildType": "release", "version": version, "fullVersion": f"el8.5-release-{version}-stable"},
        "hypervisorTypes": ["AHV"],
        "clusterFunction": [function],
        "timezone": "UTC",
        "redundancyFactor": 2,
        "clusterArch": "X86_64",
        "isRemoteSupportEnabled": False,
        "operationMode": "NORMAL",
        "isLts": False,
        "isAvailable": True,
    }


def _add_host(site: Site, cluster: str, name: str, number: int, index: int) -> dict[str, Any]:
    ext_id = site.named_id("host", f"{name}-{index + 1}")
    address = _address(f"10.{number}.0.{20 + index}")
    body = {
        "extId": ext_id,
        "hostName": f"{name}-{index + 1}",
        "hostType": "HYPER_CONVERGED",
        "hypervisor": {
            "externalAddress": address,
            "fullName": "Nutanix 20230302",
            "type": "AHV",
            "state": "ACROPOLIS_NORMAL",
        },
        "cluster": {"uuid": cluster, "name": name},
        "numberOfCpuCores": 32,
        "numberOfCpuThreads": 64,
        "numberOfCpuSockets": 2,
        "cpuCapacityHz": 32 * 2_600_000_000,
        "cpuFrequencyHz": 2_600_000_000,
        "cpuModel": "Intel(R) Xeon(R) Gold 6326 CPU @ 2.60GHz",
        "memorySizeBytes": 512 << 30,
        "nodeStatus": "NORMAL",
        "maintenanceState": "normal",
    }
    site.store.table("hosts").add(ext_id, body)
    return {"nodeUuid": ext_id, "hostIp": address, "controllerVmIp": _address(f"10.{number}.0.{30 + index}")}


def _add_container(site: Site, item: dict[str, Any]) -> str:
    ext_id = site.named_id("storage-container", f"{item['cluster']}/{item['name']}")
    values = {key: value for key, value in item.items() if key != "cluster"}
    add_container(site, ext_id, site.named_id("cluster", item["cluster"]), values)
    return ext_id


def _add_category(site: Site, item: dict[str, Any]) -> str:
    ext_id = site.named_id("category", f"{item['key']}:{item['value']}")
    add_category(site, ext_id, item["key"], item["value"])
    return ext_id


def _add_subnet(site: Site, item: dict[str, Any]) -> str:
    """A VLAN subnet; with ``network`` (and ``first`` and ``last``) it is managed."""
    ext_id = site.named_id("subnet", f"{item['cluster']}/{item['name']}")
    values = {
        "name": item["name"],
        "subnetType": "VLAN",
        "networkId": item.get("vlan", 0),
        "clusterReference": site.named_id("cluster", item["cluster"]),
    }
    if "network" in item:
        network = IPv4Network(item["network"])
        pool = {"startIp": item.get("first", str(network[10])), "endIp": item.get("last", str(network[-6]))}
        ipv4 = {
            "ipSubnet": {"ip": _value(str(network.network_address)), "prefixLength": network.prefixlen},
            "defaultGatewayIp": _value(str(network[1])),
            "poolList": [{end: _value(address) for end, address in pool.items()}],
        }
        values["ipConfig"] = [{"ipv4": ipv4}]
    add_subnet(site, ext_id, values)
    return ext_id


def _value(address: str) -> dict[str, Any]:
    return {"value": address, "prefixLength": 32}


def _add_disk(site: Site) -> None:
    ext_id = site.named_id("disk", "demo")
    content = f"{ext_id}.raw"
    data = b"a disk of a virtual machine".ljust(4096, b"\0")
    with (site.store.disks / content).open("wb") as file:
        file.write(data)
        file.truncate(1 << 20)
    site.store.table("disks").add(
        ext_id, {"extId": ext_id, "diskSizeBytes": 1 << 20}, content=content, used=len(data), os={}
    )


def _address(value: str) -> dict[str, Any]:
    return {"ipv4": _value(value)}
