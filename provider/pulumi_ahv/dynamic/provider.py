"""The provider behind every dynamic resource: bags in, bags out, errors as one line.

Pulumi keeps a pickle of this object in state, as a reference to this class and the name of the kind. So the class must
stay where it is, and keep nothing but that name when it is pickled.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    ConfigureRequest,
    CreateResult,
    DiffResult,
    ReadResult,
    ResourceProvider,
    UpdateResult,
)

from pulumi_ahv.dynamic.bags import to_ours, to_sdk
from pulumi_ahv.dynamic.session import context, end_with_engine, is_provider_process
from pulumi_ahv.kernel.clock import SystemClock
from pulumi_ahv.kernel.errors import AhvError, InputError
from pulumi_ahv.prism.connection import KEYS
from pulumi_ahv.resources.handler import Context, Handler
from pulumi_ahv.resources.image import ImageHandler

DEBUG = "PULUMI_AHV_DEBUG"
CONFIG_KEYS = (*KEYS, "connections")
HANDLERS: dict[str, Callable[[Context], Handler]] = {"Image": ImageHandler}
Answer = TypeVar("Answer")


class _Shown(Exception):
    """An error on its way to the user. Its name and module are what stands in front of the message."""


_Shown.__name__ = _Shown.__qualname__ = "AhvError"
_Shown.__module__ = "builtins"


class AhvProvider(ResourceProvider):
    """Calls the handler of one kind of resource."""

    _handler: Handler

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind

    def configure(self, req: ConfigureRequest) -> None:
        """Take the configuration of the stack; connect to nothing yet."""
        config = {key: value for key in CONFIG_KEYS if (value := req.config.get(f"ahv:{key}")) is not None}
        if is_provider_process():
            _settle_in(sys.argv[-1])
        self._handler = HANDLERS[self.kind](_world(tuple(sorted(config.items()))))

    def check(self, olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Find everything that is wrong, at once.

        The engine prints the value of a property that it is given by name, a secret one too. So the path stands in the
        text, and the name stays empty.
        """
        outcome = self._shown(news, lambda: self._handler.check(to_ours(olds), to_ours(news)))
        failures = [CheckFailure("", str(failure)) for failure in outcome.failures]
        return CheckResult(to_sdk(outcome.inputs, news), failures)

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        """What needs a new object. The rest the engine finds by itself, from old and new inputs."""
        replaces = self._shown(news, lambda: self._handler.replaces(to_ours(olds), to_ours(news)))
        return DiffResult(changes=None, replaces=replaces, delete_before_replace=False)

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Find or make."""
        created = self._shown(props, lambda: self._handler.create(to_ours(props)))
        return CreateResult(created.id, to_sdk(created.state, props))

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Live state and live inputs; an empty id when the object is gone."""
        live = self._shown(props, lambda: self._handler.read(id_, to_ours(props)))
        if live is None:
            return ReadResult(None, {})
        return ReadResult(id_, to_sdk(live.state, props), inputs=to_sdk(live.inputs, props))

    def update(self, id_: str, olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        """Change in place."""
        state = self._shown(news, lambda: self._handler.update(id_, to_ours(olds), to_ours(news)))
        return UpdateResult(to_sdk(state, news))

    def delete(self, id_: str, props: dict[str, Any]) -> None:
        """Delete, or find it gone."""
        self._shown(props, lambda: self._handler.delete(id_, to_ours(props)))

    def _shown(self, props: dict[str, Any], call: Callable[[], Answer]) -> Answer:
        """Run a call; let its error out as one line that begins with the resource."""
        try:
            return call()
        except Exception as error:
            if os.environ.get(DEBUG):
                raise
            label = f"{self.kind} {props.get('name', '')!r}"
            raise _Shown(_line(label, error)) from None


def _line(label: str, error: Exception) -> str:
    if isinstance(error, InputError):
        return f"{label}: {error}"
    if isinstance(error, AhvError):
        return str(error)
    place = traceback.extract_tb(error.__traceback__)[-1]
    return (
        f"{label}: this is an error in pulumi-ahv ({type(error).__name__}: {error}, at {place.name}:{place.lineno}). "
        f"Please report it with the traceback that {DEBUG}=1 shows."
    )


@cache
def _world(config: tuple[tuple[str, str], ...]) -> Context:
    """One world for each configuration, whatever the number of kinds: connections are shared, and so is their rate."""
    return context(dict(config))


@cache
def _settle_in(engine_address: str) -> None:
    """Prepare the provider process, once: one-line errors, and an end that comes with the engine's."""
    if not os.environ.get(DEBUG):
        sys.tracebacklimit = 0
    end_with_engine(engine_address, clock=SystemClock())
