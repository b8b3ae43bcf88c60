"""The gate: a resource below a pool that fails the run while the pool is not ready.

A pool's own create must not fail once a member exists, or a dynamic resource would lose track of it. So somebody else
has to: the gate gets the pool's outputs, and its create or update raises with one line for each member. It is not in
state then, or keeps its old state, so the next run, which repairs the pool, comes to it again.

A preview never fails: what the pool will be is unknown to it, and what it was is no news.
"""

from __future__ import annotations

from pulumi_ahv.kernel.errors import AhvError
from pulumi_ahv.resources.handler import CheckOutcome, Context, Created, Live, State

_SHOWN = 20


class PoolGateHandler:
    """Gates of pools. Nothing of them is in Prism."""

    def __init__(self, context: Context) -> None:
        del context

    def check(self, olds: State, news: State) -> CheckOutcome:
        """Take what the pool says."""
        del olds
        return CheckOutcome(news)

    def replaces(self, state: State, news: State) -> list[str]:
        """A gate changes in place."""
        del state, news
        return []

    def create(self, inputs: State) -> Created:
        """Let the run through, or fail it."""
        return Created(f"gate-{inputs['pool']}", _passed(inputs))

    def read(self, uuid: str, state: State) -> Live | None:
        """Stand where it stood."""
        del uuid
        return Live(state, state)

    def update(self, uuid: str, state: State, news: State) -> State:
        """Let the run through, or fail it."""
        del uuid, state
        return _passed(news)

    def delete(self, uuid: str, state: State) -> None:
        """Leave no trace: there is nothing in Prism."""


def _passed(inputs: State) -> State:
    if inputs["ready"]:
        return inputs
    lines = [str(line) for line in inputs["failures"]]
    more = f" (and {len(lines) - _SHOWN} more, in its output 'status')" if len(lines) > _SHOWN else ""
    raise AhvError(
        f"Pool {inputs['name']!r} is not ready: {len(lines)} to repair{more}",
        said="".join(f"\n  {line}" for line in lines[:_SHOWN]),
        advice="\nWhat stands was kept. The next `up` repairs only these.",
    )
