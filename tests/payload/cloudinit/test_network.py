"""Network configuration: what we write, and what we say of what users write."""

from __future__ import annotations

import json

import pytest
import yaml

from pulumi_ahv.payload.cloudinit.metadata import network_data
from pulumi_ahv.payload.cloudinit.network import check_network_config, network_config
from pulumi_ahv.payload.variables import Nic

NICS = [
    Nic(
        mac="50:6B:8D:00:00:01",
        addresses=("10.0.0.5/24", "10.0.0.6/24", "fd00::5/64"),
        gateways=("10.0.0.1", "fd00::1"),
        dns_servers=("10.0.0.2",),
        dns_search=("corp.example",),
        mtu=1400,
    ),
    Nic(name="eth1"),
]


def test_version_2_carries_all_of_an_interface() -> None:
    written = yaml.safe_load(network_config(NICS))
    assert written == {
        "version": 2,
        "ethernets": {
            "nic0": {
                "match": {"macaddress": "50:6b:8d:00:00:01"},
                "dhcp4": False,
                "addresses": ["10.0.0.5/24", "10.0.0.6/24", "fd00::5/64"],
                "gateway4": "10.0.0.1",
                "gateway6": "fd00::1",
                "nameservers": {"addresses": ["10.0.0.2"], "search": ["corp.example"]},
                "mtu": 1400,
            },
            "eth1": {"dhcp4": True},
        },
    }


def test_what_we_write_passes_our_own_check_but_for_the_old_form_of_gateways() -> None:
    assert [(problem.code, problem.fatal) for problem in check_network_config(network_config(NICS))] == [
        ("deprecated", False),
        ("deprecated", False),
    ]


def test_network_data_gives_each_family_its_gateway_once() -> None:
    written = json.loads(network_data(NICS))
    assert written["links"][0] == {
        "id": "link0",
        "type": "phy",
        "ethernet_mac_address": "50:6b:8d:00:00:01",
        "mtu": 1400,
    }
    assert [network.get("gateway") for network in written["networks"]] == ["10.0.0.1", None, "fd00::1", None]
    routes = [[route["gateway"] for route in network.get("routes", ())] for network in written["networks"]]
    assert routes == [["10.0.0.1"], [], ["fd00::1"], []]
    assert [network["type"] for network in written["networks"]] == ["ipv4", "ipv4", "ipv6", "ipv4_dhcp"]
    assert written["services"] == [{"type": "dns", "address": "10.0.0.2"}]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("ethernets: {}", "missing-key"),
        ("version: 3", "not-allowed"),
        ("[]", "wrong-type"),
        ("version: 2\nethernet: {}", "unknown-key"),
        ("version: 2\nethernets: {eth0: {adresses: [10.0.0.5/24]}}", "unknown-key"),
        ("version: 2\nethernets: {eth0: {addresses: [10.0.0.5]}}", "not-allowed"),
        ("version: 2\nethernets: {eth0: {addresses: [10.0.0.500/24]}}", "not-allowed"),
        ("version: 2\nethernets: {eth0: {dhcp4: maybe}}", "not-allowed"),
        ("version: 2\nvlans: {v: {id: 5000, link: eth0}}", "out-of-range"),
        ("network: {version: 2}\nversion: 2", "unknown-key"),
        ("version: 1\nconfig: [{type: physical}]", "missing-key"),
        ("version: 1\nconfig: [{type: physical, name: eth0, subnets: [{type: dhc}]}]", "not-allowed"),
    ],
)
def test_a_mistake_of_the_users_is_found(text: str, code: str) -> None:
    (problem,) = check_network_config(text)
    assert (problem.code, problem.fatal) == (code, True)


@pytest.mark.parametrize(
    "text",
    [
        "network: {version: 2, ethernets: {eth0: {dhcp4: yes, link-local: [ipv6], accept-ra: no}}}",
        "version: 1\nconfig:\n- {type: physical, name: eth0, subnets: [{type: static, address: 10.0.0.5/24}]}\n- {type: nameserver, address: [10.0.0.2]}",
        "",
    ],
)
def test_a_good_configuration_has_no_problems(text: str) -> None:
    assert check_network_config(text) == []
