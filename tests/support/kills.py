"""What a kill -9 is to a process of ours, in the process of a test."""

from __future__ import annotations

import threading
from typing import Any


class Killed(BaseException):
    """The process ends: nothing catches it, and no call gets out any more."""


def kill_after(site: Any, answers: int) -> None:
    """Let the process of this client die after some answers: even clean-up does not get out then, by HTTP or by S3."""
    session, lock, left = site._transport._session, threading.Lock(), [answers]
    real = session.request

    def request(*args: Any, **named: Any) -> Any:
        with lock:
            if left[0] <= 0:
                raise Killed
            left[0] -= 1
        return real(*args, **named)

    session.request = request
    objects = getattr(site.images, "_objects", None)
    if objects is not None:
        remove = objects._remove
        objects._remove = lambda *args: remove(*args) if left[0] > 0 else None
