"""What a stack remembers of its resources, in Pulumi's deployment format, version 3.

Owns the shape of the JSON; the cipher is handed in, files are the business of ``store``. Field names, their order of
appearance and which are left out when empty follow the real engine, so that ``pulumi stack import`` takes the result.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol

from pulumi_ahv.engine.values import (
    REFERENCE,
    SECRET,
    SIGNATURE,
    UNKNOWN,
    UNKNOWN_ID,
    Bag,
    Reference,
    SecretValue,
    Unknown,
)

FORMAT: Final = 3
WRITER: Final = "pulumi-ahv-embedded"


class Cipher(Protocol):
    """How secrets are written."""

    def encrypt(self, text: str) -> str:
        """Turn plain text into what may stand in a file."""
        ...

    def decrypt(self, text: str) -> str:
        """The other way round."""
        ...


@dataclass(eq=False)
class Record:
    """One resource of a stack. Compared by identity: old and new halves of a replacement share a URN."""

    urn: str
    type: str
    custom: bool
    id: str = ""
    inputs: Bag = field(default_factory=dict)
    outputs: Bag = field(default_factory=dict)
    parent: str = ""
    provider: str = ""
    dependencies: list[str] = field(default_factory=list)
    property_dependencies: dict[str, list[str]] = field(default_factory=dict)
    protect: bool = False
    external: bool = False
    delete: bool = False
    pending_replacement: bool = False
    init_errors: list[str] = field(default_factory=list)
    additional_secret_outputs: list[str] = field(default_factory=list)
    custom_timeouts: dict[str, float] = field(default_factory=dict)
    import_id: str = ""
    retain_on_delete: bool = False
    deleted_with: str = ""
    ignore_changes: list[str] = field(default_factory=list)
    replace_on_changes: list[str] = field(default_factory=list)
    hide_diff: list[str] = field(default_factory=list)
    refresh_before_update: bool = False
    created: str = ""
    modified: str = ""

    def copy(self, **changes: Any) -> Record:
        """Another record, equal but for these fields; bags and lists are not shared."""
        return replace(copy.deepcopy(self), **changes)

    def all_dependencies(self) -> set[str]:
        """URNs of everything that has to exist while this does, the provider's too."""
        found = set(self.dependencies)
        for urns in self.property_dependencies.values():
            found.update(urns)
        found.update(urn for urn in (self.parent, self.deleted_with) if urn)
        if self.provider:
            found.add(self.provider.rpartition("::")[0])
        return found


@dataclass
class Operation:
    """A step that was begun and whose end nobody saw."""

    record: Record
    type: str


@dataclass
class Snapshot:
    """All a stack remembers."""

    resources: list[Record] = field(default_factory=list)
    pending: list[Operation] = field(default_factory=list)


_OPTIONAL: Final = {
    "parent": "parent",
    "dependencies": "dependencies",
    "provider": "provider",
    "property_dependencies": "propertyDependencies",
    "protect": "protect",
    "external": "external",
    "delete": "delete",
    "pending_replacement": "pendingReplacement",
    "init_errors": "initErrors",
    "additional_secret_outputs": "additionalSecretOutputs",
    "custom_timeouts": "customTimeouts",
    "import_id": "importID",
    "retain_on_delete": "retainOnDelete",
    "deleted_with": "deletedWith",
    "ignore_changes": "ignoreChanges",
    "replace_on_changes": "replaceOnChanges",
    "hide_diff": "hideDiff",
    "refresh_before_update": "refreshBeforeUpdate",
    "created": "created",
    "modified": "modified",
}


