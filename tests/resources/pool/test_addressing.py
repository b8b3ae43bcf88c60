"""Addresses of members: what is wrong with them, and what guests are told."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_ahv.prism.vms import Subnet
from pulumi_ahv.resources.pool.addressing import address_of, nics_of, wrong_on_subnet, wrong_with_addresses
from pulumi_ahv.schema.pool import PoolInputs

MANAGED = Subnet("s-1", "lan", (), managed=True, prefixes=("10.0.0.0/24",))
UNMANAGED = Subnet("s-2", "vlan7", (), managed=False)


def pool(*addresses: str, **more: Any) -> PoolInputs:
    usual = {"name": "agents", "owner": "o", "template": "t", "size": 2, "networks": ["lan", "backup"]}
    return PoolInputs.model_validate({**usual, "addresses": list(addresses), **more})


def wrong(told: PoolInputs, slots: tuple[int, ...] = (0, 1)) -> dict[str, str]:
    return {each.path: str(each) for each in wrong_with_addresses(told, slots)}


NETWORK = {"gateway": "10.0.0.1", "dnsServers": ["10.0.0.2"], "dnsSearch": ["corp.example"], "mtu": 9000}


def test_a_guest_that_sets_its_address_is_told_of_all_its_cards() -> None:
    told = pool("10.0.0.5/24", "10.0.0.6/255.255.255.0", network=NETWORK)
    first, second = nics_of(told, 1)
    assert (first.addresses, first.gateways, first.mtu) == (("10.0.0.6/24",), ("10.0.0.1",), 9000)
    assert (first.dns_servers, first.dns_search) == (("10.0.0.2",), ("corp.example",))
    assert second.addresses == ()
    assert address_of(told, 1) == "10.0.0.6"


def test_a_guest_whose_address_prism_gives_is_told_nothing() -> None:
    told = pool("10.0.0.5", "10.0.0.6")
    assert nics_of(told, 0) == ()
    assert address_of(told, 0) == "10.0.0.5"


@pytest.mark.parametrize(
    "told",
    [
        pool("10.0.0.5", "10.0.0.6"),
        pool("10.0.0.5/24", "10.0.0.6/24", network=NETWORK),
        pool("10.0.0.0/31", "10.0.0.1/31"),
        pool("fd00::5/64", "fd00::6/64", network={"gateway": "fd00::1"}),
        pool("10.0.0.5/24", "10.0.0.6/24", "10.0.0.7/24"),
    ],
)
def test_good_addresses_have_nothing_wrong(told: PoolInputs) -> None:
    assert wrong(told) == {}


@pytest.mark.parametrize(
    ("told", "path", "part"),
    [
        (pool("10.0.0.5", "10.0.0.300"), "addresses[1]", "'10.0.0.300' is no address"),
        (pool("10.0.0.5", "10.0.0.5"), "addresses[1]", "10.0.0.5 is addresses[0] as well"),
        (pool("10.0.0.5/24", "10.0.0.5/25"), "addresses[1]", "10.0.0.5 is addresses[0] as well"),
        (pool("10.0.0.5/24", "10.0.0.6"), "addresses[1]", "no prefix length, and others have one"),
        (pool("10.0.0.0/24", "10.0.0.6/24"), "addresses[0]", "the network itself"),
        (pool("10.0.0.5/24", "10.0.0.255/24"), "addresses[1]", "the broadcast address"),
        (pool(), "addresses", "slot 0 and 1 more need one. Give at least 2"),
        (pool("10.0.0.5"), "addresses", "slot 1 needs one. Give at least 2"),
        (pool("10.0.0.5", "10.0.0.6", networks=None), "addresses", "needs networks"),
        (pool("10.0.0.5", "10.0.0.6", network=NETWORK), "network", "with a prefix length"),
        (pool("10.0.0.5/24", "10.0.0.6/24", network={"gateway": "10.0.1.1"}), "network.gateway", "addresses[0]"),
        (pool("10.0.0.5/24", "10.0.0.6/24", network={"gateway": "router"}), "network.gateway", "no address"),
        (pool("10.0.0.5/24", "10.0.0.1/24", network=NETWORK), "addresses[1]", "is the gateway"),
        (pool("10.0.0.5/24", "10.0.0.6/24", network={"dnsServers": ["a"]}), "network.dnsServers[0]", "no address"),
        (pool("10.0.0.5/24", "10.0.0.6/24", network={"dnsSearch": ["a b"]}), "network.dnsSearch[0]", "no name"),
    ],
)
def test_each_mistake_is_told_at_the_address_that_has_it(told: PoolInputs, path: str, part: str) -> None:
    assert part in wrong(told)[path]


def test_a_pool_whose_slots_have_gaps_needs_an_address_for_its_highest_slot() -> None:
    assert wrong(pool("10.0.0.5", "10.0.0.6"), (0, 4))["addresses"].endswith(
        "Give at least 5; each slot takes the one at its index."
    )


def test_prism_gives_no_addresses_on_an_unmanaged_subnet() -> None:
    (failure,) = wrong_on_subnet(pool("10.0.0.5", "10.0.0.6"), UNMANAGED)
    assert str(failure) == (
        "addresses: the subnet 'vlan7' is not managed by Prism, which therefore gives out no addresses in it. "
        "Let guests set them: write them with their prefix length, like 10.0.0.5/24."
    )
    assert wrong_on_subnet(pool("10.0.0.5/24", "10.0.0.6/24"), UNMANAGED) == []


def test_an_address_outside_of_a_known_subnet_is_refused() -> None:
    told = pool("10.0.0.5", "10.0.1.6")
    assert [str(each) for each in wrong_on_subnet(told, MANAGED)] == [
        "addresses[1]: 10.0.1.6 lies outside of the subnet 'lan', which is 10.0.0.0/24"
    ]
    assert wrong_on_subnet(pool("fd00::5/64", "fd00::6/64"), MANAGED) == [], "of IPv6 nothing is known there"
