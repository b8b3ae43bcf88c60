"""From a specification and a member to files, digest, findings and a disc."""

from __future__ import annotations

import base64
import gzip
import json
from dataclasses import replace
from datetime import date

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pulumi_ahv.kernel.errors import PayloadError
from pulumi_ahv.kernel.secrets import Secret
from pulumi_ahv.payload.folder import TextFolder
from pulumi_ahv.payload.layouts import Layout
from pulumi_ahv.payload.payload import NotYetKnown, Payload, RenderedPayload
from pulumi_ahv.payload.spec import CloudConfig, Identity, PayloadSpec, Windows
from pulumi_ahv.payload.templating import Template
from pulumi_ahv.payload.variables import UNKNOWN, Domain, Member, Nic

ME = Member("agent-1", 1)
VM = Identity("11111111-2222-3333-4444-555555555555", ("50:6b:8d:00:00:01",))
NO_CLOUD, DRIVE, WINDOWS = Layout.NO_CLOUD, Layout.CONFIG_DRIVE, Layout.WINDOWS


def render(
    spec: PayloadSpec, member: Member = ME, *, salt: str = "mark", files: dict[str, str] | None = None
) -> RenderedPayload:
    rendered = Payload(spec, TextFolder(files), salt=salt).render(member)
    assert isinstance(rendered, RenderedPayload)
    return rendered


def text(template: str, layout: Layout = NO_CLOUD, **more: object) -> PayloadSpec:
    return PayloadSpec(layout, user_data=(Template("user-data", template),), variables=more)


def codes(rendered: RenderedPayload) -> list[str]:
    return [finding.code for finding in rendered.findings]


# --- what is rendered


def test_both_layouts_carry_user_data_and_the_id_of_the_vm() -> None:
    spec = text("#!/bin/sh\necho {{ name }} {{ slot }} {{ x }}\n", x=1)
    files = render(spec).files(VM)
    assert files["user-data"] == b"#!/bin/sh\necho agent-1 1 1\n"
    assert yaml.safe_load(files["meta-data"]) == {"instance-id": VM.uuid, "local-hostname": "agent-1"}
    files = render(replace(spec, layout=DRIVE)).files(VM)
    assert files["openstack/latest/user_data"] == b"#!/bin/sh\necho agent-1 1 1\n"
    meta = json.loads(files["openstack/latest/meta_data.json"])
    assert meta == {"uuid": VM.uuid, "hostname": "agent-1", "name": "agent-1"}


def test_an_answer_file_goes_under_both_names() -> None:
    files = render(PayloadSpec(WINDOWS, answers=Windows())).files()
    assert files["Unattend.xml"] == files["Autounattend.xml"]
    assert b"<ComputerName>agent-1</ComputerName>" in files["Unattend.xml"]


def test_a_cloud_config_as_data_may_hold_templates_and_secrets_that_are_not_rendered() -> None:
    data = {"hostname": "{{ name }}", "write_files": [{"path": "/a", "content": Secret("{{ x }}")}]}
    files = render(PayloadSpec(NO_CLOUD, user_data=(CloudConfig(data),))).files()
    assert yaml.safe_load(files["user-data"]) == {
        "hostname": "agent-1",
        "write_files": [{"path": "/a", "content": "{{ x }}"}],
    }


def test_network_is_written_for_static_addresses_only_unless_asked_for() -> None:
    static, dynamic = replace(ME, nics=(Nic(addresses=("10.0.0.5/24",)),)), replace(ME, nics=(Nic(),))
    spec = PayloadSpec(NO_CLOUD)
    assert "network-config" in render(spec, static).files()
    assert "network-config" not in render(spec, dynamic).files()
    assert "network-config" in render(replace(spec, network=True), dynamic).files()
    assert "network-config" not in render(replace(spec, network=False), static).files()


def test_macs_of_the_vm_are_put_where_the_user_named_none() -> None:
    nics = (Nic(addresses=("10.0.0.5/24",), mac="50:6b:8d:ff:ff:ff"), Nic(addresses=("10.0.1.5/24",)))
    identity = Identity(VM.uuid, ("50:6b:8d:00:00:01", "50:6b:8d:00:00:02"))
    data = render(PayloadSpec(DRIVE), replace(ME, nics=nics)).files(identity)["openstack/latest/network_data.json"]
    macs = [link["ethernet_mac_address"] for link in json.loads(data)["links"]]
    assert macs == ["50:6b:8d:ff:ff:ff", "50:6b:8d:00:00:02"]


