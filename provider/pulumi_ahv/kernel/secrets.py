"""Secrets that do not show themselves, and a scrubber for texts that others wrote."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable

MASK = "[secret]"


class Secret:
    """A value that never prints itself.

    >>> print(Secret("hunter2"))
    [secret]
    >>> Secret("hunter2").reveal()
    'hunter2'
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself; call it only where it goes out on the wire."""
        return self._value

    def __repr__(self) -> str:
        return MASK

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(("Secret", self._value))

    def __bool__(self) -> bool:
        return bool(self._value)


class Scrubber:
    """Takes known secrets out of a text: plain, and as base64 where they are long enough to be told apart."""

    def __init__(self, secrets: Iterable[Secret | str] = ()) -> None:
        self._needles: set[str] = set()
        for secret in secrets:
            self.add(secret)

    def add(self, secret: Secret | str) -> None:
        """Remember one more secret. Values of one or two characters are left alone: they would blacken every text."""
        value = secret.reveal() if isinstance(secret, Secret) else secret
        if len(value) < 3:
            return
        self._needles.add(value)
        if len(value) >= 6:
            self._needles.add(b64encode(value.encode()).decode().rstrip("="))

    def scrub(self, text: str) -> str:
        """The text with every known secret masked, longest first."""
        for needle in sorted(self._needles, key=len, reverse=True):
            text = text.replace(needle, MASK)
        return text
