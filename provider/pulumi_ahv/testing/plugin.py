"""Fixtures that pytest finds by itself. Nothing heavy is imported until a test asks for one of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pulumi_ahv.simulator.server import Prism
    from pulumi_ahv.testing.stacks import TestStack


@pytest.fixture
def ahv_site() -> Iterator[Prism]:
    """An embedded Prism Central of this test's own, with two clusters, `berlin` and `hamburg`.

    `ahv_site.control` steers it and looks into it: `entities("images")`, `fault(...)`, `journal()`.
    """
    from pulumi_ahv.simulator.server import running  # noqa: PLC0415 - a test run without it does not pay for it

    with running() as site:
        yield site


@pytest.fixture
def ahv_stack(ahv_site: Prism, tmp_path: Path) -> Iterator[TestStack]:
    """A stack on the embedded engine, connected to `ahv_site`; state and everything else end with the test."""
    from pulumi_ahv.testing.stacks import TestStack  # noqa: PLC0415 - likewise

    with TestStack(ahv_site, tmp_path) as stack:
        yield stack
