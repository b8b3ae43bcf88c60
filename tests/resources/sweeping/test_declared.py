from __future__ import annotations

from typing import Any

import pytest

from pulumi_ahv.kernel.errors import InputError
from pulumi_ahv.resources.sweeping.declared import Declared, Known, Stack, known_of

UUID = "5F63B420-1c2d-4e5f-8a9b-0123456789ab"
OTHER = "11111111-2222-4333-8444-555555555555"
SEALED = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:x:y"}


def record(kind: str, name: str, **more: Any) -> dict[str, Any]:
    inputs = {"owner": f"shop/prod/{name}", **more.pop("inputs", {})}
    kind = f"pulumi-python:dynamic/ahv:{kind}"
    return {"urn": f"urn:pulumi:prod::shop::{kind}::{name}", "type": kind, "inputs": inputs, **more}


def state(*held: dict[str, Any], pending: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    return {"version": 3, "deployment": {"resources": list(held), "pending_operations": list(pending)}}


def test_every_uuid_of_every_resource_is_known_wherever_it_stands() -> None:
    known = known_of(state(record("Pool", "agents", id="pool-1", outputs={"status": {"agents-001": {"uuid": UUID}}})))
    assert known.uuids == {UUID.lower()}
    assert known.stack == Stack("shop", "prod")


def test_resources_of_both_faces_are_declared_and_others_are_not() -> None:
    plugin = record("Image", "disk") | {"type": "ahv:index:Image"}
    foreign = record("Bucket", "bucket") | {"type": "aws:s3/bucket:Bucket"}
    known = known_of(state(plugin, foreign, record("Pool", "agents", inputs={"connection": "berlin"})))
    assert [(one.kind, one.owner, one.pending) for one in known.declared] == [
        ("Image", "shop/prod/disk", False),
        ("Pool", "shop/prod/agents", False),
    ]
    assert known.connections == ["", "berlin"]


def test_what_was_about_to_be_made_is_declared_and_its_uuids_are_not_known() -> None:
    begun = record("Pool", "agents", inputs={"template": UUID})
    ended = record("Image", "disk", id=OTHER)
    pending = ({"type": "creating", "resource": begun}, {"type": "deleting", "resource": ended})
    known = known_of(state(pending=pending))
    assert known.declared == (Declared("Pool", "shop/prod/agents", begun["inputs"], pending=True),)
    assert known.uuids == {OTHER}
    assert known.stack == Stack("shop", "prod")


def test_an_empty_state_knows_nothing() -> None:
    assert known_of({"version": 3, "deployment": {"manifest": {}}}) == Known()


def test_a_pool_whose_machines_are_encrypted_is_refused() -> None:
    with pytest.raises(InputError, match=r"its machines cannot be told\. Export it with --show-secrets") as caught:
        known_of(state(record("Pool", "agents", outputs={"status": SEALED})))
    assert caught.value.path == "--state"


@pytest.mark.parametrize("document", [{}, [], {"deployment": 3}, "text"])
def test_what_is_no_state_is_refused(document: Any) -> None:
    with pytest.raises(InputError, match="it is no exported state"):
        known_of(document)
