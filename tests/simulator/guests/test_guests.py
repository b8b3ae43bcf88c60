"""What a pretend guest makes of discs that an independent writer wrote."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

import pycdlib
import pytest

from pulumi_ahv.simulator.guests.iso9660 import DiscError, read_disc

VMS = "/api/vmm/v4.3/ahv/config/vms"
IMAGES = "/api/vmm/v4.3/content/images"
CLOUD_CONFIG = b"""#cloud-config
hostname: from-user-data
users: [default, {name: agent}]
write_files: [{path: /etc/motd, content: hello}]
runcmd: [echo done]
"""
UNATTEND = b"""<?xml version="1.0"?><unattend xmlns="urn:schemas-microsoft-com:unattend">
<settings pass="specialize"><component name="Microsoft-Windows-Shell-Setup"><ComputerName>DESK-001</ComputerName></component>
<component name="Microsoft-Windows-UnattendedJoin"><Identification><JoinDomain>corp.example</JoinDomain>
<MachineObjectOU>OU=Desks</MachineObjectOU></Identification></component></settings>
<settings pass="oobeSystem"><component name="Microsoft-Windows-Shell-Setup"><FirstLogonCommands><SynchronousCommand>
<CommandLine>setup.cmd</CommandLine></SynchronousCommand></FirstLogonCommands></component></settings></unattend>"""


def disc(label: str, files: dict[str, bytes], **how: Any) -> bytes:
    """An ISO image with these files, by default with Joliet and Rock Ridge."""
    how = {"joliet": 3, "rock_ridge": "1.09", **how}
    iso = pycdlib.PyCdlib()
    iso.new(interchange_level=3, vol_ident=label, **how)
    folders: set[str] = set()
    for number, (path, data) in enumerate(files.items()):
        *above, name = path.split("/")
        place = joliet = ""
        for depth, folder in enumerate(above):
            place, joliet = f"{place}/D{depth}", f"{joliet}/{folder}"
            if joliet not in folders:
                folders.add(joliet)
                names = {"rr_name": folder} if how["rock_ridge"] else {}
                iso.add_directory(place, **names, **({"joliet_path": joliet} if how["joliet"] else {}))
        names = {"rr_name": name} if how["rock_ridge"] else {}
        short = f"F{number}.;1" if how["rock_ridge"] or how["joliet"] else f"{name.upper().replace('-', '_')};1"
        more = {"joliet_path": f"{joliet}/{name}"} if how["joliet"] else {}
        iso.add_fp(io.BytesIO(data), len(data), f"{place}/{short}", **names, **more)
    target = io.BytesIO()
    iso.write_fp(target)
    iso.close()
    return target.getvalue()


def no_cloud(instance: str = "one", *, label: str = "cidata", **files: bytes) -> bytes:
    meta = json.dumps({"instance-id": instance, "local-hostname": "from-meta-data"}).encode()
    return disc(label, {"meta-data": meta, "user-data": CLOUD_CONFIG, **files})


@pytest.mark.parametrize("how", [{}, {"joliet": None}, {"rock_ridge": None}], ids=["both", "rock ridge", "joliet"])
def test_long_names_in_folders_are_read(tmp_path: Path, how: Any) -> None:
    files = {
        "openstack/latest/meta_data.json": b"{}",
        "openstack/latest/user_data": b"x" * 5000,
        "a-rather-long-name-" + "y" * 30: b"",
    }
    path = tmp_path / "disc.iso"
    path.write_bytes(disc("config-2", files, **how))
    found = read_disc(path)
    assert (found.label, found.files) == ("config-2", files)


def test_short_names_are_read_in_lower_case(tmp_path: Path) -> None:
    path = tmp_path / "disc.iso"
    path.write_bytes(disc("CIDATA", {"unattend.xml": b"<x/>"}, joliet=None, rock_ridge=None))
    assert read_disc(path).files == {"unattend.xml": b"<x/>"}


@pytest.mark.parametrize("cut", [100, 40_000, -4096])
def test_a_damaged_disc_is_no_disc(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "disc.iso"
    path.write_bytes(disc("cidata", {"user-data": b"x" * 9000})[:cut])
    with pytest.raises(DiscError):
        read_disc(path)


@pytest.fixture
def booted(site: Any, make_vm: Any, make_image: Any, image_backing: Any, power: Any) -> Any:
    """Boots a new VM with these discs in its drives; answers its path and what its guest is then."""

    def boot(*discs: bytes, **more: Any) -> tuple[str, dict[str, Any]]:
        drives = [{"backingInfo": image_backing(make_image(each, type="ISO_IMAGE"))} for each in discs]
        ext_id = make_vm(cdRoms=drives, **{"subnet": "berlin-dhcp", **more})
        assert power(f"{VMS}/{ext_id}", "power-on")["status"] == "SUCCEEDED"
        site.prism.control.advance(60)
        return f"{VMS}/{ext_id}", site.prism.control.guest(ext_id)

    return boot


def test_cloud_init_applies_a_nocloud_disc(site: Any, booted: Any) -> None:
    path, guest = booted(no_cloud())
    assert guest["hostname"] == "from-user-data"
    applied = guest["applied"]
    assert (applied["datasource"], applied["instanceId"]) == ("NoCloud", "one")
    assert applied["users"] == ["default", "agent"]
    assert applied["files"] == {"/etc/motd": "hello"}
    assert applied["commands"] == ["echo done"]
    learned = site.data(path)["nics"][0]["networkInfo"]["ipv4Info"]["learnedIpAddresses"]
    assert [each["value"] for each in learned] == guest["addresses"]


@pytest.mark.parametrize("label", ["CiData", "seed"])
def test_other_spellings_of_the_label_are_not_seen(booted: Any, label: str) -> None:
    _, guest = booted(no_cloud(label=label))
    assert "applied" not in guest
    assert guest["hostname"] == "localhost"


def test_a_seed_without_meta_data_is_none(booted: Any) -> None:
    _, guest = booted(disc("cidata", {"user-data": CLOUD_CONFIG}))
    assert "applied" not in guest
    assert "not a valid seed" in guest["problems"][0]


def test_a_config_drive_needs_a_uuid_and_wins_over_nocloud(booted: Any) -> None:
    drive = {"openstack/latest/meta_data.json": b'{"uuid": "two", "hostname": "h"}'}
    _, guest = booted(no_cloud(), disc("config-2", drive))
    assert (guest["applied"]["datasource"], guest["hostname"]) == ("ConfigDrive", "h")
    _, broken = booted(disc("config-2", {"openstack/latest/meta_data.json": b'{"hostname": "h"}'}))
    assert "no uuid" in broken["problems"][0]


def test_a_static_address_is_the_one_that_is_shown(booted: Any) -> None:
    config = b"version: 2\nethernets: {eth0: {match: {name: 'e*'}, addresses: [192.0.2.7/24]}}\n"
    _, guest = booted(no_cloud(**{"network-config": config}))
    assert guest["addresses"] == ["192.0.2.7"]
    old = {
        "version": 1,
        "config": [{"type": "physical", "name": "eth0", "subnets": [{"type": "static", "address": "192.0.2.8/24"}]}],
    }
    _, guest = booted(no_cloud(**{"network-config": json.dumps(old).encode()}))
    assert guest["addresses"] == ["192.0.2.8"]


def test_a_clone_is_set_up_again_only_with_a_new_instance_id(
    site: Any, booted: Any, make_image: Any, image_backing: Any, power: Any
) -> None:
    path, _ = booted(no_cloud("one"))
    for instance, again in (("one", False), ("two", True)):
        task = site.ended(site.post(f"{path}/$actions/clone", {"name": instance}, etag=site.etag(path)))
        clone = f"{VMS}/{task['entitiesAffected'][-1]['extId']}"
        drive = f"{clone}/cd-roms/{site.data(clone)['cdRoms'][0]['extId']}"
        site.done(site.post(f"{drive}/$actions/eject", etag=site.etag(clone)))
        backing = image_backing(make_image(no_cloud(instance), type="ISO_IMAGE"))
        site.done(site.post(f"{drive}/$actions/insert", {"backingInfo": backing}, etag=site.etag(clone)))
        power(clone, "power-on")
        site.prism.control.advance(60)
        assert ("applied" in site.prism.control.guest(clone.rsplit("/", 1)[1])) is again


def test_user_data_in_parts_and_templates_are_understood(booted: Any) -> None:
    mime = (
        b'Content-Type: multipart/mixed; boundary="b"\nMIME-Version: 1.0\n\n--b\nContent-Type: text/cloud-config\n\n'
        b"#cloud-config\nusers: [joe]\n--b\nContent-Type: text/x-shellscript\n\n#!/bin/sh\ntrue\n--b--\n"
    )
    _, guest = booted(no_cloud(**{"user-data": mime}))
    assert guest["applied"]["users"] == ["joe"]
    assert guest["applied"]["commands"][0].startswith("#!/bin/sh")
    template = b"## template: jinja\n#cloud-config\nhostname: x-{{ v1.local_hostname }}\n"
    _, guest = booted(no_cloud(**{"user-data": template}))
    assert guest["hostname"] == "x-from-meta-data"


def test_a_broken_cloud_config_is_told(booted: Any) -> None:
    _, guest = booted(no_cloud(**{"user-data": b"#cloud-config\n: : :\n- ["}))
    assert "not YAML" in guest["problems"][0]


def test_a_guest_that_turns_itself_off_is_off(site: Any, booted: Any) -> None:
    path, guest = booted(no_cloud(**{"user-data": b"#cloud-config\npower_state: {mode: poweroff}\n"}))
    assert (site.data(path)["powerState"], guest["state"]) == ("OFF", "off")


def test_windows_takes_its_answers_from_the_root_of_a_disc(booted: Any) -> None:
    _, guest = booted(disc("OEMDRV", {"Unattend.xml": UNATTEND}))
    assert (guest["os"], guest["hostname"]) == ("windows", "DESK-001")
    assert guest["applied"]["domain"] == "corp.example"
    assert guest["applied"]["organizationalUnit"] == "OU=Desks"
    assert guest["applied"]["commands"] == ["setup.cmd"]


def test_windows_ignores_answers_without_their_namespace(booted: Any) -> None:
    _, guest = booted(disc("OEMDRV", {"unattend.xml": b"<unattend/>"}))
    assert "namespace" in guest["problems"][0]


def customization(text: bytes) -> dict[str, Any]:
    script = {"$objectType": "vmm.v4.ahv.config.Userdata", "value": base64.b64encode(text).decode()}
    cloud_init = {"datasourceType": "CONFIG_DRIVE_V2", "cloudInitScript": script}
    return {"config": {"$objectType": "vmm.v4.ahv.config.CloudInit", **cloud_init}}


def test_prisms_own_customization_is_used_once_at_the_next_power_on(
    site: Any, booted: Any, make_vm: Any, power: Any
) -> None:
    path = f"{VMS}/{make_vm(guestCustomization=customization(CLOUD_CONFIG), subnet='berlin-dhcp')}"
    vm = site.data(path)
    assert vm["vmGuestCustomizationStatus"] == "PENDING"
    assert "guestCustomization" not in vm
    power(path, "power-on")
    site.prism.control.advance(60)
    vm = site.data(path)
    assert [drive["isoType"] for drive in vm["cdRoms"]] == ["GUEST_CUSTOMIZATION"]
    assert "vmGuestCustomizationStatus" not in vm
    guest = site.prism.control.guest(vm["extId"])
    assert (guest["applied"]["datasource"], guest["applied"]["instanceId"]) == ("ConfigDrive", vm["biosUuid"])
    power(path, "power-off")
    power(path, "power-on")
    assert "cdRoms" not in site.data(path)


def test_customization_that_is_not_base64_is_refused(site: Any, clusters: Any) -> None:
    broken = customization(b"")
    broken["config"]["cloudInitScript"]["value"] = "#cloud-config"
    body = {"name": "x", "cluster": {"extId": clusters["berlin"]}, "guestCustomization": broken}
    assert site.post(VMS, body).json()["data"]["error"][0]["argumentsMap"] == {"argument_key": "userdata"}


def test_answers_that_are_not_xml_fail_the_power_on(site: Any, make_vm: Any, power: Any) -> None:
    script = {"$objectType": "vmm.v4.ahv.config.Unattendxml", "value": base64.b64encode(b"<a>").decode()}
    sysprep = {"$objectType": "vmm.v4.ahv.config.Sysprep", "installType": "PREPARED", "sysprepScript": script}
    path = f"{VMS}/{make_vm()}"
    site.done(site.post(f"{path}/$actions/customize-guest", {"config": sysprep}, etag=site.etag(path)))
    task = power(path, "power-on")
    assert "not in valid XML format" in task["errorMessages"][0]["message"]


def test_guests_hang_or_stay_without_an_address_by_rule(site: Any, booted: Any) -> None:
    site.prism.control.guest_rule("mute-*", noAddress=True)
    site.prism.control.guest_rule("stuck-*", hangs=True)
    site.prism.control.guest_rule("slow-*", bootSeconds=10_000)
    _, guest = booted(name="mute-1")
    assert (guest["state"], guest["addresses"]) == ("running", [])
    assert booted(name="stuck-1")[1]["state"] == "hung"
    assert booted(name="slow-1")[1]["state"] == "booting"


def test_a_vm_without_a_disk_has_no_guest(site: Any, clusters: Any, power: Any) -> None:
    answer = site.post(VMS, {"name": "bare", "cluster": {"extId": clusters["berlin"]}})
    ext_id = site.done(answer, "vmm:ahv:config:vm")
    power(f"{VMS}/{ext_id}", "power-on")
    site.prism.control.advance(60)
    assert site.prism.control.guest(ext_id)["state"] == "no-operating-system"


def test_prisms_sysprep_disc_is_named_after_its_install_type(site: Any, make_vm: Any, power: Any) -> None:
    for kind, name in (("PREPARED", "unattend.xml"), ("FRESH", "autounattend.xml")):
        script = {"$objectType": "vmm.v4.ahv.config.Unattendxml", "value": base64.b64encode(UNATTEND).decode()}
        sysprep = {"$objectType": "vmm.v4.ahv.config.Sysprep", "installType": kind, "sysprepScript": script}
        path = f"{VMS}/{make_vm(guestCustomization={'config': sysprep})}"
        power(path, "power-on")
        site.prism.control.advance(60)
        guest = site.prism.control.guest(path.rsplit("/", 1)[1])
        assert (guest["hostname"], guest["discs"][0]["files"]) == ("DESK-001", [name])


def test_aos_73_takes_cloud_config_only(start: Any) -> None:
    for version, status in (("v4.1", 400), ("v4.0", 202)):
        site = start(version=version)
        clusters = f"/api/clustermgmt/{version}/config/clusters"
        body = {
            "name": "x",
            "cluster": {"extId": site.data(clusters)[1]["extId"]},
            "guestCustomization": customization(b"#!/bin/sh\n"),
        }
        assert site.post(f"/api/vmm/{version}/ahv/config/vms", body).status_code == status


def test_openstacks_network_data_are_understood(booted: Any) -> None:
    data = {
        "links": [{"id": "l0", "type": "phy"}],
        "networks": [{"link": "l0", "type": "ipv4", "ip_address": "192.0.2.9", "netmask": "255.255.255.0"}],
    }
    files = {
        "openstack/latest/meta_data.json": b'{"uuid": "u"}',
        "openstack/latest/network_data.json": json.dumps(data).encode(),
    }
    assert booted(disc("config-2", files))[1]["addresses"] == ["192.0.2.9"]


@pytest.mark.parametrize(
    ("name", "data", "word"),
    [
        ("meta-data", b"- a list", "not a mapping"),
        ("user-data", b"hello", "unknown form"),
        ("user-data", b"#cloud-config\n- a\n", "not a mapping"),
        ("user-data", b"## template: jinja\n#cloud-config\nhostname: {{ v1.nothing }}\n", "jinja"),
    ],
)
def test_what_is_wrong_with_the_texts_is_told(booted: Any, name: str, data: bytes, word: str) -> None:
    _, guest = booted(no_cloud(**{name: data}))
    assert word in guest["problems"][0]


@pytest.mark.parametrize(
    ("text", "word"), [(b"<a", "not well-formed"), (UNATTEND.replace(b"DESK-001", b"A" * 16), "longer than 15")]
)
def test_what_is_wrong_with_the_answers_is_told(booted: Any, text: bytes, word: str) -> None:
    assert word in booted(disc("X", {"autounattend.xml": text}))[1]["problems"][0]


def test_windows_that_is_set_up_reads_no_answers_again(site: Any, booted: Any, power: Any) -> None:
    path, guest = booted(disc("X", {"unattend.xml": UNATTEND}))
    assert guest["os"] == "windows"
    power(path, "reset")
    site.prism.control.advance(60)
    assert site.prism.control.guest(path.rsplit("/", 1)[1])["boots"] == 2


def test_a_payload_that_installs_tools_makes_them_reachable(
    site: Any, make_vm: Any, make_image: Any, image_backing: Any, power: Any
) -> None:
    data = no_cloud(**{"user-data": b"#cloud-config\nruncmd: [/mnt/installer/linux/install_ngt.py]\n"})
    drives = [{"backingInfo": image_backing(make_image(data, type="ISO_IMAGE"))}, {}]
    path = f"{VMS}/{make_vm(cdRoms=drives, subnet='berlin-dhcp')}"
    etag = site.etag(f"{path}/guest-tools")
    site.done(site.post(f"{path}/guest-tools/$actions/insert-iso", {"capabilities": []}, etag=etag))
    power(path, "power-on")
    site.prism.control.advance(60)
    assert site.data(f"{path}/guest-tools")["isReachable"] is True


def test_what_is_no_disc_is_told(booted: Any) -> None:
    assert "no ISO 9660 volume" in booted(b"x" * 100_000)[1]["problems"][0]


JOINING_SCRIPT = b"""#!/bin/sh
if true; then
  printf '%s\\n' 'pass word' | realm join --user=joiner '--computer-ou=OU=A B,DC=corp' corp.example
