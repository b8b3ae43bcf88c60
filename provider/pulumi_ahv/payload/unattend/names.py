"""Rules of Windows computer names."""

from __future__ import annotations

MAX_LENGTH = 15
_FORBIDDEN = frozenset("{|}~[\\]^':;<=>?@!\"#$%`()+/.,*& \t\r\n")


def wrong_with_computer_name(name: str) -> str:
    """What Windows would not take of a computer name; empty when it would. ``*`` asks for a random name."""
    if name == "*":
        return ""
    bad = sorted(_FORBIDDEN.intersection(name))
    troubles = {
        "is empty": not name,
        f"has {len(name)} characters, Windows takes {MAX_LENGTH}": len(name) > MAX_LENGTH,
        "has digits only": name.isdigit(),
        f"holds {bad[0]!r}, which no computer name can" if bad else "": bool(bad),
        "begins or ends with a hyphen, which no host name can": name.strip("-") != name,
    }
    return next((f"the computer name {name!r} {trouble}" for trouble, there in troubles.items() if there), "")
