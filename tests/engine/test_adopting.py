"""States that others have written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pulumi_ahv.engine.adopting import adopt
from pulumi_ahv.engine.passphrase import PassphraseCipher
from pulumi_ahv.engine.store import FileStore
from pulumi_ahv.engine.values import SecretValue
from pulumi_ahv.kernel.errors import ConfigError

STACK = "urn:pulumi:dev::proj::pulumi:pulumi:Stack::proj-dev"
SIGNATURE = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}


def _resource(name: str, **fields: Any) -> dict[str, Any]:
    return {"urn": f"urn:pulumi:dev::proj::t:t:T::{name}", "custom": True, "id": name, "type": "t:t:T", **fields}


def _state(*resources: dict[str, Any], **fields: Any) -> str:
    return json.dumps({"version": 3, "deployment": {"resources": list(resources), **fields}})


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path, "proj", "dev", passphrase=lambda: "p")


def _adopt(store: FileStore, text: str) -> list[str]:
    return adopt(store, text, project="proj", stack="dev")


def test_a_minimal_state_is_taken_over(store: FileStore) -> None:
    assert _adopt(store, _state(_resource("a"))) == []
    assert [record.id for record in store.load().resources] == ["a"]


def test_secrets_in_clear_are_encrypted(store: FileStore) -> None:
    _adopt(store, _state(_resource("a", inputs={"pw": {**SIGNATURE, "plaintext": '"hunter2"'}})))

    assert "hunter2" not in store.path.read_text()
    assert store.load().resources[0].inputs == {"pw": SecretValue("hunter2")}


def test_secrets_under_the_same_passphrase_and_another_salt_are_read(store: FileStore) -> None:
    cipher = PassphraseCipher.new("p")
    manager = {"type": "passphrase", "state": {"salt": cipher.salt}}
    secret = {**SIGNATURE, "ciphertext": cipher.encrypt('"hunter2"')}

    _adopt(store, _state(_resource("a", inputs={"pw": secret}), secrets_providers=manager))

    assert store.load().resources[0].inputs == {"pw": SecretValue("hunter2")}


def test_pending_operations_are_dropped_with_a_warning(store: FileStore) -> None:
    operation = {"resource": _resource("b"), "type": "creating"}

    warnings = _adopt(store, _state(_resource("a"), pending_operations=[operation]))

    assert "creating" in warnings[0]
    assert store.load().pending == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "no JSON"),
        ('{"version": 2}', "version 2"),
        (_state(manifest={"version": "v1", "magic": "wrong"}), "magic cookie mismatch"),
        (_state({**_resource("a"), "type": ""}), "no urn or no type"),
        (_state({**_resource("a"), "id": ""}), "has no id"),
        (_state({**_resource("a"), "custom": False}), "not custom"),
        (_state(_resource("a"), _resource("a")), "duplicate resource"),
        (_state(_resource("a", dependencies=["urn:b"])), "stands before"),
        (_state({**_resource("a"), "urn": "urn:pulumi:prod::proj::t:t:T::a"}), "belongs to stack prod"),
        (_state(_resource("a", inputs={"pw": {**SIGNATURE, "ciphertext": "v1:YWJj:YWJj"}})), "incorrect passphrase"),
    ],
)
def test_a_state_that_cannot_be_used_is_refused(store: FileStore, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        _adopt(store, text)

    assert not store.exists()
