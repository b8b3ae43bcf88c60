"""A handler, served to Pulumi: bags in, bags out, errors as one line."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Mapping
from functools import cache
from threading import Lock
from typing import Any, Final, TypeVar

from pulumi.dynamic import CheckFailure, CheckResult, CreateResult, DiffResult, ReadResult, UpdateResult

from pulumi_ahv.dynamic.bags import to_ours, to_sdk
from pulumi_ahv.dynamic.session import Sites, context, end_with_engine, is_provider_process
from pulumi_ahv.kernel.clock import SystemClock
from pulumi_ahv.kernel.errors import AhvError, InputError
from pulumi_ahv.prism.connection import KEYS
from pulumi_ahv.resources.handler import Context, Handler, Repairing
from pulumi_ahv.resources.image import ImageHandler
from pulumi_ahv.resources.pool.gate import PoolGateHandler
from pulumi_ahv.resources.pool.handler import PoolHandler
from pulumi_ahv.resources.template_vm.handler import TemplateVmHandler

DEBUG: Final = "PULUMI_AHV_DEBUG"
HANDLERS: Final[Mapping[str, Callable[[Context], Handler]]] = {
    "Image": ImageHandler,
    "Pool": PoolHandler,
    "PoolGate": PoolGateHandler,
    "TemplateVm": TemplateVmHandler,
}
Answer = TypeVar("Answer")
Bag = dict[str, Any]


class _Shown(Exception):
    """An error on its way to the user. Its name and module are what stands in front of the message."""


_Shown.__name__ = _Shown.__qualname__ = "AhvError"
_Shown.__module__ = "builtins"


class Served:
    """One handler behind Pulumi's methods."""

    def __init__(self, kind: str, handler: Handler) -> None:
        self._kind = kind
        self._handler = handler

    def check(self, olds: Bag, news: Bag) -> CheckResult:
        """Check; failures carry their path in the text.

        The engine prints the value of a property that it is given by name, a secret one too. So the name stays empty.
        """
        outcome = self._shown(news, lambda: self._handler.check(to_ours(olds), to_ours(news)))
        failures = [CheckFailure("", str(failure)) for failure in outcome.failures]
        return CheckResult(to_sdk(outcome.inputs, news), failures)

    def diff(self, olds: Bag, news: Bag) -> DiffResult:
        """Name what replaces, and leave the comparison to the engine, unless something is to be repaired anyway."""
        replaces = self._shown(news, lambda: self._handler.replaces(to_ours(olds), to_ours(news)))
        handler = self._handler
        repairs = isinstance(handler, Repairing) and self._shown(
            news, lambda: handler.needs_repair(to_ours(olds), to_ours(news))
        )
        return DiffResult(changes=True if repairs else None, replaces=replaces, delete_before_replace=False)

    def create(self, props: Bag) -> CreateResult:
        """Create."""
        created = self._shown(props, lambda: self._handler.create(to_ours(props)))
        return CreateResult(created.id, to_sdk(created.state, props))

    def read(self, uuid: str, props: Bag) -> ReadResult:
        """Read; the SDK writes into an empty bag for what is gone, so there has to be one."""
        live = self._shown(props, lambda: self._handler.read(uuid, to_ours(props)))
        if live is None:
            return ReadResult(None, {})
        return ReadResult(uuid, to_sdk(live.state, props), inputs=to_sdk(live.inputs, props))

    def update(self, uuid: str, olds: Bag, news: Bag) -> UpdateResult:
        """Update."""
        return UpdateResult(
            to_sdk(self._shown(news, lambda: self._handler.update(uuid, to_ours(olds), to_ours(news))), news)
        )

    def delete(self, uuid: str, props: Bag) -> None:
        """Delete."""
        self._shown(props, lambda: self._handler.delete(uuid, to_ours(props)))

    def _shown(self, props: Bag, call: Callable[[], Answer]) -> Answer:
        """Run a call; let its error out as one line."""
        try:
            return call()
        except Exception as error:
            if os.environ.get(DEBUG):
                raise
            raise _Shown(_line(f"{self._kind} {props.get('name', '')!r}", error)) from None


def serve(kind: str, config: Callable[[str], str | None]) -> Served:
    """Serve a kind of resource with the ``ahv:`` keys of a stack's configuration."""
    if is_provider_process():
        _settle_in(sys.argv[-1])
    keys = (*KEYS, "connections")
    found = tuple((key, value) for key in keys if (value := config(f"ahv:{key}")) is not None)
    return Served(kind, HANDLERS[kind](_world(found)))


class _Worlds:
    """One world for each configuration, whatever the number of kinds: connections are shared, and so is their rate."""

    def __init__(self) -> None:
        self._made: dict[tuple[tuple[str, str], ...], tuple[Context, Sites]] = {}
        self._lock = Lock()

    def __call__(self, config: tuple[tuple[str, str], ...]) -> Context:
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


_world = _Worlds()  # of this process: Pulumi makes the providers, so there is nobody to hand it in


def close_worlds() -> None:
    """Give every connection of this process back; for tests that run the provider beside themselves."""
    _world.close()


@cache
def _settle_in(engine_address: str) -> None:
    """Prepare the provider process, once: one-line errors, and an end that comes with the engine's."""
    if not os.environ.get(DEBUG):
        sys.tracebacklimit = 0
    end_with_engine(engine_address, clock=SystemClock())


def _line(label: str, error: Exception) -> str:
    if isinstance(error, InputError):
        return f"{label}: {error}"
    if isinstance(error, AhvError):
        return str(error)
    place = traceback.extract_tb(error.__traceback__, limit=-1)[0]  # a limit of its own: ours is zero
    return (
        f"{label}: this is an error in pulumi-ahv ({type(error).__name__}: {error}, at {place.name}:{place.lineno}). "
        f"Please report it with the traceback that {DEBUG}=1 shows."
    )
