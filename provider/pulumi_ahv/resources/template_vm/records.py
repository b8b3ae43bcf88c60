"""What versions and templates say of themselves: which inputs a version is made of, and which maintenance is going on.

A version's description ends in a record, a template's, below the owner mark, in a note while it is in maintenance:

    [version 5d41402abc-7d793037a0 maintenance k3j2h1]
    [maintenance k3j2h1 5d41402abc-7d793037a0]

The two digests are the content: of what is built anew, and of what is changed upon it. The first version of a template
takes no description (api-v4, section 5: Central writes ``Created from VM: <name>``): its record is the machine's name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from pulumi_ahv.prism.vms import FIRST_VERSION, Template, TemplateVersion
from pulumi_ahv.resources.mark import Mark
from pulumi_ahv.schema.fields import Change, facts_of, wire_name
from pulumi_ahv.schema.template_vm import TemplateVmInputs

_DIGITS = 10
_PAYLOAD = "payload"  # counts as its digest, into which secrets go through scrypt
_CONTENT = r"(?P<content>[0-9a-f]{10}-[0-9a-f]{10})"
_RECORD = re.compile(rf"\[version {_CONTENT}(?: maintenance (?P<session>[0-9a-z]+))?\]")
_WORKING = re.compile(rf"\bahv-template-[0-9a-f]{{10}}-{_CONTENT}")
_NOTE = re.compile(rf"\n?\[maintenance (?P<session>[0-9a-z]+) {_CONTENT}\]")
_NUMBER = re.compile(r"Version (?P<number>\d+)")

BUILT: Final = tuple(
    name for name in TemplateVmInputs.model_fields if facts_of(TemplateVmInputs, name).change is Change.REBUILDS
)
SHAPED: Final = tuple(
    name for name in TemplateVmInputs.model_fields if facts_of(TemplateVmInputs, name).change is Change.RESHAPES
)
HARDWARE: Final = tuple(wire_name(TemplateVmInputs, name) for name in (*BUILT, *SHAPED))
"""The properties that a version is made of, as bags name them."""


def content_of(bag: Mapping[str, Any], payload: str = "") -> str:
    """The content that inputs ask for; writing a default down changes nothing. ``payload`` is its digest."""
    hardware = {name: bag[name] for name in HARDWARE if bag.get(name) is not None and name != _PAYLOAD}
    told = TemplateVmInputs.model_validate({"name": "-", "owner": "-", **hardware})
    extra = {_PAYLOAD: payload} if payload else {}
    return f"{_digest(told, BUILT, extra)}-{_digest(told, SHAPED, {})}"


def strange_content(version: str) -> str:
    """What stands for the content while a version that is not ours, or not our newest, is the active one."""
    return f"version '{version}'"


def is_content(text: str | None) -> bool:
    """Whether it is a content of ours. After a refresh under ``ignoreChanges`` something strange may have to stay."""
    return text is not None and re.fullmatch(_CONTENT, text) is not None


def same_base(content: str, other: str) -> bool:
    """Whether two contents differ in nothing that has to be built anew."""
    return content.partition("-")[0] == other.partition("-")[0]


@dataclass(frozen=True)
class Record:
    """What a version is made of; ``session`` names the maintenance that made it."""

    content: str
    session: str = ""

    def write(self, text: str) -> str:
        """A version's description."""
        maintenance = f" maintenance {self.session}" if self.session else ""
        return f"{text}\n[version {self.content}{maintenance}]"


def record_of(version: TemplateVersion) -> Record | None:
    """The record of a version; ``None`` for one that somebody else made."""
    if found := _RECORD.search(version.description):
        return Record(found["content"], found["session"] or "")
    found = _WORKING.search(version.description)
    return Record(found["content"]) if found else None


def newest(template: Template) -> tuple[TemplateVersion, Record] | None:
    """The newest version that is ours, with its record."""
    for version in template.versions:
        if record := record_of(version):
            return version, record
    return None


def next_name(versions: Sequence[TemplateVersion]) -> str:
    """A name that no version has: the first is Central's, the second is ``Version 2``."""
    if not versions:
        return FIRST_VERSION
    numbers = [int(found["number"]) for version in versions if (found := _NUMBER.fullmatch(version.name))]
    return f"Version {max([1, *numbers]) + 1}"


@dataclass(frozen=True)
class Note:
    """A maintenance that is going on: its name, and the content of the version it began with."""

    session: str
    content: str

    @classmethod
    def read(cls, description: str) -> Note | None:
        """The note in a template's description."""
        found = _NOTE.search(description)
        return cls(found["session"], found["content"]) if found else None


def described(text: str | None, mark: Mark, note: Note | None) -> str:
    """A template's description."""
    line = f"\n[maintenance {note.session} {note.content}]" if note else ""
    return f"{mark.write(text)}{line}"


def without_note(description: str) -> str:
    """A template's description, as it is when no maintenance is going on."""
    return _NOTE.sub("", description)


def working_prefix(owner: str) -> str:
    """How the names of machines begin that are built to be frozen."""
    return f"ahv-template-{sha256(owner.encode()).hexdigest()[:_DIGITS]}-"


def working_name(owner: str, content: str, source: str = "") -> str:
    """Name of a machine that is built to be frozen; ``source`` is the version that it is made of."""
    return f"{working_prefix(owner)}{content}{f'-{source[:8]}' if source else ''}"


def _digest(told: TemplateVmInputs, names: Sequence[str], extra: Mapping[str, str]) -> str:
    values = {**told.model_dump(mode="json", include=set(names), exclude_defaults=True), **extra}
    return sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:_DIGITS]
