"""The connections of this process: one world for each configuration, for whoever needs one, and all closed together.

The provider process serves resources with it (``served``), a program its lookups (``lookups``); a test that runs both
in one process shares them.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from threading import Lock
from typing import Final

from pulumi_ahv.dynamic.session import Sites, context
from pulumi_ahv.kernel.clock import SystemClock
from pulumi_ahv.prism.connection import KEYS
from pulumi_ahv.resources.handler import Context

DEBUG: Final = "PULUMI_AHV_DEBUG"
"""The variable that shows the traceback of an error."""
Settings = tuple[tuple[str, str], ...]


class _Worlds:
    """One world for each configuration, whatever the number of kinds: connections are shared, and so is their rate."""

    def __init__(self) -> None:
        self._made: dict[Settings, tuple[Context, Sites]] = {}
        self._lock = Lock()

    def __call__(self, config: Settings) -> Context:
        with self._lock:
            if config not in self._made:
                clock = SystemClock()
                sites = Sites(dict(config), os.environ, clock)
                self._made[config] = context(dict(config), clock=clock, sites=sites), sites
            return self._made[config][0]

    def close(self) -> None:
        with self._lock:
            for _, sites in self._made.values():
                sites.close()
            self._made.clear()


world: Final = _Worlds()  # of this process: Pulumi makes the providers, so there is nobody to hand it in


def settings_in(config: Callable[[str], str | None]) -> Settings:
    """The ``ahv:`` settings of a stack, by whatever reads its configuration under the names without ``ahv:``."""
    return tuple((key, value) for key in (*KEYS, "connections") if (value := config(key)) is not None)


def close_worlds() -> None:
    """Give every connection of this process back."""
    world.close()
