"""Writes an answer file for the common case, so that nobody needs to know its XML.

A generalized clone passes ``specialize`` (name, domain, Remote Desktop) and then ``oobeSystem`` (locale, accounts,
first logon); only these two are written.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pulumi_ahv.payload.quoting import xml_text
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
class WindowsSettings:
    """What the answer file sets; empty leaves a thing to Windows.

    ``locale`` is a language tag (``de-DE``) for system, user and keyboard; ``time_zone`` is Windows' own name of it
    (``W. Europe Standard Time``). ``auto_logon_count`` logs the administrator on that many times; first-logon commands
    run only at such a logon, and Windows starts them all at once.
    """

    computer_name: str = "*"
    locale: str = "en-US"
    keyboard: str = ""
    time_zone: str = "UTC"
    organization: str = ""
    owner: str = ""
    product_key: str = ""
    administrator_password: str = ""
    auto_logon_count: int = 0
    first_logon_commands: tuple[str, ...] = ()
    remote_desktop: bool = False
    domain: DomainJoin | None = None
    workgroup: str = ""


@dataclass(frozen=True)
class Node:
    """One element to write: text, or children."""

    name: str
    content: str | tuple[Node, ...] = ()
    attributes: str = ""


def build_unattend(settings: WindowsSettings) -> str:
    """Write the answer file."""
    specialize = [_component("Shell-Setup", _shell_specialize(settings))]
    if settings.domain or settings.workgroup:
        specialize.append(_component("UnattendedJoin", [_identification(settings)]))
    if settings.remote_desktop:
        specialize.append(_component("TerminalServices-LocalSessionManager", [Node("fDenyTSConnections", "false")]))
        specialize.append(_component("Networking-MPSSVC-Svc", [_firewall_group("@FirewallAPI.dll,-28752")], prefix=""))
    oobe = [
        _component("International-Core", _international(settings)),
        _component("Shell-Setup", _shell_oobe(settings)),
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


def _shell_specialize(settings: WindowsSettings) -> list[Node]:
    return _given(
        ComputerName=settings.computer_name,
        ProductKey=settings.product_key,
        RegisteredOrganization=settings.organization,
        RegisteredOwner=settings.owner,
        TimeZone=settings.time_zone,
    )


def _identification(settings: WindowsSettings) -> Node:
    if settings.domain is None:
        return Node("Identification", (Node("JoinWorkgroup", settings.workgroup),))
    domain = settings.domain
    credentials = Node(
        "Credentials", tuple(_given(Domain=domain.name, Username=domain.account, Password=domain.password))
    )
    return Node("Identification", (credentials, *_given(JoinDomain=domain.name, MachineObjectOU=domain.ou)))


def _firewall_group(group: str) -> Node:
    rules = (Node("Active", "true"), Node("Group", group), Node("Profile", "all"))
    return Node("FirewallGroups", (Node("FirewallGroup", rules, f'{_ADD} wcm:keyValue="RemoteDesktop"'),))


def _international(settings: WindowsSettings) -> list[Node]:
    locale = settings.locale
    keyboard = settings.keyboard or locale
    return _given(InputLocale=keyboard, SystemLocale=locale, UILanguage=locale, UserLocale=locale)


def _shell_oobe(settings: WindowsSettings) -> list[Node]:
    nodes = [Node("OOBE", tuple(_given(HideEULAPage="true", HideOnlineAccountScreens="true", ProtectYourPC="3")))]
    if settings.administrator_password:
        nodes.append(Node("UserAccounts", (_hidden("AdministratorPassword", settings.administrator_password),)))
    if settings.auto_logon_count:
        nodes.append(
            Node(
                "AutoLogon",
                (
                    _hidden("Password", settings.administrator_password),
                    Node("Enabled", "true"),
                    Node("LogonCount", str(settings.auto_logon_count)),
                    Node("Username", "Administrator"),
                ),
            )
        )
    if settings.first_logon_commands:
        commands = [
            Node("SynchronousCommand", (Node("Order", str(order)), Node("CommandLine", line)), _ADD)
            for order, line in enumerate(settings.first_logon_commands, 1)
        ]
        nodes.append(Node("FirstLogonCommands", tuple(commands)))
    return nodes


def _hidden(element: str, password: str) -> Node:
    return Node(element, (Node("Value", hidden(password, element)), Node("PlainText", "false")))
