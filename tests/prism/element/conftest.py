"""An embedded Prism Element on a manual clock, and clients that are closed before it."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest

from pulumi_ahv.kernel.clock import Deadline, ManualClock
from pulumi_ahv.kernel.progress import silent
from pulumi_ahv.kernel.secrets import Secret
from pulumi_ahv.prism.connection import Connection, Timeouts, connect
from pulumi_ahv.prism.values import Image, ImageSpec, ImageType, StreamSource
from pulumi_ahv.simulator.server import Prism, running

CONTENT = b"disk".ljust(2 << 20, b"\0")


@pytest.fixture
def clock() -> ManualClock:
    """The clock of the site and of its clients: who sleeps on it moves both."""
    return ManualClock(1_800_000_000.0)


@pytest.fixture
def sim(clock: ManualClock) -> Iterator[Prism]:
    """A Prism Element of this process."""
    with running(clock=clock, product="element", pace=1.0) as prism:
        yield prism


@pytest.fixture
def site(sim: Prism, clock: ManualClock) -> Iterator[Any]:
    """A client of it."""
    connection = Connection(
        name="default",
        host="127.0.0.1",
        port=sim.port,
        username=sim.username,
        password=Secret(sim.password),
        ca_bundle=str(sim.ca_file),
        timeouts=Timeouts(connect=5, request=10, retry=120),
    )
    made = connect(connection, clock=clock, ids=uuid4)
    yield made
    made.close()


@pytest.fixture
def soon(clock: ManualClock) -> Callable[[], Deadline]:
    """A deadline that is far enough."""
    return lambda: Deadline(clock, 900)


@pytest.fixture
def create(site: Any, soon: Callable[[], Deadline]) -> Callable[..., Image]:
    """Make a small image, from a stream unless told otherwise."""

    def make(name: str = "golden", **changes: Any) -> Image:
        more = {"deadline": soon(), "progress": silent, "key": f"stack/{name}"}
        more |= {key: changes.pop(key) for key in tuple(changes) if key in more}
        usual = {"name": name, "description": f"mark [{name}]", "type": ImageType.DISK}
        source = StreamSource(lambda: io.BytesIO(CONTENT), len(CONTENT))
        image: Image = site.images.create(ImageSpec(**({**usual, "source": source} | changes)), **more)
        return image

    return make
