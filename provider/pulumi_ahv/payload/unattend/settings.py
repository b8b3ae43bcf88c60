"""Checks of single settings in an answer file: names, passwords, logon, domain join, commands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from pulumi_ahv.payload.findings import Problem
from pulumi_ahv.payload.unattend.names import wrong_with_computer_name
from pulumi_ahv.payload.unattend.passwords import HIDABLE, is_hidden
from pulumi_ahv.payload.unattend.xmltree import Element

MAX_COMMAND = 1024
MAX_DESCRIPTION = 256
MAX_ORDER = 500


def check_settings(root: Element) -> list[Problem]:
    """Everything wrong with settings we know, in the order of the document."""
    return [found for element in root.walk() if element.name in _CHECKS for found in _CHECKS[element.name](element)]


def _at(element: Element, code: str, message: str, *, advice: str = "", fatal: bool = True) -> Problem:
    return Problem(code, message, element.line, element.column, advice, fatal)


def _computer_name(element: Element) -> Iterator[Problem]:
    if wrong := wrong_with_computer_name(element.text.strip()):
        yield _at(element, "computer-name", wrong)


def _password(element: Element) -> Iterator[Problem]:
    values = element.all("Value")
    if not values:
        if element.text.strip():
            message = f"{element.name} stands in plain text in the answer file, as a domain join has it"
            yield _at(element, "plain-password", message, advice=_PLAIN_ADVICE, fatal=False)
        return
    plain = element.value("PlainText").lower()
    value = values[0].text.strip()
    if plain not in {"true", "false", ""}:
        yield _at(element, "password", f"PlainText of {element.name} is {plain!r}; it must be true or false")
    elif plain == "false":
        if value and not is_hidden(value, element.name):
            message = f"the Value of {element.name} is no hidden password: it does not end with the element's name"
            yield _at(values[0], "password", message, advice="Hide it as base64 of UTF-16LE of password and name.")
    elif value:
        message = f"{element.name} stands in plain text in the answer file"
        yield _at(values[0], "plain-password", message, advice=_PLAIN_ADVICE, fatal=False)


_PLAIN_ADVICE = "Windows keeps a copy of the file in %WINDIR%\\Panther: use a password that is changed afterwards."


def _auto_logon(element: Element) -> Iterator[Problem]:
    if element.value("Enabled").lower() == "false":
        return
    for name in ("Username", "Password"):
        if not element.all(name):
            yield _at(element, "auto-logon", f"AutoLogon has no {name}: Windows does not log on")
    count = element.value("LogonCount")
    if not element.all("LogonCount"):
        # Microsoft calls it required; published files that work do without.
        message = "AutoLogon has no LogonCount: how often Windows logs on by itself is left to its release"
        yield _at(element, "auto-logon", message, fatal=False)
    elif not (count.isdigit() and 1 <= int(count) <= 32767):
        yield _at(element, "auto-logon", f"LogonCount is {count!r}; it is a number from 1 to 32767")


def _identification(element: Element) -> Iterator[Problem]:
    domain, group = element.value("JoinDomain"), element.value("JoinWorkgroup")
    if domain and group:
        yield _at(element, "join", "JoinDomain and JoinWorkgroup stand together: Windows takes one of them")
    for child in element.walk():
        if not child.children and not child.text.strip():
            message = f"{child.name} is empty: Windows stops at an empty element of a domain join"
            yield _at(child, "empty-element", message, advice="Leave it out.")
    provisioned = element.all("Provisioning") or element.value("UnsecureJoin").lower() == "true"
    if domain and not provisioned:
        for name in ("Domain", "Username", "Password"):
            if not element.all("Credentials", name):
                yield _at(element, "join", f"the domain join has no Credentials/{name}")
    unit = element.value("MachineObjectOU")
    if unit and "=" not in unit:
        advice = "Write it like OU=Agents,DC=corp,DC=example."
        yield _at(element, "join", f"MachineObjectOU {unit!r} is no distinguished name", advice=advice)


def _commands(element: Element) -> Iterator[Problem]:
    orders: dict[str, Element] = {}
    for command in element.children:
        order = command.value("Order")
        if not (order.isdigit() and 1 <= int(order) <= MAX_ORDER):
            yield _at(command, "order", f"a command of {element.name} has the Order {order!r}; it is 1 to {MAX_ORDER}")
        elif order in orders:
            yield _at(command, "order", f"two commands of {element.name} have the Order {order}")
        orders.setdefault(order, command)
        line = command.value("CommandLine") or command.value("Path")
        if not line:
            yield _at(command, "command", f"a command of {element.name} has no command line")
        if len(line) > MAX_COMMAND:
            message = f"a command line has {len(line)} characters, Windows takes {MAX_COMMAND}"
            yield _at(command, "command", message, advice="Put the commands into a script on the disc.")
        if len(command.value("Description")) > MAX_DESCRIPTION:
            yield _at(command, "command", f"a Description has more than {MAX_DESCRIPTION} characters")


_CHECKS: Mapping[str, Callable[[Element], Iterator[Problem]]] = {
    "ComputerName": _computer_name,
    "AutoLogon": _auto_logon,
    "Identification": _identification,
    "FirstLogonCommands": _commands,
    "LogonCommands": _commands,
    "RunSynchronous": _commands,
    **dict.fromkeys(HIDABLE, _password),
}
