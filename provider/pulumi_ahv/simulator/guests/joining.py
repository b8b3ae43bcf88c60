"""Which domain a Linux guest joins: what its scripts and commands hand to ``realm join``, in whatever script it stands.

Scripts are not run, so a condition around the call does not count. A Windows guest joins by its answer file.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Joined:
    """A domain, and the organizational unit that the computer lies in; empty where none is named."""

    domain: str = ""
    organizational_unit: str = ""


def joined(commands: Iterable[Any]) -> Joined:
    """The domain that the first ``realm join`` among these commands names."""
    for words in _lines(commands):
        for index in range(len(words) - 1):
            if words[index : index + 2] == ["realm", "join"]:
                return _joined(words[index + 2 :])
    return Joined()


def _lines(commands: Iterable[Any]) -> Iterator[list[str]]:
    for command in commands:
        if isinstance(command, list):
            yield [str(word) for word in command]
            continue
        for line in str(command).splitlines():
            try:
                yield shlex.split(line, comments=True)
            except ValueError:  # a quote that ends on another line
                continue


def _joined(words: list[str]) -> Joined:
    domain = unit = ""
    rest = iter(words)
    for word in rest:
        if word.startswith("--computer-ou"):
            unit = word.partition("=")[2] or next(rest, "")
        elif word in {"-U", "--user"}:
            next(rest, "")
        elif not word.startswith("-"):
            domain = word
    return Joined(domain, unit)
