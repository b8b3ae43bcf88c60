"""The life of a pool on a Prism Element: the same program, and what only an Element does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from golden import Forge
from pools import SECRET, USER_DATA

from pulumi_ahv.kernel.clock import ManualClock
from pulumi_ahv.kernel.errors import InputError
from pulumi_ahv.prism.vms import DiscKind, Template
from pulumi_ahv.resources.mark import Mark
from pulumi_ahv.resources.pool.marks import read_line
from pulumi_ahv.simulator.server import Prism, running

PLAIN = "#cloud-config\nhostname: {{ name }}\n"
NAMES = ["agents-001", "agents-002", "agents-003"]


@pytest.fixture
def prism(clock: ManualClock) -> Iterator[Prism]:
    """A Prism Element of this process."""
    with running(clock=clock, product="element") as site:
        yield site


def machines(desk: Any) -> list[str]:
    """Names of all machines but the one that the template is."""
    return [name for name in desk.machines() if name != "golden"]


def guest(desk: Any, name: str) -> dict[str, Any]:
    """What a guest found, once it has had the time: an address of a managed subnet is there before the guest is."""
    desk.clock.advance(60)
    found: dict[str, Any] = desk.guest(name)
    return found


def customized(prism: Prism, desk: Any) -> dict[str, Any]:
    """Members with the kinds of the discs that lie in their drives."""
    site = desk.open_client()
    return {
        vm.name: [drive.kind for drive in vm.cd_roms if drive.kind is not DiscKind.EMPTY]
        for vm in site.vms.find(prefix="agents-")
    }


def write_files(prism: Prism, suffix: str = "", count: int = 4) -> None:
    """Lay a file for each member on the cluster's storage, as an operator does."""
    prism.control.add(
        files=[
            {
                "cluster": "berlin",
                "container": "default-container",
                "path": f"agents/agents-{number:03}{suffix}.yaml",
                "text": f"#cloud-config\nhostname: agents-{number:03}{suffix}\n",
            }
            for number in range(1, count + 1)
        ]
    )


def test_members_are_made_as_the_pool_says_and_carry_its_mark(desk: Any, prism: Any, template: Template) -> None:
    state = desk.up(vcpus=2, memory=2048, networks=["berlin-managed"])
    assert state["failures"] == []
    assert machines(desk) == NAMES
    for vm in (vm for vm in prism.control.entities("vms") if vm["name"] in NAMES):
        assert (vm["powerState"], vm["memorySizeBytes"]) == ("ON", 2 << 30)
        mark, line = Mark.read(vm["description"]), read_line(vm["description"])
        assert mark is not None
        assert line is not None
        assert (mark.owner, line.version) == ("shop/prod/agents", template.versions[0].uuid)
        assert "[template " not in vm["description"]


@pytest.mark.parametrize("layout", ["configDrive", "noCloud"])
def test_each_guest_finds_on_its_disc_what_was_rendered_for_it(desk: Any, prism: Any, layout: str) -> None:
    desk.up(payload={**desk.bag["payload"], "layout": layout})
    for slot, name in enumerate(NAMES):
        found = guest(desk, name)
        assert (found["problems"], found["hostname"]) == ([], name)
        assert found["applied"]["instanceId"] == desk.uuids()[name]
        assert found["applied"]["files"] == {"/etc/member": f"{name} in slot {slot} knows {SECRET}"}
    assert desk.images() == []
    assert customized(prism, desk) == {name: [] for name in NAMES}
    assert prism.control.entities("element-images") == []


def test_auto_takes_a_disc_of_ours_also_for_what_prism_could_carry(desk: Any, prism: Any) -> None:
    desk.up(payload={"template": PLAIN})
    assert customized(prism, desk) == {name: [] for name in NAMES}
    assert guest(desk, "agents-002")["hostname"] == "agents-002"


@pytest.mark.parametrize("provisioning", ["thin", "full"])
def test_prisms_own_customisation_goes_with_the_clones(desk: Any, prism: Any, provisioning: str) -> None:
    state = desk.up(payload={"template": PLAIN, "delivery": "prism"}, provisioning=provisioning)
    assert state["failures"] == []
    assert customized(prism, desk) == {name: [DiscKind.CUSTOMIZATION] for name in NAMES}
    for name in NAMES:
        found = guest(desk, name)
        assert (found["hostname"], found["applied"]["instanceId"]) == (name, desk.uuids()[name])
    assert machines(desk) == NAMES
    prism.control.clear_journal()
    desk.refresh()
    desk.up()
    assert {entry["method"] for entry in prism.control.journal()} <= {"GET"}


def test_windows_members_get_their_answer_file_by_prism(desk: Any) -> None:
    desk.up(size=1, payload={"kind": "unattend", "delivery": "prism"})
    found = guest(desk, "agents-001")
    assert (found["os"], found["hostname"], found["problems"]) == ("windows", "agents-001", [])


