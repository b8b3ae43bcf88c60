from pulumi_ahv.kernel.clock import Deadline, ManualClock, SystemClock


def test_sleeping_moves_a_manual_clock_and_costs_nothing() -> None:
    clock = ManualClock(100)
    clock.sleep(1200)
    assert clock.monotonic() == clock.time() == 1300


def test_a_deadline_expires_when_its_time_is_over() -> None:
    clock = ManualClock()
    deadline = Deadline(clock, 10)
    clock.advance(9.5)
    assert (deadline.remaining(), deadline.expired()) == (0.5, False)
    clock.advance(1)
    assert (deadline.remaining(), deadline.expired()) == (0, True)


def test_the_system_clock_never_goes_back_and_does_not_sleep_for_nothing() -> None:
    clock = SystemClock()
    before = clock.monotonic()
    clock.sleep(-5)
    assert clock.monotonic() >= before
