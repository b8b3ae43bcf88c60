"""Filters that write a value so that the parser on the other side reads exactly this value back.

``yaml`` does not use Jinja's ``tojson``: it writes characters above U+FFFF as two surrogates, which PyYAML, and so
cloud-init, reads back as two broken characters. What a format cannot carry at all (NUL in a shell word, control
characters in XML) is an error here: silently dropping it would change a password.
"""

from __future__ import annotations

import json
import math
import re
import shlex
from collections.abc import Callable, Mapping

import jinja2
from markupsafe import Markup

# PyYAML refuses these outside escapes, or folds them as line breaks.
_YAML_ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
# A simple key of YAML 1.1 ends within 1024 characters; longer ones need the "?" form.
_LONGEST_SIMPLE_KEY = 1000
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# PowerShell takes the typographic single quotes for quotes, too.
_POWERSHELL_QUOTE = re.compile("(['\u2018\u2019\u201a\u201b])")
_XML_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;", "\t": "&#9;", "\n": "&#10;"}
_XML_ESCAPES["\r"] = "&#13;"


def yaml_value(value: object) -> str:
    """Write a value as one line of YAML (flow style, double-quoted strings).

    >>> yaml_value("yes")
    '"yes"'
    >>> yaml_value({"a": [1, True, None]})
    '{"a": [1, true, null]}'
    """
    match value:
        case None | bool() | int():
            return json.dumps(value)
        case float():
            return _yaml_float(value)
        case str():
            return _YAML_ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", _json_text(value))
        case Mapping():
            return "{" + ", ".join(_yaml_pair(key, inner) for key, inner in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(yaml_value(inner) for inner in value) + "]"
    raise _unwritable(value, "yaml")


def json_value(value: object) -> str:
    """Write a value as JSON in plain ASCII."""
    _refuse_surrogates(value)
    return json.dumps(value, allow_nan=False, default=_no_json)


def xml_text(value: object) -> Markup:
    """Write a value as XML text or attribute content; tabs and line ends survive attributes, too.

    Raises:
        ValueError: the value holds a character that XML 1.0 cannot carry in any form.
    """
    text = str(value)
    if found := _NOT_XML.search(text):
        raise ValueError(f"XML cannot carry the character U+{ord(found[0]):04X}")
    return Markup("".join(_XML_ESCAPES.get(character, character) for character in text))  # noqa: S704 - escaped just here


def shell_word(value: object) -> str:
    """Write a value as one word of a POSIX shell; a list becomes several words.

    Raises:
        ValueError: the value holds a NUL, which no program argument can carry.
    """
    if isinstance(value, list | tuple):
        return " ".join(shell_word(item) for item in value)
    return shlex.quote(_without_nul(value, "a shell word"))


def powershell_text(value: object) -> str:
    """Write a value as a single-quoted string of PowerShell, in which nothing is expanded.

    Raises:
        ValueError: the value holds a NUL.
    """
    return "'" + _POWERSHELL_QUOTE.sub(r"\1\1", _without_nul(value, "a PowerShell string")) + "'"


FILTERS: Mapping[str, Callable[[object], str]] = {
    "yaml": yaml_value,
    "json": json_value,
    "xml": xml_text,
    "shell": shell_word,
    "powershell": powershell_text,
}


def _no_json(value: object) -> object:
    raise _unwritable(value, "json")


def _unwritable(value: object, name: str) -> TypeError:
    if isinstance(value, jinja2.Undefined):
        str(value)  # raises, and its error tells the name and what is defined
    return TypeError(f"the {name} filter cannot write a {type(value).__name__}")


def _json_text(value: str) -> str:
    _refuse_surrogates(value)
    return json.dumps(value, ensure_ascii=False)


def _yaml_float(value: float) -> str:
    if math.isnan(value):
        return ".nan"
    if math.isinf(value):
        return ".inf" if value > 0 else "-.inf"
    mantissa, letter, exponent = repr(value).partition("e")
    # YAML 1.1 takes "1e+16" for a string: its floats have a point.
    return f"{mantissa if '.' in mantissa else mantissa + '.0'}{letter}{exponent}"


def _yaml_pair(key: object, value: object) -> str:
    written = yaml_value(key)
    return f"{'? ' if len(written) > _LONGEST_SIMPLE_KEY else ''}{written}: {yaml_value(value)}"


def _without_nul(value: object, where: str) -> str:
    if value is None or isinstance(value, bool | Mapping | list | tuple):
        raise TypeError(f"{where} is made from text or a number, not from a {type(value).__name__}")
    text = str(value)
    _refuse_surrogates(text)
    if "\0" in text:
        raise ValueError(f"{where} cannot carry the character NUL")
    return text


def _refuse_surrogates(value: object) -> None:
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError as broken:
            raise ValueError("half a surrogate pair is not text") from broken
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            _refuse_surrogates(key)
            _refuse_surrogates(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            _refuse_surrogates(inner)
