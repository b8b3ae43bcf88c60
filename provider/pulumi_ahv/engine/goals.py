"""What a program asks for, read off the wire; what the embedded engine leaves out is refused here, by name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pulumi.runtime.proto import alias_pb2
from pulumi.runtime.proto import resource_pb2 as wire

from pulumi_ahv.engine.values import Bag, from_struct

_UNITS: Final = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION: Final = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)")

_REFUSED: Final = {
    "remote": "components from packages",
    "transforms": "resource transforms",
    "hooks": "resource hooks",
    "packageRef": "parameterized packages",
    "replace_with": "the option replace_with",
    "replacement_trigger": "the option replacement_trigger",
    "envVarMappings": "the option env_var_mappings",
    "state_migrations": "state migrations",
}


class NotSupported(Exception):
    """The program uses something that only the real engine has. ``str()`` names it."""

    def __init__(self, what: str) -> None:
        super().__init__(f"not supported by the embedded engine: {what}; use the pulumi command")


@dataclass(frozen=True)
class ProviderChoice:
    """Which provider is to serve: a reference, or a package, its version and where it would be downloaded from."""

    reference: str = ""
    version: str = ""
    download_url: str = ""


@dataclass(frozen=True)
class Alias:
    """A name the resource had before: a URN, or what differed. ``parent`` is None for the same parent, "" for none."""

    urn: str = ""
    name: str = ""
    type: str = ""
    stack: str = ""
    project: str = ""
    parent: str | None = None


@dataclass(frozen=True)
class Goal:
    """One registered resource as the program wants it."""

    type: str
    name: str
    custom: bool
    inputs: Bag
    parent: str = ""
    provider: ProviderChoice = ProviderChoice()
    dependencies: Sequence[str] = ()
    property_dependencies: Mapping[str, Sequence[str]] = field(default_factory=dict)
    protect: bool = False
    retain_on_delete: bool = False
    delete_before_replace: bool | None = None
    deleted_with: str = ""
    ignore_changes: Sequence[str] = ()
    replace_on_changes: Sequence[str] = ()
    hide_diff: Sequence[str] = ()
    additional_secret_outputs: Sequence[str] = ()
    aliases: Sequence[Alias] = ()
    import_id: str = ""
    timeouts: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class ReadGoal:
    """A resource that exists and is only looked up."""

    type: str
    name: str
    id: str
    inputs: Bag
    parent: str = ""
    provider: ProviderChoice = ProviderChoice()
    dependencies: Sequence[str] = ()
    additional_secret_outputs: Sequence[str] = ()


def read_goal(request: wire.RegisterResourceRequest) -> Goal:
    """Read a registration; NotSupported if it uses what is left out on purpose, ValueError for a wrong time-out."""
    _refuse(request)
    return Goal(
        type=request.type,
        name=request.name,
        custom=request.custom,
        inputs=from_struct(request.object),
        parent=request.parent,
        provider=ProviderChoice(request.provider, request.version, request.pluginDownloadURL),
        dependencies=sorted(request.dependencies),
        property_dependencies={key: sorted(item.urns) for key, item in request.propertyDependencies.items()},
        protect=request.protect,
        retain_on_delete=request.retainOnDelete,
        delete_before_replace=request.deleteBeforeReplace if request.deleteBeforeReplaceDefined else None,
        deleted_with=request.deletedWith,
        ignore_changes=list(request.ignoreChanges),
        replace_on_changes=list(request.replaceOnChanges),
        hide_diff=list(request.hideDiffs),
        additional_secret_outputs=list(request.additionalSecretOutputs),
        aliases=[_alias(alias) for alias in request.aliases] or [Alias(urn=urn) for urn in request.aliasURNs],
        import_id=request.importId,
        timeouts=_timeouts(request.customTimeouts),
    )


def read_read_goal(request: wire.ReadResourceRequest) -> ReadGoal:
    """Read a look-up; NotSupported for stack references and parameterized packages."""
    if request.type == "pulumi:pulumi:StackReference":
        raise NotSupported("stack references")
    _refuse(request)
    return ReadGoal(
        type=request.type,
        name=request.name,
        id=request.id,
        inputs=from_struct(request.properties),
        parent=request.parent,
        provider=ProviderChoice(request.provider, request.version, request.pluginDownloadURL),
        dependencies=sorted(request.dependencies),
        additional_secret_outputs=list(request.additionalSecretOutputs),
    )


def seconds(duration: str) -> float:
    """Read a duration like ``1h30m``; ValueError if it is none."""
    parts = _DURATION.findall(duration)
    if not parts or "".join(number + unit for number, unit in parts) != duration:
        raise ValueError(f"invalid duration {duration!r}")
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


def _refuse(request: Any) -> None:
    present = {
        descriptor.name
        for descriptor, value in request.ListFields()
        if descriptor.message_type is None or descriptor.is_repeated or value.ByteSize()
    }
    for name, what in _REFUSED.items():
        if name in present:
            raise NotSupported(what)


def _alias(alias: alias_pb2.Alias) -> Alias:
    if alias.WhichOneof("alias") == "urn":
        return Alias(urn=alias.urn)
    spec = alias.spec
    parent = "" if spec.noParent else spec.parentUrn or None
    return Alias(name=spec.name, type=spec.type, stack=spec.stack, project=spec.project, parent=parent)


def _timeouts(timeouts: wire.RegisterResourceRequest.CustomTimeouts) -> dict[str, float]:
    given = {name: getattr(timeouts, name) for name in ("create", "update", "delete", "read")}
    return {name: seconds(text) for name, text in given.items() if text}
