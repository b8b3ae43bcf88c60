"""The guest tools of one machine, on both products, without an engine."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_ahv.kernel.errors import AhvError, InputError, TaskFailed
from pulumi_ahv.prism.vms import DiscKind

PASSWORD = "correct-horse-battery"
INSTALL = {"username": "root", "password": PASSWORD}
MISSING = "11111111-2222-4333-8444-555555555555"


@pytest.mark.parametrize(
    ("bag", "said"),
    [
        ({}, "vm"),
        ({"vm": "x", "capabilities": ["everything"]}, "capabilities[0]"),
        ({"vm": "x", "enabled": False, "capabilities": ["vssSnapshot"]}, "tools that are not enabled have none"),
        ({"vm": "x", "enabled": False, "waitUntilReachable": True}, "never answer"),
        ({"vm": "x", "install": {"username": "root"}}, "install.password"),
    ],
)
def test_what_cannot_be_is_refused_before_any_call(bench: Any, bag: Any, said: str) -> None:
    failures = bench.handler().check({}, {"name": "tools", **bag}).failures
    assert said in str(failures[0])


def test_tools_are_enabled_and_the_second_up_calls_nothing(either: Any) -> None:
    state = either.up(capabilities=["vssSnapshot"])
    assert (state["installed"], state["reachable"], state["isoMounted"], state["version"]) == (False, False, False, "")
    assert state["availableVersion"]
    assert (either.tools().enabled, either.tools().capabilities) == (True, ("vssSnapshot",))
    either.prism.control.clear_journal()
    either.up(capabilities=["vssSnapshot"])
    assert either.refresh() == {"name": "tools", "vm": either.uuid, "capabilities": ["vssSnapshot"]}
    assert {entry["method"] for entry in either.prism.control.journal()} <= {"GET"}


def test_the_disc_goes_in_and_comes_out(either: Any) -> None:
    assert either.up(mount=True)["isoMounted"] is True
    assert either.drives() == [DiscKind.GUEST_TOOLS]
    assert either.up(mount=False)["isoMounted"] is False
    assert either.drives() == [DiscKind.EMPTY]


def test_a_disc_that_somebody_took_out_shows_and_goes_in_again(either: Any) -> None:
    either.up(mount=True)
    asked = either.inputs
    either.site.guest_tools.eject([either.uuid], doings=either.doings())
    assert either.refresh() == {**asked, "mount": False}
    either.up(mount=True)
    assert either.drives() == [DiscKind.GUEST_TOOLS]


def test_tools_that_were_disabled_or_given_more_show_and_are_set_right(either: Any) -> None:
    either.up(capabilities=["vssSnapshot"])
    asked, tools = either.inputs, either.site.guest_tools
    tools.configure([either.uuid], enabled=True, capabilities=["selfServiceRestore"], doings=either.doings())
    assert either.refresh() == {**asked, "capabilities": ["selfServiceRestore"]}
    either.up(capabilities=["vssSnapshot"])
    tools.configure([either.uuid], enabled=False, capabilities=[], doings=either.doings())
    assert either.refresh()["enabled"] is False
    either.up(capabilities=["vssSnapshot"])
    assert (either.tools().enabled, either.tools().capabilities) == (True, ("vssSnapshot",))


def test_what_the_program_does_not_set_is_left_alone(either: Any) -> None:
    either.up()
    asked, tools = either.inputs, either.site.guest_tools
    tools.insert([either.uuid], ["vssSnapshot"], doings=either.doings())
    assert either.refresh() == asked
    either.up(timeout=600)
    assert either.tools().capabilities == ("vssSnapshot",)
    assert either.drives() == [DiscKind.GUEST_TOOLS]


def test_a_running_machine_without_a_free_drive_says_which_hold_what(either: Any) -> None:
    either.up()
    either.site.guest_tools.insert([either.uuid], [], doings=either.doings())
    either.start()
    vm = either.site.vms.get(either.uuid)
    assert vm is not None
    either.site.guest_tools.eject([either.uuid], doings=either.doings())
    image = either.site.images.named("disk")[0].uuid
    either.site.vms.insert_disc({either.uuid: image}, doings=either.doings())
    with pytest.raises(AhvError, match=r"no CD-ROM drive of machine 'master' is free: sata\.0 holds a disc"):
        either.up(mount=True)


def test_a_machine_that_does_not_exist_is_an_error(either: Any) -> None:
    with pytest.raises(InputError, match=f"has no machine '{MISSING}'"):
        either.handler().create({"name": "tools", "vm": MISSING})


def test_tools_of_a_machine_that_is_gone_are_gone(either: Any) -> None:
    either.up()
    either.site.vms.delete([either.uuid], doings=either.doings())
    assert either.refresh() is None
    either.destroy()


def test_another_machine_is_another_resource(bench: Any) -> None:
    bench.up()
    assert bench.handler().replaces(bench.state, {**bench.inputs, "vm": MISSING}) == ["vm"]


def test_tools_are_installed_once_the_guest_has_an_address(bench: Any) -> None:
    bench.start()
    state = bench.up(install=INSTALL, capabilities=["vssSnapshot"], waitUntilReachable=True)
    assert (state["installed"], state["reachable"], state["version"]) == (True, True, state["availableVersion"])
    assert bench.tools().capabilities == ("vssSnapshot",)
    bench.prism.control.clear_journal()
    bench.up(install={**INSTALL, "password": "another-secret-word"}, capabilities=["vssSnapshot"])
    assert {entry["method"] for entry in bench.prism.control.journal()} <= {"GET"}
    assert PASSWORD not in "".join(bench.said)


def test_tools_that_were_uninstalled_show_and_are_installed_again(bench: Any) -> None:
    bench.start()
    bench.up(install=INSTALL)
    bench.site.guest_tools.uninstall(bench.uuid, doings=bench.doings())
    live = bench.refresh()
    assert live is not None
    assert "install" not in live
    assert bench.state["installed"] is False
    assert bench.up(install=INSTALL)["installed"] is True


def test_nothing_is_installed_in_a_machine_that_is_off(bench: Any) -> None:
    with pytest.raises(InputError, match=r"install: machine 'master' is off, .*Switch it on"):
        bench.up(install=INSTALL)


def test_an_installation_is_tried_again_while_the_guest_does_not_let_prism_in(bench: Any) -> None:
    bench.start()
    said = "No secure connection to the guest could be established."
    bench.prism.control.fault("task-failure", operation="kVmGuestToolsInstall", count=2, message=said)
    assert bench.up(install=INSTALL)["installed"] is True


def test_wrong_credentials_are_tried_once_and_not_shown(bench: Any) -> None:
    bench.start()
    bench.prism.control.fault("task-failure", operation="kVmGuestToolsInstall", message=f"Bad login {PASSWORD}.")
    with pytest.raises(TaskFailed, match="Bad login") as caught:
        bench.up(install=INSTALL)
    assert PASSWORD not in str(caught.value)
    assert bench.prism.control.counts()["install_vm_guest_tools"] == 1


def test_an_element_does_not_install_and_says_who_does(open_bench: Any) -> None:
    bench = open_bench("element")
    bench.start()
    with pytest.raises(InputError, match=r"install: .* has no call that installs them .* Prism Central"):
        bench.up(install=INSTALL)


def test_tools_that_never_answer_are_not_waited_for_for_ever_and_what_was_done_is_taken_back(either: Any) -> None:
    either.start()
    with pytest.raises(AhvError, match=r"they do not answer after 60 s: it is on, .*the tools are not installed"):
        either.up(mount=True, waitUntilReachable=True, timeout=60)
    assert either.drives() == [DiscKind.EMPTY]
    assert either.tools().enabled is False


def test_a_disc_that_has_served_its_purpose_is_no_drift(bench: Any) -> None:
    bench.install()
    bench.up(mount=True, waitUntilReachable=True)
    assert bench.drives() == [DiscKind.EMPTY]
    asked = bench.inputs
    assert bench.refresh() == asked


@pytest.mark.parametrize(("policy", "enabled", "installed"), [("disable", False, True), ("keep", True, True)])
def test_a_deleted_resource_leaves_what_was_asked_for(bench: Any, policy: str, enabled: bool, installed: bool) -> None:
    bench.install()
    bench.up(onDelete=policy)
    bench.destroy()
    assert (bench.tools().enabled, bench.tools().installed) == (enabled, installed)


def test_tools_are_uninstalled_only_when_that_is_asked_for(bench: Any) -> None:
    bench.install()
    bench.up(onDelete="uninstall")
    bench.destroy()
    assert bench.tools().installed is False
    bench.destroy()


def test_the_disc_that_was_put_in_goes_with_the_resource(either: Any) -> None:
    either.up(mount=True)
    either.destroy()
    assert either.drives() == [DiscKind.EMPTY]
    assert either.tools().enabled is False


def test_the_first_release_is_spoken_to_without_an_etag_of_the_tools(open_bench: Any) -> None:
    bench = open_bench("central", version="v4.0")
    bench.start()
    state = bench.up(install=INSTALL, capabilities=["vssSnapshot"], waitUntilReachable=True)
    assert (state["installed"], state["reachable"]) == (True, True)
