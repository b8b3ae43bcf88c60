"""What a state says: which objects it knows, and which resources it declares or was about to make.

A state is what ``pulumi stack export`` writes (engine.md, 6.1). An engine that was killed leaves what it was about to
make among the pending operations, with its inputs: that is how the owners of what was left are known.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pulumi_ahv.kernel.errors import InputError
from pulumi_ahv.resources.mark import MAX_OWNER, printable

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_TYPE = re.compile(r"(?:pulumi-python:dynamic/ahv|ahv:index):(?P<kind>\w+)")
# The key that marks a special value in a state: here, the mapping that stands for a secret.
_ENVELOPE = "4dabf18193072939515e22adb298388d"


@dataclass(frozen=True)
class Stack:
    """A stack by its name: what its marks begin with."""

    project: str
    name: str

    def __str__(self) -> str:
        return f"{self.project}/{self.name}"

    @property
    def prefix(self) -> str:
        """How the owners of its marks begin.

        Raises:
            InputError: it is so long that marks cannot tell it from others.
        """
        prefix = f"{printable(str(self))}/"
        if len(prefix) > MAX_OWNER:
            raise InputError("--stack", f"{self} is so long that its marks do not hold all of it")
        return prefix

    @property
    def fragment(self) -> str:
        """What the descriptions of all its objects hold."""
        return f"[pulumi-ahv {self.prefix}"


@dataclass(frozen=True)
class Declared:
    """A resource that a state holds, or that its engine was about to make (``pending``)."""

    kind: str
    owner: str
    inputs: Mapping[str, Any]
    pending: bool


@dataclass(frozen=True)
class Known:
    """Everything that matters of a state."""

    stack: Stack | None = None
    uuids: frozenset[str] = frozenset()
    declared: tuple[Declared, ...] = ()

    @property
    def connections(self) -> list[str]:
        """Names of the connections that its resources use, each once; empty for the default one."""
        return list(dict.fromkeys(str(one.inputs.get("connection") or "") for one in self.declared))


def known_of(document: Any) -> Known:
    """Read a state.

    Raises:
        InputError: it is none, or it hides which machines a pool has.
    """
    deployment = document.get("deployment") if isinstance(document, Mapping) else None
    if not isinstance(deployment, Mapping):
        advice = "Give what `pulumi stack export` or `ahv local export` writes."
        raise InputError("--state", "it is no exported state", advice=advice)
    held = deployment.get("resources") or []
    pending = deployment.get("pending_operations") or []
    begun = [one["resource"] for one in pending if one.get("type") == "creating"]
    others = [one["resource"] for one in pending if one.get("type") != "creating"]
    _refuse_hidden(held)
    urns = [str(one.get("urn")) for one in (*held, *begun, *others)]
    return Known(
        stack=_stack(urns[0]) if urns else None,
        uuids=frozenset(uuid.lower() for uuid in _UUID.findall(json.dumps([held, others]))),
        declared=(*_declared(held, pending=False), *_declared(begun, pending=True)),
    )


def _declared(resources: list[Mapping[str, Any]], *, pending: bool) -> Iterator[Declared]:
    for one in resources:
        found = _TYPE.fullmatch(str(one.get("type")))
        inputs = one.get("inputs") or {}
        owner = inputs.get("owner")
        if found and isinstance(owner, str):
            yield Declared(found["kind"], owner, inputs, pending)


def _refuse_hidden(resources: list[Mapping[str, Any]]) -> None:
    """A pool's machines are told by its outputs: where those are encrypted, all of them would seem to be left over."""
    for one in resources:
        status = (one.get("outputs") or {}).get("status")
        if _TYPE.fullmatch(str(one.get("type"))) and isinstance(status, Mapping) and _ENVELOPE in status:
            said = f"the outputs of {one.get('urn')} are encrypted in it, so its machines cannot be told"
            raise InputError("--state", said, advice="Export it with --show-secrets.")


def _stack(urn: str) -> Stack | None:
    parts = urn.removeprefix("urn:pulumi:").split("::")
    return Stack(parts[1], parts[0]) if len(parts) > 2 else None
