"""Components are put into any answer file, and nothing else of it changes."""

from __future__ import annotations

import pytest
from lxml import etree

from pulumi_ahv.payload.unattend.document import check_join, check_unattend
from pulumi_ahv.payload.unattend.merging import merged
from pulumi_ahv.payload.unattend.specialize import JOIN, DomainJoin, card_components, join_components
from pulumi_ahv.payload.variables import Nic

N = {"u": "urn:schemas-microsoft-com:unattend"}
SHELL = (
    '<component name="Microsoft-Windows-Shell-Setup" processorArchitecture="amd64" '
    'publicKeyToken="31bf3856ad364e35" language="neutral"><ComputerName>a</ComputerName></component>'
)
ROOT = '<unattend xmlns="urn:schemas-microsoft-com:unattend">'
WITH_PASS = f'{ROOT}\n  <!-- ä -->\n  <settings pass="specialize">\n    {SHELL}\n  </settings>\n</unattend>\n'
WITHOUT_PASS = f'{ROOT}\n  <settings pass="oobeSystem">{SHELL}</settings>\n</unattend>\n'
EMPTY_PASS = f'{ROOT}\n  <settings pass="specialize" />\n</unattend>\n'
PREFIXED = WITH_PASS.replace("<", "<u:").replace("<u:/", "</u:").replace("<u:!", "<!").replace("xmlns=", "xmlns:u=")
WITH_TWO = WITH_PASS.replace("</unattend>", f'  <settings pass="oobeSystem">{SHELL}</settings>\n</unattend>')
JOINING = join_components(DomainJoin("corp.example", "joiner", "p<w&", "OU=A,DC=corp,DC=example"))


def joins(text: str) -> list[str | None]:
    path = ".//u:settings[@pass='specialize']/u:component[@name='Microsoft-Windows-UnattendedJoin']//u:JoinDomain"
    return [element.text for element in etree.fromstring(text.encode()).iterfind(path, N)]


@pytest.mark.parametrize("text", [WITH_PASS, WITHOUT_PASS, EMPTY_PASS, PREFIXED, WITH_TWO])
def test_the_join_is_put_into_the_pass_where_windows_looks_for_it(text: str) -> None:
    result = merged(text, JOINING)
    assert joins(result) == ["corp.example"]
    assert [problem for problem in check_unattend(result) if problem.fatal] == []


@pytest.mark.parametrize("text", [WITH_PASS, WITHOUT_PASS, WITH_TWO, WITH_PASS.replace("\n", "\r\n")])
def test_every_byte_of_the_author_stays(text: str) -> None:
    result = merged(text, JOINING)
    begins = next(index for index, (ours, theirs) in enumerate(zip(result, text, strict=False)) if ours != theirs)
    assert result.endswith(text[begins:])
    assert ("\r\n" in text) == ("\r\n" in result)
    assert "\n" not in result.replace("\r\n", "") or "\r\n" not in text


def test_a_component_that_the_author_wrote_stays_his() -> None:
    once = merged(WITH_PASS, JOINING)
    other = join_components(DomainJoin("other.example", "joiner", "pw"))
    assert merged(once, other) == once


@pytest.mark.parametrize("text", ["no xml", "<unattend>", "<!DOCTYPE a><unattend></unattend>", "<other></other>", ""])
def test_what_is_no_answer_file_stays_as_it_is(text: str) -> None:
    assert merged(text, JOINING) == text


def test_a_password_reaches_windows_unchanged() -> None:
    root = etree.fromstring(merged(WITH_PASS, JOINING).encode())
    assert [element.text for element in root.iterfind(".//u:Credentials/u:Password", N)] == ["p<w&"]


def test_an_answer_file_that_joins_another_domain_is_an_error() -> None:
    text = merged(WITH_PASS, JOINING)
    assert check_join(text, "CORP.example") == []
    (problem,) = check_join(text, "other.example")
    assert (problem.code, problem.fatal) == ("join", True)


def test_a_card_with_an_address_gets_it_with_its_route_and_name_servers() -> None:
    nics = (
        Nic(),
        Nic(
            mac="50:6b:8d:aa:00:01",
            addresses=("10.0.0.5/24",),
            gateways=("10.0.0.1",),
            dns_servers=("10.0.0.2", "10.0.0.3"),
            dns_search=("corp.example",),
        ),
    )
    root = etree.fromstring(merged(WITH_PASS, card_components(nics)).encode())
    assert [problem for problem in check_unattend(merged(WITH_PASS, card_components(nics))) if problem.fatal] == []
    tcpip, dns = (root.find(f".//u:component[@name='Microsoft-Windows-{name}']", N) for name in ("TCPIP", "DNS-Client"))
    assert tcpip is not None
    assert dns is not None
    assert [each.text for each in tcpip.iterfind(".//u:Interface/u:Identifier", N)] == ["50-6B-8D-AA-00-01"]
    assert [each.text for each in tcpip.iterfind(".//u:UnicastIpAddresses/u:IpAddress", N)] == ["10.0.0.5/24"]
    assert tcpip.findtext(".//u:Ipv4Settings/u:DhcpEnabled", namespaces=N) == "false"
    assert tcpip.findtext(".//u:Route/u:Prefix", namespaces=N) == "0.0.0.0/0"
    assert tcpip.findtext(".//u:Route/u:NextHopAddress", namespaces=N) == "10.0.0.1"
    assert [each.text for each in dns.iterfind(".//u:DNSServerSearchOrder/u:IpAddress", N)] == ["10.0.0.2", "10.0.0.3"]
    assert dns.findtext(".//u:DNSSuffixSearchOrder/u:DomainName", namespaces=N) == "corp.example"


def test_cards_that_ask_dhcp_need_no_component() -> None:
    assert card_components((Nic(), Nic(mac="50:6b:8d:aa:00:01"))) == {}


def test_the_account_may_be_of_another_domain() -> None:
    text = join_components(DomainJoin("corp.example", "joiner", "pw", account_domain="parent.example"))[JOIN]
    root = etree.fromstring(text.encode())
    assert root.findtext(".//u:Credentials/u:Domain", namespaces=N) == "parent.example"
    assert root.findtext(".//u:JoinDomain", namespaces=N) == "corp.example"
