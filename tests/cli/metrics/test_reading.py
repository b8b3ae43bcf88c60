"""Where metrics of pools are found."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_ahv.cli.metrics.reading import PoolTimes, read_times

METRICS = {"seconds": 8, "members": {"a": {"clone": 1, "ready": 2.5}, "b": {"clone": 1, "disc": 1}}}
POOL = {
    "type": "pulumi-python:dynamic/ahv:Pool",
    "urn": "urn:pulumi:dev::shop::pulumi-python:dynamic/ahv:Pool::agents",
    "outputs": {"metrics": METRICS},
}


def test_an_exported_state_tells_of_every_pool_by_name() -> None:
    other = {**POOL, "urn": POOL["urn"] + "-2", "type": "ahv:index:Pool"}  # type: ignore[operator]  # texts both
    stack = {"type": "pulumi:pulumi:Stack", "urn": "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev"}
    found = read_times({"version": 3, "deployment": {"resources": [stack, POOL, other]}})
    assert [times.pool for times in found] == ["agents", "agents-2"]
    assert found[0] == PoolTimes("agents", 8.0, {"a": {"clone": 1.0, "ready": 2.5}, "b": {"clone": 1.0, "disc": 1.0}})


def test_outputs_of_a_stack_name_the_pool_by_their_key() -> None:
    assert [times.pool for times in read_times({"ready": True, "agents": METRICS})] == ["agents"]


def test_metrics_by_themselves_are_enough() -> None:
    (times,) = read_times(METRICS)
    assert times.pool == "pool"


def test_phases_stand_in_the_order_in_which_members_go_through_them() -> None:
    times = PoolTimes("agents", 1, {"a": {"ready": 1, "new": 1, "clone": 1}, "b": {"disc": 1, "ready": 1}})
    assert times.phases == ["clone", "ready", "disc", "new"]


@pytest.mark.parametrize("document", [[], {}, {"deployment": {"resources": None}}, {"a": {"seconds": 1}}])
def test_a_document_without_metrics_is_refused(document: Any) -> None:
    with pytest.raises(ValueError, match=r"no object|no metrics"):
        read_times(document)
