"""What a spectator needs of an engine's output: what the provider says, what was done, and the counts.

Both engines print a message in the row of the stack, and once more at the end; the real one repeats rows as it waits.
"""

from __future__ import annotations

import re

_DOING = "creating|updating|deleting|replacing|refreshing|running"
_MESSAGE = re.compile(rf"^[ +~\-]* pulumi:pulumi:Stack \S+ +(?:(?:{_DOING})(?: \(\d+s\))? +)?(?P<text>\w.*)$")
_DONE = re.compile(r"^[ +~=\-]* \S+[:/](?P<type>\w+) (?P<name>\S+) +(?P<did>[a-z ]*ed(?: original| replacement)?) \(")
_COUNT = re.compile(r"^    (?P<text>(?:[+~=-]+ ?\d+ (?:\w+ ?)+|(?:\d+ changes\. )?\d+ unchanged|\d+ errored))$")
_QUIET_TYPES = ("Stack", "PoolGate")
_QUIET = re.compile(rf"^(?:warning: |created|updated|deleted|refresh|(?:{_DOING})\b|\d+ (?:message|warning|error))")


class Excerpt:
    """Takes a run line by line; answers what is to be shown of each, or an empty text."""

    def __init__(self) -> None:
        self._shown: set[str] = set()
        self._counts: list[str] = []

    def line(self, text: str) -> str:
        """Look at a line."""
        if found := _COUNT.match(text):
            self._counts.append(" ".join(found["text"].split()))
            return ""
        if found := _DONE.match(text):
            quiet = found["type"] in _QUIET_TYPES or found["did"] == "replaced"  # both halves have rows of their own
            return "" if quiet else self._once(f"{found['type']} {found['name']}: {found['did']}")
        if (found := _MESSAGE.match(text)) and not _QUIET.match(found["text"]):
            return self._once(found["text"])
        return ""

    def end(self) -> str:
        """Sum the run up."""
        return ", ".join(self._counts)

    def _once(self, text: str) -> str:
        if text in self._shown:
            return ""
        self._shown.add(text)
        return text
