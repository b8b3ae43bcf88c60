from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pulumi_ahv.kernel.clock import ManualClock
from pulumi_ahv.kernel.errors import InputError
from pulumi_ahv.resources.sources.digests import Digests
from pulumi_ahv.resources.sources.files import FileFacts, inspect_file


@pytest.fixture
def inspect() -> Callable[..., FileFacts]:
    def inspect_(path: Any, kind: str = "disk", *, sha1: bool = False) -> FileFacts:
        return inspect_file(
            str(path), path_property="source.path", kind=kind, digests=Digests(None, ManualClock()), sha1=sha1
        )

    return inspect_


@pytest.fixture
def refusal(inspect: Callable[..., FileFacts]) -> Callable[..., InputError]:
    def refusal_(path: Any, kind: str = "disk") -> InputError:
        with pytest.raises(InputError) as refused:
            inspect(path, kind)
        assert refused.value.path == "source.path"
        assert refused.value.advice
        assert str(path) in str(refused.value)
        return refused.value

    return refusal_


def test_facts_are_format_sizes_and_digests(disks: Any, inspect: Callable[..., FileFacts], tmp_path: Path) -> None:
    data = disks.qcow2()
    path = tmp_path / "golden.img"
    path.write_bytes(data)
    sha256 = hashlib.sha256(data).hexdigest()
    assert inspect(path) == FileFacts("qcow2", len(data), 1 << 20, sha256)
    assert inspect(path, sha1=True).sha1 == hashlib.sha1(data).hexdigest()


def test_the_name_of_a_file_says_nothing(
    disks: Any, inspect: Callable[..., FileFacts], refusal: Callable[..., InputError], tmp_path: Path
) -> None:
    path = tmp_path / "disk.raw"
    path.write_bytes(disks.vhdx())
    assert inspect(path).format == "vhdx"
    path.write_bytes(disks.qcow2(backing=b"/etc/shadow"))
    assert "needs a backing file, '/etc/shadow'" in refusal(path).said


def test_a_missing_file_is_told_with_where_it_was_looked_for(
    refusal: Callable[..., InputError], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert refusal(tmp_path / "none.qcow2").said.endswith("does not exist")
    monkeypatch.chdir(tmp_path)
    assert f"looked for {tmp_path / 'none.qcow2'}" in refusal("none.qcow2").said


def test_a_folder_is_no_image(refusal: Callable[..., InputError], tmp_path: Path) -> None:
    assert "is a folder" in refusal(tmp_path).said


def test_an_empty_file_is_no_image(refusal: Callable[..., InputError], tmp_path: Path) -> None:
    path = tmp_path / "empty.qcow2"
    path.touch()
    assert "is empty" in refusal(path).said


def test_a_pipe_is_refused_without_waiting_for_it(refusal: Callable[..., InputError], tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    assert "not a regular file" in refusal(path).said


def test_a_file_below_a_file_does_not_exist(refusal: Callable[..., InputError], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "does not exist" in refusal(tmp_path / "file" / "disk.raw").said


def test_a_path_that_cannot_be_one_is_refused(refusal: Callable[..., InputError]) -> None:
    assert "null byte" in refusal("a\0b").said
    assert "cannot be read" in refusal("x" * 5000).said


def test_a_file_that_may_not_be_read_is_refused(disks: Any, refusal: Callable[..., InputError], tmp_path: Path) -> None:
    path = tmp_path / "secret.raw"
    path.write_bytes(disks.mbr())
    path.chmod(0)
    nobody = 65534
    root = os.geteuid() == 0
    if root:
        os.seteuid(nobody)
    try:
        assert "permission denied" in refusal(path).said
    finally:
        if root:
            os.seteuid(0)


def test_importing_this_module_brings_no_heavy_library() -> None:
    heavy = "boto3", "botocore", "oslo_utils", "requests"
    code = f"import sys, pulumi_ahv.resources.sources.files, pulumi_ahv.resources.sources.s3, pulumi_ahv.resources.sources.streams\nprint([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
