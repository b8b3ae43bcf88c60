"""Network configuration for cloud-init: version 2 from a member's interfaces, and checks of what a user wrote.

Default routes are written as ``gateway4`` and ``gateway6``, deprecated as these are, because all renderers read them.
Of routes, those without netplan do not take the word ``default``; 22.4 makes ``::/64`` of ``::/0``; and ifupdown gets
them as calls of ``route``, a program that is not on a minimal Debian 12 (measured by booting one).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import ip_address, ip_interface

import yaml

from pulumi_ahv.payload.cloudinit.checker import check, problem
from pulumi_ahv.payload.cloudinit.network_keys import NETWORK_V1, NETWORK_V2
from pulumi_ahv.payload.cloudinit.yamltext import parse
from pulumi_ahv.payload.findings import Problem
from pulumi_ahv.payload.quoting import yaml_value
from pulumi_ahv.payload.variables import Nic


def network_config(nics: Sequence[Nic]) -> str:
    """The ``network-config`` of a NoCloud disc: version 2, one mapping a line."""
    lines = ["version: 2", "ethernets:"]
    for number, nic in enumerate(nics):
        lines.append(f"  {yaml_value(nic.name or f'nic{number}')}: {yaml_value(_ethernet(nic))}")
    return "\n".join(lines) + "\n"


def _ethernet(nic: Nic) -> dict[str, object]:
    entry: dict[str, object] = {}
    if nic.mac:
        entry["match"] = {"macaddress": nic.mac.lower()}
        entry |= {"set-name": nic.name} if nic.name else {}
    if nic.addresses:
        entry["dhcp4"] = False
        entry["addresses"] = list(nic.addresses)
    else:
        entry["dhcp4"] = True
    for gateway in nic.gateways:
        entry[f"gateway{ip_address(gateway).version}"] = gateway
    servers = {"addresses": list(nic.dns_servers), "search": list(nic.dns_search)}
    if any(servers.values()):
        entry["nameservers"] = {key: value for key, value in servers.items() if value}
    if nic.mtu:
        entry["mtu"] = nic.mtu
    return entry


def check_network_config(text: str) -> list[Problem]:
    """Everything wrong with a network-config text."""
    document = parse(text)
    found = list(document.problems)
    root = document.root
    if root is None:
        return found
    inner = _child(root, "network")
    if inner is not None:
        found += [
            problem(key, "unknown-key", f"unknown key {key.value!r} beside 'network'")
            for key, _ in root.value
            if key.value != "network"
        ]
    return [*found, *_versioned(inner if inner is not None else root)]


def _versioned(root: yaml.Node) -> Iterator[Problem]:
    version = _child(root, "version")
    if not isinstance(root, yaml.MappingNode):
        yield problem(root, "wrong-type", "a network configuration is a mapping with a version")
    elif version is None:
        yield problem(root, "missing-key", "the network configuration has no 'version'", advice="Write version: 2.")
    elif version.value == "1":
        yield from check(root, NETWORK_V1)
    elif version.value == "2":
        yield from check(root, NETWORK_V2)
        yield from _addresses(root)
    else:
        yield problem(version, "not-allowed", f"version is {version.value!r}; cloud-init knows 1 and 2")


def _addresses(root: yaml.Node) -> Iterator[Problem]:
    for kind in ("ethernets", "bonds", "bridges", "vlans"):
        interfaces = _child(root, kind)
        for name, interface in _pairs(interfaces):
            addresses = _child(interface, "addresses")
            for item in addresses.value if isinstance(addresses, yaml.SequenceNode) else ():
                if isinstance(item, yaml.ScalarNode) and not _is_interface(item.value):
                    message = f"{kind}.{name}.addresses holds {item.value!r}, which is no address with a prefix length"
                    yield problem(item, "not-allowed", message, advice="Write it as 10.0.0.5/24.")


def _is_interface(text: str) -> bool:
    try:
        ip_interface(text)
    except ValueError:
        return False
    return "/" in text


def _pairs(node: yaml.Node | None) -> Iterator[tuple[str, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield str(key.value), value


def _child(node: yaml.Node | None, name: str) -> yaml.Node | None:
    return next((value for key, value in _pairs(node) if key == name), None)
