from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pulumi_ahv.kernel.errors import InputError
from pulumi_ahv.prism.interface import Site
from pulumi_ahv.resources.lookups.answering import answer
from pulumi_ahv.resources.pool.payloads import Payloads
from pulumi_ahv.schema.lookups import RenderPayloadResult
from pulumi_ahv.schema.pool import PoolInputs

USER_DATA = "#cloud-config\nhostname: {{ name }}\nruncmd:\n  - [enroll, '{{ token }}']\n"
SECRET = "correct-horse-battery"


def render(**bag: Any) -> RenderPayloadResult:
    def connect(_: str | None) -> Site:
        raise AssertionError("rendering asks no Prism")

    found = answer("renderPayload", bag, connect)
    assert isinstance(found, RenderPayloadResult)
    return found


def test_the_files_of_the_disc_are_told_by_their_path() -> None:
    found = render(payload={"template": USER_DATA, "variables": {"token": "t"}}, name="agent-003", slot=2)
    assert found.findings == []
    assert "hostname: agent-003" in found.files["openstack/latest/user_data"]
    assert (found.label, found.carries_secret) == ("config-2", False)


def test_the_digest_is_that_of_the_pools_member_secrets_or_not() -> None:
    payload = {"template": USER_DATA, "secrets": {"token": SECRET}}
    pool = {"name": "agents", "owner": "shop/prod/agents", "template": "t", "size": 3, "payload": payload}
    pool["memberVariables"] = {"agent-003": {"unused": 1}}
    wanted = Payloads(PoolInputs.model_validate(pool)).digest(2, "agent-003")
    asked = {"payload": payload, "name": "agent-003", "slot": 2, "memberVariables": {"unused": 1}}
    assert render(**asked, owner="shop/prod/agents").digest == wanted
    assert render(**asked).digest != wanted


def test_a_payload_with_a_secret_says_that_it_carries_one() -> None:
    found = render(payload={"template": USER_DATA, "secrets": {"token": SECRET}})
    assert found.carries_secret
    assert SECRET in found.files["openstack/latest/user_data"]
    assert SECRET not in found.digest


def test_what_is_wrong_is_in_the_findings_with_its_line() -> None:
    found = render(payload={"template": "#cloud-config\nhostnam: {{ name }}\n"})
    (finding,) = found.findings
    assert (finding.line, finding.code) == (2, "unknown-key")
    assert "hostname" in finding.advice


def test_a_template_that_fails_has_no_digest_and_raises_nothing() -> None:
    found = render(payload={"template": "#cloud-config\nhostname: {{ nme }}\n"})
    assert found.digest == ""
    assert [finding.severity for finding in found.findings] == ["error"]


def test_a_template_file_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"payload\.templateFile: .*nowhere\.yaml' does not exist"):
        render(payload={"templateFile": str(tmp_path / "nowhere.yaml")})


def test_a_property_that_a_payload_does_not_have_is_named() -> None:
    with pytest.raises(InputError, match=r"payload\.templat: is not a property here; did you mean 'template'"):
        render(payload={"templat": USER_DATA})


def test_a_file_on_the_clusters_storage_cannot_be_rendered() -> None:
    with pytest.raises(InputError, match=r"^payload.path: what is in the file is not seen by the provider"):
        render(payload={"delivery": "path", "path": "adsf:///container/file"})
