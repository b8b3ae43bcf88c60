"""The addresses a guest ends up with: those its network configuration sets, those of IPAM, or some of a DHCP server.

Understands cloud-init's version 1 and 2 and OpenStack's network_data.json (guest.md, sections 1.2 and 1.6), as far
as static IPv4 addresses and DHCP go. Interfaces are matched by MAC address, else by their order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Interface:
    """One interface of a network configuration; no addresses means DHCP."""

    mac: str
    addresses: tuple[str, ...]


def interfaces(config: Any) -> list[Interface]:
    """The interfaces that a network configuration describes; none where it is not understood."""
    if not isinstance(config, dict):
        return []
    if "links" in config:
        return _openstack(config)
    if config.get("version") == 1:
        return [_version1(each) for each in config.get("config", []) if each.get("type") == "physical"]
    return [_version2(each or {}) for each in (config.get("ethernets") or {}).values()]


def _version1(entry: dict[str, Any]) -> Interface:
    subnets = [each for each in entry.get("subnets", []) if each.get("type") in {"static", "static4"}]
    return Interface(
        str(entry.get("mac_address", "")).lower(), tuple(_bare(each.get("address", "")) for each in subnets)
    )


def _version2(entry: dict[str, Any]) -> Interface:
    mac = str((entry.get("match") or {}).get("macaddress", "")).lower()
    return Interface(mac, tuple(_bare(each) for each in entry.get("addresses") or []))


def _openstack(config: dict[str, Any]) -> list[Interface]:
    found = []
    for link in config["links"]:
        static = [
            _bare(network.get("ip_address", ""))
            for network in config.get("networks", [])
            if network.get("link") == link.get("id") and network.get("type") == "ipv4"
        ]
        found.append(Interface(str(link.get("ethernet_mac_address", "")).lower(), tuple(static)))
    return found


def _bare(address: Any) -> str:
    text = next(iter(address), "") if isinstance(address, dict) else str(address)
    return text.partition("/")[0]


def address_of(nic: dict[str, Any], index: int, found: list[Interface]) -> str:
    """The IPv4 address of a NIC."""
    mac = nic["backingInfo"]["macAddress"].lower()
    match = next((each for each in found if each.mac == mac), None)
    if match is None and index < len(found) and not found[index].mac:
        match = found[index]
    if match is not None and match.addresses:
        return match.addresses[0]
    given = nic["networkInfo"].get("ipv4Config", {}).get("ipAddress", {}).get("value", "")
    return given or _from_dhcp(mac)


def _from_dhcp(mac: str) -> str:
    """An address as some DHCP server of the network would give it: always the same for the same MAC address."""
    high, middle, low = (int(part, 16) for part in mac.split(":")[3:])
    return f"10.{100 + high % 100}.{middle}.{low}"
