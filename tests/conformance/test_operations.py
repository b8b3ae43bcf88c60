"""Every route of the simulator is an operation of the SDKs, and answers what they expect from it.

This holds for the routes that no life cycle comes past, too.
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from pulumi_ahv.simulator import families

pytestmark = pytest.mark.sdk


def plain(route: str) -> str:
    """A route without the names of its parameters."""
    return re.sub(r"\{\w+\}", "{}", route)


@pytest.mark.parametrize(("generation", "newest"), [("4.0", 0), ("4.3", 4)])
def test_every_route_is_an_operation_of_the_sdks_and_answers_their_type(sdk: Any, generation: str, newest: int) -> None:
    ended = sdk(generation).run("operations.py", None)
    assert ended.returncode == 0, ended.stderr
    known = {plain(route): answer for route, answer in json.loads(ended.stdout).items()}
    served = {
        plain(f"{route.method} {route.namespace}/{route.path}"): route.answer
        for route in families.routes().all
        if route.since <= newest and not route.path.startswith("unversioned/")
    }
    assert len(served) > 60
    assert {route: answer for route, answer in served.items() if known.get(route) != answer} == {}
