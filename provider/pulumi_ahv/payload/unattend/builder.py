"""Writes an answer file for the common case, so that nobody needs to know its XML.

A generalized clone passes ``specialize`` (name, domain, Remote Desktop) and then ``oobeSystem`` (locale, accounts,
first logon); only these two are written.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pulumi_ahv.payload.spec import Windows
from pulumi_ahv.payload.unattend.elements import ADD, NAMESPACE, WCM, Node, component, given
from pulumi_ahv.payload.unattend.passwords import hidden
from pulumi_ahv.payload.unattend.specialize import JOIN, DomainJoin, identification

_MICROSOFT = "Microsoft-Windows-"


@dataclass(frozen=True)
class Answers:
    """The settings with what is known only for one member; secrets are in clear here."""

    settings: Windows = field(default_factory=Windows)
    computer_name: str = "*"
    product_key: str = ""
    administrator_password: str = ""
    domain: DomainJoin | None = None


def build_unattend(answers: Answers) -> str:
    """Write the answer file."""
    specialize = [component(f"{_MICROSOFT}Shell-Setup", _shell_specialize(answers))]
    if answers.domain or answers.settings.workgroup:
        specialize.append(component(JOIN, [_identification(answers)]))
    if answers.settings.remote_desktop:
        specialize.append(
            component(f"{_MICROSOFT}TerminalServices-LocalSessionManager", [Node("fDenyTSConnections", "false")])
        )
        specialize.append(component("Networking-MPSSVC-Svc", [_firewall_group("@FirewallAPI.dll,-28752")]))
    oobe = [
        component(f"{_MICROSOFT}International-Core", _international(answers)),
        component(f"{_MICROSOFT}Shell-Setup", _shell_oobe(answers)),
    ]
    lines = ['<?xml version="1.0" encoding="utf-8"?>']
    lines.append(f'<unattend xmlns="{NAMESPACE}" xmlns:wcm="{WCM}">')
    for name, components in (("specialize", specialize), ("oobeSystem", oobe)):
        lines += [f'  <settings pass="{name}">', *(line for part in components for line in part), "  </settings>"]
    return "\n".join([*lines, "</unattend>", ""])


def _shell_specialize(answers: Answers) -> list[Node]:
    return given(
        ComputerName=answers.computer_name,
        ProductKey=answers.product_key,
        RegisteredOrganization=answers.settings.organization,
        RegisteredOwner=answers.settings.owner,
        TimeZone=answers.settings.time_zone,
    )


def _identification(answers: Answers) -> Node:
    if answers.domain is None:
        return Node("Identification", (Node("JoinWorkgroup", answers.settings.workgroup),))
    return identification(answers.domain)


def _firewall_group(group: str) -> Node:
    rules = (Node("Active", "true"), Node("Group", group), Node("Profile", "all"))
    return Node("FirewallGroups", (Node("FirewallGroup", rules, f'{ADD} wcm:keyValue="RemoteDesktop"'),))


def _international(answers: Answers) -> list[Node]:
    locale = answers.settings.locale
    keyboard = answers.settings.keyboard or locale
    return given(InputLocale=keyboard, SystemLocale=locale, UILanguage=locale, UserLocale=locale)


def _shell_oobe(answers: Answers) -> list[Node]:
    nodes = [Node("OOBE", tuple(given(HideEULAPage="true", HideOnlineAccountScreens="true", ProtectYourPC="3")))]
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
            Node("SynchronousCommand", (Node("Order", str(order)), Node("CommandLine", line)), ADD)
            for order, line in enumerate(answers.settings.first_logon_commands, 1)
        ]
        nodes.append(Node("FirstLogonCommands", tuple(commands)))
    return nodes


def _hidden(element: str, password: str) -> Node:
    return Node(element, (Node("Value", hidden(password, element)), Node("PlainText", "false")))
