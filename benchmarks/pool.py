"""What a pool costs on Prism Central: calls by kind, and time by the clock of the site.

    python benchmarks/pool.py [N ...]

The embedded Prism and the provider share one clock that moves only when somebody waits, so the seconds are those of the
site's latency model (`ahv sim`, at its own pace: 1 to 3 s for a task, 20 s for a boot) and the same on every machine.
What this process itself needs is told beside it. The disc stays in for 120 s, the default.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

UPLOADS = {"s3_put_object", "create_image", "s3_delete_object", "delete_image_by_id", "get_image_by_id"}
DISC = {"template": "#cloud-config\nhostname: {{ name }}\npassword: {{ word }}\n", "secrets": {"word": "secret-word"}}
PRISMS_OWN = {"template": "#cloud-config\nhostname: {{ name }}\n"}
PAYLOADS: dict[str, Any] = {"none": None, "Prism's own": PRISMS_OWN, "our disc": DISC}


def measure(size: int, payload: dict[str, Any] | None) -> list[tuple[str, float, float, Counter[str]]]:
    """Create, refresh and delete one pool; answers each deed with seconds of the site, own seconds, and calls."""
    from golden import Forge, client

    from pulumi_ahv.kernel.clock import ManualClock
    from pulumi_ahv.kernel.progress import silent
    from pulumi_ahv.resources.handler import Context
    from pulumi_ahv.resources.pool.handler import PoolHandler
    from pulumi_ahv.resources.sources.digests import Digests
    from pulumi_ahv.simulator.server import running

    clock = ManualClock(1_800_000_000.0)
    rows = []
    with running(clock=clock, pace=1.0) as prism, client(prism, clock) as site:
        template = Forge(site, clock).template().uuid
        context = Context(lambda _: site, clock, silent, Digests(None, clock), lambda: "token")
        handler = PoolHandler(context)

        def timed(name: str, deed: Callable[[], Any]) -> Any:
            prism.control.clear_journal()
            began, own = clock.monotonic(), time.monotonic()
            answer = deed()
            rows.append((name, clock.monotonic() - began, time.monotonic() - own, Counter(prism.control.counts())))
            return answer

        bag = {"name": "agents", "owner": "bench/bench/agents", "template": template, "size": size, "cluster": "berlin"}
        checked = handler.check({}, {**bag, **({"payload": payload} if payload else {})})
        made = timed("create", lambda: handler.create(checked.inputs))
        assert made.state["ready"], made.state["failures"]
        timed("refresh", lambda: handler.read(made.id, made.state))
        clock.advance(60)  # so that all guests have booted, and listen when they are asked to shut down
        timed("delete", lambda: handler.delete(made.id, made.state))
        assert prism.control.entities("vms") == []
    return rows


def main(sizes: list[int]) -> None:
    print("| members | payload | deed | site, s | own, s | calls | single reads | lists, tasks | discs | changes |")
    print("| ---: | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for size in sizes:
        for name, payload in PAYLOADS.items():
            for deed, seconds, own, calls in measure(size, payload):
                reads = calls["get_vm_by_id"]
                looks = sum(
                    count for kind, count in calls.items() if kind.startswith(("list_", "get_task", "get_batch"))
                )
                discs = sum(count for kind, count in calls.items() if kind in UPLOADS)
                every = sum(calls.values())
                rest = every - reads - looks - discs
                cells = [size, name, deed, f"{seconds:.0f}", f"{own:.1f}", every, reads, looks, discs, rest]
                print(f"| {' | '.join(map(str, cells))} |", flush=True)


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or [1, 10, 100])
