"""Meta-data and vendor data of the two layouts.

The instance id is the UUID of the VM. That, and only that, lets the disc be taken away later: cloud-init compares the
id it has cached with the UUID of the machine and keeps host keys and network (measured, Debian 12 and 13). A disc
without an id gets the constant ``nocloud`` and a clone of the machine would not configure itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from ipaddress import IPv4Address, ip_interface

from pulumi_ahv.payload.quoting import yaml_value
from pulumi_ahv.payload.variables import Member, Nic

OURS_NOCLOUD = ("instance-id", "local-hostname")
OURS_CONFIG_DRIVE = ("uuid", "hostname", "name")


def nocloud_meta_data(uuid: str, member: Member, extra: Mapping[str, object]) -> str:
    """The ``meta-data`` of a NoCloud disc."""
    entries = {"instance-id": uuid, "local-hostname": member.guest_name, **extra}
    return "".join(f"{yaml_value(key)}: {yaml_value(value)}\n" for key, value in entries.items())


def config_drive_meta_data(uuid: str, member: Member, extra: Mapping[str, object]) -> str:
    """The ``meta_data.json`` of a config drive: a JSON object, which is the only form cloud-init takes."""
    return _json({"uuid": uuid, "hostname": member.guest_name, "name": member.name, **extra})


def config_drive_vendor_data(text: str) -> str:
    """The ``vendor_data.json`` of a config drive: cloud-init looks for its own part under its name."""
    return _json({"cloud-init": text})


def network_data(nics: Sequence[Nic]) -> str:
    """The ``network_data.json`` of a config drive (OpenStack's format); interfaces are matched by their MAC.

    Name servers stand twice, as OpenStack itself has them: cloud-init 22.4 reads those of the document, 25.1 with
    netplan those of the network (measured on Debian 12 and 13). Gateways stand twice, too: as routes, which is where
    cloudbase-init looks, and as ``gateway``, because ifupdown gets routes as calls of a program that may not be there.
    """
    links = [_link(number, nic) for number, nic in enumerate(nics)]
    networks = [network for number, nic in enumerate(nics) for network in _networks(number, nic)]
    services = _dns_services(dict.fromkeys(server for nic in nics for server in nic.dns_servers))
    return _json({"links": links, "networks": networks, "services": services})


def _link(number: int, nic: Nic) -> dict[str, object]:
    link: dict[str, object] = {"id": f"link{number}", "type": "phy", "ethernet_mac_address": nic.mac.lower()}
    return link | ({"name": nic.name} if nic.name else {}) | ({"mtu": nic.mtu} if nic.mtu else {})


def _networks(number: int, nic: Nic) -> list[dict[str, object]]:
    link = f"link{number}"
    if not nic.addresses:
        return [{"id": f"network{number}", "type": "ipv4_dhcp", "link": link}]
    networks: list[dict[str, object]] = []
    served: set[int] = set()
    for index, text in enumerate(nic.addresses):
        address = ip_interface(text)
        # A gateway belongs to the first address of its family: twice the same route would be an error in the guest.
        gateways = [gateway for gateway in nic.gateways if ip_interface(gateway).version == address.version]
        routes = [_route(gateway) for gateway in gateways if address.version not in served]
        served.add(address.version)
        network: dict[str, object] = {
            "id": f"network{number}-{index}",
            "type": f"ipv{address.version}",
            "link": link,
            "ip_address": str(address.ip),
            "netmask": str(address.netmask),
            "routes": routes,
            "services": _dns_services(nic.dns_servers),
        }
        if routes:
            network["gateway"] = routes[0]["gateway"]
        networks.append(network | ({"dns_search": list(nic.dns_search)} if nic.dns_search else {}))
    return networks


def _dns_services(servers: Iterable[str]) -> list[dict[str, str]]:
    return [{"type": "dns", "address": server} for server in servers]


def _route(gateway: str) -> dict[str, object]:
    everything = "::" if ip_interface(gateway).version == 6 else str(IPv4Address(0))
    return {"network": everything, "netmask": everything, "gateway": gateway}


def _json(value: object) -> str:
    return json.dumps(value, indent=1) + "\n"
