"""Addresses of managed subnets: which are free, which are taken, and what happens when none is left.

A subnet is managed when it has pools. Assumed: the lowest free address of the first pool is given, addresses asked
for by name may lie outside the pools but not outside the subnet, and a taken one is refused. Each lease is a record of
its own, in a table of its subnet's: on the subnet's record, ten thousand of them would be written with every new one.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING, Any

from pulumi_ahv.simulator.answers import Refusal
from pulumi_ahv.simulator.store import Record, Table

if TYPE_CHECKING:
    from pulumi_ahv.simulator.site import Site


def is_managed(subnet: Record) -> bool:
    """Whether Prism hands out this subnet's addresses."""
    return any(True for _ in _pools(subnet))


def network_of(subnet: Record) -> IPv4Network | None:
    """The subnet's IPv4 network, where it has one."""
    for config in subnet.body.get("ipConfig", []):
        spec = config["ipv4"]["ipSubnet"]
        return IPv4Network(f"{spec['ip']['value']}/{spec['prefixLength']}", strict=False)
    return None


def gateway_of(subnet: Record) -> str:
    """The default gateway, empty where there is none."""
    for config in subnet.body.get("ipConfig", []):
        return str(config["ipv4"].get("defaultGatewayIp", {}).get("value", ""))
    return ""


def leases(site: Site, subnet: Record) -> Table:
    """The addresses of a subnet that are taken: a record each, by address."""
    return site.store.table(f"leases-{subnet.ext_id}")


def take(site: Site, subnet: Record, owner: str, wanted: str = "") -> str:
    """Give an address to a NIC.

    Raises:
        Refusal: the pools are used up, or the wanted address is taken or not of this subnet.
    """
    taken = leases(site, subnet)
    if wanted:
        _check_wanted(subnet, wanted, taken)
        taken.add(wanted, {"owner": owner})
        return wanted
    reserved = {each["ipv4"]["value"] for each in subnet.body.get("reservedIpAddresses", [])}
    hints: dict[str, int] = subnet.hidden.setdefault("hints", {})
    for first, last in _pools(subnet):
        for number in range(max(int(first), hints.get(str(first), 0)), int(last) + 1):
            address = str(IPv4Address(number))
            if taken.get(address) is None and address not in reserved:
                taken.add(address, {"owner": owner})
                hints[str(first)] = number + 1
                site.store.table("subnets").save(subnet)
                return address
    text = f"No free IP address is left in the pools of subnet {subnet.body['name']}."
    raise Refusal(400, "VMM-30606", text, group="VM_IP_POOL_EXHAUSTED")


def give_back(site: Site, subnet: Record, owner: str, address: str) -> None:
    """Free the address of a NIC, if it is still that NIC's."""
    lease = leases(site, subnet).get(address)
    if lease is None or lease.body["owner"] != owner:
        return
    leases(site, subnet).remove(address)
    hints: dict[str, int] = subnet.hidden.setdefault("hints", {})
    for first, last in _pools(subnet):
        if first <= IPv4Address(address) <= last:
            hints[str(first)] = min(hints.get(str(first), int(first)), int(IPv4Address(address)))
    site.store.table("subnets").save(subnet)


def usage(site: Site, subnet: Record) -> dict[str, Any]:
    """The subnet's ``ipUsage``."""
    total = sum(int(last) - int(first) + 1 for first, last in _pools(subnet))
    assigned = len(leases(site, subnet))
    return {"numAssignedIPs": assigned, "numFreeIPs": max(0, total - assigned), "numMacs": assigned}


def _pools(subnet: Record) -> Iterator[tuple[IPv4Address, IPv4Address]]:
    for config in subnet.body.get("ipConfig", []):
        for pool in config["ipv4"].get("poolList", []):
            yield IPv4Address(pool["startIp"]["value"]), IPv4Address(pool["endIp"]["value"])


def _check_wanted(subnet: Record, wanted: str, taken: Table) -> None:
    network = network_of(subnet)
    if network is not None and IPv4Address(wanted) not in network:
        raise Refusal(400, "VMM-30607", f"{wanted} is not an address of subnet {subnet.body['name']}.")
    if taken.get(wanted) is not None:
        raise Refusal(400, "VMM-30608", f"{wanted} is in use on subnet {subnet.body['name']}.")
