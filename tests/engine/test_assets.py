"""Texts and files as values."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from pulumi_ahv.engine.assets import completed, with_hashes
from pulumi_ahv.engine.goals import NotSupported
from pulumi_ahv.engine.values import ARCHIVE, ASSET, SIGNATURE, Dialect, SecretValue, from_struct, to_struct


def _asset(**fields: Any) -> dict[str, Any]:
    return {SIGNATURE: ASSET, **fields}


def test_assets_are_known_by_the_hash_of_their_content(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"hello")
    digest = hashlib.sha256(b"hello").hexdigest()

    bag = with_hashes({"n": [SecretValue(_asset(text="hello"))], "f": _asset(path="file")}, tmp_path)

    assert bag == {"n": [SecretValue(_asset(text="hello", hash=digest))], "f": _asset(path="file", hash=digest)}


def test_a_provider_that_compares_gets_the_hash_alone_and_its_echo_is_completed() -> None:
    source = {"a": _asset(text="hello", hash="h")}
    brief = from_struct(to_struct(source, Dialect(contents=False)))

    assert brief == {"a": _asset(hash="h")}
    assert completed({"x": [brief["a"]], "y": _asset(hash="other")}, source) == {
        "x": [source["a"]],
        "y": _asset(hash="other"),
    }


@pytest.mark.parametrize("value", [{SIGNATURE: ARCHIVE}, _asset(uri="https://example.org/x")])
def test_archives_and_remote_assets_are_refused(value: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(NotSupported):
        with_hashes({"a": value}, tmp_path)
