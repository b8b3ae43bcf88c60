"""States in files: whole, locked, encrypted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pulumi_ahv.engine.records import Record, Snapshot
from pulumi_ahv.engine.store import FileStore, Locked, MemoryStore, export
from pulumi_ahv.engine.values import SecretValue
from pulumi_ahv.kernel.clock import ManualClock
from pulumi_ahv.kernel.errors import ConfigError

URN = "urn:pulumi:dev::proj::t:t:T::a"
SNAPSHOT = Snapshot([Record(URN, "t:t:T", custom=True, id="1", inputs={"pw": SecretValue("hunter2")})])


def _store(directory: Path, passphrase: str = "p", salt: str = "") -> FileStore:
    return FileStore(directory, "proj", "dev", passphrase=lambda: passphrase, salt=salt, clock=ManualClock(0))


def test_a_state_is_where_pulumis_file_backend_looks_for_it(tmp_path: Path) -> None:
    _store(tmp_path).save(SNAPSHOT)

    content = json.loads((tmp_path / ".pulumi" / "stacks" / "proj" / "dev.json").read_text())

    assert content["checkpoint"]["stack"] == "organization/proj/dev"
    assert content["checkpoint"]["latest"]["manifest"]["time"] == "1970-01-01T00:00:00.000000Z"
    assert "hunter2" not in json.dumps(content)


def test_a_state_is_read_by_who_knows_the_passphrase(tmp_path: Path) -> None:
    _store(tmp_path).save(SNAPSHOT)

    assert _store(tmp_path).load().resources[0].inputs == {"pw": SecretValue("hunter2")}
    with pytest.raises(ConfigError, match="incorrect passphrase"):
        _store(tmp_path, "wrong").load()


def test_an_absent_state_is_empty_and_asks_for_no_passphrase(tmp_path: Path) -> None:
    def ask() -> str:
        raise AssertionError

    assert FileStore(tmp_path, "proj", "dev", passphrase=ask).load() == Snapshot()


def test_only_one_run_holds_a_stack(tmp_path: Path) -> None:
    with _store(tmp_path).locked(), pytest.raises(Locked, match="currently locked"), _store(tmp_path).locked():
        pass
    with _store(tmp_path).locked():
        assert True


def test_a_damaged_state_is_named(tmp_path: Path) -> None:
    store = _store(tmp_path)
    store.save(SNAPSHOT)
    store.path.write_text("{")

    with pytest.raises(ConfigError, match=r"dev\.json"):
        store.load()


def test_a_state_under_another_secrets_provider_is_refused(tmp_path: Path) -> None:
    store = _store(tmp_path)
    store.write_latest({"secrets_providers": {"type": "awskms"}})

    with pytest.raises(ConfigError, match="awskms"):
        _store(tmp_path).load()


def test_no_half_written_file_is_left(tmp_path: Path) -> None:
    store = _store(tmp_path)
    store.save(SNAPSHOT)
    store.save(SNAPSHOT)

    assert [path.name for path in store.path.parent.iterdir()] == ["dev.json"]


def test_an_export_shows_secrets_only_if_asked(tmp_path: Path) -> None:
    store = _store(tmp_path)
    store.save(SNAPSHOT)

    hidden = export(store.read_latest(), store.cipher(), show_secrets=False)
    shown = export(store.read_latest(), store.cipher(), show_secrets=True)

    assert "hunter2" not in json.dumps(hidden)
    assert shown["deployment"]["resources"][0]["inputs"]["pw"]["plaintext"] == '"hunter2"'


def test_memory_keeps_a_copy() -> None:
    store = MemoryStore()
    record = Record(URN, "t:t:T", custom=True, inputs={"x": 1})
    store.save(Snapshot([record]))
    record.inputs["x"] = 2

    assert store.load().resources[0].inputs == {"x": 1}
