"""State in the deployment format."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from pulumi_ahv.engine.passphrase import PassphraseCipher, PlainCipher
from pulumi_ahv.engine.records import Operation, Record, Snapshot, by_urn, read_deployment, write_deployment
from pulumi_ahv.engine.values import UNKNOWN, Reference, SecretValue

URN = "urn:pulumi:dev::proj::t:t:T::a"


def _written(record: Record) -> dict[str, Any]:
    deployment = write_deployment(Snapshot([record]), PlainCipher(), manager={}, time="now")
    entry: dict[str, Any] = deployment["resources"][0]
    return entry


def test_a_record_comes_back_as_it_was_written() -> None:
    record = Record(
        URN,
        "t:t:T",
        custom=True,
        id="1",
        inputs={"pw": SecretValue({"k": [1, "x"]}), "vm": Reference("urn", "id"), "n": 1.5, "list": [{}]},
        outputs={"uid": UNKNOWN},
        parent="p",
        provider="q::1",
        dependencies=["d"],
        property_dependencies={"pw": [], "vm": ["d"]},
        protect=True,
        init_errors=["slow"],
        custom_timeouts={"create": 300.0},
        pending_replacement=True,
        ignore_changes=["x"],
        deleted_with="w",
    )
    cipher = PassphraseCipher.new("p")

    deployment = write_deployment(Snapshot([record], [Operation(record, "creating")]), cipher, manager={}, time="now")
    snapshot = read_deployment(deployment, cipher)

    assert vars(snapshot.resources[0]) == vars(record)
    assert snapshot.pending[0].type == "creating"


def test_what_is_empty_is_left_out() -> None:
    assert _written(Record(URN, "t:t:T", custom=False)) == {"urn": URN, "custom": False, "type": "t:t:T"}


def test_whole_numbers_are_written_without_a_point() -> None:
    inputs = _written(Record(URN, "t:t:T", custom=True, inputs={"a": 3.0, "b": 2.5, "c": True}))["inputs"]

    assert str(inputs) == "{'a': 3, 'b': 2.5, 'c': True}"


def test_the_magic_of_a_manifest_follows_its_version() -> None:
    manifest = write_deployment(Snapshot(), PlainCipher(), manager={}, time="now")["manifest"]

    assert manifest["magic"] == hashlib.sha256(manifest["version"].encode()).hexdigest()


def test_secrets_in_clear_are_read_and_those_encrypted_do_not_show() -> None:
    cipher = PassphraseCipher.new("p")
    record = Record(URN, "t:t:T", custom=True, inputs={"pw": SecretValue("hunter2")})
    deployment = write_deployment(Snapshot([record]), cipher, manager={}, time="now")
    assert "hunter2" not in str(deployment)
    deployment["resources"][0]["inputs"]["pw"].pop("ciphertext")
    deployment["resources"][0]["inputs"]["pw"]["plaintext"] = '"hunter3"'

    assert read_deployment(deployment, cipher).resources[0].inputs == {"pw": SecretValue("hunter3")}


@pytest.mark.parametrize("entry", [{"type": "t:t:T"}, {"urn": URN}])
def test_a_resource_without_urn_or_type_is_refused(entry: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="no urn or no type"):
        read_deployment({"resources": [entry]}, PlainCipher())


def test_halves_that_wait_for_deletion_are_not_found_by_urn() -> None:
    old, new = Record(URN, "t:t:T", custom=True, delete=True), Record(URN, "t:t:T", custom=True)

    assert by_urn([new, old]) == {URN: new}


def test_dependencies_of_all_kinds_are_known() -> None:
    record = Record(
        URN, "t", custom=True, parent="p", provider="prov::1", dependencies=["d"], property_dependencies={"x": ["e"]}
    )
    record.deleted_with = "w"

    assert record.all_dependencies() == {"p", "prov", "d", "e", "w"}
