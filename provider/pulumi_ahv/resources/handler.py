"""What a face asks of every resource, and what it hands in.

Bags are plain dicts under schema names (lowerCamelCase). ``olds`` of check are old inputs; ``state`` is what create,
update and read answered before: inputs and outputs in one bag, as a dynamic resource keeps them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from pulumi_ahv.kernel.clock import Clock
from pulumi_ahv.kernel.errors import InputError
from pulumi_ahv.kernel.progress import Progress
from pulumi_ahv.prism.interface import Site
from pulumi_ahv.resources.sources.digests import Digests

State = dict[str, Any]


@dataclass(frozen=True)
class Context:
    """The world of a handler.

    ``site`` gives the connection of a name (``None``: the default one); ``token`` gives a fresh random word of
    lower-case letters and digits.
    """

    site: Callable[[str | None], Site]
    clock: Clock
    progress: Progress
    digests: Digests
    token: Callable[[], str]


@dataclass(frozen=True)
class CheckOutcome:
    """The inputs as they go into state, computed ones included, and everything that is wrong with them."""

    inputs: State
    failures: tuple[InputError, ...] = ()


@dataclass(frozen=True)
class Created:
    """A new object: its id and its state."""

    id: str
    state: State


@dataclass(frozen=True)
class Live:
    """What Prism says now: the state, and the inputs that would lead to it."""

    state: State
    inputs: State


class Handler(Protocol):
    """One kind of resource."""

    def check(self, olds: State, news: State) -> CheckOutcome:
        """Find everything wrong with the inputs and work out the computed ones. Changes nothing anywhere."""
        ...

    def replaces(self, state: State, news: State) -> list[str]:
        """The changed properties that need a new object; empty when an update will do."""
        ...

    def create(self, inputs: State) -> Created:
        """Find or make the object. After a failure nothing of it is left."""
        ...

    def read(self, uuid: str, state: State) -> Live | None:
        """What Prism says of it; ``None`` when it is positively gone."""
        ...

    def update(self, uuid: str, state: State, news: State) -> State:
        """Bring the object to the new inputs in place, and read it back."""
        ...

    def delete(self, uuid: str, state: State) -> None:
        """Delete it; what is not there, or is no longer ours, is done with."""
        ...


@runtime_checkable
class Repairing(Protocol):
    """A handler whose objects may need an update although their inputs have not changed."""

    def needs_repair(self, state: State, news: State) -> bool:
        """Whether the object is not what its inputs say, as far as state knows."""
        ...
