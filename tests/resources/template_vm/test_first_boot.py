"""The payload of a template VM: told at one boot of each version that is built, and frozen with it."""

from pathlib import Path
from typing import Any

import pytest

from pulumi_ahv.kernel.errors import AhvError
from pulumi_ahv.prism.vms import Power
from pulumi_ahv.resources.template_vm.first_boot import Stage, Step, next_step
from pulumi_ahv.schema.fields import UNKNOWN, Unknown

WORD = "correct-horse-battery"
STAYS_ON = "#cloud-config\nhostname: {{ name }}\npassword: {{ word }}\n"
ENDS_OFF = STAYS_ON + "power_state: {mode: poweroff}\n"
PAYLOAD = {"template": ENDS_OFF, "secrets": {"word": WORD}}
TOOLS = "runcmd: [[/mnt/installer/linux/install_ngt.py]]\n"


def system(desk: Any) -> Any:
    """What the guest has written on the disk that the active version freezes."""
    kind = "template-versions" if desk.is_central else "snapshots"
    return desk.prism.control.entity(kind, desk.active.uuid)["hidden"]["content"]["disks"][0]["content"]["os"]


def discs(desk: Any) -> list[str]:
    """Names of all images that are discs."""
    found = [image for kind in ("images", "element-images") for image in desk.prism.control.entities(kind)]
    return [image["name"] for image in found if "disc" in image["name"]]


def test_a_version_is_frozen_after_its_guest_has_done_what_it_was_told(desk: Any) -> None:
    desk.up(payload=PAYLOAD)
    assert system(desk)["hostname"] == "template"
    assert len(desk.hardware()["cdRoms"]) == 1
    assert "backingInfo" not in desk.hardware()["cdRoms"][0]
    assert (desk.machines(), discs(desk)) == ([], [])
    assert desk.drift() == {}


def test_state_tells_no_secret_of_a_payload_but_where_it_was_given(desk: Any) -> None:
    state = desk.up(payload=PAYLOAD)
    assert WORD in str(state.pop("payload"))
    assert WORD not in str(state)
    assert WORD not in str(desk.said)


def test_the_same_payload_is_no_version(desk: Any) -> None:
    desk.up(payload=PAYLOAD)
    desk.up(payload={**PAYLOAD, "timeout": 600, "layout": "configDrive"})
    assert [version.name for version in desk.template.versions] == ["Initial Version"]


@pytest.mark.parametrize("changed", [{"template": ENDS_OFF + "locale: de_DE\n"}, {"secrets": {"word": "other"}}])
def test_another_payload_is_a_version_built_anew(desk: Any, changed: dict[str, Any]) -> None:
    desk.up(payload=PAYLOAD)
    desk.clock.advance(60)
    desk.up(payload={**PAYLOAD, **changed})
    assert [version.name for version in desk.template.versions] == ["Version 2", "Initial Version"]
    assert desk.active.description.startswith("Built from the images.")
    assert (desk.machines(), discs(desk), desk.drift()) == ([], [], {})


def test_a_payload_that_is_taken_out_is_a_version_that_never_booted(desk: Any) -> None:
    desk.up(payload=PAYLOAD)
    desk.clock.advance(60)
    desk.up(payload=None)
    assert desk.active.name == "Version 2"
    assert "hostname" not in system(desk)


def test_more_memory_tells_the_payload_no_second_time(desk: Any) -> None:
    desk.up(payload=PAYLOAD)
    desk.clock.advance(60)
    desk.up(memory=4096)
    assert desk.active.description.startswith("Made of 'Initial Version'.")
    assert not any("first boot" in line or "switch itself off" in line for line in desk.said)


def test_another_name_is_no_version(desk: Any) -> None:
    desk.up(payload=PAYLOAD)
    desk.up(name="silver")
    assert [version.name for version in desk.template.versions] == ["Initial Version"]


def test_a_guest_that_stays_on_fails_the_create_which_leaves_nothing(desk: Any) -> None:
    with pytest.raises(AhvError, match=r"has not switched itself off after 60 s.*is on.*failed run.*payload\.timeout"):
        desk.up(payload={**PAYLOAD, "template": STAYS_ON, "timeout": 60})
    assert (desk.leftovers(), discs(desk)) == ([], [])


