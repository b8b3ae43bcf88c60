"""The owner mark: how an object in Prism says whose it is, from its first moment on.

The mark is one line in the description of the object, below whatever the user writes there:

    [pulumi-ahv shop/prod/golden image 1f0c9a77e2 b64c01]

It names the owner (project, stack, resource), the kind of object, its generation and its claim. The generation is a
digest of what makes one object different from its replacement: an interrupted create looks for its own generation and
finishes it, and never takes the object it is about to replace for its own. The claim is a token of whoever made or
adopted the object last: who deletes an object checks that the claim is still his. Whoever makes an object claims it
with a fixed word, so that the creating call is the same call when it is repeated; whoever adopts one, with a random
one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import quote

MAX_OWNER = 120
_PATTERN = re.compile(
    r"\[pulumi-ahv (?P<owner>\S+) (?P<kind>[a-z-]+) (?P<generation>[0-9a-f]{10}) (?P<claim>[0-9a-z]{1,12})\]"
)


@dataclass(frozen=True)
class Mark:
    """Whose an object is, and which one of his. ``owner`` is kept in the form it is written in."""

    owner: str
    kind: str
    generation: str
    claim: str

    @classmethod
    def of(cls, owner: str, kind: str, *, differs_by: tuple[str, ...], claim: str) -> Mark:
        """The mark of an object that replaces its forerunner when any of ``differs_by`` changes."""
        return cls(printable(owner), kind, sha256("\0".join(differs_by).encode()).hexdigest()[:10], claim)

    @classmethod
    def read(cls, description: str) -> Mark | None:
        """The mark in a description, or ``None``."""
        found = _PATTERN.search(description)
        if not found:
            return None
        return cls(found["owner"], found["kind"], found["generation"], found["claim"])

    @property
    def fragment(self) -> str:
        """The part that stays the same however often the object is adopted: what to search for."""
        return f"[pulumi-ahv {self.owner} {self.kind} {self.generation} "

    @property
    def key(self) -> str:
        """A stable text for this very object; request ids are derived from it."""
        return f"{self.owner}\0{self.kind}\0{self.generation}"

    def write(self, text: str | None) -> str:
        """A description: the user's text with the mark below it."""
        line = f"{self.fragment}{self.claim}]"
        return f"{text}\n{line}" if text else line

    def is_same_object(self, other: Mark | None) -> bool:
        """Whether another mark is of the same object, whoever claimed it."""
        return other is not None and self.fragment == other.fragment

    def is_same_owner(self, other: Mark | None) -> bool:
        """Whether another mark is of the same resource, in whatever generation."""
        return other is not None and (self.owner, self.kind) == (other.owner, other.kind)


def without_mark(description: str) -> str:
    """The user's part of a description."""
    return _PATTERN.sub("", description).rstrip("\n")


def printable(owner: str) -> str:
    """An owner without blanks, quotes and brackets; a very long one ends in a digest of the whole.

    >>> printable("shop/prod/golden image")
    'shop/prod/golden%20image'
    """
    text = quote(owner, safe="/.-_:$")
    return text if len(text) <= MAX_OWNER else f"{text[:MAX_OWNER]}~{sha256(text.encode()).hexdigest()[:12]}"
