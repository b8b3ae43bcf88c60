"""A stack that is up, for pipelines that work on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pool_stacks import pool_stack
from stacks import Stack

from pulumi_ahv.simulator.server import Prism, running


@pytest.fixture
def prism() -> Iterator[Prism]:
    """An embedded Prism Central."""
    with running() as site:
        yield site


@pytest.fixture(params=["embedded", pytest.param("pulumi", marks=pytest.mark.pulumi)])
def stack(request: pytest.FixtureRequest, prism: Prism, tmp_path: Path) -> Stack:
    """A pool of two with its template, up, on each engine in turn; the real one where it is asked for."""
    return pool_stack(request.param, prism, tmp_path)