def test_a_guest_that_stays_on_keeps_the_old_version_and_the_next_up_goes_on(made: Any) -> None:
    payload = {**PAYLOAD, "template": STAYS_ON, "timeout": 60}
    with pytest.raises(AhvError, match=r"has not switched itself off after 60 s.*next `up`"):
        made.up(payload=payload)
    assert made.active.name == "Initial Version"
    (machine,) = made.site.vms.find(names=made.machines())
    assert machine.power is Power.ON
    made.site.vms.power_off([machine.uuid], doings=made.doings())
    made.up()
    assert made.active.name == "Version 2"
    assert system(made)["hostname"] == "template"
    assert (made.machines(), discs(made), made.drift()) == ([], [], {})


def test_another_payload_takes_the_machine_of_the_failed_one_away(made: Any) -> None:
    with pytest.raises(AhvError):
        made.up(payload={**PAYLOAD, "template": STAYS_ON, "timeout": 60})
    made.up(payload=PAYLOAD)
    assert made.active.name == "Version 2"
    assert (made.machines(), discs(made), made.drift()) == ([], [], {})


def test_a_destroy_takes_a_machine_away_that_waits_for_its_guest(made: Any) -> None:
    with pytest.raises(AhvError):
        made.up(payload={**PAYLOAD, "template": STAYS_ON, "timeout": 60})
    made.destroy()
    assert (made.leftovers(), discs(made)) == ([], [])


def test_the_guest_tools_are_installed_from_their_disc_before_the_freeze(desk: Any) -> None:
    desk.up(payload={**PAYLOAD, "template": ENDS_OFF + TOOLS}, guestTools={"capabilities": ["vssSnapshot"]})
    assert "ngt" in system(desk)
    assert [drive for drive in desk.hardware()["cdRoms"] if "backingInfo" in drive] == []
    assert (desk.machines(), desk.drift()) == ([], {})


def test_guest_tools_without_a_payload_are_refused(desk: Any) -> None:
    checked = desk.handler().check({}, {**desk.bag, "guestTools": {}})
    (failure,) = checked.failures
    assert failure.path == "guestTools"
    assert "payload" in str(failure)


def test_everything_that_is_wrong_with_a_payload_is_told_at_once_with_its_property(desk: Any) -> None:
    payload = {"template": "#cloud-config\n{{ nobody }}\n", "layout": "noCloud", "datasourceList": ["ConfigDrive"]}
    failures = desk.handler().check({}, {**desk.bag, "payload": payload}).failures
    assert sorted(failure.path for failure in failures) == ["payload.layout", "payload.template"]


def test_a_payload_that_says_nothing_is_refused(desk: Any) -> None:
    (failure,) = desk.handler().check({}, {**desk.bag, "payload": {}}).failures
    assert failure.path == "payload"


def test_a_payload_that_is_not_known_yet_leaves_the_content_open(desk: Any) -> None:
    payload = {"template": ENDS_OFF, "secrets": {"word": UNKNOWN}}
    checked = desk.handler().check({}, {**desk.bag, "payload": payload})
    assert checked.failures == ()
    assert isinstance(checked.inputs["content"], Unknown)


def test_what_was_read_of_a_file_is_what_the_guest_is_told(desk: Any, tmp_path: Path) -> None:
    file = tmp_path / "user-data.j2"
    file.write_text(ENDS_OFF)
    desk.up(payload={"templateFile": str(file), "secrets": {"word": WORD}})
    assert desk.state["payload"]["templateTexts"] == {"user-data.j2": ENDS_OFF}
    assert desk.drift() == {}
    file.write_text(ENDS_OFF + "locale: de_DE\n")
    desk.clock.advance(60)
    desk.up()
    assert desk.active.name == "Version 2"


def test_windows_that_goes_down_by_itself_is_frozen(desk: Any) -> None:
    commands = ["C:\\Windows\\System32\\Sysprep\\sysprep.exe /generalize /oobe /shutdown"]
    windows = {"firstLogonCommands": commands, "autoLogonCount": 1, "administratorPassword": WORD}
    checked = desk.handler().check({}, {**desk.bag, "payload": {"kind": "unattend", "windows": windows}})
    assert checked.failures == ()


@pytest.mark.parametrize(
    ("stage", "power", "step"),
    [
        (Stage.WANTED, Power.OFF, Step.PREPARE),
        (Stage.WANTED, Power.ON, Step.BUILD_ANEW),
        (Stage.BEGUN, Power.ON, Step.NOTE),
        (Stage.BEGUN, Power.OFF, Step.BUILD_ANEW),
        (Stage.RUNNING, Power.ON, Step.AWAIT),
        (Stage.RUNNING, Power.OFF, Step.AWAIT),
        (None, Power.OFF, Step.NOTHING),
    ],
)
def test_a_machine_that_is_found_is_taken_up_or_built_anew(stage: Stage | None, power: Power, step: Step) -> None:
    assert next_step(stage, power) is step
