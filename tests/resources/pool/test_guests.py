"""What reaches the guests of a pool beside their templates: a domain, addresses, an answer file that nobody wrote."""

from __future__ import annotations

import json
from typing import Any

import pytest

PASSWORD = "join's-pass & word"
DOMAIN = {
    "name": "corp.example",
    "ou": "OU=Agents,DC=corp,DC=example",
    "account": "joiner",
    "password": PASSWORD,
}
ANSWERS = """<unattend xmlns="urn:schemas-microsoft-com:unattend">
  <settings pass="specialize">
    <component name="Microsoft-Windows-Shell-Setup" processorArchitecture="amd64"
      publicKeyToken="31bf3856ad364e35" language="neutral">
      <ComputerName>{{ name }}</ComputerName>
    </component>
  </settings>
</unattend>
"""
SUBNET = "berlin-dhcp"  # which is not managed


def outputs(desk: Any) -> str:
    """Everything in state that no input tells."""
    return json.dumps({key: value for key, value in desk.state.items() if key != "domain"})


@pytest.mark.parametrize(
    ("payload", "system"),
    [
        ({"template": "#cloud-config\nhostname: {{ name }}\nruncmd: [[touch, /ready]]\n"}, "linux"),
        ({"kind": "cloudInit"}, "linux"),
        ({"kind": "unattend", "template": ANSWERS}, "windows"),
        ({"kind": "unattend"}, "windows"),
        ({"kind": "unattend", "windows": {"administratorPassword": "adm", "remoteDesktop": True}}, "windows"),
    ],
)
def test_every_member_joins_its_domain(desk: Any, payload: dict[str, Any], system: str) -> None:
    state = desk.up(payload=payload, domain=DOMAIN)
    assert state["failures"] == []
    for name in desk.machines():
        guest = desk.guest(name)
        assert (guest["os"], guest["hostname"], guest["domain"]) == (system, name, "corp.example")
        assert guest["applied"]["organizationalUnit"] == DOMAIN["ou"]
        assert guest["problems"] == []
    assert desk.images() == []
    assert "pass & word" not in outputs(desk)
    assert "pass & word" not in str(desk.said)


def test_the_users_own_commands_run_beside_the_join(desk: Any) -> None:
    desk.up(size=1, payload={"template": "#cloud-config\nruncmd: [[touch, /ready]]\n"}, domain=DOMAIN)
    assert desk.guest("agents-001")["applied"]["commands"][0] == ["touch", "/ready"]


def test_a_new_password_of_the_account_is_a_new_payload(desk: Any) -> None:
    desk.up(payload={"kind": "cloudInit"}, domain=DOMAIN)
    before = desk.inputs["members"]
    desk.up(domain={**DOMAIN, "password": "another"}, onPayloadChange="nextRecreate")
    assert {member["payloadDigest"] for member in before.values()}.isdisjoint(
        member["payloadDigest"] for member in desk.inputs["members"].values()
    )
    assert "another" not in outputs(desk)


@pytest.mark.parametrize(
    "payload",
    [
        {"kind": "cloudInit"},
        {"kind": "cloudInit", "layout": "noCloud"},
        {"kind": "unattend"},
        {"kind": "unattend", "template": ANSWERS},
    ],
)
def test_guests_set_the_addresses_that_prism_cannot_give(desk: Any, prism: Any, payload: dict[str, Any]) -> None:
    addresses = ["10.7.0.5/24", "10.7.0.6/24"]
    network = {"gateway": "10.7.0.1", "dnsServers": ["10.7.0.2"], "dnsSearch": ["corp.example"]}
    desk.up(size=2, payload=payload, networks=[SUBNET], addresses=addresses, network=network)
    asked = desk.inputs
    assert [told["addresses"] for told in desk.status.values()] == [["10.7.0.5"], ["10.7.0.6"]]
    assert {name: member["address"] for name, member in asked["members"].items()} == {
        "agents-001": "10.7.0.5",
        "agents-002": "10.7.0.6",
    }
    for vm in prism.control.entities("vms"):
        assert "ipAddress" not in vm["nics"][0]["networkInfo"].get("ipv4Config", {}), "Prism was asked for it"
    assert desk.refresh() == asked


def test_two_cards_of_a_guest_are_told_apart_by_their_macs(desk: Any) -> None:
    networks = [SUBNET, "berlin-managed"]
    desk.up(size=1, payload={"kind": "cloudInit"}, networks=networks, addresses=["10.7.0.5/24"])
    first, second = desk.status["agents-001"]["addresses"]
    assert first == "10.7.0.5"
    assert second.startswith("10.42.")


def test_an_address_that_prism_has_not_learned_is_no_drift(desk: Any, forge: Any) -> None:
    desk.up(size=1, payload={"kind": "cloudInit"}, networks=[SUBNET], addresses=["10.7.0.5/24"])
    asked = desk.inputs
    forge.switch_off(desk.uuids()["agents-001"])
    live = desk.refresh()["members"]["agents-001"]
    assert live == {**asked["members"]["agents-001"], "power": "off"}
    desk.up()
    assert desk.state["ready"] is True


def test_on_a_managed_subnet_prism_keeps_the_address_for_the_guest_that_sets_it(desk: Any, prism: Any) -> None:
    desk.up(size=1, payload={"kind": "cloudInit"}, networks=["berlin-managed"], addresses=["10.42.3.5/16"])
    (vm,) = prism.control.entities("vms")
    assert vm["nics"][0]["networkInfo"]["ipv4Config"]["ipAddress"]["value"] == "10.42.3.5"
    assert desk.status["agents-001"]["addresses"] == ["10.42.3.5"]


def test_another_address_is_a_new_member(desk: Any) -> None:
    desk.up(size=2, payload={"kind": "cloudInit"}, networks=[SUBNET], addresses=["10.7.0.5/24", "10.7.0.6/24"])
    before = desk.uuids()
    desk.up(addresses=["10.7.0.5/24", "10.7.0.7/24"])
    assert desk.uuids()["agents-001"] == before["agents-001"]
    assert desk.uuids()["agents-002"] != before["agents-002"]
    assert desk.status["agents-002"]["addresses"] == ["10.7.0.7"]


def test_what_prisms_own_customisation_cannot_carry_is_refused_before_anything_is_made(desk: Any, prism: Any) -> None:
    bag = {**desk.bag, "payload": {"kind": "cloudInit", "delivery": "prism"}, "domain": DOMAIN}
    prism.control.clear_journal()
    (failure,) = desk.handler().check({}, bag).failures
    assert failure.path == "payload.delivery"
    assert "begins with #cloud-config" in failure.said
    assert {entry["method"] for entry in prism.control.journal()} <= {"GET", "OPTIONS"}


def test_an_address_outside_of_its_subnet_is_refused_before_anything_is_made(desk: Any) -> None:
    bag = {**desk.bag, "size": 1, "networks": ["berlin-managed"], "addresses": ["10.43.0.5"]}
    (failure,) = desk.handler().check({}, bag).failures
    assert str(failure) == (
        "addresses[0]: 10.43.0.5 lies outside of the subnet 'berlin-managed', which is 10.42.0.0/16"
    )
