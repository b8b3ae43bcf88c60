from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields

from pulumi_ahv.resources.pool_plan.members import ActualMember, Effect, Facts, OnPayloadChange, differences
from pulumi_ahv.resources.pool_plan.settings import Desired


def test_every_fact_says_what_its_change_costs() -> None:
    assert all(isinstance(item.metadata["effect"], Effect) and item.default is None for item in fields(Facts))


def test_the_costliest_change_comes_first(pool: Callable[..., Desired], member: Callable[..., ActualMember]) -> None:
    wanted = pool(1, template_version="v2", memory=8192, guest_tools="on").members[0]
    found = differences(member(0), wanted, OnPayloadChange.RECREATE)
    assert [change.fact for change in found] == ["template_version", "memory", "guest_tools"]


def test_a_change_in_place_leaves_what_only_a_new_member_takes() -> None:
    standing = Facts("v1", "d1", vcpus=2, memory=1, power="off")
    assert standing.changed_to(Facts("v2", "d2", vcpus=4, power="on")) == Facts("v1", "d1", 4, 1, "on")
    assert Facts("v1").changed_to(Facts("v1", "d1")) == Facts("v1", "d1"), "a half-made member takes it"
