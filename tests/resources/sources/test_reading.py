from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest

from pulumi_ahv.resources.sources.reading import CHUNK, OpenFile, Unfit, highest, numbered, table


def test_a_file_is_read_up_to_the_size_it_had(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    with io.FileIO(path) as file:
        source = OpenFile(file, 8)
        assert source.read_at(6, 10) == b"67"
        assert source.read_at(8, 1) == b""


@pytest.mark.parametrize(("code", "order"), [("I", "big"), ("I", "little"), ("Q", "big"), ("Q", "little")])
def test_tables_are_read_in_their_byte_order_and_in_pieces(
    in_memory: Callable[[bytes], Any], code: Literal["I", "Q"], order: Literal["big", "little"]
) -> None:
    width = 4 if code == "I" else 8
    count = CHUNK // width + 5
    numbers = [0] * count
    numbers[3], numbers[-1] = 7, 9
    source = in_memory(b"??" + b"".join(number.to_bytes(width, order) for number in numbers))
    assert list(numbered(table(source, 2, count, code=code, order=order))) == [(3, 7), (count - 1, 9)]
    assert highest(table(source, 2, count, code=code, order=order), below=9) == 7


def test_a_table_that_is_cut_off_is_refused(in_memory: Callable[[bytes], Any]) -> None:
    with pytest.raises(Unfit, match="a table ends at byte 16"):
        list(table(in_memory(bytes(12)), 0, 4, code="I", order="big"))


def test_the_highest_of_nothing_is_less_than_zero(in_memory: Callable[[bytes], Any]) -> None:
    assert highest(table(in_memory(b""), 0, 0, code="I", order="big"), below=9) == -1