fi
"""
JOINING_CONFIG = b"""#cloud-config
runcmd:
  - [realm, join, -U, joiner, --computer-ou, "OU=A B,DC=corp", corp.example]
"""


@pytest.mark.parametrize("text", [JOINING_SCRIPT, JOINING_CONFIG])
def test_a_linux_guest_joins_the_domain_that_its_commands_name(booted: Any, text: bytes) -> None:
    _, guest = booted(no_cloud(**{"user-data": text}))
    assert guest["domain"] == "corp.example"
    assert guest["applied"]["organizationalUnit"] == "OU=A B,DC=corp"


def test_a_guest_that_nobody_joins_is_in_no_domain(booted: Any) -> None:
    _, guest = booted(no_cloud(**{"user-data": b"#!/bin/sh\nrealm list\n# realm join corp.example\n"}))
    assert guest["domain"] == ""


def test_a_windows_guest_sets_the_address_of_its_card(booted: Any) -> None:
    card = (
        b'<component name="Microsoft-Windows-TCPIP"><Interfaces><Interface><Identifier>Ethernet</Identifier>'
        b"<UnicastIpAddresses><IpAddress>10.7.0.5/24</IpAddress></UnicastIpAddresses></Interface></Interfaces></component>"
    )
    answers = UNATTEND.replace(b"</settings>", card + b"</settings>", 1)
    _, guest = booted(disc("unattend", {"Unattend.xml": answers}))
    assert guest["addresses"] == ["10.7.0.5"]
    assert guest["domain"] == "corp.example"
