"""Networks of v2.0: the VLAN subnets of the cluster, and who has which address on them.

Facts (api-legacy, section 1.8): ``free_ips`` is -1 on a network that Prism does not manage; a pool's range is two
addresses with a blank between; a new network is there at once, without a task; a delete may answer 204.
"""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Any

from pulumi_ahv.simulator import ipam
from pulumi_ahv.simulator.element.calls import INVALID, NOT_FOUND, V2, Call, Element, Refused, Reply, Route, required
from pulumi_ahv.simulator.element.listing import whole
from pulumi_ahv.simulator.site import Site
from pulumi_ahv.simulator.store import Record
from pulumi_ahv.simulator.subnets import add_subnet

_SECTION = "api-legacy §1.8"


def _mine(element: Element) -> list[Record]:
    subnets = element.site.store.table("subnets")
    return [each for each in subnets if element.cluster in each.body.get("clusterReferenceList", ())]


def _find(element: Element, uuid: str) -> Record:
    found = next((each for each in _mine(element) if each.ext_id == uuid), None)
    if found is None:
        raise Refused(404, f"Network {uuid} does not exist.", code=NOT_FOUND)
    return found


def _list(element: Element, _: Call) -> Reply:
    return whole([_shown(element, each) for each in _mine(element)])


def _get(element: Element, call: Call) -> Reply:
    return Reply(_shown(element, _find(element, call.params["uuid"])))


def _shown(element: Element, record: Record) -> dict[str, Any]:
    body = record.body
    return {
        "uuid": record.ext_id,
        "name": body["name"],
        "vlan_id": body.get("networkId", 0),
        "vswitch_name": body["bridgeName"],
        "virtual_switch_uuid": element.site.named_id("virtual-switch", element.cluster),
        "logical_timestamp": record.revision,
        "ip_config": _ip_config(element.site, record),
    }


def _ip_config(site: Site, record: Record) -> dict[str, Any]:
    network, managed, used = ipam.network_of(record), ipam.is_managed(record), ipam.usage(site, record)
    config: dict[str, Any] = {
        "network_address": str(network.network_address) if network else None,
        "prefix_length": network.prefixlen if network else 0,
        "ipam_enabled": managed,
        "free_ips": used["numFreeIPs"] if managed else -1,
        "assigned_ips": used["numAssignedIPs"],
        "num_macs": used["numMacs"],
        "default_gateway": ipam.gateway_of(record) or None,
        "dhcp_options": {},
        "pool": [],
        "dhcp_server_address": None,
    }
    leases = [int(IPv4Address(each.ext_id)) for each in ipam.leases(site, record)]
    for part in record.body.get("ipConfig", ()):
        for pool in part["ipv4"].get("poolList", ()):
            first, last = pool["startIp"]["value"], pool["endIp"]["value"]
            low, high = int(IPv4Address(first)), int(IPv4Address(last))
            total, taken = high - low + 1, sum(low <= each <= high for each in leases)
            config["pool"].append({"range": f"{first} {last}", "num_free_ips": total - taken, "num_total_ips": total})
    return config


def _addresses(element: Element, call: Call) -> Reply:
    record = _find(element, call.params["uuid"])
    found = [
        {
            "mac_address": nic["backingInfo"]["macAddress"],
            "ip_address": nic["networkInfo"]["ipv4Config"]["ipAddress"]["value"],
            "network_uuid": record.ext_id,
            "entity_uuid": vm.ext_id,
            "vm_name": vm.body["name"],
            "overlay_network_id": None,
            "type": "VM",
            "deleted": False,
        }
        for vm in element.site.store.table("vms")
        for nic in vm.body.get("nics", ())
        if nic["networkInfo"]["subnet"]["extId"] == record.ext_id and "ipv4Config" in nic["networkInfo"]
    ]
    return whole(found)


def _create(element: Element, call: Call) -> Reply:
    body = call.body
    values: dict[str, Any] = {
        "name": str(required(body, "name")),
        "subnetType": "VLAN",
        "networkId": int(body.get("vlan_id") or 0),
        "clusterReference": element.cluster,
    }
    told = body.get("ip_config") or {}
    if told.get("network_address"):
        pools = [each["range"].split() for each in told.get("pool") or ()]
        ipv4: dict[str, Any] = {
            "ipSubnet": {"ip": _value(told["network_address"]), "prefixLength": int(told.get("prefix_length") or 24)},
            "poolList": [{"startIp": _value(first), "endIp": _value(last)} for first, last in pools],
        }
        if told.get("default_gateway"):
            ipv4["defaultGatewayIp"] = _value(told["default_gateway"])
        values["ipConfig"] = [{"ipv4": ipv4}]
    record = add_subnet(element.site, element.site.new_id(), values)
    return Reply({"network_uuid": record.ext_id}, 201)


def _value(address: str) -> dict[str, Any]:
    return {"value": str(address), "prefixLength": 32}


def _delete(element: Element, call: Call) -> Reply:
    record = _find(element, call.params["uuid"])
    for vm in element.site.store.table("vms"):
        if any(nic["networkInfo"]["subnet"]["extId"] == record.ext_id for nic in vm.body.get("nics", ())):
            raise Refused(422, f"Network {record.body['name']} is in use by VM {vm.body['name']}.", code=INVALID)
    element.site.store.table("subnets").remove(record.ext_id)
    return Reply(None, 204)


_ONE = "networks/{uuid}"
ROUTES = (
    Route("GET", V2, "networks", "v2_list_networks", _list, _SECTION),
    Route("GET", V2, _ONE, "v2_get_network", _get, _SECTION),
    Route("GET", V2, f"{_ONE}/addresses", "v2_list_network_addresses", _addresses, _SECTION),
    Route("POST", V2, "networks", "v2_create_network", _create, _SECTION),
    Route("DELETE", V2, _ONE, "v2_delete_network", _delete, _SECTION, assumed="one that is in use stays"),
)
