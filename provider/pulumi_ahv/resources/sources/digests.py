"""Digests of local files, remembered so that a preview need not read a golden image of 40 GB again.

An entry is believed while the file has the same real path, size, modification time and inode. A file that was
changed less than two seconds before it was read is not remembered: its next change could carry the same time stamp
(file systems keep them in steps of up to two seconds). A cache that is broken or cannot be written only costs time.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from pathlib import Path

from pulumi_ahv.kernel.clock import Clock

_RACY_SECONDS = 2.0
_ENTRIES = 256
_BLOCK = 1 << 20


class Digests:
    """SHA-256 and SHA-1 of files, in lower-case hexadecimal. Nothing is kept without a ``folder``."""

    def __init__(self, folder: Path | None, clock: Clock) -> None:
        self._file = folder / "digests.json" if folder else None
        self._clock = clock

    def sha256(self, path: Path) -> str:
        """SHA-256 of a file; OSError where it cannot be read."""
        return self.of(path, "sha256")["sha256"]

    def sha1(self, path: Path) -> str:
        """SHA-1 of a file, for the checksums that old images come with."""
        return self.of(path, "sha1")["sha1"]

    def of(self, path: Path, *algorithms: str) -> dict[str, str]:
        """Several digests in one pass over the file."""
        real = str(path.resolve())
        before = _identity(Path(real).stat())
        entry = self._load().get(real)
        known = _strings(entry.get("digests")) if isinstance(entry, dict) and entry.get("file") == before else {}
        if all(algorithm in known for algorithm in algorithms):
            return {algorithm: known[algorithm] for algorithm in algorithms}
        started = self._clock.time()
        found, after = _digest(real, algorithms)
        if after == before and started - before[1] / 1e9 >= _RACY_SECONDS:
            self._remember(real, {"file": before, "digests": known | found})
        return found

    def _load(self) -> dict[str, object]:
        if self._file is None:
            return {}
        try:
            entries = json.loads(self._file.read_bytes())
        except (OSError, ValueError):
            return {}
        return entries if isinstance(entries, dict) else {}

    def _remember(self, real: str, entry: object) -> None:
        if self._file is None:
            return
        entries = self._load()
        entries.pop(real, None)
        entries[real] = entry
        newest = dict(list(entries.items())[-_ENTRIES:])
        with contextlib.suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", dir=self._file.parent, delete=False) as file:
                json.dump(newest, file)
            Path(file.name).replace(self._file)


def _identity(status: os.stat_result) -> list[int]:
    return [status.st_size, status.st_mtime_ns, status.st_ino]


def _digest(path: str, algorithms: tuple[str, ...]) -> tuple[dict[str, str], list[int]]:
    """Digests, and what the file was like when its end had been reached."""
    digests = {name: hashlib.new(name, usedforsecurity=False) for name in algorithms}
    view = memoryview(bytearray(_BLOCK))
    with Path(path).open("rb", buffering=0) as file:
        while count := file.readinto(view):
            for digest in digests.values():
                digest.update(view[:count])
        status = os.fstat(file.fileno())
    return {name: digest.hexdigest() for name, digest in digests.items()}, _identity(status)


def _strings(value: object) -> dict[str, str]:
    return {k: v for k, v in value.items() if isinstance(v, str)} if isinstance(value, dict) else {}
