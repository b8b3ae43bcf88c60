from pulumi_ahv.kernel.clock import ManualClock
from pulumi_ahv.prism.rate import Limits, TokenBucket


def test_a_bucket_lets_a_seconds_worth_through_at_once_and_then_keeps_the_rate() -> None:
    clock = ManualClock()
    bucket = TokenBucket(2.0, clock=clock)
    assert [bucket.take() for _ in range(5)] == [0.0, 0.0, 0.5, 1.0, 1.5]


def test_a_bucket_fills_again_and_never_beyond_a_seconds_worth() -> None:
    clock = ManualClock()
    bucket = TokenBucket(2.0, clock=clock)
    for _ in range(2):
        bucket.take()
    clock.advance(3600)
    assert [bucket.take() for _ in range(3)] == [0.0, 0.0, 0.5]


def test_a_hundred_calls_of_a_limited_family_take_their_time() -> None:
    clock = ManualClock()
    limits = Limits(1000.0, {"vms": 2.0}, clock=clock)
    for _ in range(100):
        limits.wait_for("vms")
    assert clock.monotonic() == 49.0


def test_families_do_not_hold_each_other_up() -> None:
    clock = ManualClock()
    limits = Limits(1000.0, {"vms": 2.0}, clock=clock)
    for _ in range(10):
        limits.wait_for("vms")
    before = clock.monotonic()
    limits.wait_for("images")
    assert clock.monotonic() == before


def test_the_whole_site_has_a_budget_too() -> None:
    clock = ManualClock()
    limits = Limits(10.0, {}, clock=clock)
    for number in range(30):
        limits.wait_for(f"family {number}")
    assert clock.monotonic() == 2.0


def test_headers_of_an_answer_replace_what_was_assumed() -> None:
    limits = Limits(30.0, {"vms": 2.0}, clock=ManualClock())
    limits.learn("vms", {"X-Api-Ratelimit-Limit": "10", "X-Api-Ratelimit-Refresh-Period-Seconds": "2"})
    assert limits.rate("vms") == 5.0


def test_a_family_that_was_unknown_is_learnt() -> None:
    limits = Limits(30.0, {}, clock=ManualClock())
    limits.learn("images", {"X-Api-Ratelimit-Limit": "5", "X-Api-Ratelimit-Refresh-Period-Seconds": "1"})
    assert limits.rate("images") == 5.0


def test_headers_that_are_no_numbers_change_nothing() -> None:
    limits = Limits(30.0, {"vms": 2.0}, clock=ManualClock())
    limits.learn("vms", {"X-Api-Ratelimit-Limit": "many", "X-Ratelimit-Limit": "-1"})
    assert limits.rate("vms") == 2.0


def test_after_a_refusal_the_family_pauses() -> None:
    clock = ManualClock()
    limits = Limits(1000.0, {"vms": 2.0}, clock=clock)
    limits.refused("vms", 7.0)
    limits.wait_for("vms")
    assert clock.monotonic() == 7.0


def test_a_budget_that_others_used_up_is_waited_for() -> None:
    clock = ManualClock()
    limits = Limits(1000.0, {}, clock=clock)
    told = {"X-Api-Ratelimit-Limit": "10", "X-Api-Ratelimit-Remaining": "0", "X-Api-Ratelimit-Reset": "3"}
    limits.learn("images", told)
    limits.wait_for("images")
    assert clock.monotonic() == 3.0
