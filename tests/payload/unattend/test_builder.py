"""The builder's answer files pass our own checks, and carry every value to the parser unchanged."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from pulumi_ahv.payload.spec import Windows
from pulumi_ahv.payload.unattend.builder import Answers, DomainJoin, build_unattend
from pulumi_ahv.payload.unattend.document import check_unattend
from pulumi_ahv.payload.unattend.passwords import hidden, is_hidden

N = {"u": "urn:schemas-microsoft-com:unattend", "wcm": "http://schemas.microsoft.com/WMIConfig/2002/State"}
XML_TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), min_size=1, max_size=40
)


def read(answers: Answers) -> etree._Element:
    return etree.fromstring(build_unattend(answers).encode())


def texts(root: etree._Element, path: str) -> list[str | None]:
    return [element.text for element in root.iterfind(f".//u:{path}", N)]


def test_everything_asked_for_is_there_and_passes_our_checks() -> None:
    windows = Windows(
        locale="de-DE",
        time_zone="W. Europe Standard Time",
        auto_logon_count=2,
        first_logon_commands=("cmd /c a & b", "c"),
        remote_desktop=True,
        organization="A & B",
        owner="o",
    )
    answers = Answers(
        windows,
        computer_name="agent-1",
        product_key="AAAAA-BBBBB-CCCCC-DDDDD-EEEEE",
        administrator_password="S3cret!",
        domain=DomainJoin("corp.example", "joiner", "p<w", "OU=Agents,DC=corp,DC=example"),
    )
    assert [(problem.code, problem.fatal) for problem in check_unattend(build_unattend(answers))] == [
        ("plain-password", False)
    ]
    root = read(answers)
    assert texts(root, "ComputerName") == ["agent-1"]
    assert texts(root, "UserLocale") == ["de-DE"]
    assert texts(root, "TimeZone") == ["W. Europe Standard Time"]
    assert texts(root, "MachineObjectOU") == ["OU=Agents,DC=corp,DC=example"]
    assert texts(root, "CommandLine") == ["cmd /c a & b", "c"]
    assert texts(root, "Order") == ["1", "2"]
    assert texts(root, "fDenyTSConnections") == ["false"]
    assert texts(root, "AdministratorPassword/u:Value") == [hidden("S3cret!", "AdministratorPassword")]
    assert texts(root, "AutoLogon/u:Password/u:Value") == [hidden("S3cret!", "Password")]
    group = root.find(".//u:FirewallGroup", N)
    assert group is not None
    assert group.get(f"{{{N['wcm']}}}keyValue") == "RemoteDesktop"


def test_nothing_that_was_not_asked_for_is_there() -> None:
    text = build_unattend(Answers())
    assert check_unattend(text) == []
    for name in (
        "Identification",
        "AutoLogon",
        "FirstLogonCommands",
        "AdministratorPassword",
        "Firewall",
        "ProductKey",
    ):
        assert name not in text


@settings(deadline=None)
@given(XML_TEXT, XML_TEXT)
def test_any_text_reaches_windows_unchanged(command: str, password: str) -> None:
    windows = Windows(first_logon_commands=(command,))
    answers = Answers(windows, administrator_password=password, domain=DomainJoin("d", "u", password))
    root = read(answers)
    assert texts(root, "CommandLine") == [command]
    assert texts(root, "Credentials/u:Password") == [password]
    (value,) = texts(root, "AdministratorPassword/u:Value")
    assert value is not None
    assert is_hidden(value, "AdministratorPassword")


def test_the_hidden_form_is_microsofts() -> None:
    assert hidden("password", "Password") == "cABhAHMAcwB3AG8AcgBkAFAAYQBzAHMAdwBvAHIAZAA="
    assert not is_hidden("cABhAHMAcwB3AG8AcgBkAFAAYQBzAHMAdwBvAHIAZAA=", "AdministratorPassword")
    assert not is_hidden("not base64", "Password")


def test_a_member_of_a_workgroup_joins_that() -> None:
    root = read(Answers(Windows(workgroup="LAB")))
    assert texts(root, "Identification/u:JoinWorkgroup") == ["LAB"]
    assert texts(root, "JoinDomain") == []
