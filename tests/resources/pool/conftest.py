"""A pool on an embedded Prism Central with a manual clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from golden import Forge, client
from pools import Desk, bag_of

from pulumi_ahv.kernel.clock import ManualClock
from pulumi_ahv.prism.vms import Template
from pulumi_ahv.simulator.server import Prism, running


@pytest.fixture
def clock() -> ManualClock:
    """The clock of the site and of its clients."""
    return ManualClock(1_800_000_000.0)


@pytest.fixture
def prism(clock: ManualClock) -> Iterator[Prism]:
    """A Prism Central of this process."""
    with running(clock=clock) as site:
        yield site


@pytest.fixture
def open_client(prism: Prism, clock: ManualClock) -> Iterator[Callable[[], Any]]:
    """Opens one more client; each is as good as another process."""
    with ExitStack() as held:
        yield lambda: held.enter_context(client(prism, clock))


@pytest.fixture
def forge(open_client: Callable[[], Any], clock: ManualClock) -> Forge:
    """Whoever makes templates, and does things behind the pool's back."""
    return Forge(open_client(), clock)


@pytest.fixture
def template(forge: Forge) -> Template:
    """A template with one version."""
    return forge.template()


@pytest.fixture
def desk(prism: Prism, clock: ManualClock, open_client: Callable[[], Any], template: Template) -> Desk:
    """A pool of three, declared and not yet made."""
    return Desk(prism, clock, open_client, bag_of(template.uuid))
