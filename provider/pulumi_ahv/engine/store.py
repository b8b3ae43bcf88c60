"""Where a stack's state is kept: a file in the layout of Pulumi's own file backend, or memory.

``DIRECTORY/.pulumi/stacks/PROJECT/STACK.json`` is what ``pulumi login file://DIRECTORY`` reads too. Every write goes to
a file beside it that then takes its place, so that a kill leaves the old or the new state, never half of one. One run
at a time: the lock is the operating system's and goes with its holder.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import filelock

from pulumi_ahv.engine.passphrase import PassphraseCipher, PlainCipher
from pulumi_ahv.engine.records import FORMAT, Cipher, Snapshot, read_deployment, write_deployment
from pulumi_ahv.kernel.clock import Clock, SystemClock
from pulumi_ahv.kernel.errors import ConfigError


class Locked(ConfigError):
    """Another run holds the stack."""


class Store(Protocol):
    """Keeps the state of one stack."""

    def exists(self) -> bool:
        """Whether there is a state."""
        ...

    def load(self) -> Snapshot:
        """Read it; empty if there is none."""
        ...

    def save(self, snapshot: Snapshot) -> None:
        """Replace it."""
        ...


class MemoryStore:
    """State of this process. What was saved last is kept as the deployment that a file would hold."""

    def __init__(self, *, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self.deployment: dict[str, Any] | None = None

    def exists(self) -> bool:
        """Whether anything was saved."""
        return self.deployment is not None

    def load(self) -> Snapshot:
        """Read what was saved."""
        return read_deployment(self.deployment or {}, PlainCipher())

    def save(self, snapshot: Snapshot) -> None:
        """Keep a copy."""
        self.deployment = write_deployment(snapshot, PlainCipher(), manager={}, time=now(self._clock))


class FileStore:
    """State in a file. ``passphrase`` is asked for when it is first needed."""

    def __init__(
        self,
        directory: Path,
        project: str,
        stack: str,
        *,
        passphrase: Callable[[], str],
        salt: str = "",
        clock: Clock | None = None,
    ) -> None:
        self._root = directory / ".pulumi"
        self._name = f"organization/{project}/{stack}"
        self.path = self._root / "stacks" / project / f"{stack}.json"
        self._lock = filelock.FileLock(self._root / "locks" / f"{project}-{stack}.lock", timeout=0)
        self.passphrase = passphrase
        self._salt = salt
        self._cipher: PassphraseCipher | None = None
        self._clock = clock or SystemClock()

    def exists(self) -> bool:
        """Whether there is a state file."""
        return self.path.exists()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the stack; Locked if another run does."""
        Path(self._lock.lock_file).parent.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire()
        except filelock.Timeout as error:
            raise Locked(
                f"Locking stack {self._name}",
                said="the stack is currently locked by another run",
                advice="Wait for it to end; the lock goes with its process.",
            ) from error
        try:
            yield
        finally:
            self._lock.release()

    def load(self) -> Snapshot:
        """Read the state; ConfigError if it is damaged or under another passphrase."""
        return read_deployment(self.read_latest(), self.cipher()) if self.exists() else Snapshot()

    def save(self, snapshot: Snapshot) -> None:
        """Write the state, all of it or nothing."""
        cipher = self.cipher()
        manager = {"type": "passphrase", "state": {"salt": cipher.salt}}
        deployment = write_deployment(snapshot, cipher, manager=manager, time=now(self._clock))
        self.write_latest(deployment)

    def cipher(self) -> PassphraseCipher:
        """The cipher of the stack: the state's salt, else the configuration's, else a new one."""
        if self._cipher is None:
            known = self.read_latest().get("secrets_providers") or {} if self.exists() else {}
            kind = known.get("type", "passphrase")
            if kind != "passphrase":
                raise ConfigError(
                    f"Opening stack {self._name}",
                    said=f"its secrets are kept by {kind!r}",
                    advice="The embedded engine knows secrets under a passphrase only.",
                )
            salt = (known.get("state") or {}).get("salt") or self._salt
            passphrase = self.passphrase()
            self._cipher = PassphraseCipher.open(passphrase, salt) if salt else PassphraseCipher.new(passphrase)
        return self._cipher

    def read_latest(self) -> dict[str, Any]:
        """The deployment in the file, as it stands there."""
        try:
            content = json.loads(self.path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise ConfigError(f"Reading {self.path}", said=f"it is no JSON: {error}") from error
        latest = (content.get("checkpoint") or {}).get("latest") or {}
        return dict(latest)

    def write_latest(self, deployment: Mapping[str, Any]) -> None:
        """Put a deployment into the file."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        meta = self._root / "meta.yaml"
        if not meta.exists():
            meta.write_text("version: 1\n", encoding="utf-8")
        content = {"version": FORMAT, "checkpoint": {"stack": self._name, "latest": deployment}}
        beside = self.path.with_suffix(f".json.{os.getpid()}")
        beside.write_text(json.dumps(content, indent=1), encoding="utf-8")
        beside.replace(self.path)


def export(deployment: Mapping[str, Any], cipher: Cipher, *, show_secrets: bool) -> dict[str, Any]:
    """What ``stack export`` prints; with ``show_secrets``, secrets in clear."""
    exported = dict(deployment)
    if show_secrets:
        exported["resources"] = _shown(exported.get("resources") or [], cipher)
    return {"version": FORMAT, "deployment": exported}


def _shown(value: Any, cipher: Cipher) -> Any:
    if isinstance(value, list):
        return [_shown(item, cipher) for item in value]
    if not isinstance(value, dict):
        return value
    if "ciphertext" in value:
        kept = {key: item for key, item in value.items() if key != "ciphertext"}
        return kept | {"plaintext": cipher.decrypt(value["ciphertext"])}
    return {key: _shown(item, cipher) for key, item in value.items()}


def now(clock: Clock) -> str:
    """The time as it stands in states."""
    return datetime.fromtimestamp(clock.time(), UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
