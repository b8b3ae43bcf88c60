from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_ahv.kernel.errors import InputError
from pulumi_ahv.resources.pool_plan import slots
from pulumi_ahv.resources.pool_plan.slots import Naming, ScaleDown, choose_slots

HELD = {0: 30.0, 1: 10.0, 2: 20.0, 5: 40.0}


def test_the_example_in_the_docs_is_true() -> None:
    assert doctest.testmod(slots).failed == 0


@pytest.mark.parametrize("pattern", ["agent", "{n}-{n}", ""])
def test_a_pattern_without_one_counter_is_refused(pattern: str) -> None:
    with pytest.raises(InputError, match="exactly once") as refused:
        Naming(pattern)
    assert refused.value.path == "naming.pattern"


def test_an_empty_pool_takes_the_lowest_slots() -> None:
    assert choose_slots(3, {}) == (0, 1, 2)


def test_growing_fills_gaps_and_keeps_what_is_held() -> None:
    assert choose_slots(6, HELD) == (0, 1, 2, 3, 4, 5)


@pytest.mark.parametrize(
    ("policy", "kept"),
    [(ScaleDown.HIGHEST_SLOT, (0, 1)), (ScaleDown.OLDEST, (0, 5)), (ScaleDown.NEWEST, (1, 2))],
)
def test_shrinking_asks_who_goes(policy: ScaleDown, kept: tuple[int, ...]) -> None:
    assert choose_slots(2, HELD, policy) == kept


def test_those_named_go_first_and_only_when_the_pool_shrinks() -> None:
    assert choose_slots(3, HELD, first=frozenset({1})) == (0, 2, 5)
    assert choose_slots(2, HELD, first=frozenset({1})) == (0, 2)
    assert choose_slots(4, HELD, first=frozenset({1})) == (0, 1, 2, 5)


@given(
    size=st.integers(0, 20),
    held=st.dictionaries(st.integers(0, 30), st.floats(0, 100), max_size=20),
    policy=st.sampled_from(ScaleDown),
    first=st.frozensets(st.integers(0, 30)),
)
def test_a_pool_has_its_size_and_touches_no_slot_it_need_not(
    size: int, held: dict[int, float], policy: ScaleDown, first: frozenset[int]
) -> None:
    chosen = choose_slots(size, held, policy, first=first)
    assert len(chosen) == len(set(chosen)) == size
    assert len(held.keys() & set(chosen)) == min(size, len(held))
    assert choose_slots(size, {slot: held.get(slot, 1.0) for slot in chosen}, policy, first=first) == chosen


@given(
    size=st.integers(0, 20),
    held=st.dictionaries(st.integers(0, 30), st.integers(1, 5), max_size=20),
    policy=st.sampled_from([ScaleDown.OLDEST, ScaleDown.NEWEST]),
    first=st.frozensets(st.integers(0, 30)),
)
def test_nobody_stays_who_should_have_gone_before_another(
    size: int, held: dict[int, int], policy: ScaleDown, first: frozenset[int]
) -> None:
    kept = held.keys() & set(choose_slots(size, held, policy, first=first))
    gone = held.keys() - kept
    assert not (kept & first and gone - first), "one that was named stays while another goes"
    for leaver in gone - first:
        for stayer in kept:
            older = held[leaver] - held[stayer] if policy is ScaleDown.OLDEST else held[stayer] - held[leaver]
            assert (older, stayer) < (0, leaver)
