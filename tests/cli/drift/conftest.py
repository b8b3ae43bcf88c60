"""Previews as pulumi 3.260 wrote them, cut down to what a report reads."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

RECORDINGS = Path(__file__).parent / "recordings"


@pytest.fixture
def recorded() -> Callable[[str], dict[str, Any]]:
    """A preview with refresh of the real engine, by name."""
    return lambda name: json.loads((RECORDINGS / f"{name}.json").read_text())
