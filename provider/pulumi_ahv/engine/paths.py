"""Property paths: ``a.b[0]["c.d"]`` and ``*``, as users write them in ``ignore_changes`` and ``replace_on_changes``."""

from __future__ import annotations

import re
from typing import Any

from pulumi_ahv.engine.values import Bag, SecretValue

Path = tuple[str | int, ...]

_PART = re.compile(r"""\.?(?P<name>[^.\[\]"]+)|\[(?P<index>\d+|\*)\]|\["(?P<quoted>(?:[^"\\]|\\.)*)"\]""")
_PLAIN = re.compile("^[A-Za-z0-9_]+$")  # what the real engine leaves unquoted (tried)


def parse(text: str) -> Path:
    """Read a path; ValueError if it is malformed."""
    parts: list[str | int] = []
    position = 0
    while position < len(text):
        match = _PART.match(text, position)
        if match is None:
            raise ValueError(f"malformed property path {text!r} at column {position + 1}")
        name, index, quoted = match.group("name", "index", "quoted")
        if name is not None:
            parts.append(name)
        elif index is not None:
            parts.append(index if index == "*" else int(index))
        else:
            parts.append(quoted.replace('\\"', '"'))
        position = match.end()
    return tuple(parts)


def text_of(path: Path) -> str:
    """Write a path the way the real engine does."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif _PLAIN.match(part):
            text += f".{part}" if text else part
        else:
            escaped = part.replace('"', '\\"')
            text += f'["{escaped}"]'
    return text


def contains(path: Path, other: Path) -> bool:
    """Whether ``other`` lies at or below ``path``; ``*`` stands for any one part."""
    if len(other) < len(path):
        return False
    return all(mine in ("*", theirs) for mine, theirs in zip(path, other, strict=False))


def reset(path: Path, olds: Bag, news: Bag) -> bool:
    """Set what ``path`` names in ``news`` back to its value in ``olds``, in place; False if the shapes forbid it."""
    return _reset(path, olds, news, secret=False)


def _reset(path: Path, old: Any, new: Any, *, secret: bool) -> bool:
    """``secret`` says that old is in a secret and new is not, so that a value carried over needs a mark."""
    if not path:
        return False
    old_secret, new_secret = isinstance(old, SecretValue), isinstance(new, SecretValue)
    secret = (secret or old_secret) and not new_secret
    old, new = _bare(old), _bare(new)
    key = path[0]
    if key == "*":
        return _reset_all(path, old, new, secret=secret)
    if len(path) == 1 and isinstance(key, str):
        return _reset_key(key, old, new, secret=secret)
    container = list if isinstance(key, int) else dict
    if not isinstance(old, container) or not isinstance(new, container):
        return not isinstance(old, container) and not isinstance(new, container)
    return _reset_below(path, old, new, secret=secret)


def _reset_below(path: Path, old: Any, new: Any, *, secret: bool) -> bool:
    """Old and new are containers of the kind that the first part of the path asks for."""
    key: Any = path[0]
    has_old, has_new = _has(old, key), _has(new, key)
    if len(path) == 1:
        return _reset_item(key, old, new, secret=secret) if has_old and has_new else has_old == has_new
    if isinstance(key, int):
        return has_old and has_new and _reset(path[1:], old[key], new[key], secret=secret)
    if not has_new:
        return not has_old
    return _reset(path[1:], old.get(key), new[key], secret=secret)


def _bare(value: Any) -> Any:
    while isinstance(value, SecretValue):
        value = value.element
    return value


def _has(container: Any, key: str | int) -> bool:
    return key < len(container) if isinstance(key, int) else key in container


def _carried(value: Any, *, secret: bool) -> Any:
    return SecretValue(value) if secret and not isinstance(value, SecretValue) else value


def _reset_item(key: Any, old: Any, new: Any, *, secret: bool) -> bool:
    new[key] = _carried(old[key], secret=secret)
    return True


def _reset_key(key: str, old: Any, new: Any, *, secret: bool) -> bool:
    if isinstance(old, dict) and key in old:
        return isinstance(new, dict) and _reset_item(key, old, new, secret=secret)
    if isinstance(new, dict):
        new.pop(key, None)
    return True


def _reset_all(path: Path, old: Any, new: Any, *, secret: bool) -> bool:
    if len(path) == 1:
        return _reset_whole(old, new, secret=secret)
    if isinstance(old, dict) and isinstance(new, dict):
        return all(key in new and _reset(path[1:], old[key], new[key], secret=secret) for key in old)
    if isinstance(old, list) and isinstance(new, list):
        done = all(_reset(path[1:], *pair, secret=secret) for pair in zip(old, new, strict=False))
        return done and len(old) == len(new)
    return False


def _reset_whole(old: Any, new: Any, *, secret: bool) -> bool:
    if isinstance(new, dict):
        if isinstance(old, dict):
            new.clear()
            new.update({key: _carried(value, secret=secret) for key, value in old.items()})
        return True
    if isinstance(new, list):
        if not isinstance(old, list):
            return True
        for index in range(min(len(old), len(new))):
            _reset_item(index, old, new, secret=secret)
        return len(old) == len(new)
    return False
