"""A list that is asked for often is read seldom."""

import pytest

from pulumi_ahv.kernel.clock import ManualClock
from pulumi_ahv.prism.recent import Recent


def test_a_list_is_read_again_only_when_it_is_older_than_ten_seconds() -> None:
    clock, reads = ManualClock(), iter([["first"], ["second"]])
    recent = Recent(lambda: next(reads), clock)
    assert [recent.get(), recent.get()] == [["first"], ["first"]]
    clock.advance(9.9)
    assert recent.get() == ["first"]
    clock.advance(0.2)
    assert recent.get() == ["second"]


def test_what_a_caller_does_to_a_list_is_his_own() -> None:
    recent = Recent(lambda: ["one"], ManualClock())
    recent.get().clear()
    assert recent.get() == ["one"]


def test_a_read_that_failed_is_not_kept() -> None:
    answers = iter([ValueError("no"), ["one"]])

    def read() -> list[str]:
        answer = next(answers)
        if isinstance(answer, ValueError):
            raise answer
        return answer

    recent = Recent(read, ManualClock())
    with pytest.raises(ValueError, match="no"):
        recent.get()
    assert recent.get() == ["one"]
