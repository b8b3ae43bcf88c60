"""Checks of an answer file: its frame (namespace, passes, components) and the settings Windows is strict about.

Windows answers most of these mistakes by ignoring the file or by stopping at first boot with a code; the frame was
verified against Microsoft's schema on published files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pulumi_ahv.payload.findings import Problem
from pulumi_ahv.payload.unattend.elements import NAMESPACE
from pulumi_ahv.payload.unattend.settings import check_settings
from pulumi_ahv.payload.unattend.xmltree import Element, NotXml, parse_xml

PASSES = (
    "windowsPE",
    "offlineServicing",
    "generalize",
    "specialize",
    "auditSystem",
    "auditUser",
    "oobeSystem",
    "oobeUser",
)
_ARCHITECTURES = ("amd64", "x86", "arm64", "arm", "wow64", "ia64", "msil")
_ATTRIBUTES = ("name", "processorArchitecture", "publicKeyToken", "language")
_ONE_PASS = {
    "Microsoft-Windows-Setup": "windowsPE",
    "Microsoft-Windows-International-Core-WinPE": "windowsPE",
    "Microsoft-Windows-PnpCustomizationsWinPE": "windowsPE",
    "Microsoft-Windows-UnattendedJoin": "specialize",
    "Microsoft-Windows-PnpSysprep": "generalize",
}


def problem_at(element: Element, code: str, message: str, *, advice: str = "", fatal: bool = True) -> Problem:
    """A problem at the start of an element."""
    return Problem(code, message, element.line, element.column, advice, fatal)


def check_unattend(text: str) -> list[Problem]:
    """Everything wrong with an answer file."""
    try:
        root = parse_xml(text.removeprefix("\ufeff"))
    except NotXml as broken:
        return [
            Problem("xml", broken.message, broken.line, broken.column, "Values in XML templates escape themselves.")
        ]
    return [*_frame(root), *check_settings(root)]


def check_join(text: str, domain: str) -> list[Problem]:
    """Whether a domain that the answer file joins by itself is the one that its machine is to join."""
    try:
        root = parse_xml(text.removeprefix("\ufeff"))
    except NotXml:
        return []
    return [
        problem_at(
            element,
            "join",
            f"the answer file joins {element.text.strip()!r}, and the domain is {domain!r}",
            advice="Write {{ domain.name }} there, or take the component out: it is put in then.",
        )
        for element in root.walk()
        if element.name == "JoinDomain" and element.text.strip().lower() != domain.lower()
    ]


def _frame(root: Element) -> Iterator[Problem]:
    if root.name != "unattend":
        yield problem_at(root, "root", f"the root element is {root.name!r}; an answer file has 'unattend'")
        return
    if root.namespace != NAMESPACE:
        said = f"the namespace {root.namespace!r}" if root.namespace else "no namespace"
        yield problem_at(root, "namespace", f"unattend has {said}", advice=f'Write xmlns="{NAMESPACE}".')
        return
    if not root.all("settings"):
        yield problem_at(root, "empty", "the answer file has no settings", fatal=False)
    seen: dict[tuple[str, str, str], Element] = {}
    for settings in root.children:
        if settings.name == "settings":
            yield from _pass(settings, seen)
        elif settings.namespace == NAMESPACE and settings.name not in {"servicing", "offlineImage"}:
            yield problem_at(settings, "unknown-element", f"unknown element {settings.name!r} in unattend")


def _pass(settings: Element, seen: dict[tuple[str, str, str], Element]) -> Iterator[Problem]:
    name = settings.attributes.get("pass", "")
    if name not in PASSES:
        near = next((known for known in PASSES if known.lower() == name.lower()), "")
        advice = f"Did you mean {near!r}?" if near else f"Known are: {', '.join(PASSES)}."
        said = f"there is no pass {name!r}" if name else "settings has no pass"
        yield problem_at(settings, "pass", said, advice=advice)
    for component in settings.children:
        if component.name != "component":
            yield problem_at(component, "unknown-element", f"unknown element {component.name!r} in settings")
            continue
        yield from _component(component, name)
        key = (name, component.attributes.get("name", ""), component.attributes.get("processorArchitecture", ""))
        if key in seen:
            message = f"{key[1]} stands twice in pass {name} (line {seen[key].line}): Windows refuses the file"
            yield problem_at(component, "repeated-component", message)
        seen.setdefault(key, component)


def _component(component: Element, in_pass: str) -> Iterator[Problem]:
    name = component.attributes.get("name", "")
    if component.namespace != NAMESPACE:
        message = f"the component {name} has left the answer file's namespace: Windows does not see it"
        yield problem_at(component, "namespace", message, advice=f'Take its xmlns="{component.namespace}" away.')
    for attribute in _ATTRIBUTES:
        if not component.attributes.get(attribute):
            yield problem_at(component, "attribute", f"component {name or '?'} has no {attribute}")
    architecture = component.attributes.get("processorArchitecture", "amd64")
    if architecture not in _ARCHITECTURES:
        advice = "AHV machines are amd64."
        message = f"component {name} has the unknown processorArchitecture {architecture!r}"
        yield problem_at(component, "attribute", message, advice=advice)
    elif architecture != "amd64":
        message = f"component {name} is for {architecture}: a 64-bit Windows on AHV does not read it"
        yield problem_at(component, "architecture", message, fatal=False)
    token = component.attributes.get("publicKeyToken", "")
    if token and not re.fullmatch(r"[0-9a-fA-F]{16}", token):
        message = f"component {name} has the publicKeyToken {token!r}; it has 16 hexadecimal digits"
        yield problem_at(component, "attribute", message, advice="Microsoft's is 31bf3856ad364e35.")
    only = _ONE_PASS.get(name)
    if only and in_pass in PASSES and in_pass != only:
        yield problem_at(component, "wrong-pass", f"{name} belongs to pass {only}, not to {in_pass}", fatal=False)
