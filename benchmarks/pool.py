"""What a pool costs: calls by kind, and time by the clock of the site, on Prism Central and on Prism Element.

    python benchmarks/pool.py [N ...]

The embedded Prism and the provider share one clock that moves only when somebody waits, so the seconds are those of the
site's latency model (`ahv sim`, at its own pace: 1 to 3 s for a task, 20 s for a boot) and the same on every machine,
but for the order in which threads come by. What this process itself needs is told beside it. The disc stays in for
120 s, the default.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

SCENES = (
    ("central", "thin", "none"),
    ("central", "thin", "Prism's own"),
    ("central", "thin", "our disc"),
    ("central", "full", "none"),
    ("element", "thin", "none"),
    ("element", "thin", "our disc"),
    ("element", "full", "none"),
)
HEADS = (
    *("product", "provisioning", "members", "payload", "deed", "site, s", "own, s", "calls"),
    *("single reads", "looks at tasks", "lists", "contents of discs", "changes"),
)


def main(sizes: list[int]) -> None:
    """Print one row for each deed."""
    from costs import PAYLOADS, measured

    print(f"| {' | '.join(HEADS)} |")
    print(f"| {' | '.join(['---'] * 2 + ['---:'] + ['---'] * 2 + ['---:'] * 8)} |")
    for size in sizes:
        for product, provisioning, payload in SCENES:
            with measured(product) as measure:
                for cost in measure(size, PAYLOADS[payload], provisioning=provisioning):
                    cells = [product, provisioning, size, payload, cost.deed, f"{cost.site:.0f}", f"{cost.own:.1f}"]
                    cells += [cost.every, cost.reads, cost.looks, cost.lists, cost.contents, cost.changes]
                    print(f"| {' | '.join(map(str, cells))} |", flush=True)


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or [1, 10, 100])
