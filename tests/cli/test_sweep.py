"""What `ahv sweep` takes, says and exits with; what it finds is tested with `resources.sweeping`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from golden import DISK, client
from typer.testing import CliRunner

from pulumi_ahv.cli.main import app
from pulumi_ahv.kernel.clock import Deadline, SystemClock
from pulumi_ahv.kernel.progress import silent
from pulumi_ahv.prism.interface import Site
from pulumi_ahv.prism.values import ImageSpec, ImageType, StreamSource
from pulumi_ahv.prism.vms import DiskSpec, VmSpec
from pulumi_ahv.resources.mark import Mark
from pulumi_ahv.simulator.server import Prism, running

Run = Callable[..., Result]
EMPTY = {"version": 3, "deployment": {}}


@pytest.fixture(scope="module")
def prism() -> Iterator[Prism]:
    """A Prism Central for all of these tests."""
    with running() as site:
        site.control.latency("*", 0.05)
        yield site


@pytest.fixture(scope="module")
def site(prism: Prism) -> Iterator[Site]:
    with client(prism) as opened:
        yield opened


def make_image(site: Site, stack: str) -> str:
    """An image that carries the mark of a stack; answers its UUID."""
    text = Mark.of(f"shop/{stack}/golden", "image", differs_by=("x",), claim="first").write("")
    spec = ImageSpec("golden", text, ImageType.DISK, StreamSource(lambda: BytesIO(DISK), len(DISK)))
    return site.images.create(spec, key=stack, deadline=Deadline(SystemClock(), 60), progress=silent).uuid


@pytest.fixture(scope="module")
def image(site: Site) -> str:
    """UUID of an image of the stack shop/prod, for tests that delete nothing."""
    return make_image(site, "prod")


def reach(prism: Prism) -> dict[str, str]:
    return {
        "NUTANIX_ENDPOINT": prism.url,
        "NUTANIX_USERNAME": prism.username,
        "NUTANIX_PASSWORD": prism.password,
        "NUTANIX_CA_BUNDLE": str(prism.ca_file),
    }


@pytest.fixture
def sweep(prism: Prism, tmp_path: Path) -> Run:
    """Run it in the folder of the project `shop`, with an empty state for `prod` beside it."""
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: nodejs\n")
    (tmp_path / "state.json").write_text(json.dumps(EMPTY))

    def run(*options: str, stdin: str | None = None, state: str = "state.json", **variables: str) -> Result:
        given = ["--state", "-" if stdin else str(tmp_path / state)] if state else []
        words = ["sweep", "--cwd", str(tmp_path), *given, *options]
        return CliRunner().invoke(app, words, input=stdin, env={**reach(prism), **variables})

    return run


def found(result: Result) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = json.loads(result.stdout)["found"]
    return told


def test_nothing_left_over_exits_with_0(sweep: Run) -> None:
    result = sweep("--stack", "empty")
    assert (result.exit_code, result.stdout) == (0, "shop/empty: nothing is left over\n")


def test_what_is_found_and_not_deleted_exits_with_7(sweep: Run, image: str) -> None:
    result = sweep("--stack", "prod")
    assert result.exit_code == 7
    row = next(line for line in result.stdout.splitlines() if image in line)
    assert row.split() == ["image", "golden", image, "shop/prod/golden", "default", "left", "over"]
    assert "Nothing was deleted: --delete does that." in result.stdout


@pytest.mark.parametrize("word", ["--delete", "--yes"])
def test_what_is_deleted_exits_with_0(sweep: Run, site: Site, word: str) -> None:
    uuid = make_image(site, word.strip("-"))
    result = sweep("--stack", word.strip("-"), word)
    assert result.exit_code == 0, result.output
    assert "deleted" in result.stdout
    assert site.images.get(uuid) is None


def test_the_same_as_json(sweep: Run, image: str) -> None:
    result = sweep("--stack", "prod", "--format", "json")
    document = json.loads(result.stdout)
    assert (document["stack"], document["exitCode"], document["unknown"]) == ("shop/prod", 7, [])
    assert found(result) == [
        {
            "kind": "image",
            "name": "golden",
            "uuid": image,
            "owner": "shop/prod/golden",
            "connection": "default",
            "fate": "left over",
        }
    ]


def test_what_cannot_be_deleted_exits_with_1_and_says_why(sweep: Run, prism: Prism, image: str) -> None:
    rule = prism.control.fault("task-failure", operation="*ImageDelete*", entity=image, message="It is in use.")
    result = sweep("--stack", "prod", "--delete", "--format", "json")
    prism.control.clear_faults(rule)
    assert result.exit_code == 1
    (told,) = found(result)
    assert told["fate"].startswith("not deleted: ")
    assert "It is in use." in told["fate"]


@pytest.mark.parametrize("by", ["name", "uuid"])
def test_what_is_to_be_kept_stays_and_counts_for_nothing(sweep: Run, site: Site, image: str, by: str) -> None:
    result = sweep("--stack", "prod", "--delete", "--keep", {"name": "golden", "uuid": image}[by], "--format", "json")
    assert result.exit_code == 0
    assert [each["fate"] for each in found(result)] == ["kept"]
    assert site.images.get(image) is not None


def test_what_stands_in_the_state_is_no_finding(sweep: Run, tmp_path: Path, image: str) -> None:
    urn = "urn:pulumi:prod::shop::ahv:index:Image::golden"
    held = [{"urn": urn, "type": "ahv:index:Image", "id": image, "inputs": {"owner": "shop/prod/golden"}}]
    (tmp_path / "held.json").write_text(json.dumps({"version": 3, "deployment": {"resources": held}}))
    assert sweep(state="held.json").exit_code == 0
    assert sweep("--stack", "prod", stdin=(tmp_path / "held.json").read_text()).exit_code == 0
    result = sweep("--stack", "test", state="held.json")
    assert result.exit_code == 1
    assert "it is the state of shop/prod, not of shop/test" in result.stderr


def test_a_stack_that_is_gone_has_no_state(sweep: Run, image: str) -> None:
    assert sweep("--stack", "prod", "--no-state", state="").exit_code == 7
    assert sweep("--stack", "organization/shop/prod", "--no-state", state="").exit_code == 7
    assert sweep("--stack", "prod", "--project", "other", "--no-state", state="").exit_code == 0


def test_a_stack_that_the_engine_does_not_know_is_an_error(sweep: Run, image: str) -> None:
    result = sweep("--stack", "prod", "--engine", "embedded", "--delete", state="", PULUMI_CONFIG_PASSPHRASE="p")
    assert result.exit_code == 1
    assert "Exporting the state of 'prod'" in result.stderr
    assert "--no-state" in result.stderr


def test_a_stack_has_to_be_named(sweep: Run) -> None:
    for words in ((), ("--no-state",)):
        result = sweep(*words, state="")
        assert result.exit_code == 1
        assert "--stack: is missing" in result.stderr


def test_a_file_that_is_no_state_is_an_error(sweep: Run, tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text("{}")
    assert "it is no exported state" in sweep("--stack", "prod", state="other.json").stderr
    (tmp_path / "other.json").write_text("no JSON")
    assert "--state: it cannot be read" in sweep("--stack", "prod", state="other.json").stderr
    assert "--state: it cannot be read" in sweep("--stack", "prod", state="nowhere.json").stderr


def test_the_same_prism_by_two_connections_is_told_once(sweep: Run, prism: Prism, tmp_path: Path, image: str) -> None:
    again = {"endpoint": prism.url, "username": prism.username, "password": prism.password}
    settings = {"ahv:connections": {"again": again | {"caBundle": str(prism.ca_file)}}}
    (tmp_path / "Pulumi.prod.yaml").write_text(json.dumps({"config": settings}))
    result = sweep("--stack", "prod", "--format", "json")
    assert [(each["uuid"], each["connection"]) for each in found(result)] == [(image, "default")]
    result = sweep("--stack", "prod", "--connection", "again", "--format", "json")
    assert [(each["uuid"], each["connection"]) for each in found(result)] == [(image, "again")]


def test_a_connection_that_does_not_answer_is_an_error_and_nothing_is_deleted(
    sweep: Run, site: Site, tmp_path: Path, image: str
) -> None:
    gone = {"endpoint": "127.0.0.1:1", "username": "u", "password": "p", "retryTimeout": 0.1}
    (tmp_path / "Pulumi.prod.yaml").write_text(json.dumps({"config": {"ahv:connections": {"gone": gone}}}))
    result = sweep("--stack", "prod", "--delete")
    assert result.exit_code == 1
    assert "nothing listens at 127.0.0.1:1" in result.stderr
    assert site.images.get(image) is not None


def test_encrypted_settings_say_how_to_hand_them_in(sweep: Run, tmp_path: Path) -> None:
    config = {"config": {"ahv:endpoint": "prism", "ahv:username": "admin", "ahv:password": {"secure": "v1:x"}}}
    (tmp_path / "Pulumi.prod.yaml").write_text(json.dumps(config))
    result = sweep("--stack", "prod", NUTANIX_PASSWORD="")
    assert result.exit_code == 1
    assert "`pulumi config --show-secrets --json | ahv sweep --config -`" in result.stderr


def test_working_names_of_unknown_owners_are_listed_and_count_for_nothing(sweep: Run, site: Any) -> None:
    from pulumi_ahv.prism.vm_interface import Doings

    cluster = site.inventory.clusters()[0].uuid
    name = "ahv-0123456789ab-01234567-001"
    doings = Doings(Deadline(SystemClock(), 60), silent)
    uuid = site.vms.create(
        VmSpec(name, "", cluster, 1, 1, 1 << 30, (DiskSpec(size_bytes=1 << 30),)), key=name, doings=doings
    ).uuid
    result = sweep("--stack", "empty", "--delete")
    site_still_has = site.vms.get(uuid)
    site.vms.delete([uuid], doings=doings)
    assert result.exit_code == 0
    assert "Not ours to judge: working names of owners that are not known (1)" in result.stdout
    assert name in result.stdout
    assert site_still_has is not None
