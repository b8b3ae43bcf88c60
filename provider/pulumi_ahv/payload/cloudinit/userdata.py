"""Checks a user-data text of any format cloud-init takes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from email import message_from_string
from email.message import Message

import yaml

from pulumi_ahv.payload.cloudinit.checker import check
from pulumi_ahv.payload.cloudinit.cloudconfig import check_cloud_config
from pulumi_ahv.payload.cloudinit.formats import Format, format_of
from pulumi_ahv.payload.cloudinit.shapes import TEXT, WHOLE, Listing, Table, either, of
from pulumi_ahv.payload.cloudinit.yamltext import parse
from pulumi_ahv.payload.findings import Problem

_ARCHIVE = Listing(
    either(TEXT, Table({**of("type content filename", TEXT), "launch-index": WHOLE}, required=("content",)))
)
_URL = re.compile(r"(https?|ftp|file)://\S+\Z")
_KNOWN_HEADERS = (
    "#cloud-config, #!, #include, #cloud-boothook, #cloud-config-archive, #part-handler, ## template: jinja"
)


def check_user_data(text: str) -> list[Problem]:
    """Everything wrong with a user-data text; lines are those of the text."""
    if text.startswith("\ufeff"):
        return [Problem("byte-order-mark", "the text begins with a byte order mark", 1, 1, "Save it as UTF-8 without.")]
    if "\0" in text:
        return [Problem("nul", "the text holds a NUL character", text.count("\n", 0, text.index("\0")) + 1, 0)]
    return list(_CHECKS.get(format_of(text), _nothing)(text))


def _nothing(text: str) -> Iterator[Problem]:
    del text
    yield from ()


def _script(text: str) -> Iterator[Problem]:
    first = text.split("\n", 1)[0]
    if not first.startswith("#!"):
        yield Problem("late-shebang", "white space stands before '#!': the kernel will not run this script", 1, 1)
    elif first.endswith("\r"):
        message = "the first line ends with a carriage return: the kernel looks for an interpreter of that name"
        yield Problem("carriage-return", message, 1, len(first), "Save it with Unix line ends.")
    elif not first[2:].lstrip().startswith("/"):
        yield Problem("relative-interpreter", f"{first!r} names no absolute path", 1, 3, "Write #!/bin/sh, say.")


def _include(text: str) -> Iterator[Problem]:
    for number, line in enumerate(text.split("\n"), 1):
        entry = line.strip()
        if entry and not entry.startswith("#") and not _URL.match(entry):
            yield Problem("not-a-url", "an include list holds one URL a line", number, 1)


def _archive(text: str) -> Iterator[Problem]:
    document = parse(text)
    yield from document.problems
    if document.root is None:
        return
    yield from check(document.root, _ARCHIVE, "the archive")
    if isinstance(document.root, yaml.SequenceNode):
        for item in document.root.value:
            yield from _archived(item)


def _archived(item: yaml.Node) -> Iterator[Problem]:
    if not isinstance(item, yaml.MappingNode):
        return
    entry = {key.value: value for key, value in item.value if isinstance(key, yaml.ScalarNode)}
    content = entry.get("content")
    if isinstance(content, yaml.ScalarNode) and format_of(content.value) is Format.CLOUD_CONFIG:
        below = content.start_mark.line + (1 if content.style in {"|", ">"} else 0)
        for found in check_cloud_config(content.value):
            yield Problem(found.code, found.message, found.line + below, 0, found.advice, found.fatal)


def _guest_jinja(text: str) -> Iterator[Problem]:
    rest = text.lstrip().split("\n", 1)[1] if "\n" in text.strip() else ""
    if format_of(rest) not in {Format.CLOUD_CONFIG, Format.SCRIPT, Format.BOOTHOOK}:
        message = "below '## template: jinja' cloud-init renders a cloud-config, script or boothook only"
        yield Problem("unknown-format", message, 2, 1, "Write #cloud-config or #! into the second line.")


def _multipart(text: str) -> Iterator[Problem]:
    message: Message = message_from_string(text)
    if not message.is_multipart():
        yield Problem("not-multipart", "'MIME-Version:' is there, but no parts between boundaries", 1, 1)
        return
    for number, part in enumerate(message.walk()):
        payload = part.get_payload(decode=True)
        if part.is_multipart() or not isinstance(payload, bytes):
            continue
        for found in check_user_data(payload.decode(errors="replace")):
            where = f"part {number} ({part.get_filename('no name')}), line {found.line}: {found.message}"
            yield Problem(found.code, where, 0, 0, found.advice, found.fatal)


def _unknown(text: str) -> Iterator[Problem]:
    first = text.lstrip().split("\n", 1)[0]
    line = text[: text.index(first)].count("\n") + 1 if first else 1
    advice = f"The text must begin with one of {_KNOWN_HEADERS}, or be a MIME multipart."
    if re.match(r"#\s*cloud[-_ ]?config", first, re.IGNORECASE):
        advice = "Write the first line exactly as #cloud-config."
    yield Problem("unknown-format", "cloud-init skips this text: it does not know its format", line, 1, advice)


_CHECKS: Mapping[Format, Callable[[str], Iterator[Problem]]] = {
    Format.SCRIPT: _script,
    Format.CLOUD_CONFIG: lambda text: iter(check_cloud_config(text)),
    Format.INCLUDE: _include,
    Format.INCLUDE_ONCE: _include,
    Format.ARCHIVE: _archive,
    Format.GUEST_JINJA: _guest_jinja,
    Format.MULTIPART: _multipart,
    Format.UNKNOWN: _unknown,
}
