"""Discs: the same inputs give the same bytes, and names no reader could find are refused."""

from __future__ import annotations

import os
import time
from io import BytesIO

import pycdlib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pulumi_ahv.payload.iso import check_names, master

FILES = {"openstack/latest/user_data": b"#!/bin/sh\n", "openstack/latest/meta_data.json": b"{}", "a b.txt": b""}
NAMES = st.text(
    st.characters(codec="utf-8", exclude_characters='*/:;?\\"<>|', exclude_categories=["Cc"]), min_size=1, max_size=20
)


def test_the_same_files_give_the_same_bytes_in_any_order_time_and_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    first = master("config-2", FILES)
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert master("config-2", dict(reversed(FILES.items()))) == first
    finally:
        monkeypatch.undo()
        time.tzset()
    assert os.environ.get("TZ") != "Asia/Tokyo"


def test_writing_a_disc_leaves_the_clock_of_the_library_alone() -> None:
    master("cidata", {"a": b""})
    assert pycdlib.pycdlib.time is time
    assert pycdlib.dates.time is time


@settings(deadline=None, max_examples=25)
@given(st.dictionaries(NAMES, st.binary(max_size=5000), max_size=6))
def test_every_file_is_read_back_whole(files: dict[str, bytes]) -> None:
    if check_names(files, "disc"):
        return
    disc = pycdlib.PyCdlib()
    disc.open_fp(BytesIO(master("cidata", files)))
    for name, content in files.items():
        out = BytesIO()
        disc.get_file_from_iso_fp(out, joliet_path=f"/{name}")
        assert out.getvalue() == content
    disc.close()


@pytest.mark.parametrize(
    "names",
    [
        ["../a"], ["/a"], ["a//b"], ["a\\b"], ["a:b"], ["x" * 65], ["a/b/c/d/e/f/g/h"], ["a\nb"],
        ["A", "a"], ["a", "a/b"], ["\U0001f600" * 33], [""],
    ],
)  # fmt: skip
def test_a_name_that_some_reader_cannot_find_is_refused(names: list[str]) -> None:
    assert check_names(dict.fromkeys(names, b""), "disc")


@pytest.mark.parametrize(
    "name", ["a", "a/b.txt", "x" * 64, "\u65e5\u672c.txt", "with space", "openstack/latest/user_data"]
)
def test_a_usual_name_passes(name: str) -> None:
    assert check_names({name: b""}, "disc") == []
