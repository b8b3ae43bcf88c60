"""Figures of a pool in one line."""

from __future__ import annotations

from statistics import median

from pulumi_ahv.cli.metrics.reading import PoolTimes


def summary(times: PoolTimes) -> str:
    """Members, seconds in all, the slowest member with its longest phase, and the median of each phase."""
    if not times.members:
        return f"{times.pool}: no member was made in the last run, which took {duration(times.seconds)}"
    count = len(times.members)
    slowest = max(times.members, key=lambda name: total(times, name))
    phases = times.members[slowest]
    longest = max(phases, key=lambda phase: phases[phase], default="")
    medians = ", ".join(f"{phase} {_short(seconds)}" for phase, seconds in medians_of(times).items())
    return (
        f"{times.pool}: {count} member{'s' if count > 1 else ''} in {duration(times.seconds)}; slowest {slowest} "
        f"({duration(total(times, slowest))}, longest phase {longest} {duration(phases.get(longest, 0.0))}); "
        f"median seconds: {medians}"
    )


def total(times: PoolTimes, member: str) -> float:
    """Seconds of a member in all its phases."""
    return sum(times.members[member].values())


def medians_of(times: PoolTimes) -> dict[str, float]:
    """Median of each phase over the members that went through it."""
    return {phase: median(each[phase] for each in times.members.values() if phase in each) for phase in times.phases}


def duration(seconds: float) -> str:
    """Seconds as people say them."""
    if seconds < 120:
        return f"{_short(seconds)} s"
    return f"{seconds / 60:.0f} min" if seconds >= 600 else f"{seconds // 60:.0f} min {seconds % 60:.0f} s"


def _short(seconds: float) -> str:
    return f"{seconds:.0f}" if seconds >= 100 else f"{seconds:.1f}"
