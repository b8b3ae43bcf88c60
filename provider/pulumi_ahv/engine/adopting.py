"""Taking over a state that somebody else has written: what is accepted, what is refused."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from pulumi_ahv.engine.passphrase import PassphraseCipher, PlainCipher
from pulumi_ahv.engine.records import FORMAT, Record, Snapshot, read_deployment
from pulumi_ahv.engine.store import FileStore
from pulumi_ahv.engine.urns import Urn
from pulumi_ahv.kernel.errors import ConfigError


def adopt(store: FileStore, text: str, *, project: str, stack: str) -> list[str]:
    """Replace a stack's state by an exported one; warnings, or ConfigError for what cannot be taken over.

    Secrets may be in clear, or under the stack's own passphrase with any salt; they are encrypted anew.
    """
    doing = f"Importing a state into stack {stack}"
    try:
        content = json.loads(text)
    except ValueError as error:
        raise ConfigError(doing, said=f"it is no JSON: {error}") from error
    if content.get("version") not in (FORMAT, FORMAT + 1):
        raise ConfigError(doing, said=f"its format has version {content.get('version')!r}, not {FORMAT}")
    deployment = content.get("deployment") or {}
    _check_magic(deployment.get("manifest") or {}, doing)
    try:
        snapshot = _read(store, deployment)
    except (KeyError, ValueError) as error:
        raise ConfigError(doing, said=str(error)) from error
    if wrong := problem(snapshot, project, stack):
        raise ConfigError(doing, said=wrong)
    warnings = [
        f"removing pending operation '{operation.type}' on '{operation.record.urn}' from the state"
        for operation in snapshot.pending
    ]
    store.save(Snapshot(snapshot.resources))
    return warnings


def problem(snapshot: Snapshot, project: str, stack: str) -> str:
    """What makes a state unusable; empty if nothing does."""
    seen: set[str] = set()
    live: set[str] = set()
    for record in snapshot.resources:
        urn = Urn.parse(record.urn)
        if (urn.stack, urn.project) != (stack, project):
            return f"resource {record.urn} belongs to stack {urn.stack} of project {urn.project}"
        if record.urn in live and not record.delete:
            return f"duplicate resource {record.urn}"
        if reason := _record_problem(record, seen):
            return reason
        seen.add(record.urn)
        if not record.delete:
            live.add(record.urn)
    return ""


def _record_problem(record: Record, seen: set[str]) -> str:
    if record.custom and not record.id:
        return f"resource {record.urn} has no id"
    if record.id and not record.custom:
        return f"resource {record.urn} has an id but is not custom"
    missing = sorted(record.all_dependencies() - seen)
    return f"resource {record.urn} stands before {missing[0]}, which it refers to" if missing else ""


def _read(store: FileStore, deployment: Mapping[str, Any]) -> Snapshot:
    manager = deployment.get("secrets_providers") or {}
    salt = (manager.get("state") or {}).get("salt")
    if not salt:
        return read_deployment(
            deployment, PlainCipher() if '"ciphertext"' not in json.dumps(deployment) else store.cipher()
        )
    return read_deployment(deployment, PassphraseCipher.open(store.passphrase(), salt))


def _check_magic(manifest: Mapping[str, Any], doing: str) -> None:
    magic, version = manifest.get("magic"), manifest.get("version", "")
    if magic and magic != hashlib.sha256(version.encode()).hexdigest():
        raise ConfigError(doing, said="magic cookie mismatch; possible tampering/corruption detected")
