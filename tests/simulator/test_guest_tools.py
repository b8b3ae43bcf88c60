from __future__ import annotations

from typing import Any

import pytest

VMS = "/api/vmm/v4.3/ahv/config/vms"
CREDENTIAL = {"credential": {"username": "root", "password": "secret"}, "capabilities": ["VSS_SNAPSHOT"]}


@pytest.fixture
def on(site: Any, make_vm: Any, power: Any) -> str:
    """A running VM with an empty drive and an address."""
    path = f"{VMS}/{make_vm(cdRoms=[{}], subnet='berlin-dhcp')}"
    power(path, "power-on")
    site.prism.control.advance(30)
    return path


def do(site: Any, path: str, action: str, body: Any = None) -> dict[str, Any]:
    etag = site.etag(f"{path}/guest-tools")
    return dict(site.ended(site.post(f"{path}/guest-tools/$actions/{action}", body, etag=etag)))


def test_before_anything_all_flags_are_false(site: Any, make_vm: Any) -> None:
    tools = site.data(f"{VMS}/{make_vm()}/guest-tools")
    flags = ("isInstalled", "isEnabled", "isIsoInserted", "isReachable")
    assert {name: tools[name] for name in flags} == dict.fromkeys(flags, False)
    assert tools["availableVersion"]


def test_the_iso_goes_into_a_free_drive_and_installs_nothing(site: Any, on: str) -> None:
    task = do(site, on, "insert-iso", {"capabilities": ["SELF_SERVICE_RESTORE"]})
    drive = next(each["extId"] for each in task["entitiesAffected"] if each["rel"] == "vmm:ahv:config:vm:cdrom")
    tools = site.data(f"{on}/guest-tools")
    assert (tools["isIsoInserted"], tools["isInstalled"], tools["isEnabled"]) == (True, False, True)
    assert site.data(f"{on}/cd-roms/{drive}")["isoType"] == "GUEST_TOOLS"
    site.done(site.post(f"{on}/cd-roms/{drive}/$actions/eject", etag=site.etag(on)))
    assert site.data(f"{on}/guest-tools")["isIsoInserted"] is False


def test_without_a_free_drive_the_iso_has_no_place(site: Any, make_vm: Any) -> None:
    task = do(site, f"{VMS}/{make_vm()}", "insert-iso", {})
    assert task["errorMessages"][0]["errorGroup"] == "VM_NO_FREE_CDROM"


def test_an_installation_needs_credentials_and_an_address(site: Any, on: str, make_vm: Any) -> None:
    assert "credentials" in do(site, on, "install", {})["errorMessages"][0]["message"]
    off = f"{VMS}/{make_vm()}"
    assert "No IP address" in do(site, off, "install", CREDENTIAL)["errorMessages"][0]["message"]


def test_installed_tools_are_reachable_and_let_the_guest_be_shut_down(site: Any, on: str, power: Any) -> None:
    assert do(site, on, "install", CREDENTIAL)["status"] == "SUCCEEDED"
    tools = site.data(f"{on}/guest-tools")
    assert (tools["isInstalled"], tools["isReachable"], tools["capabilities"]) == (True, True, ["VSS_SNAPSHOT"])
    assert "already upgraded" in do(site, on, "upgrade", {})["errorMessages"][0]["message"]
    assert power(on, "guest-shutdown")["status"] == "SUCCEEDED"
    site.prism.control.advance(30)
    assert site.data(on)["powerState"] == "OFF"


def test_a_clones_tools_are_reachable_only_with_a_disc_of_its_own(site: Any, on: str, power: Any) -> None:
    do(site, on, "install", CREDENTIAL)
    task = site.ended(site.post(f"{on}/$actions/clone", {"name": "twin"}, etag=site.etag(on)))
    twin = f"{VMS}/{task['entitiesAffected'][-1]['extId']}"
    power(twin, "power-on")
    site.prism.control.advance(60)
    tools = site.data(f"{twin}/guest-tools")
    assert (tools["isInstalled"], tools["isReachable"]) == (True, False)
    do(site, twin, "insert-iso", {"isConfigOnly": True})
    assert site.data(f"{twin}/guest-tools")["isReachable"] is True


def test_tools_are_switched_off_by_a_put(site: Any, on: str) -> None:
    do(site, on, "install", CREDENTIAL)
    etag = site.etag(f"{on}/guest-tools")
    site.done(site.put(f"{on}/guest-tools", {"isEnabled": False, "capabilities": []}, etag=etag))
    assert site.data(f"{on}/guest-tools")["isReachable"] is False


def test_uninstalled_tools_are_gone(site: Any, on: str) -> None:
    do(site, on, "install", CREDENTIAL)
    assert do(site, on, "uninstall")["status"] == "SUCCEEDED"
    assert site.data(f"{on}/guest-tools")["isInstalled"] is False


def test_the_first_release_shows_no_etag_of_the_tools(start: Any) -> None:
    old = start(version="v4.0")
    cluster = old.data("/api/clustermgmt/v4.0/config/clusters")[1]["extId"]
    vms = "/api/vmm/v4.0/ahv/config/vms"
    answer = old.post(vms, {"name": "x", "cluster": {"extId": cluster}})
    old.prism.control.advance(60)
    assert answer.status_code == 202
    vm = old.data(vms)[0]["extId"]
    assert "ETag" not in old.get(f"{vms}/{vm}/guest-tools").headers
    assert "ETag" in old.get(f"{vms}/{vm}").headers


def test_a_machine_shows_its_tools_where_there_is_something_to_show(site: Any, on: str) -> None:
    assert "guestTools" not in site.data(on)
    do(site, on, "insert-iso", {"capabilities": ["VSS_SNAPSHOT"]})
    own = site.data(f"{on}/guest-tools")
    for shown in (site.data(on), site.data(VMS)[0], site.data(f"{VMS}?$select=guestTools")[0]):
        assert {name: shown["guestTools"][name] for name in own} == own
    assert "guestTools" not in site.data(f"{VMS}?$select=name")[0]


def test_tools_of_two_clones_have_a_certificate_each(site: Any, on: str, power: Any) -> None:
    do(site, on, "install", CREDENTIAL)
    twins = []
    for name in ("one", "two"):
        task = site.ended(site.post(f"{on}/$actions/clone", {"name": name}, etag=site.etag(on)))
        twins.append(f"{VMS}/{task['entitiesAffected'][-1]['extId']}")
        power(twins[-1], "power-on")
    site.prism.control.advance(60)
    for twin in twins:
        do(site, twin, "insert-iso", {"isConfigOnly": True})
    assert [site.data(f"{twin}/guest-tools")["isReachable"] for twin in twins] == [True, True]
