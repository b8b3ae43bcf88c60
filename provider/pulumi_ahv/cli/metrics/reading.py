"""Finds the ``metrics`` of pools in JSON: in an exported state, in the outputs of a stack, or by themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

# A state keeps no order. Phases that a later release adds come after these.
PHASES = ("clone", "mark", "customise", "power", "ready", "tools", "disc")


@dataclass(frozen=True)
class PoolTimes:
    """How long the last run of a pool took, in seconds: in all, and by member and phase."""

    pool: str
    seconds: float
    members: Mapping[str, Mapping[str, float]]

    @property
    def phases(self) -> list[str]:
        """Every phase that some member went through, in the order in which members go through them."""
        found = dict.fromkeys(phase for times in self.members.values() for phase in times)
        return [*(phase for phase in PHASES if phase in found), *(phase for phase in found if phase not in PHASES)]


def read_times(document: Any) -> list[PoolTimes]:
    """All pools in a document; ValueError where there is none."""
    if not isinstance(document, Mapping):
        raise ValueError("it is no object")  # noqa: TRY004 - wrong content, whatever its type
    deployment = document.get("deployment")
    if isinstance(deployment, Mapping):
        found = list(_in_state(deployment.get("resources") or ()))
    elif _is_metrics(document):
        found = [_times("pool", document)]
    else:
        found = [_times(name, value) for name, value in document.items() if _is_metrics(value)]
    if not found:
        raise ValueError("there are no metrics of a pool in it")
    return found


def _in_state(resources: Any) -> Iterator[PoolTimes]:
    for resource in resources:
        told = (resource.get("outputs") or {}).get("metrics")
        if resource.get("type", "").endswith(":Pool") and _is_metrics(told):
            yield _times(resource["urn"].rsplit("::", 1)[-1], told)


def _is_metrics(value: Any) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(value, Mapping) and "seconds" in value and isinstance(value.get("members"), Mapping)


def _times(pool: str, told: Mapping[str, Any]) -> PoolTimes:
    members = {
        name: {phase: float(seconds) for phase, seconds in times.items()} for name, times in told["members"].items()
    }
    return PoolTimes(pool, float(told["seconds"]), members)
