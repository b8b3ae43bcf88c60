"""Subnets (api-v4, section 7): CRUD by tasks, and the NICs on one. Addresses are ``ipam``'s.

Assumed: VLAN subnets need a cluster; names are not unique; a subnet with NICs is not deleted.
"""

from __future__ import annotations

from ipaddress import AddressValueError, IPv4Address
from typing import Any

from pulumi_ahv.simulator.answers import Refusal, Reply
from pulumi_ahv.simulator.ipam import usage
from pulumi_ahv.simulator.listing import Listing, page_of
from pulumi_ahv.simulator.replies import accepted, entity
from pulumi_ahv.simulator.routing import Call, Route, answer_type
from pulumi_ahv.simulator.site import Site
from pulumi_ahv.simulator.store import Record
from pulumi_ahv.simulator.work import Operation, Order, Run

TYPE = "networking.v4.config.Subnet"
REL = "networking:config:subnet"
_SECTION = "api-v4 §7"
_LIST = Listing(
    filters={"extId", "name", "clusterReference", "subnetType", "isExternal", "vpcReference"},
    orders={"name"},
    expands={"virtualSwitch", "vpc"},
)
_WRITABLE = (
    *("name", "description", "subnetType", "networkId", "dhcpOptions", "ipConfig", "clusterReference"),
    *("reservedIpAddresses", "virtualSwitchReference", "bridgeName", "isExternal", "isNatEnabled"),
)


def add_subnet(site: Site, ext_id: str, values: dict[str, Any]) -> Record:
    """Put a subnet into the store."""
    cluster = values.get("clusterReference", "")
    body = {
        "extId": ext_id,
        "isExternal": False,
        "isNatEnabled": False,
        "isAdvancedNetworking": True,
        "hypervisorType": "acropolis",
        "bridgeName": "br0",
        "clusterName": site.find("clusters", cluster).body["name"] if cluster else "",
        "clusterReferenceList": [cluster] if cluster else [],
        **values,
    }
    return site.store.table("subnets").add(ext_id, body)


def _shown(site: Site, record: Record) -> dict[str, Any]:
    return {**record.body, "ipUsage": usage(site, record)} if record.body.get("ipConfig") else record.body


def _list(site: Site, call: Call) -> Reply:
    bodies = (_shown(site, record) for record in site.store.table("subnets"))
    page, total = page_of(bodies, call.query, _LIST, code="NET-10005")
    return Reply(page, TYPE, total=total)


def _get(site: Site, call: Call) -> Reply:
    record = site.find("subnets", call.params["extId"], code="NET-10001")
    reply = entity(record, TYPE)
    reply.data = _shown(site, record)
    return reply


def _checked(site: Site, call: Call) -> dict[str, Any]:
    values = {name: call.body[name] for name in _WRITABLE if name in call.body}
    if not values.get("name") or "subnetType" not in values:
        raise Refusal(400, "NET-10002", "name and subnetType are required.")
    if values["subnetType"] == "VLAN":
        site.find("clusters", values.get("clusterReference", ""), code="NET-10003")
        if not 0 <= values.get("networkId", 0) <= 4095:
            raise Refusal(400, "NET-10004", "networkId of a VLAN subnet must be from 0 to 4095.")
    for config in values.get("ipConfig", []):
        spec = config["ipv4"]
        pools = spec.get("poolList", [])
        texts = [spec["ipSubnet"]["ip"], *(pool[end] for pool in pools for end in ("startIp", "endIp"))]
        try:
            for text in texts:
                IPv4Address(text["value"])
        except AddressValueError as error:
            raise Refusal(400, "NET-10006", f"Not an IPv4 address: {error}.") from error
    return values


def _create(site: Site, call: Call) -> Reply:
    values = _checked(site, call)
    clusters = [values["clusterReference"]] if "clusterReference" in values else []
    return accepted(site, call, Order("subnet.create", {"values": values}, clusters=clusters))


