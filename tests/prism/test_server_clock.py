from email.utils import formatdate
from random import Random

import pytest

from pulumi_ahv.prism.server_clock import ServerClock

NOW = 1_800_000_000.0


def answer(clock: ServerClock, at: float, *, ahead: float, took: float = 0.02) -> None:
    """An answer that comes at this moment of ours, from a server whose clock is that far ahead."""
    clock.note(formatdate(at - took / 2 + ahead, usegmt=True), sent=at - took, received=at)


def test_without_an_answer_it_is_as_late_as_with_us() -> None:
    assert ServerClock().earliest(NOW) == NOW


def test_a_header_that_is_no_date_tells_nothing() -> None:
    clock = ServerClock()
    clock.note("soon", sent=NOW, received=NOW)
    assert clock.earliest(NOW) == NOW


@pytest.mark.parametrize("ahead", [0.0, 0.4, -37.25, 3600.9])
def test_it_is_never_told_later_than_it_is_and_after_a_few_answers_hardly_earlier(ahead: float) -> None:
    clock, chance, at = ServerClock(), Random(1), NOW + 0.3
    for _ in range(20):
        answer(clock, at, ahead=ahead)
        assert at + ahead - 1.1 < clock.earliest(at) <= at + ahead
        at += chance.random()
    assert clock.earliest(at) == pytest.approx(at + ahead, abs=0.15)


def test_a_clock_that_was_set_is_learnt_anew() -> None:
    clock = ServerClock()
    answer(clock, NOW, ahead=0.0)
    answer(clock, NOW + 1, ahead=600.0)
    assert clock.earliest(NOW + 1) == pytest.approx(NOW + 601, abs=1.1)
