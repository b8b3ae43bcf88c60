"""The record of requests: who asked what and what came of it, without any secret."""

from __future__ import annotations

from collections import Counter, deque
from typing import Any

from pulumi_ahv.kernel.secrets import Scrubber

_KEPT = 100_000


class Journal:
    """The last hundred thousand requests. Bodies are not kept: they hold passwords that nobody could know of."""

    def __init__(self, scrubber: Scrubber) -> None:
        self._entries: deque[dict[str, Any]] = deque(maxlen=_KEPT)
        self._scrubber = scrubber
        self._count = 0

    def open(self, **values: Any) -> dict[str, Any]:
        """Write a request down as it arrives; the entry is filled in as more becomes known."""
        self._count += 1
        entry = {"number": self._count, **{name: self._clean(value) for name, value in values.items()}}
        self._entries.append(entry)
        return entry

    def entries(self, *, operation: str = "", since: int = 0) -> list[dict[str, Any]]:
        """The entries after a number, of one operation or of all."""
        return [
            entry
            for entry in self._entries
            if entry["number"] > since and operation in {"", entry.get("operation", "")}
        ]

    def counts(self) -> dict[str, int]:
        """How often each operation was called."""
        return dict(Counter(str(entry.get("operation") or "unknown") for entry in self._entries))

    def clear(self) -> None:
        """Forget what was written down; numbers go on."""
        self._entries.clear()

    def _clean(self, value: Any) -> Any:
        return self._scrubber.scrub(value) if isinstance(value, str) else value
