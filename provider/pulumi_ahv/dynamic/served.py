"""A handler, served to Pulumi: bags in, bags out, errors as one line."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final, TypeVar

from pulumi.dynamic import CheckFailure, CheckResult, CreateResult, DiffResult, ReadResult, UpdateResult

from pulumi_ahv.dynamic.bags import to_ours, to_sdk
from pulumi_ahv.dynamic.session import end_with_engine, is_provider_process
from pulumi_ahv.dynamic.worlds import DEBUG, settings_in, world
from pulumi_ahv.kernel.clock import SystemClock
from pulumi_ahv.kernel.errors import AhvError, InputError
from pulumi_ahv.resources.guest_tools.handler import GuestToolsHandler
from pulumi_ahv.resources.handler import Context, Handler, Repairing
from pulumi_ahv.resources.image import ImageHandler
from pulumi_ahv.resources.pool.gate import PoolGateHandler
from pulumi_ahv.resources.pool.handler import PoolHandler
from pulumi_ahv.resources.template_vm.handler import TemplateVmHandler

HANDLERS: Final[Mapping[str, Callable[[Context], Handler]]] = {
    "GuestTools": GuestToolsHandler,
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
    found = settings_in(lambda key: config(f"ahv:{key}"))
    return Served(kind, HANDLERS[kind](world(found)))


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
