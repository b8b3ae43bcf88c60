"""Debian's cloud-init reads our discs through its own data sources and does what was asked for."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from pulumi_ahv.kernel.secrets import Secret
from pulumi_ahv.payload.layouts import Layout
from pulumi_ahv.payload.spec import CloudConfig, Identity, PayloadSpec
from pulumi_ahv.payload.templating import Template

pytestmark = pytest.mark.guest

NASTY = "yes: 'no' \"#{x}\" $HOME `id` \\ \u00e9\U0001f600 {{ name }} %s\n  - a\ttab\n"
USER_DATA = """#cloud-config
users:
  - name: runner
    uid: 1500
    shell: /bin/bash
    sudo: ALL=(ALL) NOPASSWD:ALL
    ssh_authorized_keys: [{{ key | yaml }}]
write_files:
  - path: /etc/asked
    content: {{ text | yaml }}
    permissions: "0640"
runcmd:
  - [sh, -c, {{ ("printf %s " ~ (text | shell) ~ " > /root/ran") | yaml }}]
  - touch /root/{{ name }}-{{ address }}
"""
VARIABLES = {"text": NASTY, "key": "ssh-ed25519 AAAAC3Nz test@example"}

Configure = Callable[[PayloadSpec], Any]


def test_a_member_ends_as_it_was_asked_for(layout: Layout, configure: Configure) -> None:
    guest = configure(PayloadSpec(layout, user_data=(Template("user-data", USER_DATA),), variables=VARIABLES))
    assert guest.status("result")["v1"]["errors"] == []
    assert guest.hostname == guest.text("/etc/hostname").strip() == "agent-003"
    assert re.search(r"^runner:x:1500:\d+:.*:/bin/bash$", guest.text("/etc/passwd"), re.MULTILINE)
    assert guest.text("/home/runner/.ssh/authorized_keys").strip().endswith(VARIABLES["key"])
    assert guest.text("/etc/asked") == NASTY
    assert guest.path("/etc/asked").stat().st_mode & 0o777 == 0o640
    assert guest.text("/root/ran") == NASTY
    assert guest.path("/root/agent-003-10.0.0.5").exists()


def test_the_instance_id_is_the_uuid_of_the_vm_and_the_right_source_was_used(
    layout: Layout, configure: Configure, identity: Identity
) -> None:
    guest = configure(PayloadSpec(layout))
    data = guest.status("instance-data")["v1"]
    assert data["instance_id"] == identity.uuid
    assert guest.status("status")["v1"]["datasource"].startswith(
        "DataSourceNoCloud" if layout is Layout.NO_CLOUD else "DataSourceConfigDrive"
    )


def test_addresses_routes_and_name_servers_are_configured(layout: Layout, configure: Configure) -> None:
    guest = configure(PayloadSpec(layout))
    netplan, ifupdown = "/etc/netplan/50-cloud-init.yaml", "/etc/network/interfaces.d/50-cloud-init"
    if guest.path(netplan).exists():
        (interface,) = yaml.safe_load(guest.text(netplan))["network"]["ethernets"].values()
        assert interface["addresses"] == ["10.0.0.5/24", "fd00::5/64"]
        named = {interface.get("gateway4"), interface.get("gateway6")} - {None}
        gateways = {route["via"] for route in interface.get("routes", ())} | named
        assert gateways == {"10.0.0.1", "fd00::1"}
        assert "10.0.0.2" in str(interface["nameservers"])
    else:
        text = guest.text(ifupdown)
        assert "address 10.0.0.5/24" in text
        assert "address fd00::5/64" in text
        assert re.search(r"^\s+gateway 10\.0\.0\.1$", text, re.MULTILINE)
        assert re.search(r"^\s+gateway fd00::1$", text, re.MULTILINE)
        assert "dns-nameservers 10.0.0.2" in text


def test_parts_of_several_kinds_are_all_run(layout: Layout, configure: Configure, identity: Identity) -> None:
    parts = (
        Template("one.yaml", "#cloud-config\nfqdn: {{ name }}.corp.example\n"),
        CloudConfig({"write_files": [{"path": "/etc/two", "content": Secret("s\u00e9cret {{ x }}")}]}),
        Template("three.sh", "#!/bin/sh\necho {{ slot }} > /root/three\n"),
        Template("four", "#cloud-boothook\n#!/bin/sh\necho > /root/four\n"),
        Template("five", "## template: jinja\n#!/bin/sh\necho {{ v1.instance_id }} > /root/five\n"),
        Template(
            "six",
            "#cloud-config-archive\n- type: text/x-shellscript\n  content: |\n    #!/bin/sh\n    echo > /root/six\n",
        ),
    )
    guest = configure(PayloadSpec(layout, user_data=parts))
    assert guest.text("/etc/two") == "s\u00e9cret {{ x }}"
    assert guest.text("/root/three") == "0\n"
    assert guest.path("/root/four").exists()
    assert guest.text("/root/five").strip() == identity.uuid
    assert guest.path("/root/six").exists()


def test_compressed_user_data_and_vendor_data_are_read(layout: Layout, configure: Configure) -> None:
    spec = PayloadSpec(
        layout,
        user_data=(Template("u", "#cloud-config\nruncmd: [touch /root/user]\n#" + "x" * 5000),),
        vendor_data=Template("v", "#cloud-config\nwrite_files: [{path: /etc/vendor, content: v}]\n"),
        gzip_over=1000,
    )
    guest = configure(spec)
    assert guest.path("/root/user").exists()
    assert guest.text("/etc/vendor") == "v"


def test_meta_data_of_the_user_reaches_the_guests_own_templates(layout: Layout, configure: Configure) -> None:
    spec = PayloadSpec(
        layout,
        user_data=(Template("u", "## template: jinja\n#!/bin/sh\necho {{ ds.meta_data.rack }} > /root/rack\n"),),
        meta_data={"rack": "{{ name }}-r7"},
    )
    assert configure(spec).text("/root/rack") == "agent-003-r7\n"
