"""Components of the pass ``specialize`` that come from the member: the domain it joins, the cards with an address.

Names and forms are those of Microsoft's reference of unattended setup. A card is named by its MAC, with hyphens, which
is known once the machine is. There is no setting for an MTU.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address

from pulumi_ahv.payload.unattend.elements import ADD, Node, component, given, listed
from pulumi_ahv.payload.variables import Nic

JOIN = "Microsoft-Windows-UnattendedJoin"
TCPIP = "Microsoft-Windows-TCPIP"
DNS_CLIENT = "Microsoft-Windows-DNS-Client"

Components = dict[str, str]
"""Components by name, written so that they can stand in anybody's document."""


@dataclass(frozen=True)
class DomainJoin:
    """The domain to join, with an account that may. ``ou`` is a distinguished name."""

    name: str
    account: str
    password: str
    ou: str = ""
    account_domain: str = ""


def identification(domain: DomainJoin) -> Node:
    """The element that joins a domain."""
    credentials = given(Domain=domain.account_domain or domain.name, Username=domain.account, Password=domain.password)
    told = given(JoinDomain=domain.name, MachineObjectOU=domain.ou)
    return Node("Identification", (Node("Credentials", tuple(credentials)), *told))


def join_components(domain: DomainJoin) -> Components:
    """What joins a domain.

    Raises:
        ValueError: a text holds a character that XML cannot carry.
    """
    return {JOIN: "\n".join(component(JOIN, [identification(domain)], declared=True))}


def card_components(nics: Iterable[Nic]) -> Components:
    """What gives cards their addresses and name servers; one without an address asks DHCP, as Windows does unasked."""
    static = [(number, nic) for number, nic in enumerate(nics) if nic.addresses]
    written: Components = {}
    if static:
        interfaces = tuple(_interface(number, nic) for number, nic in static)
        written[TCPIP] = "\n".join(component(TCPIP, [Node("Interfaces", interfaces)], declared=True))
    if named := [*_dns_client(static)]:
        written[DNS_CLIENT] = "\n".join(component(DNS_CLIENT, named, declared=True))
    return written


def _interface(number: int, nic: Nic) -> Node:
    versions = sorted({ip_address(text.partition("/")[0]).version for text in nic.addresses})
    settings = [Node(f"Ipv{version}Settings", (Node("DhcpEnabled", "false"),)) for version in versions]
    routes = tuple(
        Node(
            "Route",
            (
                Node("Identifier", str(index)),
                Node("Prefix", "0.0.0.0/0" if ip_address(gateway).version == 4 else "::/0"),
                Node("NextHopAddress", gateway),
            ),
            ADD,
        )
        for index, gateway in enumerate(nic.gateways)
    )
    parts = [
        Node("Identifier", _identifier(number, nic)),
        *settings,
        Node("UnicastIpAddresses", listed("IpAddress", nic.addresses)),
        *([Node("Routes", routes)] if routes else []),
    ]
    return Node("Interface", tuple(parts), ADD)


def _dns_client(static: list[tuple[int, Nic]]) -> Iterator[Node]:
    suffixes = dict.fromkeys(suffix for _, nic in static for suffix in nic.dns_search)
    if suffixes:
        yield Node("DNSSuffixSearchOrder", listed("DomainName", suffixes))
    interfaces = [
        Node(
            "Interface",
            (
                Node("Identifier", _identifier(number, nic)),
                Node("DNSServerSearchOrder", listed("IpAddress", nic.dns_servers)),
            ),
            ADD,
        )
        for number, nic in static
        if nic.dns_servers
    ]
    if interfaces:
        yield Node("Interfaces", tuple(interfaces))


def _identifier(number: int, nic: Nic) -> str:
    return nic.mac.replace(":", "-").upper() or nic.name or f"{{the MAC of card {number}}}"
