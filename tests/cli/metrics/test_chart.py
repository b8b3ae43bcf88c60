"""The picture of a pool."""

from __future__ import annotations

import pytest
from lxml import etree

from pulumi_ahv.cli.metrics.chart import COLOURS, MOST_ROWS, chart
from pulumi_ahv.cli.metrics.reading import PoolTimes

NS = {"s": "http://www.w3.org/2000/svg"}


def pool(size: int) -> PoolTimes:
    members = {f"agent-{number:03}": {"clone": 1.0, "ready": float(number)} for number in range(1, size + 1)}
    return PoolTimes("agents", 60.0, members)


def drawn(times: PoolTimes) -> etree._Element:
    return etree.fromstring(chart(times).encode())


def bars(picture: etree._Element) -> list[etree._Element]:
    return [bar for bar in picture.findall("s:rect", NS) if bar.find("s:title", NS) is not None]


@pytest.mark.parametrize("size", [1, 10, 100])
def test_every_member_has_a_label_and_a_bar_for_each_phase_inside_the_picture(size: int) -> None:
    picture = drawn(pool(size))
    texts = [text.text for text in picture.findall("s:text", NS)]
    assert {f"agent-{number:03}" for number in range(1, size + 1)} <= set(texts)
    assert {"clone", "ready"} <= set(texts)
    assert len(bars(picture)) == 2 * size
    width, height = float(picture.get("width", 0)), float(picture.get("height", 0))
    assert all(float(bar.get("x", 0)) + float(bar.get("width", 0)) < width for bar in bars(picture))
    assert all(float(bar.get("y", 0)) + float(bar.get("height", 0)) < height for bar in bars(picture))


def test_lengths_are_seconds_and_phases_follow_one_another() -> None:
    clone, ready = bars(drawn(PoolTimes("agents", 4, {"a": {"clone": 1.0, "ready": 3.0}})))
    assert float(ready.get("width", 0)) == pytest.approx(3 * float(clone.get("width", 0)), rel=0.01)
    assert float(ready.get("x", 0)) == pytest.approx(float(clone.get("x", 0)) + float(clone.get("width", 0)), abs=0.02)
    assert [bar.get("fill") for bar in (clone, ready)] == list(COLOURS[:2])


def test_a_very_big_pool_shows_its_slowest_members() -> None:
    picture = drawn(pool(MOST_ROWS + 50))
    texts = [text.text or "" for text in picture.findall("s:text", NS)]
    assert len(bars(picture)) == 2 * MOST_ROWS
    assert any(f"the {MOST_ROWS} slowest are shown" in text for text in texts)
    assert "agent-001" not in texts


def test_names_are_texts_and_no_markup() -> None:
    picture = drawn(PoolTimes("<b>&", 1, {"<script>'": {"clone": 1.0}}))
    assert "<script>'" in [text.text for text in picture.findall("s:text", NS)]


def test_a_pool_without_times_is_drawn_empty() -> None:
    assert bars(drawn(PoolTimes("agents", 1, {}))) == []
    assert bars(drawn(PoolTimes("agents", 1, {"a": {}}))) == []
