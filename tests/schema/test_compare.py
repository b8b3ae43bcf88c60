from typing import Annotated

import pytest

from pulumi_ahv.schema.compare import redacted, replaced_by
from pulumi_ahv.schema.fields import UNKNOWN, Bag, Facts
from pulumi_ahv.schema.image import ImageInputs

OLD = {"name": "a", "content": "sha256:1", "type": "disk", "clusters": ["x"]}


@pytest.mark.parametrize(
    ("change", "replaces"),
    [
        ({}, []),
        ({"name": "b", "clusters": [], "description": "d"}, []),
        ({"content": "sha256:2"}, ["content"]),
        ({"type": "iso", "connection": "berlin"}, ["type", "connection"]),
        ({"content": UNKNOWN}, ["content"]),
    ],
)
def test_only_properties_that_cannot_change_in_place_replace(change: dict[str, object], replaces: list[str]) -> None:
    assert replaced_by(ImageInputs, OLD, {**OLD, **change}) == replaces


def test_writing_a_default_down_replaces_nothing() -> None:
    without = {name: value for name, value in OLD.items() if name != "type"}
    assert replaced_by(ImageInputs, without, OLD) == []


class Login(Bag):
    user: str
    password: Annotated[str, Facts(secret=True)]


class Machine(Bag):
    login: Login | None = None
    token: Annotated[str | None, Facts(secret=True)] = None


def test_secrets_are_masked_at_any_depth_and_the_rest_is_not() -> None:
    bag = {"login": {"user": "u", "password": "p"}, "token": "t", "other": 1}
    assert redacted(Machine, bag) == {"login": {"user": "u", "password": "[secret]"}, "token": "[secret]", "other": 1}
