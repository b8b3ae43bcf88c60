"""Addresses of members: who gives them, what is wrong with them, and what their guests are told.

Plain addresses are given out by Prism, which does so on managed subnets only. Those with a prefix length are set by the
guest itself: they go into its payload, and Prism knows them as learned at best. Where such a subnet is managed
nevertheless, Prism is asked for the address as well, so that it gives it to nobody else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import IPv4Interface, IPv4Network, IPv6Interface, IPv6Network, ip_address, ip_interface, ip_network

from pulumi_ahv.kernel.errors import InputError
from pulumi_ahv.payload.variables import Nic
from pulumi_ahv.prism.vms import Subnet
from pulumi_ahv.schema.pool import PoolInputs
from pulumi_ahv.schema.pool_guest import PoolNetwork

Interface = IPv4Interface | IPv6Interface
_DOMAIN = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*\.?\Z")


def set_by_guest(told: PoolInputs) -> bool:
    """Whether guests set their addresses themselves."""
    return any("/" in text for text in told.addresses or ())


def address_of(told: PoolInputs, slot: int) -> str | None:
    """Address of a slot, without its prefix length; ``None`` where it has none."""
    given = told.addresses or []
    return str(ip_interface(given[slot]).ip) if slot < len(given) else None


def nics_of(told: PoolInputs, slot: int) -> tuple[Nic, ...]:
    """What the guest of a slot is told of its cards; nothing where it has nothing to set."""
    given, network = told.addresses or [], told.network or PoolNetwork()
    if not set_by_guest(told) or slot >= len(given):
        return ()
    first = Nic(
        addresses=(ip_interface(given[slot]).with_prefixlen,),
        gateways=(network.gateway,) if network.gateway else (),
        dns_servers=tuple(network.dns_servers or ()),
        dns_search=tuple(network.dns_search or ()),
        mtu=network.mtu or 0,
    )
    return (first, *(Nic() for _ in (told.networks or [])[1:]))


def wrong_with_addresses(told: PoolInputs, slots: Iterable[int]) -> list[InputError]:
    """Everything wrong with the addresses of these slots that can be told without asking Prism."""
    if told.network and not set_by_guest(told):
        said = "goes with addresses that guests set themselves: those with a prefix length"
        return [InputError("network", said, advice="Write addresses like 10.0.0.5/24, or leave network out.")]
    if told.addresses is None:
        return []
    found: dict[int, Interface] = {}
    return [*_set(told, slots), *_read(told.addresses, found), *_each(found), *_network(told.network, found)]


def wrong_on_subnet(told: PoolInputs, subnet: Subnet) -> list[InputError]:
    """What is wrong with the addresses on the subnet of the first card."""
    given = told.addresses or []
    if given and not subnet.managed and not set_by_guest(told):
        return [
            InputError(
                "addresses",
                f"the subnet {subnet.name!r} is not managed by Prism, which therefore gives out no addresses in it",
                advice="Let guests set them: write them with their prefix length, like 10.0.0.5/24.",
            )
        ]
    networks = [ip_network(prefix, strict=False) for prefix in subnet.prefixes]
    return [
        InputError(
            f"addresses[{index}]",
            f"{text} lies outside of the subnet {subnet.name!r}, which is {' and '.join(map(str, networks))}",
        )
        for index, text in enumerate(given)
        if _outside(ip_interface(text), networks)
    ]


def _outside(interface: Interface, networks: list[IPv4Network | IPv6Network]) -> bool:
    """Whether an address lies in none of the networks, as far as they are of its version."""
    known = [network for network in networks if network.version == interface.version]
    return bool(known) and not any(interface.ip in network for network in known)


def _set(told: PoolInputs, slots: Iterable[int]) -> Iterator[InputError]:
    """What is wrong with them taken together."""
    given = told.addresses or []
    if not told.networks:
        yield InputError("addresses", "needs networks: without it, the cards are those of the template")
    without = [slot for slot in slots if slot >= len(given)]
    if without:
        more = f" and {len(without) - 1} more need" if len(without) > 1 else " needs"
        held = "1 address" if len(given) == 1 else f"{len(given)} addresses"
        said = f"it has {held}, and slot {without[0]}{more} one"
        advice = f"Give at least {max(without) + 1}; each slot takes the one at its index."
        yield InputError("addresses", said, advice=advice)
    plain = [index for index, text in enumerate(given) if "/" not in text]
    if set_by_guest(told) and plain:
        advice = "Write all of them with it, or none."
        yield InputError(f"addresses[{plain[0]}]", "has no prefix length, and others have one", advice=advice)


def _read(given: list[str], found: dict[int, Interface]) -> Iterator[InputError]:
    """Read them, and tell of those that cannot be read."""
    for index, text in enumerate(given):
        try:
            found[index] = ip_interface(text)
        except ValueError:
            advice = "Write it like 10.0.0.5, or 10.0.0.5/24 where the guest sets it."
            yield InputError(f"addresses[{index}]", f"{text!r} is no address", advice=advice)


def _each(found: Mapping[int, Interface]) -> Iterator[InputError]:
    first: dict[object, int] = {}
    for index, interface in found.items():
        path, network = f"addresses[{index}]", interface.network
        if (earlier := first.setdefault(interface.ip, index)) != index:
            yield InputError(path, f"{interface.ip} is addresses[{earlier}] as well")
        if network.num_addresses > 2 and interface.ip == network.network_address:
            yield InputError(path, f"{interface} is the network itself, no address in it")
        if interface.version == 4 and network.num_addresses > 2 and interface.ip == network.broadcast_address:
            yield InputError(path, f"{interface} is the broadcast address of its network")


def _network(network: PoolNetwork | None, found: Mapping[int, Interface]) -> Iterator[InputError]:
    if network is None:
        return
    if network.gateway is not None:
        yield from _gateway(network.gateway, found)
    for index, text in enumerate(network.dns_servers or ()):
        if not _is_address(text):
            yield InputError(f"network.dnsServers[{index}]", f"{text!r} is no address")
    for index, text in enumerate(network.dns_search or ()):
        if not _DOMAIN.match(text):
            yield InputError(f"network.dnsSearch[{index}]", f"{text!r} is no name of a domain")


def _gateway(text: str, found: Mapping[int, Interface]) -> Iterator[InputError]:
    if not _is_address(text):
        yield InputError("network.gateway", f"{text!r} is no address")
        return
    gateway = ip_address(text)
    outside = [index for index, interface in found.items() if gateway not in interface.network]
    if outside:
        more = f" and {len(outside) - 1} more" if len(outside) > 1 else ""
        said = f"{text} does not lie in the network of addresses[{outside[0]}] ({found[outside[0]]}){more}"
        yield InputError("network.gateway", said)
    for index, interface in found.items():
        if interface.ip == gateway:
            yield InputError(f"addresses[{index}]", f"{text} is the gateway")


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