def test_what_prisms_own_customisation_cannot_carry_is_told_before_any_machine_is_made(desk: Any) -> None:
    bag = {**desk.bag, "payload": {"template": "#cloud-config\n", "delivery": "prism"}}
    (failure,) = desk.handler().check({}, bag).failures
    assert failure.path == "payload.delivery"
    assert "so set hostname or fqdn in it" in str(failure)


def test_a_file_on_the_clusters_storage_is_the_payload_of_its_member(desk: Any, prism: Any) -> None:
    write_files(prism)
    write_files(prism, "-b")
    address = "adsf:///default-container/agents/{{ name }}{{ suffix }}.yaml"
    given = {"delivery": "path", "path": address, "variables": {"suffix": ""}}
    state = desk.up(payload=given)
    assert state["failures"] == []
    assert {name: guest(desk, name)["hostname"] for name in NAMES} == {name: name for name in NAMES}
    before = desk.uuids()
    desk.up(size=4)
    assert before.items() <= desk.uuids().items()
    desk.up(payload={**given, "variables": {"suffix": "-b"}})
    assert guest(desk, "agents-002")["hostname"] == "agents-002-b"
    assert set(before.values()).isdisjoint(desk.uuids().values())


def test_a_file_that_is_not_there_fails_its_members_alone(desk: Any, prism: Any) -> None:
    write_files(prism, count=2)
    address = "adsf:///default-container/agents/{{ name }}.yaml"
    state = desk.up(payload={"delivery": "path", "path": address})
    assert [line.partition(":")[0] for line in state["failures"]] == ["agents-003"]
    assert "agents/agents-003.yaml does not exist" in state["failures"][0]
    write_files(prism, count=3)
    assert desk.up()["failures"] == []
    assert machines(desk) == NAMES


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        ({"delivery": "path", "path": "/etc/passwd"}, "payload.path: agents-001: '/etc/passwd' is no file"),
        ({"delivery": "path", "path": "adsf:///c/{{ nam }}"}, "payload.path: agents-001: .*nam"),
        ({"delivery": "path"}, "payload: path goes with the delivery path"),
        ({"path": "adsf:///c/f", "template": PLAIN}, "payload: path goes with the delivery path"),
        ({"delivery": "path", "path": "adsf:///c/f", "template": PLAIN}, "payload: template cannot be beside a path"),
    ],
)
def test_a_wrong_path_is_told_before_any_call(desk: Any, payload: dict[str, Any], said: str) -> None:
    (failure,) = desk.handler().check({}, {**desk.bag, "payload": payload}).failures
    with pytest.raises(InputError, match=f"^{said}"):
        raise failure


def test_categories_are_refused_by_name(desk: Any) -> None:
    with pytest.raises(InputError, match=r"^categories: .* is a Prism Element, which has no categories. Leave it out"):
        desk.up(categories=["Environment:Testing"])
    assert machines(desk) == []


def test_the_second_up_changes_nothing_and_a_refresh_is_one_list_call(desk: Any, prism: Any) -> None:
    desk.up(size=5)
    asked = desk.inputs
    prism.control.clear_journal()
    assert desk.refresh() == asked
    counts = {name: count for name, count in prism.control.counts().items() if name.endswith(("vm", "vms"))}
    assert counts == {"v2_list_vms": 1}
    desk.up()
    assert {entry["method"] for entry in prism.control.journal()} <= {"GET"}


def test_growing_and_shrinking_touch_the_surplus_slots_only(desk: Any) -> None:
    desk.up()
    before = desk.uuids()
    desk.up(size=5)
    assert before.items() <= desk.uuids().items()
    desk.up(size=2)
    assert desk.uuids() == {name: before[name] for name in NAMES[:2]}
    assert machines(desk) == NAMES[:2]
    desk.up(size=3)
    assert guest(desk, "agents-003")["hostname"] == "agents-003"


@pytest.mark.parametrize("payload", [{"template": USER_DATA, "secrets": {"token": SECRET}}, None])
def test_a_new_template_version_is_rolled_in_batches(
    desk: Any, forge: Forge, template: Template, payload: dict[str, Any] | None
) -> None:
    desk.up(payload=payload)
    before = desk.uuids()
    version = forge.version(template.uuid, "two", memory=2 << 30).versions[0].uuid
    state = desk.up()
    assert state["failures"] == []
    assert "agents: recreate 3 in 2 batches" in desk.said[0]
    assert set(before.values()).isdisjoint(desk.uuids().values())
    assert {member["templateVersion"] for member in desk.inputs["members"].values()} == {version}
    assert {vm.memory_bytes for vm in desk.open_client().vms.find(prefix="agents-")} == {2 << 30}
    assert machines(desk) == NAMES