def test_user_data_over_the_limit_is_packed_on_the_disc_and_plain_in_what_is_shown() -> None:
    spec = replace(text("#!/bin/sh\n#" + "x" * 2000), gzip_over=1000)
    rendered = render(spec)
    assert gzip.decompress(rendered.files()["user-data"]) == rendered.shown()["user-data"]
    assert render(replace(spec, gzip_over=5000)).files()["user-data"] == rendered.shown()["user-data"]
    assert rendered.digest == render(replace(spec, gzip_over=5000)).digest


def test_members_variables_go_over_those_of_the_payload() -> None:
    rendered = render(text("#!/bin/sh\n{{ x }}", x="pool"), replace(ME, variables={"x": "member"}))
    assert rendered.files()["user-data"] == b"#!/bin/sh\nmember"


# --- unknown values


@pytest.mark.parametrize(
    ("spec", "member", "path"),
    [
        (text("{{ broken", x=UNKNOWN), ME, "variables.x"),
        (PayloadSpec(user_data=(CloudConfig({"hostname": UNKNOWN}),)), ME, "user_data[0].data.hostname"),
        (PayloadSpec(), replace(ME, variables={"a": {"b": UNKNOWN}}), "variables.a.b"),
    ],
)
def test_what_is_not_known_yet_is_not_rendered_and_nothing_fails(spec: PayloadSpec, member: Member, path: str) -> None:
    assert Payload(spec).render(member) == NotYetKnown((path,))


# --- findings


def test_all_findings_come_at_once_at_the_lines_of_their_templates() -> None:
    spec = PayloadSpec(
        NO_CLOUD,
        user_data=(
            Template("a.yaml", "#cloud-config\n{% if true %}\nhostnam: x\n{% endif %}\n"),
            Template("b.sh", "#!/bin/sh\n{{ nope }}"),
        ),
        network=Template("net", "version: 2\nethernets: {eth0: {adresses: []}}\n"),
        meta_data={"instance-id": "mine"},
        files={"a\\b": b""},
        variables={"slot": 1},
    )
    rendered = render(spec)
    places = {finding.code: finding.place for finding in rendered.findings}
    assert places["template"] == "b.sh:2:4"
    assert places["unknown-key"] in {"a.yaml:3:1", "net:2:20"}
    assert sorted(codes(rendered)) == [
        "bad-file-name", "meta-data-key", "reserved-name", "template", "unknown-key", "unknown-key",
    ]  # fmt: skip
    assert rendered.digest == ""
    with pytest.raises(PayloadError, match=r"\(5 more\)"):
        rendered.disc(VM)


def test_a_column_is_told_only_where_the_template_has_it() -> None:
    spec = text("#cloud-config\n{{ pad }}hostnam: x\nruncm: {{ pad }}\nusers: [{name: a, shel: b}]\n", pad="")
    assert [finding.place for finding in render(spec).findings] == ["user-data:2:1", "user-data:3:1", "user-data:4:19"]
    wide = text("#cloud-config\nusers: [{name: {{ user }}, shel: b}]\n", user="somebody")
    assert [finding.place for finding in render(wide).findings] == ["user-data:2"]


def test_a_finding_in_an_included_file_is_placed_there() -> None:
    rendered = render(text("#cloud-config\n{% include 'inc' %}\n"), files={"inc": "\nhostnam: x\n"})
    assert [finding.place for finding in rendered.findings] == ["inc:2:1"]


def test_a_place_that_cannot_be_known_says_that_it_is_of_the_rendered_text() -> None:
    rendered = render(text("{% filter replace('#', '#') | trim %}\n#cloud-config\nhostnam: x\n{% endfilter %}"))
    assert [finding.place for finding in rendered.findings] == ["user-data:2:1 (of the rendered text)"]


