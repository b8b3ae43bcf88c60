"""Which answers are worth another try of the same call, how long to wait before it, and when to stop.

The classes (design rule 4): 429, 502, 503, 504 and a broken or unanswered connection are tried again with the same
request id; so is a read that got a 500 without JSON, which Prism's gateway gives in bursts under load. Everything else
is final here. A stale ETag is not an error of the transport: who read the entity reads it again.
"""

from __future__ import annotations

from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from tenacity import RetryCallState, Retrying, retry_if_exception, retry_if_result

from pulumi_ahv.kernel.clock import Clock, Deadline
from pulumi_ahv.prism.reach import Unreachable

if TYPE_CHECKING:
    from pulumi_ahv.prism.transport import Response

TOO_MANY = 429
_PASSING = {TOO_MANY, 502, 503, 504}
_FIRST_WAIT = 0.5
_LONGEST_WAIT = 16.0

Jitter = Callable[[], float]
"""A random number from 0 up to 1."""


class Patience:
    """How one call is tried again: until ``budget`` is used up, with waits that double and vary."""

    def __init__(self, budget: Deadline, *, clock: Clock, jitter: Jitter, reconnect: bool = True) -> None:
        self._budget = budget
        self._clock = clock
        self._jitter = jitter
        self._reconnect = reconnect

    def run(self, attempt: Callable[[], Response]) -> Response:
        """Call until an answer is final or patience is over; then the last answer, or the last failure, comes out."""
        retrying = Retrying(
            retry=retry_if_exception(self._worth_reconnecting) | retry_if_result(_worth_another_try),
            wait=self._wait,
            stop=self._spent,
            sleep=self._clock.sleep,
            retry_error_callback=_last,
        )
        return retrying(attempt)

    def _worth_reconnecting(self, error: BaseException) -> bool:
        return self._reconnect and isinstance(error, Unreachable) and error.reason.passing

    def _wait(self, state: RetryCallState) -> float:
        told = _told_wait(state, self._clock)
        spread = self._jitter()
        if told is not None:
            return told + spread
        step = min(_LONGEST_WAIT, _FIRST_WAIT * 2.0 ** (state.attempt_number - 1))
        return step / 2 + step / 2 * spread

    def _spent(self, state: RetryCallState) -> bool:
        return float(state.upcoming_sleep) >= self._budget.remaining()


def retry_after(response: Response, clock: Clock) -> float | None:
    """Seconds that ``Retry-After`` asks for, given as a number or as a date; ``None`` where it is not sent."""
    text = response.headers.get("Retry-After", "").strip()
    if not text:
        return None
    if text.isdecimal():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - clock.time())
    except ValueError:
        return None


def _told_wait(state: RetryCallState, clock: Clock) -> float | None:
    outcome = state.outcome
    if outcome is None or outcome.failed:
        return None
    return retry_after(outcome.result(), clock)


def _worth_another_try(response: Response) -> bool:
    if response.status in _PASSING:
        return True
    return response.status == 500 and response.method in {"GET", "OPTIONS"} and response.json() is None


def _last(state: RetryCallState) -> Response:
    if state.outcome is None:  # pragma: no cover - tenacity calls back after an attempt only
        raise RuntimeError("no attempt was made")
    result: Response = state.outcome.result()
    return result
