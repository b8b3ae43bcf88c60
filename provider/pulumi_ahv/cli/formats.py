"""How results are written: for a person, or for a program."""

from __future__ import annotations

from enum import StrEnum


class Format(StrEnum):
    """How the result is written."""

    TEXT = "text"
    JSON = "json"
