"""What state is told of a pool: outputs after a run, and what a refresh finds."""

from __future__ import annotations

from collections.abc import Mapping

from pulumi_ahv.prism.vms import Vm
from pulumi_ahv.resources.handler import State
from pulumi_ahv.resources.pool.actual import DONE, Eyes, Known, Standing
from pulumi_ahv.resources.pool.running import Ran
from pulumi_ahv.resources.pool.wanted import bare
from pulumi_ahv.resources.pool_plan.members import ActualMember, Phase
from pulumi_ahv.schema.pool import PoolInputs, PoolMember, PoolMemberStatus, PoolMetrics, PoolOutputs

_RIGHT = (Standing.READY, Standing.OFF)


def outputs_after(told: PoolInputs, eyes: Eyes, ran: Ran) -> State:
    """Members and outputs after a run."""
    reasons = dict(ran.end.failures)
    metrics = PoolMetrics(seconds=ran.seconds, members={name: dict(times) for name, times in ran.times.items()})
    state = told_of(told, eyes, ran.vms, known=ran.known, reasons=reasons, metrics=metrics, stopped=ran.end.reason)
    return {**state, "ready": state["ready"] and not ran.left, "failures": [*state["failures"], *ran.left]}


def told_of(
    told: PoolInputs,
    eyes: Eyes,
    vms: Mapping[str, Vm],
    *,
    known: Mapping[str, Known],
    reasons: Mapping[int, str],
    metrics: PoolMetrics,
    stopped: str = "",
) -> State:
    """Members and outputs of a pool that consists of these machines."""
    seen = [(member, vm) for uuid, vm in vms.items() if (member := eyes.member(vm, known.get(uuid)))]
    seen.sort(key=lambda each: (each[0].slot, each[0].phase is not Phase.DONE, each[0].uuid))
    wanted = {member.slot: name for name, member in (told.members or {}).items()}
    status: dict[str, PoolMemberStatus] = {}
    members: dict[str, State] = {}
    for member, vm in seen:
        name = vm.name if member.phase > Phase.CLONED else wanted.get(member.slot, vm.name)
        name = name if name not in status else f"{name} ({vm.uuid[:8]})"
        standing = _standing(member, demanded=told.power == "on")
        reason = "" if standing in _RIGHT else _reason(told, member, known, reasons, standing)
        status[name] = PoolMemberStatus(
            uuid=vm.uuid, slot=member.slot, addresses=list(vm.addresses), state=standing, reason=reason
        )
        if standing in DONE and not member.failed:
            members[name] = bare(_as_asked(told, name, eyes.live(vm)))
    for slot, name in sorted(wanted.items()):
        if name not in status:
            reason = reasons.get(slot, "it is not there")
            status[name] = PoolMemberStatus(uuid="", slot=slot, addresses=[], state=Standing.MISSING, reason=reason)
    waiting = [name for name, live in members.items() if name in wanted.values() and live != bare(_asked(told, name))]
    failures = _failures(status, wanted)
    for name in [name for name in waiting if status[name].state in _RIGHT and status[name].slot in reasons]:
        # It stands and works, but a change of it failed.
        waiting.remove(name)
        reason = reasons[status[name].slot]
        status[name] = status[name].model_copy(update={"reason": reason})
        failures.append(f"{name}: not yet as it is wanted: {reason}")
    if stopped and waiting:
        failures.append(f"{stopped}; {len(waiting)} more members wait for the next run: {', '.join(waiting[:5])}")
    outputs = PoolOutputs(status=status, ready=not failures, failures=failures, metrics=metrics)
    return {"members": members, **outputs.model_dump(by_alias=True)}


def _asked(told: PoolInputs, name: str) -> PoolMember:
    return (told.members or {})[name]


def _as_asked(told: PoolInputs, name: str, live: PoolMember) -> PoolMember:
    """Where a new payload waits, the digest that was asked for is the one that counts."""
    asked = (told.members or {}).get(name)
    if told.on_payload_change == "recreate" or asked is None:
        return live
    return live.model_copy(update={"payload_digest": asked.payload_digest})


def _standing(member: ActualMember, *, demanded: bool) -> Standing:
    if member.failed:
        return Standing.FAILED
    if member.phase < Phase.DONE:
        return Standing.HALF_MADE
    if not demanded:
        return Standing.OFF if member.facts.power == "off" else Standing.READY
    return Standing.READY if member.ready else Standing.NOT_READY


def _reason(
    told: PoolInputs, member: ActualMember, known: Mapping[str, Known], reasons: Mapping[int, str], standing: Standing
) -> str:
    before = known.get(member.uuid)
    left = f"it was left half-made ({member.phase.name.lower()})" if standing is Standing.HALF_MADE else ""
    by_tools = told.readiness is not None and told.readiness.when == "guestTools"
    lacking = "its guest tools do not answer" if by_tools else "it has no address"
    now = lacking if member.facts.power == "on" else f"it is {member.facts.power}"
    return reasons.get(member.slot) or (before.reason if before else "") or left or now


def _failures(status: Mapping[str, PoolMemberStatus], wanted: Mapping[int, str]) -> list[str]:
    """One line for each member that is not as it is wanted."""
    names = set(wanted.values())
    bad = [
        f"{name}: {told.state}: {told.reason}"
        for name, told in status.items()
        if name in names and told.state not in _RIGHT
    ]
    surplus = [
        f"{name}: its slot is surplus, and it is still there: {told.reason or told.state}"
        for name, told in status.items()
        if told.slot not in wanted
    ]
    return [*bad, *surplus]
