"""A template folder gives its own files and no others."""

from __future__ import annotations

from pathlib import Path

import pytest

from pulumi_ahv.kernel.errors import PayloadError
from pulumi_ahv.payload.folder import DiskFolder, TextFolder


def test_a_folder_reads_its_files_with_line_ends_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.ps1").write_bytes(b"\xef\xbb\xbfx\r\n")
    folder = DiskFolder(tmp_path)
    assert folder.read("sub/a.ps1") == "x\r\n"
    assert folder.names() == ["sub/a.ps1"]
    assert folder.read("b") is None


def test_a_link_that_leads_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s")
    root = tmp_path / "templates"
    root.mkdir()
    (root / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(PayloadError, match="this link leads out"):
        DiskFolder(root).read("link")


def test_a_link_within_the_folder_is_followed(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "a")
    assert DiskFolder(tmp_path).read("link") == "x"


@pytest.mark.parametrize("name", ["../a", "/a", "x/../../a", "a\\b", "", "."])
def test_a_name_that_is_not_inside_is_refused(tmp_path: Path, name: str) -> None:
    for folder in (DiskFolder(tmp_path), TextFolder()):
        with pytest.raises(PayloadError, match="leads out"):
            folder.read(name)


def test_what_is_not_text_is_refused_with_the_byte(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"ab\xff")
    with pytest.raises(PayloadError, match="byte 2"):
        DiskFolder(tmp_path).read("a")


def test_what_is_too_big_for_a_template_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a" * (1024 * 1024 + 1))
    with pytest.raises(PayloadError, match="at most"):
        DiskFolder(tmp_path).read("a")
