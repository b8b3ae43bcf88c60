"""How long a lagging Prism is waited for."""

from pulumi_ahv.kernel.clock import Deadline, ManualClock
from pulumi_ahv.prism.settling import settled


def test_what_looks_right_at_once_costs_no_time() -> None:
    clock = ManualClock()
    assert settled(lambda: True, clock, Deadline(clock, 60), lag=20)
    assert clock.monotonic() == 0


def test_what_comes_to_look_right_is_waited_for() -> None:
    clock = ManualClock()
    assert settled(lambda: clock.monotonic() >= 7, clock, Deadline(clock, 60), lag=20)
    assert 7 <= clock.monotonic() < 8


def test_nothing_is_waited_for_beyond_the_lag_or_the_deadline() -> None:
    for deadline, lag, longest in ((60, 20, 21), (5, 20, 6)):
        clock = ManualClock()
        assert not settled(lambda: False, clock, Deadline(clock, deadline), lag=lag)
        assert clock.monotonic() <= longest
