"""A domain join beside what the user wrote: on the disc, in the digest, and never in what is shown."""

from __future__ import annotations

import email
from dataclasses import replace
from typing import Any

import pytest
from lxml import etree

from pulumi_ahv.kernel.errors import PayloadError
from pulumi_ahv.kernel.secrets import Secret
from pulumi_ahv.payload.layouts import Layout
from pulumi_ahv.payload.payload import Payload, RenderedPayload
from pulumi_ahv.payload.spec import Identity, PayloadSpec, Windows
from pulumi_ahv.payload.templating import Template
from pulumi_ahv.payload.variables import Domain, Member, Nic

N = {"u": "urn:schemas-microsoft-com:unattend"}
PASSWORD = "pa'ss & <w0rd>"
DOMAIN = Domain("corp.example", "OU=Agents,DC=corp,DC=example", "joiner", Secret(PASSWORD))
CARD = Nic(addresses=("10.0.0.5/24",), gateways=("10.0.0.1",))
VM = Identity("11111111-2222-3333-4444-555555555555", ("50:6b:8d:00:00:01",))
ANSWERS = """<?xml version="1.0" encoding="utf-8"?>
<unattend xmlns="urn:schemas-microsoft-com:unattend">
  <settings pass="specialize">
    <component name="Microsoft-Windows-Shell-Setup" processorArchitecture="amd64"
      publicKeyToken="31bf3856ad364e35" language="neutral">
      <ComputerName>{{ name }}</ComputerName>
    </component>
  </settings>
</unattend>
"""
MULTIPART = """Content-Type: multipart/mixed; boundary="b"
MIME-Version: 1.0

--b
Content-Type: text/x-shellscript

#!/bin/sh
echo hello
--b--
"""
LINUX = [
    "#!/bin/sh\necho hello\n",
    "#cloud-config\nhostname: x\nruncmd: [[id]]\n",
    "## template: jinja\n#cloud-config\nhostname: {{ v1.local_hostname }}\n",
    MULTIPART,
]


def render(spec: PayloadSpec, domain: Domain | None = DOMAIN, **member: Any) -> RenderedPayload:
    me = Member("agent-1", 1, domain=domain, **member)
    rendered = Payload(spec, salt="mark").render(me)
    assert isinstance(rendered, RenderedPayload)
    return rendered


def linux(text: str = LINUX[1], layout: Layout = Layout.CONFIG_DRIVE) -> PayloadSpec:
    return PayloadSpec(layout, user_data=(Template("user-data.yaml", text),))


def windows(answers: Template | Windows | None = None) -> PayloadSpec:
    return PayloadSpec(Layout.WINDOWS, answers=answers or Template("unattend.xml", ANSWERS))


def user_data(rendered: RenderedPayload) -> str:
    return next(data for path, data in rendered.files(VM).items() if path.endswith(("user_data", "user-data"))).decode()


def leaves(text: str) -> list[tuple[str, str]]:
    """The parts as cloud-init walks them: containers are skipped at any depth."""
    parts = [part for part in email.message_from_string(text).walk() if not part.is_multipart()]
    return [(part.get_content_type(), str(part.get_payload(decode=True), "utf-8")) for part in parts]  # type: ignore[arg-type]  # a leaf has bytes


@pytest.mark.parametrize("layout", [Layout.CONFIG_DRIVE, Layout.NO_CLOUD])
@pytest.mark.parametrize("text", LINUX)
def test_the_users_text_stays_untouched_beside_the_joining_script(text: str, layout: Layout) -> None:
    found = leaves(user_data(render(linux(text, layout))))
    assert found[0][1].rstrip("\n") in text
    kind, script = found[-1]
    assert kind == "text/x-shellscript"
    assert "realm join" in script
    assert "00-join-domain" in user_data(render(linux(text, layout)))


def test_without_user_data_the_script_is_all_there_is() -> None:
    assert user_data(render(PayloadSpec(Layout.CONFIG_DRIVE))).startswith("#!/bin/sh\n")


