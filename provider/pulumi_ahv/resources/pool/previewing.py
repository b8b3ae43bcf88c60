"""What a preview says of a pool: the plan, from state alone, without a call to Prism."""

from __future__ import annotations

from pulumi_ahv.resources.handler import State
from pulumi_ahv.resources.pool.wanted import desired_of, facts_of
from pulumi_ahv.resources.pool_plan.members import ActualMember, Facts, Phase
from pulumi_ahv.resources.pool_plan.run import plan
from pulumi_ahv.resources.pool_plan.summary import summary
from pulumi_ahv.schema.pool import PoolInputs, PoolMember

_NOTHING = ["nothing to do"]


def plan_lines(told: PoolInputs, state: State) -> list[str]:
    """The plan in a few lines, if there is anything to do."""
    lines = summary(plan(desired_of(told, told.members or {}), _members(state)))
    return [] if lines == _NOTHING else [f"{told.name}: {line}" for line in lines]


def _members(state: State) -> list[ActualMember]:
    """Members as state tells them."""
    live = {name: PoolMember.model_validate(member) for name, member in (state.get("members") or {}).items()}
    found = []
    for name, status in (state.get("status") or {}).items():
        if not status["uuid"]:
            continue
        member, good = live.get(name), status["state"] in ("ready", "off")
        found.append(
            ActualMember(
                status["uuid"],
                status["slot"],
                name,
                facts_of(member) if member else Facts(power="on"),
                phase=Phase.DONE if member and status["state"] != "halfMade" else Phase.MARKED,
                ready=good,
                failed=status["state"] == "failed",
            )
        )
    return found