def write_deployment(snapshot: Snapshot, cipher: Cipher, *, manager: Mapping[str, Any], time: str) -> dict[str, Any]:
    """Write a deployment. ``manager`` is the entry ``secrets_providers``, ``time`` an RFC 3339 time."""
    deployment: dict[str, Any] = {
        "manifest": {
            "time": time,
            "magic": hashlib.sha256(WRITER.encode()).hexdigest(),
            "version": WRITER,
        },
        "secrets_providers": dict(manager),
        "resources": [write_record(record, cipher.encrypt) for record in snapshot.resources],
        "metadata": {},
    }
    if snapshot.pending:
        deployment["pending_operations"] = [
            {"resource": write_record(operation.record, cipher.encrypt), "type": operation.type}
            for operation in snapshot.pending
        ]
    return deployment


def read_deployment(deployment: Mapping[str, Any], cipher: Cipher) -> Snapshot:
    """Read a deployment; ValueError if a resource has no URN or type."""
    resources = [read_record(entry, cipher.decrypt) for entry in deployment.get("resources") or []]
    pending = [
        Operation(read_record(entry["resource"], cipher.decrypt), entry["type"])
        for entry in deployment.get("pending_operations") or []
    ]
    return Snapshot(resources, pending)


def write_record(record: Record, encrypt: Callable[[str], str]) -> dict[str, Any]:
    """Write one resource."""
    entry: dict[str, Any] = {"urn": record.urn, "custom": record.custom}
    if record.id:
        entry["id"] = record.id
    entry["type"] = record.type
    for name in ("inputs", "outputs"):
        if bag := getattr(record, name):
            entry[name] = _write(bag, encrypt)
    entry.update({key: getattr(record, name) for name, key in _OPTIONAL.items() if getattr(record, name)})
    return entry


def read_record(entry: Mapping[str, Any], decrypt: Callable[[str], str]) -> Record:
    """Read one resource."""
    if not entry.get("urn") or not entry.get("type"):
        raise ValueError(f"a resource of the state has no urn or no type: {entry.get('urn') or entry.get('type')}")
    given = {name: entry[key] for name, key in _OPTIONAL.items() if entry.get(key)}
    return Record(
        urn=entry["urn"],
        type=entry["type"],
        custom=bool(entry.get("custom")),
        id=entry.get("id", ""),
        inputs=_read(entry.get("inputs") or {}, decrypt),
        outputs=_read(entry.get("outputs") or {}, decrypt),
        **given,
    )


def value_to_json(value: Any, encrypt: Callable[[str], str]) -> Any:
    """Write one value as it stands in a state file."""
    return _write(value, encrypt)


def by_urn(records: Iterable[Record]) -> dict[str, Record]:
    """The live resources by URN: halves of a replacement that wait for their deletion are not among them."""
    return {record.urn: record for record in records if not record.delete}


def _write(value: Any, encrypt: Callable[[str], str]) -> Any:
    if isinstance(value, SecretValue):
        text = json.dumps(_write(value.element, encrypt), separators=(",", ":"))
        return {SIGNATURE: SECRET, "ciphertext": encrypt(text)}
    if isinstance(value, Reference):
        plain: Bag = {SIGNATURE: REFERENCE, "urn": value.urn}
        if value.id is not None:
            plain["id"] = _write(value.id, encrypt)
        return plain | ({"packageVersion": value.version} if value.version else {})
    if isinstance(value, Mapping):
        return {key: _write(item, encrypt) for key, item in value.items()}
    if isinstance(value, list):
        return [_write(item, encrypt) for item in value]
    if isinstance(value, Unknown):
        return UNKNOWN_ID  # a stack output of a failed run: the real engine writes it like this
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 else value


def _read(value: Any, decrypt: Callable[[str], str]) -> Any:
    if isinstance(value, list):
        return [_read(item, decrypt) for item in value]
    if not isinstance(value, Mapping):
        return UNKNOWN if value == UNKNOWN_ID else value
    signature = value.get(SIGNATURE)
    if signature == SECRET:
        text = value["plaintext"] if "plaintext" in value else decrypt(value["ciphertext"])
        return SecretValue(_read(json.loads(text), decrypt))
    if signature == REFERENCE:
        return Reference(value["urn"], value.get("id"), value.get("packageVersion", ""))
    return {key: _read(item, decrypt) for key, item in value.items()}
