from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from pulumi_ahv.kernel.clock import ManualClock
from pulumi_ahv.resources.sources.digests import Digests

OLD = 1_000_000_000
DATA = bytes(range(256)) * 20_000


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(OLD + 60)


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    path = tmp_path / "golden.raw"
    path.write_bytes(DATA)
    os.utime(path, (OLD, OLD))
    return path


def tampered(path: Path) -> None:
    """Change the content and nothing that an entry is recognised by: whoever answers the old digest has remembered it."""
    status = path.stat()
    with path.open("r+b") as file:
        file.write(b"tampered")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def test_digests_are_those_of_the_content(disk: Path, clock: ManualClock) -> None:
    digests = Digests(None, clock)
    assert digests.sha256(disk) == hashlib.sha256(DATA).hexdigest()
    assert digests.sha1(disk) == hashlib.sha1(DATA).hexdigest()
    assert digests.of(disk, "sha256", "sha1") == {"sha256": digests.sha256(disk), "sha1": digests.sha1(disk)}


def test_a_digest_is_remembered_by_the_next_process(disk: Path, clock: ManualClock, tmp_path: Path) -> None:
    first = Digests(tmp_path / "cache", clock).sha256(disk)
    tampered(disk)
    assert Digests(tmp_path / "cache", clock).sha256(disk) == first


def test_a_second_algorithm_joins_the_first(disk: Path, clock: ManualClock, tmp_path: Path) -> None:
    digests = Digests(tmp_path / "cache", clock)
    known = digests.of(disk, "sha256") | digests.of(disk, "sha1")
    tampered(disk)
    assert digests.of(disk, "sha256", "sha1") == known


def test_nothing_is_remembered_without_a_folder(disk: Path, clock: ManualClock) -> None:
    digests = Digests(None, clock)
    first = digests.sha256(disk)
    tampered(disk)
    assert digests.sha256(disk) != first


def test_a_file_that_changed_is_read_again(disk: Path, clock: ManualClock, tmp_path: Path) -> None:
    digests = Digests(tmp_path / "cache", clock)
    first = digests.sha256(disk)
    disk.write_bytes(DATA[::-1])
    os.utime(disk, (OLD + 1, OLD + 1))
    assert digests.sha256(disk) == hashlib.sha256(DATA[::-1]).hexdigest() != first


@pytest.mark.parametrize(("age", "remembered"), [(-5, False), (0, False), (1.9, False), (2.0, True)])
def test_a_file_that_was_just_written_is_not_remembered(
    disk: Path, tmp_path: Path, age: float, remembered: bool
) -> None:
    digests = Digests(tmp_path / "cache", ManualClock(OLD + age))
    first = digests.sha256(disk)
    tampered(disk)
    assert (digests.sha256(disk) == first) is remembered


def test_a_link_and_its_file_are_one_entry(disk: Path, clock: ManualClock, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(disk)
    digests = Digests(tmp_path / "cache", clock)
    first = digests.sha256(link)
    tampered(disk)
    assert digests.sha256(disk) == first


@pytest.mark.parametrize("content", ["", "{", "[]", '"x"', '{"%s": 3}', '{"%s": {"file": "x", "digests": []}}'])
def test_a_broken_cache_is_no_error_and_is_mended(disk: Path, clock: ManualClock, tmp_path: Path, content: str) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "digests.json").write_text(content.replace("%s", str(disk)))
    digests = Digests(cache, clock)
    first = digests.sha256(disk)
    assert first == hashlib.sha256(DATA).hexdigest()
    tampered(disk)
    assert digests.sha256(disk) == first


def test_a_cache_that_cannot_be_written_is_no_error(disk: Path, clock: ManualClock, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    assert Digests(tmp_path / "file" / "cache", clock).sha256(disk) == hashlib.sha256(DATA).hexdigest()


def test_the_cache_stays_small_and_leaves_no_other_files(clock: ManualClock, tmp_path: Path) -> None:
    digests = Digests(tmp_path / "cache", clock)
    for number in range(260):
        path = tmp_path / str(number)
        path.write_bytes(b"x")
        os.utime(path, (OLD, OLD))
        digests.sha256(path)
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["digests.json"]
    entries = json.loads((tmp_path / "cache" / "digests.json").read_text())
    assert len(entries) == 256
    assert str(tmp_path / "259") in entries
