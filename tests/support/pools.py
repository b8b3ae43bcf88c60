"""A program with one pool, and an engine in miniature that keeps its state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from kills import Killed
from kills import kill_after as end_after

from pulumi_ahv.kernel.clock import ManualClock
from pulumi_ahv.resources.handler import Context, State
from pulumi_ahv.resources.pool.handler import PoolHandler
from pulumi_ahv.resources.pool.marks import read_line
from pulumi_ahv.resources.pool.running import marks_of
from pulumi_ahv.resources.sources.digests import Digests
from pulumi_ahv.schema.pool import PoolInputs
from pulumi_ahv.simulator.server import Prism

USER_DATA = """#cloud-config
hostname: {{ name }}
write_files:
  - path: /etc/member
    content: "{{ name }} in slot {{ slot }} knows {{ token }}"
"""
TOLD_ANEW = USER_DATA.replace("knows", "now knows")
SECRET = "correct-horse-battery"
LOOKS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass
class Desk:
    """A program with one pool, and the state of its stack."""

    prism: Prism
    clock: ManualClock
    open_client: Callable[[], Any]
    bag: dict[str, Any]
    inputs: State = field(default_factory=dict)
    state: State | None = None
    said: list[str] = field(default_factory=list)
    pool_id: str = ""
    killed: type[BaseException] = Killed

    def up(self, *, kill_after: int | None = None, **changes: Any) -> State:
        """Check, compare and create or update as an engine does; a property that is ``None`` is taken out.

        With ``kill_after`` the process ends after that many answers from Prism: state stays what it was.
        """
        self.bag = {key: value for key, value in {**self.bag, **changes}.items() if value is not None}
        self.said.clear()
        handler = self.handler(kill_after)
        checked = handler.check(self.inputs, self.bag)
        assert checked.failures == (), [str(failure) for failure in checked.failures]
        news = checked.inputs
        if self.state is None:
            made = handler.create(news)
            self.pool_id, self.state = made.id, made.state
        elif handler.replaces(self.state, news) == [] and (
            news != self.inputs or handler.needs_repair(self.state, news)
        ):
            self.state = handler.update(self.pool_id, self.state, news)
        self.inputs = news
        return self.state

    def refresh(self) -> State:
        """Take in what Prism says."""
        assert self.state is not None
        live = self.handler().read(self.pool_id, self.state)
        assert live is not None
        self.state, self.inputs = live.state, live.inputs
        return live.inputs

    def destroy(self) -> None:
        """Delete the pool that state knows."""
        self.handler().delete(self.pool_id, self.state if self.state is not None else {**self.inputs, "status": {}})

    def handler(self, kill_after: int | None = None) -> PoolHandler:
        """The handler of a fresh process."""
        site = self.open_client()
        if kill_after is not None:
            end_after(site, kill_after)
        return PoolHandler(
            Context(lambda _: site, self.clock, self.said.append, Digests(None, self.clock), lambda: "token")
        )

    @property
    def status(self) -> dict[str, Any]:
        assert self.state is not None
        return self.state["status"]  # type: ignore[no-any-return]

    def uuids(self) -> dict[str, str]:
        """UUIDs of the members by name, as state has them."""
        return {name: told["uuid"] for name, told in self.status.items()}

    def machines(self) -> list[str]:
        """Names of all machines in Prism."""
        return sorted(vm["name"] for vm in self.prism.control.entities("vms"))

    def images(self) -> list[str]:
        """Names of all images in Prism."""
        return [image["name"] for image in self.prism.control.entities("images")]

    def guest(self, name: str) -> dict[str, Any]:
        """What the guest of a member found and did."""
        return self.prism.control.guest(self.uuids()[name])


def bag_of(template: str) -> dict[str, Any]:
    """Inputs of a pool of three, as a program gives them."""
    return {
        "name": "agents",
        "owner": "shop/prod/agents",
        "template": template,
        "size": 3,
        "cluster": "berlin",
        "payload": {"template": USER_DATA, "secrets": {"token": SECRET}},
        "rollout": {"batchSize": 2, "maxUnavailable": 2},
    }


@dataclass(frozen=True)
class Wanted:
    """A pool as it should have become: what its members can be told by. ``words`` is what guests are told, if anything."""

    size: int
    memory: int = 1 << 30
    vcpus: int = 1
    words: str = ""


def words_of(bag: dict[str, Any]) -> str:
    """The words of ``Wanted`` that a payload of ours has its guests write down."""
    return {USER_DATA: "knows", TOLD_ANEW: "now knows"}.get(bag.get("payload", {}).get("template"), "")


def is_whole(desk: Desk, wanted: Wanted, *, uploads: bool = False) -> None:
    """Exactly the pool is there and nothing beside it, every member is right, and one more run does nothing."""
    assert desk.state is not None
    assert desk.state["ready"] is True, desk.state["failures"]
    names = [f"agents-{number:03}" for number in range(1, wanted.size + 1)]
    assert desk.machines() == names, desk.machines()
    assert nothing_beside(desk.prism, uploads=uploads)
    assert desk.refresh()["members"] == desk.handler().check(desk.inputs, desk.bag).inputs["members"]
    _members_are_right(desk, wanted)
    desk.prism.control.clear_journal()
    desk.up()
    assert [entry for entry in desk.prism.control.journal() if entry["method"] not in LOOKS] == []


def nothing_beside(prism: Prism, *, uploads: bool = False) -> bool:
    """No image of a disc, and nothing of an upload, unless ``uploads`` may stay."""
    held = prism.control.about()["entities"]
    return not any(held.get(kind, 0) for kind in ("images", *(() if uploads else ("objects", "uploads"))))


def _members_are_right(desk: Desk, wanted: Wanted) -> None:
    """Mark, version, size, power, empty drives, and what the guest was told."""
    marks = marks_of(PoolInputs.model_validate(desk.inputs))
    guests = {guest["vm"]: guest for guest in desk.prism.control.entities("guests")}
    for slot, vm in enumerate(sorted(desk.prism.control.entities("vms"), key=lambda vm: vm["name"])):
        name, line = vm["name"], read_line(vm["description"])
        assert marks.is_marked(vm["description"])
        assert line is not None
        assert (line.slot, line.version) == (slot, desk.inputs["members"][name]["templateVersion"])
        assert (vm["powerState"], vm["memorySizeBytes"], vm["numSockets"]) == ("ON", wanted.memory, wanted.vcpus)
        assert [drive for drive in vm.get("cdRoms", []) if drive.get("backingInfo")] == []
        if wanted.words:
            guest, told = guests[name], f"{name} in slot {slot} {wanted.words} {SECRET}"
            assert (guest["hostname"], guest["problems"]) == (name, [])
            assert guest["applied"]["instanceId"] == vm["biosUuid"]
            assert guest["applied"]["files"] == {"/etc/member": told}