def test_a_template_without_a_join_gets_one_and_loses_nothing() -> None:
    rendered = render(windows())
    assert [finding for finding in rendered.findings if finding.severity == "error"] == []
    root = etree.fromstring(rendered.files(VM)["Unattend.xml"])
    assert root.findtext(".//u:ComputerName", namespaces=N) == "agent-1"
    assert root.findtext(".//u:JoinDomain", namespaces=N) == "corp.example"
    assert root.findtext(".//u:MachineObjectOU", namespaces=N) == "OU=Agents,DC=corp,DC=example"
    assert root.findtext(".//u:Credentials/u:Password", namespaces=N) == PASSWORD


def test_who_joins_by_himself_is_not_joined() -> None:
    alone = replace(DOMAIN, join=False)
    assert "realm" not in user_data(render(linux(), alone))
    assert b"JoinDomain" not in render(windows(), alone).files(VM)["Unattend.xml"]
    assert b"JoinDomain" not in render(windows(Windows()), alone).files(VM)["Unattend.xml"]
    assert "corp.example" in user_data(render(linux("#cloud-config\nfqdn: {{ name }}.{{ domain.name }}\n"), alone))


@pytest.mark.parametrize("spec", [linux(), windows(), windows(Windows())])
def test_the_password_is_on_the_disc_and_in_nothing_that_is_shown(spec: PayloadSpec) -> None:
    rendered = render(spec)
    assert rendered.carries_secret
    clear, shown = str(rendered.files(VM)), str(rendered.shown(VM))
    assert clear != shown
    assert "w0rd" in clear
    assert "w0rd" not in shown
    assert "w0rd" not in rendered.digest + repr(rendered)
    assert "w0rd" not in str(rendered.findings)


@pytest.mark.parametrize("spec", [linux(), windows(), windows(Windows())])
def test_every_property_of_the_domain_is_in_the_digest(spec: PayloadSpec) -> None:
    others = [
        replace(DOMAIN, name="corp2.example", ou=""),
        replace(DOMAIN, ou=""),
        replace(DOMAIN, account="other"),
        replace(DOMAIN, password=Secret("other")),
        replace(DOMAIN, account_domain="parent.example"),
        None,
    ]
    assert len({render(spec, domain).digest for domain in [DOMAIN, *others]}) == len(others) + 1


def test_what_is_wrong_with_the_domain_is_told_of_its_property() -> None:
    rendered = render(linux(), replace(DOMAIN, name="CORP", account="CORP\\joiner"))
    places = {finding.file for finding in rendered.findings if finding.code == "domain"}
    assert places == {"domain.name", "domain.ou", "domain.account"}


def test_a_line_of_the_users_file_is_told_as_it_is_in_his_file() -> None:
    wrong = ANSWERS.replace("</unattend>", '  <settings pass="oobe"></settings>\n</unattend>')
    (finding,) = [each for each in render(windows(Template("unattend.xml", wrong))).findings if each.code == "pass"]
    assert (finding.place, finding.rendered) == ("unattend.xml:9:3", False)


def test_a_windows_card_is_named_by_the_mac_that_the_machine_has() -> None:
    rendered = render(windows(), None, nics=(CARD,))
    root = etree.fromstring(rendered.files(VM)["Unattend.xml"])
    assert root.findtext(".//u:Interface/u:Identifier", namespaces=N) == "50-6B-8D-00-00-01"
    with pytest.raises(PayloadError, match="have no MAC"):
        rendered.disc(Identity(VM.uuid))
    assert rendered.disc(VM)
    assert rendered.texts().has_network, "Prism may want the answer file before there are MACs"


def test_an_mtu_for_windows_is_refused() -> None:
    (finding,) = render(windows(), None, nics=(replace(CARD, mtu=9000),)).findings
    assert (finding.code, finding.file) == ("mtu", "network.mtu")
