"""Keys of network configuration, versions 1 and 2.

Version 2 is netplan's format. cloud-init itself lets unknown keys of an interface pass and hands them to netplan, where
it is there; so the keys that netplan knows beyond cloud-init's documented ones are declared by name only.
"""

from __future__ import annotations

from dataclasses import replace

from pulumi_ahv.payload.cloudinit.shapes import (
    ANYTHING,
    FLAG,
    MAPPING,
    TEXT,
    TEXTS,
    WHOLE,
    Listing,
    Nothing,
    Old,
    Shape,
    Table,
    Whole,
    either,
    of,
    words,
)

_ROUTE_V1 = Table(
    {"type": words("route"), **of("network destination netmask gateway", TEXT), "metric": WHOLE},
    required=("gateway",),
    one_of=("network", "destination"),
)
_SUBNET = Table(
    {
        "type": words("dhcp4 dhcp dhcp6 static static6 ipv6_dhcpv6-stateful ipv6_dhcpv6-stateless ipv6_slaac manual"),
        "control": words("manual auto hotplug"),
        **of("address netmask broadcast gateway", TEXT),
        **of("dns_nameservers dns_search", TEXTS),
        "routes": Listing(_ROUTE_V1),
        **of("ipv4 ipv6", FLAG),
    }
)
_SUBNETS: dict[str, Shape] = {"subnets": Listing(_SUBNET)}
_DEVICES = either(
    Table(
        {
            "type": words("physical"),
            **of("name mac_address", TEXT),
            "mtu": either(WHOLE, Nothing()),
            "accept-ra": FLAG,
            **_SUBNETS,
        },
        required=("type", "name"),
    ),
    Table(
        {
            "type": words("bond"),
            **of("name mac_address", TEXT),
            "bond_interfaces": TEXTS,
            "mtu": WHOLE,
            "params": Table(others=ANYTHING, others_pattern="bond-.*"),
            **_SUBNETS,
        },
        required=("type", "name"),
    ),
    Table(
        {"type": words("bridge"), "name": TEXT, "bridge_interfaces": TEXTS, "params": MAPPING, **_SUBNETS},
        required=("type", "name", "bridge_interfaces", "params"),
    ),
    Table(
        {
            "type": words("vlan"),
            **of("name vlan_link mac_address", TEXT),
            **of("vlan_id mtu", WHOLE),
            **_SUBNETS,
        },
        required=("type", "name", "vlan_link", "vlan_id"),
    ),
    Table(
        {"type": words("nameserver"), "address": either(TEXT, TEXTS), "search": TEXTS, "interface": TEXT},
        required=("type", "address"),
    ),
    replace(_ROUTE_V1, required=("type", "gateway")),
)
NETWORK_V1 = Table({"version": Whole(1, 1), "config": Listing(_DEVICES)}, required=("version", "config"))

_DHCP = either(FLAG, words("yes no"))
_DHCP_OVERRIDES = Table(
    {
        "hostname": TEXT,
        "route-metric": WHOLE,
        **of("send-hostname use-dns use-hostname use-mtu use-ntp use-routes", FLAG),
        "use-domains": either(TEXT, FLAG),
    }
)
_GATEWAY = Old(TEXT, "Write a route: {to: 0.0.0.0/0, via: …}, or ::/0.")
_INTERFACE: dict[str, Shape] = {
    "renderer": words("networkd NetworkManager"),
    **of("dhcp4 dhcp6", _DHCP),
    **of("dhcp4-overrides dhcp6-overrides", _DHCP_OVERRIDES),
    "addresses": Listing(either(TEXT, MAPPING)),
    **of("gateway4 gateway6", _GATEWAY),
    "optional": FLAG,
    "mtu": WHOLE,
    "nameservers": Table(of("search addresses", TEXTS)),
    "routes": Listing(
        Table(
            {**of("to via from type scope", TEXT), **of("metric table mtu", WHOLE), "on-link": FLAG}, required=("to",)
        )
    ),
    **of(
        "accept-ra activation-mode critical dhcp-identifier emit-lldp ignore-carrier ipv6-address-generation "
        "ipv6-address-token ipv6-mtu ipv6-privacy link-local macaddress neigh-suppress optional-addresses "
        "routing-policy",
        ANYTHING,
    ),
}
_PHYSICAL = Table(
    {
        **_INTERFACE,
        "match": Table({**of("name macaddress", TEXT), "driver": either(TEXT, TEXTS)}),
        "set-name": TEXT,
        "wakeonlan": FLAG,
        **of("auth embedded-switch-mode infiniband-mode link openvswitch virtual-function-count", ANYTHING),
        **of("generic-receive-offload generic-segmentation-offload large-receive-offload", FLAG),
        **of("receive-checksum-offload transmit-checksum-offload tcp-segmentation-offload", FLAG),
    }
)
_BOND_MODES = words("balance-rr active-backup balance-xor broadcast 802.3ad balance-tlb balance-alb")
_BOND = Table(
    {
        **_INTERFACE,
        "interfaces": TEXTS,
        "parameters": Table({"mode": _BOND_MODES, "lacp-rate": words("fast slow")}, others=ANYTHING),
    }
)
_BRIDGE = Table({**_INTERFACE, "interfaces": TEXTS, "parameters": Table({"stp": FLAG}, others=ANYTHING)})
_VLAN = Table({**_INTERFACE, "id": Whole(0, 4094), "link": TEXT}, required=("id", "link"))

NETWORK_V2 = Table(
    {
        "version": Whole(2, 2),
        "renderer": words("networkd NetworkManager"),
        "ethernets": Table(others=_PHYSICAL),
        "bonds": Table(others=_BOND),
        "bridges": Table(others=_BRIDGE),
        "vlans": Table(others=_VLAN),
        **of("wifis tunnels vrfs modems dummy-devices nm-devices openvswitch virtual-ethernets", MAPPING),
    },
    required=("version",),
)