def _created(site: Site, run: Run) -> None:
    ext_id = site.new_id()
    add_subnet(site, ext_id, run.arguments["values"])
    run.affect(ext_id, REL, run.arguments["values"]["name"])


def _update(site: Site, call: Call) -> Reply:
    record = site.find("subnets", call.params["extId"], code="NET-10001")
    return accepted(site, call, Order("subnet.update", {"id": record.ext_id, "values": _checked(site, call)}))


def _updated(site: Site, run: Run) -> None:
    record = site.find("subnets", run.arguments["id"], code="NET-10001")
    record.body.update(run.arguments["values"])
    record.hidden["hints"] = {}
    site.store.table("subnets").touch(record)
    run.affect(record.ext_id, REL, record.body["name"])


def _delete(site: Site, call: Call) -> Reply:
    record = site.find("subnets", call.params["extId"], code="NET-10001")
    return accepted(site, call, Order("subnet.delete", {"id": record.ext_id}))


def _deleted(site: Site, run: Run) -> None:
    record = site.find("subnets", run.arguments["id"], code="NET-10001")
    if next(_nics(site, record.ext_id), None) is not None:
        raise Refusal(409, "NET-10007", f"Subnet {record.body['name']} is in use by VMs.")
    site.store.table("subnets").remove(record.ext_id)
    run.affect(record.ext_id, REL, record.body["name"])


def _nics(site: Site, subnet: str) -> Any:
    for vm in site.store.table("vms"):
        for nic in vm.body.get("nics", ()):
            if nic["networkInfo"]["subnet"]["extId"] == subnet:
                yield vm, nic


def _list_vnics(site: Site, call: Call) -> Reply:
    record = site.find("subnets", call.params["subnetExtId"], code="NET-10001")
    vnics = [
        {
            "extId": nic["extId"],
            "macAddress": nic["backingInfo"]["macAddress"],
            "vmReference": vm.ext_id,
            **_addresses(nic["networkInfo"]),
        }
        for vm, nic in _nics(site, record.ext_id)
    ]
    page, total = page_of(vnics, call.query, Listing(filters={"extId", "macAddress"}), code="NET-10005")
    return Reply(page, "networking.v4.config.Vnic", total=total)


def _addresses(info: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    fixed = info.get("ipv4Config", {}).get("ipAddress")
    learned = info.get("ipv4Info", {}).get("learnedIpAddresses", ())
    return {
        "assignedIpv4Addresses": [{"ipv4": fixed}] if fixed else [],
        "learnedIpv4Addresses": [{"ipv4": each} for each in learned],
    }


OPERATIONS = (
    Operation("subnet.create", "kSubnetCreate", "Create Subnet", _created),
    Operation("subnet.update", "kSubnetUpdate", "Update Subnet", _updated),
    Operation("subnet.delete", "kSubnetDelete", "Delete Subnet", _deleted),
)


def _route(method: str, path: str, operation: str, handler: Any, **more: Any) -> Route:
    answer = answer_type("networking.v4.config", operation)
    return Route(method, "networking", path, operation, handler, _SECTION, answer, **more)


_ONE = "config/subnets/{extId}"
_SELF = ("subnets", "extId")
ROUTES = (
    _route("GET", "config/subnets", "list_subnets", _list, listing=_LIST, assumed="$expand changes nothing"),
    _route("GET", _ONE, "get_subnet_by_id", _get),
    _route("POST", "config/subnets", "create_subnet", _create, body=TYPE),
    _route("PUT", _ONE, "update_subnet_by_id", _update, body=TYPE, match="required", guards=_SELF),
    _route("DELETE", _ONE, "delete_subnet_by_id", _delete, match="optional", guards=_SELF),
    _route("GET", "config/subnets/{subnetExtId}/vnics", "list_vnics_by_subnet_id", _list_vnics),
)
