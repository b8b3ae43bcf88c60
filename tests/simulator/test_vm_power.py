from __future__ import annotations

from typing import Any

import pytest

VMS = "/api/vmm/v4.3/ahv/config/vms"


def test_a_vm_that_is_on_has_a_host_and_a_guest_that_boots(site: Any, make_vm: Any, power: Any) -> None:
    ext_id = make_vm()
    assert power(f"{VMS}/{ext_id}", "power-on")["status"] == "SUCCEEDED"
    vm = site.data(f"{VMS}/{ext_id}")
    assert vm["powerState"] == "ON"
    assert vm["host"]["extId"]
    assert site.prism.control.guest(ext_id)["state"] == "booting"
    site.prism.control.advance(30)
    assert site.prism.control.guest(ext_id)["state"] == "running"


@pytest.mark.parametrize("action", ["power-off", "reset", "power-cycle", "shutdown", "reboot", "guest-shutdown"])
def test_an_action_on_a_vm_that_is_off_fails_its_task(make_vm: Any, power: Any, action: str) -> None:
    task = power(f"{VMS}/{make_vm()}", action)
    assert task["status"] == "FAILED"
    assert task["errorMessages"][0]["message"]


def test_a_vm_that_is_on_is_not_turned_on_again(make_vm: Any, power: Any) -> None:
    path = f"{VMS}/{make_vm()}"
    power(path, "power-on")
    assert power(path, "power-on")["status"] == "FAILED"


def test_a_shutdown_takes_the_guest_some_time(site: Any, make_vm: Any, power: Any) -> None:
    path = f"{VMS}/{make_vm()}"
    power(path, "power-on")
    site.prism.control.advance(30)
    site.prism.control.latency("guest.shutdown", 1000)
    assert power(path, "shutdown")["status"] == "SUCCEEDED"
    assert site.data(path)["powerState"] == "ON"
    site.prism.control.advance(1000)
    assert site.data(path)["powerState"] == "OFF"


def test_a_guest_may_ignore_a_shutdown(site: Any, make_vm: Any, power: Any) -> None:
    path = f"{VMS}/{make_vm(name='stubborn')}"
    site.prism.control.guest_rule("stub*", ignoresShutdown=True)
    power(path, "power-on")
    site.prism.control.advance(30)
    power(path, "shutdown")
    site.prism.control.advance(1000)
    assert site.data(path)["powerState"] == "ON"
    assert power(path, "power-off")["status"] == "SUCCEEDED"
    assert site.data(path)["powerState"] == "OFF"


def test_a_reboot_boots_again(site: Any, make_vm: Any, power: Any) -> None:
    ext_id = make_vm()
    power(f"{VMS}/{ext_id}", "power-on")
    site.prism.control.advance(30)
    power(f"{VMS}/{ext_id}", "reboot")
    site.prism.control.advance(60)
    guest = site.prism.control.guest(ext_id)
    assert (guest["boots"], guest["state"]) == (2, "running")


def test_a_power_action_needs_etag_and_request_id(site: Any, make_vm: Any) -> None:
    path = f"{VMS}/{make_vm()}"
    assert site.post(f"{path}/$actions/power-on").status_code == 428
    answer = site.call("POST", f"{path}/$actions/power-on", headers={"If-Match": site.etag(path)})
    assert answer.json()["data"]["error"][0]["code"] == "VMM-30400"


def test_no_host_with_memory_enough_fails_the_task(make_vm: Any, power: Any) -> None:
    task = power(f"{VMS}/{make_vm(memorySizeBytes=1 << 50)}", "power-on")
    assert task["errorMessages"][0]["code"] == "VMM-34418"


def test_a_guest_shutdown_needs_tools(site: Any, make_vm: Any, power: Any) -> None:
    path = f"{VMS}/{make_vm()}"
    power(path, "power-on")
    site.prism.control.advance(30)
    assert power(path, "guest-shutdown")["errorMessages"][0]["errorGroup"] == "VM_NGT_NOT_REACHABLE"


@pytest.mark.parametrize("action", ["reset", "power-cycle"])
def test_a_hard_restart_boots_again(site: Any, make_vm: Any, power: Any, action: str) -> None:
    ext_id = make_vm()
    power(f"{VMS}/{ext_id}", "power-on")
    site.prism.control.advance(30)
    assert power(f"{VMS}/{ext_id}", action)["status"] == "SUCCEEDED"
    assert site.prism.control.guest(ext_id)["state"] == "booting"
    site.prism.control.advance(30)
    assert site.prism.control.guest(ext_id)["boots"] == 2


def test_a_vm_takes_the_host_with_the_most_room(site: Any, make_vm: Any, power: Any) -> None:
    paths = [f"{VMS}/{make_vm(memorySizeBytes=100 << 30)}" for _ in range(3)]
    for path in paths:
        power(path, "power-on")
    assert len({site.data(path)["host"]["extId"] for path in paths}) == 3
