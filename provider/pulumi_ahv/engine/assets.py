"""Assets: texts and files as property values, known by the hash of their content.

What a program sends gets its hash here. Providers see an asset's content where it is new; where it is old or only
compared, the hash alone (``to_struct`` with ``contents=False``), and what comes back of that is completed again.
Archives and remote assets are left out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pulumi_ahv.engine.goals import NotSupported
from pulumi_ahv.engine.values import ARCHIVE, ASSET, SIGNATURE, Bag, SecretValue


def with_hashes(value: Any, directory: Path) -> Any:
    """The value with a hash on every asset; files are looked for from ``directory``. NotSupported for archives."""
    if isinstance(value, SecretValue):
        return SecretValue(with_hashes(value.element, directory))
    if isinstance(value, list):
        return [with_hashes(item, directory) for item in value]
    if not isinstance(value, Mapping):
        return value
    if value.get(SIGNATURE) == ARCHIVE:
        raise NotSupported("archives")
    if value.get(SIGNATURE) == ASSET:
        return {**value, "hash": value.get("hash") or hashlib.sha256(_content(value, directory)).hexdigest()}
    return {key: with_hashes(item, directory) for key, item in value.items()}


def completed(value: Any, source: Bag) -> Any:
    """The value with the content of assets that a provider has echoed by hash alone."""
    known = {asset["hash"]: asset for asset in _assets(source) if "hash" in asset}
    return _completed(value, known) if known else value


def _content(asset: Mapping[str, Any], directory: Path) -> bytes:
    if "text" in asset:
        return str(asset["text"]).encode()
    if "path" in asset:
        return (directory / str(asset["path"])).read_bytes()
    raise NotSupported("remote assets")


def _assets(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, SecretValue):
        yield from _assets(value.element)
    elif isinstance(value, list):
        for item in value:
            yield from _assets(item)
    elif isinstance(value, Mapping):
        if value.get(SIGNATURE) == ASSET:
            yield value
        for item in value.values():
            yield from _assets(item)


def _completed(value: Any, known: Mapping[str, Mapping[str, Any]]) -> Any:
    if isinstance(value, SecretValue):
        return SecretValue(_completed(value.element, known))
    if isinstance(value, list):
        return [_completed(item, known) for item in value]
    if not isinstance(value, Mapping):
        return value
    if value.get(SIGNATURE) == ASSET and set(value) == {SIGNATURE, "hash"}:
        return dict(known.get(value["hash"], value))
    return {key: _completed(item, known) for key, item in value.items()}