def test_drift_of_one_member_shows_as_that_member_and_is_repaired(desk: Any, forge: Forge) -> None:
    desk.up()
    asked, before = desk.inputs, desk.uuids()
    forge.switch_off(before["agents-002"])
    forge.delete(before["agents-003"])
    live = desk.refresh()["members"]
    assert live["agents-002"] == {**asked["members"]["agents-002"], "power": "off"}
    assert set(live) == set(NAMES[:2])
    desk.up()
    assert desk.state["failures"] == []
    assert [desk.uuids()[name] for name in NAMES[:2]] == [before[name] for name in NAMES[:2]]
    assert guest(desk, "agents-003")["applied"]["files"] == {"/etc/member": f"agents-003 in slot 2 knows {SECRET}"}


def test_more_memory_restarts_members_in_place(desk: Any, prism: Any) -> None:
    desk.up(memory=1024)
    before = desk.uuids()
    desk.up(memory=2048)
    assert desk.uuids() == before
    assert {vm.memory_bytes for vm in desk.open_client().vms.find(prefix="agents-")} == {2 << 30}


def test_static_addresses_are_those_of_the_slots(desk: Any) -> None:
    addresses = ["10.42.7.1", "10.42.7.2", "10.42.7.3"]
    desk.up(networks=["berlin-managed"], addresses=addresses)
    assert [told["addresses"] for told in desk.status.values()] == [[address] for address in addresses]


def test_a_pool_goes_with_its_members_and_the_template_stays(desk: Any) -> None:
    desk.up()
    for _ in range(2):
        desk.destroy()
        assert desk.machines() == ["golden"]


def test_the_secret_stands_nowhere_in_state(desk: Any) -> None:
    desk.up()
    assert SECRET not in json.dumps({name: value for name, value in desk.state.items() if name != "payload"})


def settled(desk: Any, prism: Any, size: int) -> None:
    """Run again and find exactly the pool."""
    desk.up()
    assert desk.state["failures"] == []
    assert machines(desk) == [f"agents-{number:03}" for number in range(1, size + 1)]
    assert (desk.images(), prism.control.entities("element-images")) == ([], [])
    assert all(guest(desk, name)["hostname"] == name for name in desk.status)


def killed(desk: Any, answers: int, **changes: Any) -> None:
    """Run until the process is killed, or to the end where that comes first."""
    with suppress(desk.killed):
        desk.up(kill_after=answers, **changes)


def points(most: int) -> list[Any]:
    """After how many answers to kill: every third, of which a few are tried each time and all with the slow tests."""
    usual = set(range(6, most, 18))
    every = usual | set(range(3, most, 3))
    return [pytest.param(each, marks=() if each in usual else pytest.mark.slow) for each in sorted(every)]


PAYLOADS = {
    "disc": {"template": USER_DATA, "secrets": {"token": SECRET}},
    "prism": {"template": PLAIN, "delivery": "prism"},
}


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("answers", points(90))
def test_a_kill_while_a_pool_is_made(desk: Any, prism: Any, answers: int, payload: str) -> None:
    killed(desk, answers, size=2, payload=PAYLOADS[payload])
    settled(desk, prism, 2)


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("answers", points(110))
def test_a_kill_while_a_pool_is_rolled(
    desk: Any, prism: Any, forge: Forge, template: Template, answers: int, payload: str
) -> None:
    desk.up(size=2, payload=PAYLOADS[payload])
    forge.version(template.uuid, "two", memory=2 << 30)
    killed(desk, answers)
    settled(desk, prism, 2)
    assert {vm.memory_bytes for vm in desk.open_client().vms.find(prefix="agents-")} == {2 << 30}


@pytest.mark.parametrize("answers", points(40))
def test_a_kill_while_a_pool_shrinks(desk: Any, prism: Any, answers: int) -> None:
    desk.up(size=4)
    killed(desk, answers, size=2)
    settled(desk, prism, 2)


@pytest.mark.parametrize("answers", points(60))
def test_a_clone_that_was_killed_with_another_text_is_made_anew(desk: Any, prism: Any, answers: int) -> None:
    killed(
        desk, answers, size=2, payload={"template": PLAIN.replace("{{ name }}", "slot-{{ slot }}"), "delivery": "prism"}
    )
    desk.inputs = {}
    desk.up(payload=PAYLOADS["prism"])
    settled(desk, prism, 2)


@pytest.mark.parametrize("answers", points(60))
def test_a_disc_that_was_killed_gives_way_to_prisms_own_customisation(desk: Any, prism: Any, answers: int) -> None:
    killed(desk, answers, size=2, payload={"template": PLAIN, "delivery": "cdrom"})
    desk.inputs = {}
    desk.up(payload=PAYLOADS["prism"])
    settled(desk, prism, 2)


@pytest.mark.parametrize("answers", points(70))
def test_a_member_that_comes_after_a_deleted_one_is_another_machine(
    desk: Any, prism: Any, forge: Forge, answers: int
) -> None:
    desk.up(size=1)
    before = desk.uuids()
    forge.delete(before["agents-001"])
    killed(desk, answers, size=2)
    settled(desk, prism, 2)
    assert desk.uuids()["agents-001"] != before["agents-001"]