@pytest.mark.parametrize(
    ("spec", "member", "code"),
    [
        (PayloadSpec(WINDOWS), ME, "no-answers"),
        (PayloadSpec(WINDOWS, answers=Windows(), vendor_data=Template("v", "#!")), ME, "layout"),
        (PayloadSpec(DRIVE, answers=Windows()), ME, "layout"),
        (PayloadSpec(DRIVE, network=Template("n", "version: 2")), ME, "layout"),
        (PayloadSpec(NO_CLOUD, files={"meta-data": b""}), ME, "file-is-ours"),
        (PayloadSpec(), replace(ME, variables={"name": 1}), "reserved-name"),
        (PayloadSpec(variables={"day": date(2026, 1, 1)}), ME, "unfit-value"),
        (PayloadSpec(user_data=(CloudConfig({"users": [{"expiredate": date(2026, 1, 1)}]}),)), ME, "unfit-value"),
        (PayloadSpec(), replace(ME, variables={"o": object()}), "unfit-value"),
        (PayloadSpec(), Member("agent_1"), "host-name"),
        (PayloadSpec(), Member("a" * 64), "host-name"),
        (PayloadSpec(WINDOWS, answers=Windows()), Member("a-name-of-sixteen"), "computer-name"),
        (PayloadSpec(), replace(ME, nics=(Nic(addresses=("10.0.0.5",)),)), "address"),
        (PayloadSpec(), replace(ME, nics=(Nic(addresses=("x/24",)),)), "address"),
        (PayloadSpec(), replace(ME, nics=(Nic(addresses=("10.0.0.5/24",), gateways=("10.1.0.1",)),)), "address"),
        (PayloadSpec(), replace(ME, nics=(Nic(dns_servers=("dns",)),)), "address"),
        (PayloadSpec(), replace(ME, nics=(Nic(mac="50-6b"),)), "address"),
        (PayloadSpec(), replace(ME, nics=(Nic(mac="50:6b:8d:00:00:01"), Nic(mac="50:6B:8D:00:00:01"))), "address"),
        (PayloadSpec(NO_CLOUD, vendor_data=Template("v", "hello")), ME, "unknown-format"),
    ],
)
def test_what_cannot_work_together_is_refused(spec: PayloadSpec, member: Member, code: str) -> None:
    assert code in codes(render(spec, member))


def test_a_vendors_key_that_user_data_names_too_is_a_warning() -> None:
    spec = replace(text("#cloud-config\nruncmd: [a]\n"), vendor_data=Template("v", "#cloud-config\nruncmd: [b]\n"))
    assert codes(render(spec)) == ["vendor-key-dropped"]
    assert render(spec).disc(VM)


def test_an_interface_without_a_mac_stops_a_config_drive_before_it_is_made() -> None:
    rendered = render(PayloadSpec(DRIVE), replace(ME, nics=(Nic(addresses=("10.0.0.5/24",)),)))
    with pytest.raises(PayloadError, match="1 interfaces have no MAC"):
        rendered.disc(Identity(VM.uuid))
    assert rendered.disc(VM)


# --- digest


def test_the_digest_does_not_depend_on_the_vm_but_on_every_text() -> None:
    spec = text("#!/bin/sh\n{{ x }}", x=1)
    same = {render(spec).digest, render(spec, salt="other").digest}
    assert len(same) == 1
    others = {
        render(text("#!/bin/sh\n{{ x }}", x=2)).digest,
        render(spec, Member("agent-2", 1)).digest,
        render(replace(spec, layout=DRIVE)).digest,
        render(replace(spec, meta_data={"a": 1})).digest,
        render(replace(spec, files={"a": b""})).digest,
        render(spec, replace(ME, nics=(Nic(addresses=("10.0.0.5/24",)),))).digest,
    }
    assert len(others) == 6
    assert not others & same


@pytest.mark.parametrize(
    ("layout", "pinned"),
    [
        (NO_CLOUD, "941928b9a5ba418425bdaea94596c770fe902e5b5ea4bc9b62419697ba71aebd"),
        (DRIVE, "d0fdf3461f14d30b86e14bd4ff103479f6a71607845f002703302fbcbdd1c1ad"),
        (WINDOWS, "23ee836f543e8f01dda2a4ca6dc8f9177dc55af48283cd3c2ab2d5a6c34817bb"),
    ],
)
def test_digests_are_pinned_so_that_no_release_rolls_pools_by_accident(layout: Layout, pinned: str) -> None:
    secret = Secret("pw")
    cloud = PayloadSpec(
        layout,
        user_data=(
            Template("a.sh", "#!/bin/sh\necho {{ pw | shell }}\n"),
            CloudConfig({"users": [{"name": "{{ name }}"}]}),
        ),
        vendor_data=Template("v", "#!/bin/sh\n"),
        meta_data={"rack": "r7"},
        files={"a/b.txt": b"1"},
        variables={"pw": secret},
    )
    windows = PayloadSpec(layout, answers=Windows(administrator_password=secret, remote_desktop=True, workgroup="LAB"))
    nic = Nic(addresses=("10.0.0.5/24", "fd00::5/64"), gateways=("10.0.0.1",), dns_servers=("10.0.0.2",))
    assert render(windows if layout is WINDOWS else cloud, replace(ME, nics=(nic,))).digest == pinned


def test_a_variable_that_no_template_uses_does_not_change_the_digest() -> None:
    assert render(text("#!/bin/sh\n", x=1)).digest == render(text("#!/bin/sh\n", x=2, y=Secret("z"))).digest


def test_a_character_that_xml_cannot_carry_is_a_finding_of_the_windows_settings() -> None:
    rendered = render(PayloadSpec(WINDOWS, answers=Windows(owner="a\x01")))
    assert [(finding.code, finding.place) for finding in rendered.findings] == [("template", "windows")]


