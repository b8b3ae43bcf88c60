"""How a pool is to be rolled and repaired."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pulumi_ahv.kernel.errors import InputError
from pulumi_ahv.resources.pool_plan.members import DesiredMember, OnPayloadChange


class OnFailure(StrEnum):
    """What happens when more than ``max_failed`` members have failed."""

    STOP = "stop"
    ROLL_BACK = "rollBack"


class OnMemberFailure(StrEnum):
    """What happens to a member that is found broken."""

    REPLACE = "replace"
    KEEP = "keep"
    FAIL = "fail"


class OnDelete(StrEnum):
    """What happens to the members when the pool is deleted."""

    DELETE = "delete"
    KEEP = "keep"


@dataclass(frozen=True)
class Rollout:
    """Limits of a rollout, in members; ``pause`` is in seconds, between batches.

    ``max_unavailable`` counts every member that is to be up and is not, whatever the reason. ``max_surge`` is how many
    there may be above the pool's size.
    """

    batch_size: int = 1
    max_unavailable: int = 1
    max_surge: int = 0
    pause: float = 0.0
    max_failed: int = 0
    on_failure: OnFailure = OnFailure.STOP

    def __post_init__(self) -> None:
        if self.max_unavailable + self.max_surge < 1:
            raise InputError(
                "rollout.maxUnavailable",
                "neither a member may be unavailable nor one be added, so nothing can ever be rolled",
                advice="Set maxUnavailable or maxSurge to 1 or more.",
            )
        if self.batch_size < 1:
            raise InputError("rollout.batchSize", "a batch has at least one member", advice="Set it to 1 or more.")


@dataclass(frozen=True)
class Desired:
    """The pool that is wanted, its members by slot."""

    members: Mapping[int, DesiredMember]
    rollout: Rollout = field(default_factory=Rollout)
    on_payload_change: OnPayloadChange = OnPayloadChange.RECREATE
    on_member_failure: OnMemberFailure = OnMemberFailure.REPLACE
