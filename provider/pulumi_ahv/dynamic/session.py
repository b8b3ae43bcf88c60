"""The provider process: its connections, made when first needed and shared by every resource, and its end.

Pulumi keeps one process for all dynamic resources of a run. It outlives a CLI that was killed, so it watches the
engine's address and ends when nobody answers there any more: work that nobody will record must not go on.
"""

from __future__ import annotations

import os
import random
import socket
import string
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Lock, Thread
from uuid import uuid4

from pulumi_ahv.kernel.clock import Clock, SystemClock
from pulumi_ahv.kernel.progress import Progress
from pulumi_ahv.prism.connection import choose, connect, read_connections
from pulumi_ahv.prism.interface import Site
from pulumi_ahv.resources.handler import Context
from pulumi_ahv.resources.sources.digests import Digests

WATCH_SECONDS = 2.0
MISSES = 3


class Sites:
    """Connections by name, each made once. Safe to use from the threads of the provider process."""

    def __init__(self, config: Mapping[str, str], environ: Mapping[str, str], clock: Clock) -> None:
        self._config = config
        self._environ = environ
        self._clock = clock
        self._made: dict[str, Site] = {}
        self._lock = Lock()

    def __call__(self, name: str | None) -> Site:
        """The site of a connection; the default one for ``None``."""
        with self._lock:
            if (name or "") not in self._made:
                settings = choose(read_connections(self._config, self._environ), name or "")
                self._made[name or ""] = connect(settings, clock=self._clock, ids=uuid4)
            return self._made[name or ""]

    def close(self) -> None:
        """Give every kept connection back."""
        with self._lock:
            for site in self._made.values():
                site.close()
            self._made.clear()


def say(line: str) -> None:
    """Print a line; Pulumi shows what the provider process prints."""
    print(line, flush=True)  # noqa: T201 - standard output is the way to the user here


def context(
    config: Mapping[str, str], *, clock: Clock | None = None, progress: Progress = say, sites: Sites | None = None
) -> Context:
    """The world of the handlers in this process."""
    clock = clock or SystemClock()
    return Context(
        site=sites or Sites(config, os.environ, clock),
        clock=clock,
        progress=progress,
        digests=Digests(cache_folder(os.environ), clock),
        token=lambda: "".join(random.SystemRandom().choices(string.ascii_lowercase + string.digits, k=6)),
    )


def cache_folder(environ: Mapping[str, str]) -> Path | None:
    """Where digests of large files are remembered; ``None`` when this user has no home."""
    base = environ.get("XDG_CACHE_HOME") or (f"{environ['HOME']}/.cache" if environ.get("HOME") else "")
    return Path(base) / "pulumi-ahv" if base else None


def end_with_engine(address: str, *, clock: Clock, leave: Callable[[int], None] = os._exit) -> Thread:
    """Watch the engine's address from a thread of its own, and leave when nothing listens there any more."""

    def watch() -> None:
        misses = 0
        while misses < MISSES:
            clock.sleep(WATCH_SECONDS)
            misses = 0 if _listens(address) else misses + 1
        leave(1)

    thread = Thread(target=watch, name="engine-watch", daemon=True)
    thread.start()
    return thread


def is_provider_process() -> bool:
    """Whether this is the process that Pulumi started for dynamic resources, and not a program or a test."""
    spec = getattr(sys.modules.get("__main__"), "__spec__", None)
    return spec is not None and spec.name == "pulumi.dynamic.__main__"


def _listens(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=WATCH_SECONDS):
            return True
    except OSError:
        return False
