"""Lookups inside a program, on the embedded engine and an embedded Prism."""

from __future__ import annotations

import inspect
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pytest

import pulumi_ahv
from pulumi_ahv import Image, get_category, get_cluster, get_image_output, get_subnet, get_subnet_output
from pulumi_ahv.schema.package import LOOKUPS, Lookup
from pulumi_ahv.simulator.server import Prism
from pulumi_ahv.testing.stacks import TestStack

SECRET = "correct-horse-battery"
USER_DATA = "#cloud-config\nhostname: {{ name }}\nruncmd:\n  - [enroll, '{{ token }}']\n"


@pytest.fixture
def disk(tmp_path: Path) -> str:
    path = tmp_path / "disk.img"
    path.write_bytes(bytes(510) + b"\x55\xaa" + bytes(1 << 20))
    return str(path)


def known(program: Callable[[], dict[str, Any]]) -> Callable[[], None]:
    """A program that exports what it answers."""

    def run() -> None:
        for name, value in program().items():
            pulumi.export(name, value)

    return run


@pytest.mark.parametrize("lookup", LOOKUPS, ids=lambda lookup: lookup.name)
def test_every_lookup_of_the_schema_is_offered_in_both_forms_with_its_inputs(lookup: Lookup) -> None:
    for name, further in ((lookup.python, set()), (f"{lookup.python}_output", {"opts"})):
        assert name in pulumi_ahv.__all__
        taken = set(inspect.signature(getattr(pulumi_ahv, name)).parameters)
        assert taken - further == set(lookup.inputs.model_fields)
        assert further <= taken


def test_a_program_reads_what_it_looked_up(ahv_stack: TestStack) -> None:
    @known
    def program() -> dict[str, Any]:
        subnet = get_subnet("berlin-managed")
        return {
            "managed": subnet.managed,
            "same": subnet.cluster_uuids == [get_cluster("berlin").uuid],
            "category": get_category("Environment", "Testing").name,
        }

    ahv_stack.up(program)
    assert ahv_stack.outputs == {"managed": True, "same": True, "category": "Environment:Testing"}


def test_all_lookups_of_a_program_share_one_connection(ahv_stack: TestStack, ahv_site: Prism) -> None:
    @known
    def program() -> dict[str, Any]:
        return {name: get_subnet_output(name).uuid for name in ("berlin-managed", "berlin-dhcp", "hamburg-dhcp")}

    ahv_stack.up(program)
    assert len(set(ahv_stack.outputs.values())) == 3
    assert ahv_site.control.counts()["list_subnets"] == 1


def test_a_lookup_that_finds_nothing_fails_the_run_with_one_line(ahv_stack: TestStack) -> None:
    def program() -> None:
        get_subnet("berlin-manged")

    (told,) = set(ahv_stack.up(program, expect_failure=True).errors)
    assert told.startswith("get_subnet: name: Prism Central at https://")
    assert "has no subnet 'berlin-manged'. Did you mean 'berlin-managed'" in told
    assert "Traceback" not in told


def test_a_switch_lets_the_error_out_as_it_was_raised(ahv_stack: TestStack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_AHV_DEBUG", "1")

    def program() -> None:
        get_subnet("berlin-manged")

    told = "".join(ahv_stack.up(program, expect_failure=True).errors)
    assert "unhandled exception" in told
    assert "InputError: name: Prism Central at https://" in told


def test_a_preview_looks_up_what_it_can_and_leaves_the_rest_unknown(
    ahv_stack: TestStack, ahv_site: Prism, disk: str
) -> None:
    @known
    def program() -> dict[str, Any]:
        image = Image("golden", source={"path": disk})
        found = get_image_output(image.id)
        return {"size": found.size_bytes, "cluster": get_cluster("berlin").name, "owner": found.owner}

    ahv_stack.preview(program)
    assert ahv_site.control.counts().get("get_image", 0) == 0
    ahv_stack.up(program)
    assert ahv_stack.outputs == {
        "size": (1 << 20) + 512,
        "cluster": "berlin",
        "owner": "project/test/golden",
    }


def test_a_lookup_by_name_can_wait_for_the_resource_that_makes_it(ahv_stack: TestStack, disk: str) -> None:
    @known
    def program() -> dict[str, Any]:
        image = Image("golden", source={"path": disk})
        found = get_image_output("golden", opts=pulumi.InvokeOutputOptions(depends_on=[image]))
        return {"same": pulumi.Output.all(found.uuid, image.id).apply(lambda both: both[0] == both[1])}

    ahv_stack.preview(program)
    ahv_stack.up(program)
    assert ahv_stack.outputs == {"same": True}


def test_a_lookup_takes_a_connection_and_no_provider(ahv_stack: TestStack) -> None:
    def elsewhere() -> None:
        get_cluster("berlin", connection="branch")

    assert "No connection is named 'branch'" in "".join(ahv_stack.up(elsewhere, expect_failure=True).errors)

    def provided() -> None:
        provider: Any = object()
        get_subnet_output("lab", opts=pulumi.InvokeOutputOptions(provider=provider))

    assert "A lookup takes no provider" in "".join(ahv_stack.up(provided, expect_failure=True).errors)


def test_a_rendered_payload_is_secret_where_it_carries_a_secret(ahv_stack: TestStack) -> None:
    render_payload, render_payload_output = pulumi_ahv.render_payload, pulumi_ahv.render_payload_output
    seen: dict[str, bool] = {}

    async def program() -> None:
        plain = render_payload_output({"template": USER_DATA, "variables": {"token": "t"}}, name="agent-001")
        sealed = render_payload_output({"template": USER_DATA, "secrets": {"token": SECRET}})
        seen.update(plain=await plain.is_secret(), sealed=await sealed.is_secret())
        pulumi.export("files", sealed.files)
        pulumi.export("same", plain.digest.apply(lambda digest: digest == here.digest))

    here = render_payload({"template": USER_DATA, "variables": {"token": "t"}}, name="agent-001")
    ahv_stack.up(program)
    assert seen == {"plain": False, "sealed": True}
    assert ahv_stack.outputs["same"] is True
    assert SECRET in ahv_stack.outputs["files"]["openstack/latest/user_data"]


def test_a_plain_lookup_refuses_to_answer_with_secrets(ahv_stack: TestStack) -> None:
    def program() -> None:
        pulumi_ahv.render_payload({"template": USER_DATA, "secrets": {"token": SECRET}})

    told = "".join(ahv_stack.up(program, expect_failure=True).errors)
    assert "render_payload: payload: its files carry a secret" in told
    assert SECRET not in told


def test_importing_the_lookups_brings_nothing_heavy() -> None:
    code = "import pulumi_ahv, sys; pulumi_ahv.get_subnet; print('\\n'.join(sys.modules))"
    brought = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    heavy = ("requests", "pydantic", "jinja2", "boto3", "pycdlib", "oslo_utils", "pulumi_ahv.prism")
    assert [name for name in brought if name.startswith(heavy) and name not in already()] == []


def already() -> set[str]:
    """What Pulumi brings by itself."""
    code = "import pulumi, sys; print('\\n'.join(sys.modules))"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())
