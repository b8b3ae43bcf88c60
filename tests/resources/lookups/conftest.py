"""A Prism Central and the Prism Element of one of its clusters, with things of the same names on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from io import BytesIO
from typing import Any

import pytest
from golden import DISK, client

from pulumi_ahv.kernel.clock import Deadline, ManualClock
from pulumi_ahv.kernel.progress import silent
from pulumi_ahv.prism.interface import Site
from pulumi_ahv.prism.values import ImageSpec, ImageType, StreamSource
from pulumi_ahv.resources.lookups.answering import answer
from pulumi_ahv.schema.lookups import Found
from pulumi_ahv.simulator.server import Prism, running

Ask = Callable[..., Any]


@pytest.fixture(scope="module")
def clock() -> ManualClock:
    """The clock of the sites and of their clients."""
    return ManualClock(1_800_000_000.0)


@pytest.fixture(scope="module")
def prism(clock: ManualClock) -> Iterator[Prism]:
    """A Prism Central with the Elements of its clusters, shared by the tests of a module."""
    with running(elements=True, clock=clock) as site:
        site.control.add(
            storageContainers=[{"name": "fast", "cluster": "berlin"}],
            categories=[{"key": "Team", "value": "Blue"}, {"key": "Team", "value": "Green"}],
            subnets=[{"name": "lab", "cluster": "berlin"}, {"name": "lab", "cluster": "hamburg"}],
        )
        yield site


@pytest.fixture(scope="module")
def central(prism: Prism, clock: ManualClock) -> Iterator[Site]:
    """A client of the Central."""
    with client(prism, clock) as site:
        yield site


@pytest.fixture(scope="module")
def element(prism: Prism, clock: ManualClock) -> Iterator[Site]:
    """A client of the Element of berlin."""
    with client(prism.elements["berlin"], clock) as site:
        yield site


@pytest.fixture(params=["central", "element"])
def site(request: pytest.FixtureRequest) -> Site:
    """Each product in turn."""
    found: Site = request.getfixturevalue(request.param)
    return found


def asking(site: Site) -> Ask:
    def ask(lookup: str, **bag: Any) -> Found:
        return answer(lookup, bag, lambda _: site)

    return ask


@pytest.fixture
def ask(site: Site) -> Ask:
    """Looks something up on each product in turn."""
    return asking(site)


@pytest.fixture
def ask_central(central: Site) -> Ask:
    """Looks something up on the Central."""
    return asking(central)


@pytest.fixture
def ask_element(element: Site) -> Ask:
    """Looks something up on the Element."""
    return asking(element)


@pytest.fixture
def make_image(site: Site, clock: ManualClock) -> Iterator[Callable[..., str]]:
    """Makes images and takes them away again; answers their UUIDs."""
    made: list[str] = []

    def make(name: str, description: str = "", kind: ImageType = ImageType.DISK) -> str:
        spec = ImageSpec(name, description, kind, StreamSource(lambda: BytesIO(DISK), len(DISK)))
        key = f"{name} {len(made)} {description}"
        uuid = site.images.create(spec, key=key, deadline=Deadline(clock, 900), progress=silent).uuid
        made.append(uuid)
        return uuid

    yield make
    for uuid in made:
        site.images.delete(uuid, deadline=Deadline(clock, 900))


@pytest.fixture
def clusters(central: Site) -> Mapping[str, str]:
    """UUIDs of the clusters by name."""
    return {cluster.name: cluster.uuid for cluster in central.inventory.clusters()}
