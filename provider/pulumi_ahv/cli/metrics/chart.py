"""The picture: one bar for each member, its phases one after another, as SVG.

Colours are those of Okabe and Ito, which people with any colour vision can tell apart. Phases stand side by side as
lengths, not as times of day: what members waited for one another is in the pool's total, and in no phase.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from pulumi_ahv.cli.metrics.figures import duration, summary, total
from pulumi_ahv.cli.metrics.reading import PoolTimes

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#999999")
MOST_ROWS = 200
_WIDTH, _RIGHT, _TOP, _GAP = 960, 74, 96, 0.25
_INK, _FAINT, _FONT = "#222222", "#dddddd", "font-family='system-ui, sans-serif'"


def chart(times: PoolTimes) -> str:
    """Draw a pool; of a very big one, its slowest members."""
    names = sorted(times.members)
    if len(names) > MOST_ROWS:
        names = sorted(names, key=lambda name: (-total(times, name), name))[:MOST_ROWS]
    row = 24 if len(names) <= 30 else 14
    longest = max((total(times, name) for name in names), default=0.0)
    step = _step(longest)
    end = max(step, longest)
    left = 34 + 7 * max((len(_cut(name)) for name in names), default=0)
    scale = (_WIDTH - left - _RIGHT) / end
    bottom = _TOP + row * len(names)
    size = f"width='{_WIDTH}' height='{bottom + 44}'"
    lines = [
        f"<svg xmlns='http://www.w3.org/2000/svg' {size} viewBox='0 0 {_WIDTH} {bottom + 44}' role='img' {_FONT}>",
        f"<title>{escape(summary(times))}</title>",
        f"<rect {size} fill='#ffffff'/>",
        *_head(times, len(names)),
        *_axis(left, bottom, scale, step, end),
    ]
    for index, name in enumerate(names):
        lines += _bar(times, name, (left, _TOP + index * row, row, scale))
    return "\n".join([*lines, "</svg>", ""])


def _head(times: PoolTimes, shown: int) -> Iterator[str]:
    count = len(times.members)
    some = f", the {shown} slowest are shown" if shown < count else ""
    title = f"{times.pool}: {count} member{'s' * (count != 1)} in {duration(times.seconds)}{some}"
    yield _text(24, 34, title, size=18, weight=600)
    at = 24.0
    for index, phase in enumerate(times.phases):
        yield f"<rect x='{at:.1f}' y='52' width='12' height='12' fill='{_colour(index)}'/>"
        yield _text(at + 18, 62.5, phase, size=13)
        at += 40 + 7.6 * len(phase)


def _axis(left: float, bottom: float, scale: float, step: float, end: float) -> Iterator[str]:
    for number in range(int(end / step + 1e-9) + 1):
        at = left + number * step * scale
        yield f"<line x1='{at:.1f}' y1='{_TOP - 6}' x2='{at:.1f}' y2='{bottom + 4}' stroke='{_FAINT}'/>"
        yield _text(at, bottom + 20, f"{number * step:g}", anchor="middle")
    yield _text(left, bottom + 36, "seconds, phase after phase")


def _bar(times: PoolTimes, name: str, place: tuple[float, float, float, float]) -> Iterator[str]:
    left, top, row, scale = place
    size = 12 if row > 20 else 11
    base = top + row / 2 + size * 0.36
    yield _text(left - 10, base, _cut(name), size=size, anchor="end")
    at = left
    for index, phase in enumerate(times.phases):
        if phase not in times.members[name]:
            continue
        seconds = times.members[name][phase]
        width = seconds * scale
        told = escape(f"{name}: {phase} {duration(seconds)}")
        yield (
            f"<rect x='{at:.2f}' y='{top + row * _GAP / 2:.1f}' width='{width:.2f}' height='{row * (1 - _GAP):.1f}' "
            f"fill='{_colour(index)}'><title>{told}</title></rect>"
        )
        at += width
    yield _text(at + 6, base, duration(total(times, name)), size=size)


def _text(x: float, y: float, text: str, *, size: int = 12, anchor: str = "start", weight: int = 400) -> str:
    style = f"font-size='{size}' text-anchor='{anchor}' font-weight='{weight}' fill='{_INK}'"
    return f"<text x='{x:.1f}' y='{y:.1f}' {style}>{escape(text)}</text>"


def _colour(index: int) -> str:
    return COLOURS[index % len(COLOURS)]


def _cut(name: str) -> str:
    return name if len(name) <= 24 else f"{name[:23]}…"


def _step(longest: float) -> float:
    """Seconds between two lines: 1, 2 or 5 times a power of ten, for at most ten lines."""
    step = 0.1
    while True:
        for factor in (1, 2, 5):
            if longest <= 10 * step * factor:
                return step * factor
        step *= 10
