"""Answer files are checked: the frame, and the settings Windows is strict about."""

from __future__ import annotations

import pytest

from pulumi_ahv.payload.unattend.document import check_unattend

NAMESPACE = 'xmlns="urn:schemas-microsoft-com:unattend" xmlns:wcm="http://schemas.microsoft.com/WMIConfig/2002/State"'
ATTRIBUTES = 'processorArchitecture="amd64" publicKeyToken="31bf3856ad364e35" language="neutral" versionScope="nonSxS"'


def component(content: str, name: str = "Microsoft-Windows-Shell-Setup", attributes: str = ATTRIBUTES) -> str:
    return f'<component name="{name}" {attributes}>{content}</component>'


def document(content: str, in_pass: str = "specialize") -> str:
    return f'<?xml version="1.0" encoding="utf-8"?>\n<unattend {NAMESPACE}>\n<settings pass="{in_pass}">\n{content}\n</settings></unattend>'


def codes(text: str) -> list[tuple[str, bool]]:
    return [(problem.code, problem.fatal) for problem in check_unattend(text)]


def test_a_usual_document_has_no_problems() -> None:
    assert check_unattend(document(component("<ComputerName>agent-1</ComputerName>"))) == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("<unattend", "xml"),
        ("", "xml"),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><unattend/>", "xml"),
        ('<?xml version="1.0" encoding="utf-16"?><unattend/>', "xml"),
        ("<a/>", "root"),
        ("<unattend/>", "namespace"),
        ('<unattend xmlns="urn:x"/>', "namespace"),
        (f"<unattend {NAMESPACE}><setting/></unattend>", "unknown-element"),
        (document("<x/>"), "unknown-element"),
        (document(component(""), "Specialize"), "pass"),
        (document(component("", attributes=ATTRIBUTES + ' xmlns=""')), "namespace"),
        (document(component("", attributes=ATTRIBUTES.replace("language", "lang"))), "attribute"),
        (document(component("", attributes=ATTRIBUTES.replace("amd64", "x64"))), "attribute"),
        (document(component("", attributes=ATTRIBUTES.replace("31bf", "31b"))), "attribute"),
        (document(component("") + component("")), "repeated-component"),
        (document(component("<ComputerName>a b</ComputerName>")), "computer-name"),
    ],
)
def test_a_broken_frame_is_an_error(text: str, code: str) -> None:
    assert (code, True) in codes(text)


def test_elements_of_another_namespace_beside_the_settings_are_left_alone() -> None:
    text = document(component("")).replace("</unattend>", '<Extensions xmlns="urn:x"/></unattend>')
    assert codes(text) == []


def test_a_case_slip_in_a_pass_is_told() -> None:
    (problem,) = check_unattend(document(component(""), "Specialize"))
    assert (problem.advice, problem.line, problem.column) == ("Did you mean 'specialize'?", 3, 1)


def test_a_component_in_the_wrong_pass_or_of_another_architecture_is_a_warning() -> None:
    assert codes(document(component("", "Microsoft-Windows-UnattendedJoin"), "oobeSystem")) == [("wrong-pass", False)]
    assert codes(document(component("", attributes=ATTRIBUTES.replace("amd64", "x86")))) == [("architecture", False)]


PASSWORD = "<AutoLogon><Password><Value>{}</Value><PlainText>{}</PlainText></Password>{}</AutoLogon>"
LOGON = "<Enabled>true</Enabled><Username>a</Username><LogonCount>1</LogonCount>"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (PASSWORD.format("cABhAHMAcwB3AG8AcgBkAFAAYQBzAHMAdwBvAHIAZAA=", "false", LOGON), []),
        (PASSWORD.format("secret", "true", LOGON), [("plain-password", False)]),
        (PASSWORD.format("secret", "false", LOGON), [("password", True)]),
        (PASSWORD.format("secret", "no", LOGON), [("password", True)]),
        (PASSWORD.format("", "true", LOGON.replace("<LogonCount>1", "<LogonCount>0")), [("auto-logon", True)]),
        ("<AutoLogon><Enabled>false</Enabled></AutoLogon>", []),
        ("<AutoLogon><Enabled>true</Enabled></AutoLogon>", [("auto-logon", True)] * 2 + [("auto-logon", False)]),
        (PASSWORD.format("x", "true", LOGON.replace("1", "many")), [("auto-logon", True), ("plain-password", False)]),
    ],
)
def test_passwords_and_logon(content: str, expected: list[tuple[str, bool]]) -> None:
    assert codes(document(component(content), "oobeSystem")) == expected


CREDENTIALS = "<Credentials><Domain>d</Domain><Username>u</Username><Password>p</Password></Credentials>"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (f"{CREDENTIALS}<JoinDomain>d</JoinDomain>", [("plain-password", False)]),
        ("<JoinDomain>d</JoinDomain><UnsecureJoin>true</UnsecureJoin>", []),
        ("<JoinDomain>d</JoinDomain>", [("join", True)] * 3),
        (
            "<JoinWorkgroup>w</JoinWorkgroup><JoinDomain>d</JoinDomain><UnsecureJoin>true</UnsecureJoin>",
            [("join", True)],
        ),
        ("<JoinWorkgroup>w</JoinWorkgroup><MachineObjectOU/>", [("empty-element", True)]),
        ("<JoinWorkgroup>w</JoinWorkgroup><MachineObjectOU>Agents</MachineObjectOU>", [("join", True)]),
    ],
)
def test_domain_joins(content: str, expected: list[tuple[str, bool]]) -> None:
    text = document(component(f"<Identification>{content}</Identification>", "Microsoft-Windows-UnattendedJoin"))
    assert codes(text) == expected


@pytest.mark.parametrize(
    ("commands", "expected"),
    [
        ("<C><Order>1</Order><CommandLine>x</CommandLine></C>", []),
        ("<C><Order>0</Order><CommandLine>x</CommandLine></C>", [("order", True)]),
        ("<C><Order>1</Order><CommandLine>x</CommandLine></C>" * 2, [("order", True)]),
        ("<C><Order>1</Order></C>", [("command", True)]),
        (f"<C><Order>1</Order><CommandLine>{'x' * 1025}</CommandLine></C>", [("command", True)]),
        (
            f"<C><Order>1</Order><CommandLine>x</CommandLine><Description>{'x' * 257}</Description></C>",
            [("command", True)],
        ),
    ],
)
def test_first_logon_commands(commands: str, expected: list[tuple[str, bool]]) -> None:
    text = document(component(f"<FirstLogonCommands>{commands}</FirstLogonCommands>"), "oobeSystem")
    assert codes(text) == expected
