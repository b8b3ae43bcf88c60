"""Waits that look at all machines with one list call, until each of them is so or the time is over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from pulumi_ahv.kernel.clock import Clock, Deadline
from pulumi_ahv.prism.vms import Vm

Look = Callable[[Sequence[str]], Mapping[str, Vm]]
"""Reads machines by UUID; those that do not exist are not in the answer."""

# Guests take their time: the longer it has been, the less a moment more counts.
QUICK = 2.0
SLOW = 5.0
_SHARE = 4


class Watch:
    """Looks at machines again and again."""

    def __init__(self, look: Look, clock: Clock) -> None:
        self._look = look
        self._clock = clock

    def until(
        self,
        uuids: Iterable[str],
        seconds: float,
        condition: Callable[[Vm], bool],
        *,
        seen: Callable[[Vm], None] | None = None,
    ) -> dict[str, Vm | None]:
        """Those that are not so when the time is over, as they were last; ``None`` for one that is gone.

        ``seen`` is told of each machine at the moment at which it is so.
        """
        waiting: dict[str, Vm | None] = dict.fromkeys(uuids)
        began, deadline = self._clock.monotonic(), Deadline(self._clock, seconds)
        while waiting:
            found = self._look(list(waiting))
            for uuid in list(waiting):
                vm = waiting[uuid] = found.get(uuid)
                if vm is not None and condition(vm):
                    del waiting[uuid]
                    if seen:
                        seen(vm)
            if not waiting or deadline.expired() or all(vm is None for vm in waiting.values()):
                break
            pause = min(SLOW, max(QUICK, (self._clock.monotonic() - began) / _SHARE))
            self._clock.sleep(min(pause, deadline.remaining()))
        return waiting
