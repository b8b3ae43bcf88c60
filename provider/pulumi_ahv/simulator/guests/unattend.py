"""What Windows setup makes of an answer file: name, domain, accounts, addresses, commands (guest.md, 2.1 and 2.2)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import Element, ParseError, fromstring

NAMES = ("unattend.xml", "autounattend.xml")
_LONGEST_NAME = 15


@dataclass
class Setup:
    """What an answer file asks for, and what is wrong with it."""

    computer_name: str = ""
    domain: str = ""
    organizational_unit: str = ""
    users: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    ethernets: dict[str, Any] = field(default_factory=dict)

    @property
    def network(self) -> dict[str, Any] | None:
        """The addresses it gives to cards, in the form of cloud-init's version 2."""
        return {"version": 2, "ethernets": self.ethernets} if self.ethernets else None


def answer_file(files: dict[str, bytes]) -> bytes | None:
    """The answer file in the root of a disc."""
    for name, data in files.items():
        if name.lower() in NAMES:
            return data
    return None


def read_answers(data: bytes) -> Setup:
    """Read an answer file; passwords are not kept."""
    setup = Setup()
    try:
        root = fromstring(data)  # noqa: S314 - expat expands nothing beyond the document
    except ParseError as error:
        setup.problems.append(f"the answer file is not well-formed: {error}")
        return setup
    if not root.tag.startswith("{urn:schemas-microsoft-com:unattend}"):
        setup.problems.append("the answer file has no namespace: Windows ignores it")
        return setup
    for component in root.iterfind("{*}settings/{*}component"):
        _component(component, setup)
    if len(setup.computer_name) > _LONGEST_NAME:
        setup.problems.append(f"the computer name {setup.computer_name} is longer than {_LONGEST_NAME} characters")
    return setup


def _component(component: Element, setup: Setup) -> None:
    name = component.get("name", "")
    if name == "Microsoft-Windows-Shell-Setup":
        setup.computer_name = component.findtext("{*}ComputerName", setup.computer_name)
        setup.users += [each.text or "" for each in component.iterfind(".//{*}LocalAccount/{*}Name")]
        setup.commands += [each.text or "" for each in component.iterfind(".//{*}SynchronousCommand/{*}CommandLine")]
    elif name == "Microsoft-Windows-UnattendedJoin":
        setup.domain = component.findtext(".//{*}JoinDomain", "")
        setup.organizational_unit = component.findtext(".//{*}MachineObjectOU", "")
    elif name == "Microsoft-Windows-TCPIP":
        for card in component.iterfind("{*}Interfaces/{*}Interface"):
            _card(card, setup)
    elif name == "Microsoft-Windows-Deployment":
        setup.commands += [each.text or "" for each in component.iterfind(".//{*}RunSynchronousCommand/{*}Path")]


def _card(card: Element, setup: Setup) -> None:
    """A card, named by its MAC with hyphens, or by what Windows calls it."""
    name = card.findtext("{*}Identifier", "")
    addresses = [each.text or "" for each in card.iterfind("{*}UnicastIpAddresses/{*}IpAddress")]
    mac = name.replace("-", ":").lower() if name.count("-") == 5 else ""
    setup.ethernets[name] = {"match": {"macaddress": mac}, "addresses": addresses}
