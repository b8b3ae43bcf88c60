"""The line that sums a pool up."""

from __future__ import annotations

import pytest

from pulumi_ahv.cli.metrics.figures import duration, summary
from pulumi_ahv.cli.metrics.reading import PoolTimes


def test_the_slowest_member_its_longest_phase_and_medians_are_told() -> None:
    members = {
        "a": {"clone": 1.0, "ready": 2.0},
        "b": {"clone": 1.0, "ready": 9.0, "disc": 4.0},
        "c": {"clone": 4.0, "ready": 3.0},
    }
    assert summary(PoolTimes("agents", 21.5, members)) == (
        "agents: 3 members in 21.5 s; slowest b (14.0 s, longest phase ready 9.0 s); "
        "median seconds: clone 1.0, ready 3.0, disc 4.0"
    )


def test_a_run_that_made_nobody_says_so() -> None:
    assert "no member was made" in summary(PoolTimes("agents", 1.0, {}))


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0.0 s"), (99.94, "99.9 s"), (110, "110 s"), (125, "2 min 5 s"), (3000, "50 min")]
)
def test_durations_are_told_as_people_do(seconds: float, text: str) -> None:
    assert duration(seconds) == text
