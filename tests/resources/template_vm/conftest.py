"""A template VM on an embedded Prism of each product, and an engine in miniature that keeps its state."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from io import BytesIO
from itertools import count
from typing import Any

import pytest
from golden import DISK, client
from kills import Killed
from kills import kill_after as end_after

from pulumi_ahv.kernel.clock import Clock, Deadline, ManualClock
from pulumi_ahv.kernel.progress import silent
from pulumi_ahv.prism.values import ImageSpec, ImageType, Product, StreamSource
from pulumi_ahv.prism.vm_interface import Doings, MachineSite
from pulumi_ahv.prism.vms import Template, TemplateVersion
from pulumi_ahv.resources.handler import Context, State
from pulumi_ahv.resources.sources.digests import Digests
from pulumi_ahv.resources.template_vm.handler import TemplateVmHandler
from pulumi_ahv.simulator.server import Prism, running


@dataclass
class Desk:
    """A program with one template VM, and the state of its stack."""

    prism: Prism
    clock: ManualClock
    open_client: Callable[[], Any]
    bag: State
    inputs: State = field(default_factory=dict)
    state: State | None = None
    uuid: str = ""
    said: list[str] = field(default_factory=list)
    tokens: Iterator[int] = field(default_factory=lambda: count(1))

    def up(self, *, kill_after: int | None = None, **changes: Any) -> State:
        """Check, compare, and create or update as an engine does; a property that is ``None`` is taken out.

        With ``kill_after`` the process ends after that many answers from Prism: state stays what it was.
        """
        self.bag = {name: value for name, value in {**self.bag, **changes}.items() if value is not None}
        self.said.clear()
        handler = self.handler(kill_after)
        checked = handler.check(self.inputs, self.bag)
        assert checked.failures == (), [str(failure) for failure in checked.failures]
        if self.state is None:
            made = handler.create(checked.inputs)
            self.uuid, self.state = made.id, made.state
        elif checked.inputs != self.inputs:
            assert handler.replaces(self.state, checked.inputs) == []
            self.state = handler.update(self.uuid, self.state, checked.inputs)
        self.inputs = checked.inputs
        return self.state

    def killed(self, answers: int, **changes: Any) -> bool:
        """Run `up` in a process that ends after some answers; whether it did not come to its end before."""
        try:
            self.up(kill_after=answers, **changes)
        except Killed:
            return True
        return False

    def drift(self) -> dict[str, tuple[Any, Any]]:
        """Take in what Prism says, and tell what differs from the program: live and wanted."""
        assert self.state is not None
        live = self.handler().read(self.uuid, self.state)
        assert live is not None
        self.state, self.inputs = live.state, live.inputs
        wanted = self.handler().check(self.inputs, self.bag).inputs
        names = live.inputs.keys() | wanted.keys()
        return {
            name: (live.inputs.get(name), wanted.get(name))
            for name in names
            if live.inputs.get(name) != wanted.get(name)
        }

    def destroy(self) -> None:
        assert self.state is not None
        self.handler().delete(self.uuid, self.state)

    def handler(self, kill_after: int | None = None) -> TemplateVmHandler:
        """The handler of a fresh process."""
        site = self.open_client()
        if kill_after is not None:
            end_after(site, kill_after)
        token = lambda: f"t{next(self.tokens)}"  # noqa: E731 - a world in one line
        return TemplateVmHandler(
            Context(lambda _: site, self.clock, self.said.append, Digests(None, self.clock), token)
        )

    @property
    def site(self) -> MachineSite:
        """One more client, of somebody who looks on."""
        site: MachineSite = self.open_client()
        return site

    @property
    def template(self) -> Template:
        """The template as it is."""
        (found,) = self.templates
        return found

    @property
    def templates(self) -> list[Template]:
        """All templates there are."""
        return self.site.templates.described("")

    @property
    def active(self) -> TemplateVersion:
        """Its active version."""
        (found,) = [version for version in self.template.versions if version.active]
        return found

    @property
    def is_central(self) -> bool:
        """Which of the products this is."""
        return self.site.info.product is Product.CENTRAL

    def hardware(self) -> State:
        """What the active version freezes, as Prism holds it."""
        kind = "template-versions" if self.is_central else "snapshots"
        hidden: State = self.prism.control.entity(kind, self.active.uuid)["hidden"]["vm"]
        return hidden

    def machines(self) -> list[str]:
        """Names of all machines in Prism, without those that templates are."""
        own = {template.uuid for template in self.templates}
        return sorted(vm["name"] for vm in self.prism.control.entities("vms") if vm["extId"] not in own)

    def leftovers(self) -> list[str]:
        """Everything that is there beside images; nothing, when all of a template is gone."""
        kinds = ("vms", "templates", "template-versions", "snapshots")
        return [str(one) for kind in kinds for one in self.prism.control.entities(kind)]

    def doings(self) -> Doings:
        return Doings(Deadline(self.clock, 900), silent)


@pytest.fixture
def clock() -> ManualClock:
    """The clock of the site and of its clients."""
    return ManualClock(1_800_000_000.0)


@pytest.fixture(params=["central", "element"])
def prism(request: pytest.FixtureRequest, clock: ManualClock) -> Iterator[Prism]:
    """A Prism of each product in turn."""
    with running(product=request.param, clock=clock) as site:
        yield site


@pytest.fixture
def open_client(prism: Prism, clock: ManualClock) -> Iterator[Callable[[], Any]]:
    """Opens one more client; each is as good as another process."""
    with ExitStack() as held:
        yield lambda: held.enter_context(client(prism, clock))


@pytest.fixture
def make_image(open_client: Callable[[], Any], clock: Clock) -> Callable[[str], str]:
    """Uploads a small disk under a name; answers its UUID."""

    def make(name: str) -> str:
        spec = ImageSpec(name, "", ImageType.DISK, StreamSource(lambda: BytesIO(DISK), len(DISK)))
        uuid: str = open_client().images.create(spec, key=name, deadline=Deadline(clock, 900), progress=silent).uuid
        return uuid

    return make


@pytest.fixture
def desk(prism: Prism, clock: ManualClock, open_client: Callable[[], Any], make_image: Callable[[str], str]) -> Desk:
    """A template VM, declared and not yet made."""
    bag = {
        "name": "golden",
        "owner": "shop/prod/golden",
        "description": "Our agents.",
        "disks": [{"image": make_image("october")}],
        "vcpus": 2,
        "memory": 2048,
        "networks": ["berlin-managed"],
        "cluster": "berlin",
    }
    return Desk(prism, clock, open_client, bag)


@pytest.fixture
def made(desk: Desk) -> Desk:
    """The same, made."""
    desk.up()
    return desk
