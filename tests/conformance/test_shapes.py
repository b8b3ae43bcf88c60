"""Every type, field and enum that the simulator declares is one of the SDKs', from the minor on that it names.

This holds for what no life cycle comes past, too. The first generation tells what was there from the start.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from pulumi_ahv.simulator.notation import load

pytestmark = pytest.mark.sdk


@pytest.fixture(scope="module")
def declared(sdk: Callable[[str], Any]) -> Callable[[str], dict[str, set[str]]]:
    """Fields and members by type, as a generation declares them."""

    def read(generation: str) -> dict[str, set[str]]:
        ended = sdk(generation).run("declared.py", None)
        assert ended.returncode == 0, ended.stderr
        return {name: set(names) for name, names in json.loads(ended.stdout).items()}

    return read


def test_every_declared_field_is_one_of_the_newest_sdks(declared: Any) -> None:
    known, shapes = declared("4.3"), load().types
    assert len(shapes) > 100
    assert {name: sorted(set(shape.fields) - known.get(name, set())) for name, shape in shapes.items()} == {
        name: [] for name in shapes
    }


def test_every_enum_has_the_members_that_it_has_in_the_newest_sdks(declared: Any) -> None:
    known, enums = declared("4.3"), load().enums
    assert enums == {name: known.get(name) for name in enums}


def test_a_field_of_the_first_minor_is_known_to_the_first_sdks_and_no_later_one_is(declared: Any) -> None:
    known = declared("4.0")
    wrong = {
        f"{shape.name}.{field.name}"
        for shape in load().types.values()
        if shape.name in known
        for field in shape.fields.values()
        if (field.since == 0) != (field.name in known[shape.name])
    }
    assert wrong == set()
