"""Writes an answer file for the common case, so that nobody needs to know its XML.

A generalized clone passes ``specialize`` (name, domain, Remote Desktop) and then ``oobeSystem`` (locale, accounts,
first logon); only these two are written.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from pulumi_ahv.payload.quoting import xml_text
from pulumi_ahv.payload.spec import Windows
from pulumi_ahv.payload.unattend.passwords import hidden

_ADD = 'wcm:action="add"'
_WCM = "http://schemas.microsoft.com/WMIConfig/2002/State"


@dataclass(frozen=True)
class DomainJoin:
    """The domain to join, with an account that may. ``ou`` is a distinguished name."""

    name: str
    account: str
    password: str
    ou: str = ""


@dataclass(frozen=True)
class Answers:
    """The settings with what is known only for one member; secrets are in clear here."""

    settings: Windows = field(default_factory=Windows)
    computer_name: str = "*"
    product_key: str = ""
    administrator_password: str = ""
    domain: DomainJoin | None = None


@dataclass(frozen=True)
class Node:
    """One element to write: text, or children."""

    name: str
    content: str | tuple[Node, ...] = ()
    attributes: str = ""


def build_unattend(answers: Answers) -> str:
    """Write the answer file."""
    specialize = [_component("Shell-Setup", _shell_specialize(answers))]
    if answers.domain or answers.settings.workgroup:
        specialize.append(_component("UnattendedJoin", [_identification(answers)]))
    if answers.settings.remote_desktop:
        specialize.append(_component("TerminalServices-LocalSessionManager", [Node("fDenyTSConnections", "false")]))
        specialize.append(_component("Networking-MPSSVC-Svc", [_firewall_group("@FirewallAPI.dll,-28752")], prefix=""))
    oobe = [
        _component("International-Core", _international(answers)),
        _component("Shell-Setup", _shell_oobe(answers)),
    ]
    lines = ['<?xml version="1.0" encoding="utf-8"?>']
    lines.append(f'<unattend xmlns="urn:schemas-microsoft-com:unattend" xmlns:wcm="{_WCM}">')
    for name, components in (("specialize", specialize), ("oobeSystem", oobe)):
        lines += [f'  <settings pass="{name}">', *(line for part in components for line in part), "  </settings>"]
    return "\n".join([*lines, "</unattend>", ""])


def _component(name: str, nodes: Iterable[Node], prefix: str = "Microsoft-Windows-") -> list[str]:
    head = (
        f'    <component name="{prefix}{name}" processorArchitecture="amd64" publicKeyToken="31bf3856ad364e35" '
        'language="neutral" versionScope="nonSxS">'
    )
    return [head, *(line for node in nodes for line in _written(node, 6)), "    </component>"]


def _written(node: Node, indent: int) -> list[str]:
    space = " " * indent
    start = f"{node.name} {node.attributes}" if node.attributes else node.name
    if isinstance(node.content, str):
        return [f"{space}<{start}>{xml_text(node.content)}</{node.name}>"]
    inner = [line for child in node.content for line in _written(child, indent + 2)]
    return [f"{space}<{start}>", *inner, f"{space}</{node.name}>"]


def _given(**texts: str) -> list[Node]:
    return [Node(name, text) for name, text in texts.items() if text]


def _shell_specialize(answers: Answers) -> list[Node]:
    return _given(
        ComputerName=answers.computer_name,
        ProductKey=answers.product_key,
        RegisteredOrganization=answers.settings.organization,
        RegisteredOwner=answers.settings.owner,
        TimeZone=answers.settings.time_zone,
    )


def _identification(answers: Answers) -> Node:
    if answers.domain is None:
        return Node("Identification", (Node("JoinWorkgroup", answers.settings.workgroup),))
    domain = answers.domain
    credentials = Node(
        "Credentials", tuple(_given(Domain=domain.name, Username=domain.account, Password=domain.password))
    )
    return Node("Identification", (credentials, *_given(JoinDomain=domain.name, MachineObjectOU=domain.ou)))


def _firewall_group(group: str) -> Node:
    rules = (Node("Active", "true"), Node("Group", group), Node("Profile", "all"))
    return Node("FirewallGroups", (Node("FirewallGroup", rules, f'{_ADD} wcm:keyValue="RemoteDesktop"'),))


def _international(answers: Answers) -> list[Node]:
    locale = answers.settings.locale
    keyboard = answers.settings.keyboard or locale
    return _given(InputLocale=keyboard, SystemLocale=locale, UILanguage=locale, UserLocale=locale)


def _shell_oobe(answers: Answers) -> list[Node]:
    nodes = [Node("OOBE", tuple(_given(HideEULAPage="true", HideOnlineAccountScreens="true", ProtectYourPC="3")))]
    if answers.administrator_password:
        nodes.append(Node("UserAccounts", (_hidden("AdministratorPassword", answers.administrator_password),)))
    if answers.settings.auto_logon_count:
        nodes.append(
            Node(
                "AutoLogon",
                (
                    _hidden("Password", answers.administrator_password),
                    Node("Enabled", "true"),
                    Node("LogonCount", str(answers.settings.auto_logon_count)),
                    Node("Username", "Administrator"),
                ),
            )
        )
    if answers.settings.first_logon_commands:
        commands = [
            Node("SynchronousCommand", (Node("Order", str(order)), Node("CommandLine", line)), _ADD)
            for order, line in enumerate(answers.settings.first_logon_commands, 1)
        ]
        nodes.append(Node("FirstLogonCommands", tuple(commands)))
    return nodes


def _hidden(element: str, password: str) -> Node:
    return Node(element, (Node("Value", hidden(password, element)), Node("PlainText", "false")))