def test_network_and_vendor_texts_may_use_secrets_and_are_masked() -> None:
    spec = PayloadSpec(
        NO_CLOUD,
        network=Template("n", "version: 2\n# {{ {'a': 1}[pw] }}\n"),
        vendor_data=Template("v", "#!/bin/sh\n"),
        variables={"pw": Secret("a")},
    )
    assert set(render(spec).shown().values()) >= {b"[secret]"}


def test_a_used_secret_changes_the_digest_and_an_unused_one_does_not() -> None:
    def of(used: str, unused: str, salt: str = "mark") -> str:
        return render(text("#!/bin/sh\n{{ pw }}", pw=Secret(used), other=Secret(unused)), salt=salt).digest

    assert of("one", "a") == of("one", "b")
    assert of("one", "a") != of("two", "a")
    assert of("one", "a") != of("one", "a", salt="another mark")


def test_secrets_that_trade_places_change_the_digest() -> None:
    one = render(text("#!/bin/sh\n{{ a }} {{ b }}", a=Secret("x1x"), b=Secret("y1y")))
    two = render(text("#!/bin/sh\n{{ a }} {{ b }}", a=Secret("y1y"), b=Secret("x1x")))
    assert one.digest != two.digest


def test_the_digest_of_a_template_that_fails_on_a_mask_still_covers_everything() -> None:
    def of(secret: str, tail: str) -> RenderedPayload:
        return render(text("#!/bin/sh\n{{ {'a': 1, 'b': 2}[pw] }}" + tail, pw=Secret(secret)))

    assert len({of("a", "").digest, of("b", "").digest, of("a", "x").digest}) == 3
    assert of("a", "").shown()["user-data"] == b"[secret]"
    assert of("a", "").files()["user-data"] == b"#!/bin/sh\n1"


# --- secrets


TRANSFORMS = [
    "{{ pw }}",
    "{{ pw | yaml }}",
    "{{ pw | upper | json }}",
    "{{ pw[::-1] }}",
    "{% for c in pw %}{{ c }}-{% endfor %}",
]


@settings(deadline=None, max_examples=30)  # each costs an scrypt
@given(st.text("abcdefghij", min_size=8, max_size=12), st.sampled_from(TRANSFORMS))
def test_no_secret_is_shown_however_a_template_transforms_it(secret: str, transform: str) -> None:
    rendered = render(text("#!/bin/sh\n" + transform, pw=Secret(secret)))
    assert rendered.carries_secret
    shown = rendered.shown()["user-data"].decode()
    for form in (secret, secret.upper(), secret[::-1], "-".join(secret), base64.b64encode(secret.encode()).decode()):
        assert form not in shown
    assert secret not in repr(rendered)


def test_no_finding_repeats_a_secret() -> None:
    rendered = render(text("#cloud-config\npower_state: {mode: {{ pw }}}\n{{ pw }}: 1\n", pw=Secret("hunter22")))
    assert codes(rendered) == ["not-allowed", "unknown-key"]
    assert "hunter22" not in " ".join(str(finding) for finding in rendered.findings)


def test_a_template_error_does_not_repeat_a_secret() -> None:
    rendered = render(text("#!/bin/sh\n{{ {}[pw] }}", pw=Secret("hunter22")))
    assert codes(rendered) == ["template"]
    assert "hunter22" not in str(rendered.findings[0])


def test_the_passwords_of_a_windows_member_are_secrets_of_its_payload() -> None:
    member = replace(ME, domain=Domain("corp.example", "", "joiner", Secret("join-pw")))
    rendered = render(PayloadSpec(WINDOWS, answers=Windows(administrator_password=Secret("adm-pw"))), member)
    assert set(rendered.secrets) == {Secret("join-pw"), Secret("adm-pw")}
    assert b"join-pw" in rendered.files()["Unattend.xml"]
    assert b"join-pw" not in rendered.shown()["Unattend.xml"]


def test_what_goes_to_the_choice_of_a_delivery_is_what_is_on_the_disc() -> None:
    spec = replace(
        text("#!/bin/sh\n{{ pw }}", DRIVE, pw=Secret("s")), files={"a": b""}, vendor_data=Template("v", "#!/bin/sh\n")
    )
    texts = render(spec, replace(ME, nics=(Nic(addresses=("10.0.0.5/24",)),))).texts()
    assert (texts.user_data, texts.carries_secret) == (b"#!/bin/sh\ns", True)
    assert (texts.has_network, texts.has_vendor_data, texts.has_extra_files) == (True, True, True)
