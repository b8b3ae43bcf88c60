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


def test_facts_lie_over_others_where_they_say_something() -> None:
    assert Facts(vcpus=2, power="on").over(Facts(vcpus=4, memory=1)) == Facts(vcpus=2, memory=1, power="on")
