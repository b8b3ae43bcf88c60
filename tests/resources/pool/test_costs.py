"""What a pool of a hundred may cost on Prism Central: the rules of the design, counted, by a clock that nobody waits for.

An ETag is told by a read of a single machine only, and every change of a machine has to show one: those reads are forced
and are counted apart. So are looks at tasks: they come once a second, whatever they are for, and not once a member.
"""

from __future__ import annotations

import pytest
from costs import PAYLOADS, Cost, measured

SIZE = 100


def costs(payload: str, **more: object) -> dict[str, Cost]:
    with measured() as measure:
        return {cost.deed: cost for cost in measure(SIZE, PAYLOADS[payload], **more)}


@pytest.mark.parametrize(
    ("payload", "reads", "contents"), [("none", 2, 0), ("Prism's own", 3, 0), ("our disc", 4, 2)], ids=list(PAYLOADS)
)
def test_a_pool_of_a_hundred_keeps_the_rules(payload: str, reads: int, contents: int) -> None:
    by_deed = costs(payload)
    create, refresh, delete = by_deed["create"], by_deed["refresh"], by_deed["delete"]
    assert create.reads <= reads * SIZE
    assert create.contents <= contents * SIZE
    assert create.lists + create.changes <= 40
    assert create.looks < create.site
    assert refresh.every <= 3
    assert delete.reads <= 2 * SIZE
    assert delete.contents == 0
    assert delete.lists + delete.changes <= 10
    assert delete.looks < delete.site


def test_without_a_payload_everything_but_the_forced_reads_is_within_forty_calls() -> None:
    create = costs("none")["create"]
    assert create.every - create.reads <= 40, create.calls


def test_categories_cost_no_further_read_of_a_machine() -> None:
    create = costs("none", categories=["Environment:Testing"])["create"]
    assert create.reads <= 2 * SIZE, create.calls


def test_full_clones_cost_no_more_for_each_member_than_thin_ones() -> None:
    create = costs("none", provisioning="full")["create"]
    assert create.reads <= 2 * SIZE + 5, create.calls
    assert create.lists + create.changes <= 40
