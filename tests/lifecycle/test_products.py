"""The same programs on a Prism Element, and on a Central and an Element at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from stacks import Stack, kill_group, wait_until, write_disk

from pulumi_ahv.cli.engines import Engine
from pulumi_ahv.resources.mark import Mark, without_mark
from pulumi_ahv.simulator.server import Prism, running

LIFE = """
image = Image(
    "golden",
    description="Our base.",
    source={"path": "disk.img"},
    categories=["Environment:Testing"],
    clusters=["berlin"],
)
pulumi.export("vm_disk_uuid", image.vm_disk_uuid)
"""
BOTH = """
for place in (None, "branch"):
    Image(f"golden-{place}", name="golden", source={"path": "disk.img"}, connection=place)
"""


def images(prism: Prism) -> list[dict[str, Any]]:
    return prism.control.entities("images")


def only(prism: Prism) -> dict[str, Any]:
    found = images(prism)
    assert len(found) == 1, found
    return found[0]


@pytest.fixture
def prism(request: pytest.FixtureRequest) -> Iterator[Prism]:
    """A Prism Element, or what a test asks for."""
    with running(product=getattr(request, "param", "element")) as site:
        yield site


@pytest.fixture
def created(stack: Stack, disk: Path) -> Stack:
    stack.program(LIFE)
    ended = stack.up()
    assert ended.code == 0, ended.text
    assert "'categories' is left out" in ended.text
    return stack


def rename(prism: Prism, name: str) -> None:
    """What a colleague does in the pages of the Element."""
    with requests.Session() as session:
        session.trust_env, session.verify = False, str(prism.ca_file)
        session.auth = (prism.username, prism.password)
        url = f"{prism.url}/api/nutanix/v2.0/images/{only(prism)['extId']}"
        session.put(url, json={"name": name}, timeout=10).raise_for_status()
    wait_until(lambda: only(prism)["name"] == name)


def test_the_image_of_the_program_is_there_with_its_mark(created: Stack, prism: Prism, disk: Path) -> None:
    image = only(prism)
    mark = Mark.read(image["description"])
    assert mark
    assert (mark.owner, without_mark(image["description"])) == ("shop/test/golden", "Our base.")
    assert image["sizeBytes"] == disk.stat().st_size
    assert created.outputs()["vm_disk_uuid"]


def test_a_drift_shows_and_is_repaired(created: Stack, prism: Prism) -> None:
    assert created.preview("--refresh", "--expect-no-changes").code == 0
    rename(prism, "other")
    drift = created.preview("--refresh", "--diff", "--expect-no-changes")
    assert drift.code == 7, drift.text
    assert 'name: "other" => "golden"' in drift.text
    assert created.up("--refresh").code == 0
    assert only(prism)["name"] == "golden"


def test_new_content_is_a_new_image_and_destroy_leaves_nothing(created: Stack, prism: Prism, disk: Path) -> None:
    before = only(prism)
    write_disk(disk, b"version 2", size=2 << 20)
    assert created.up().code == 0
    after = only(prism)
    assert (after["extId"] != before["extId"], after["sizeBytes"]) == (True, 2 << 20)
    ended = created.destroy()
    assert ended.code == 0, ended.text
    assert images(prism) == []


def test_an_import_that_failed_leaves_nothing(stack: Stack, prism: Prism) -> None:
    stack.program('Image("golden", source={"url": "http://127.0.0.1:1/disk.img"})')
    ended = stack.up()
    assert ended.code == 1
    assert any("Cannot fetch" in line for line in ended.errors)
    assert images(prism) == []
    assert prism.control.entities("element-images") == []


@pytest.mark.parametrize("prism", ["central"], indirect=True)
def test_one_program_puts_the_same_image_on_a_central_and_an_element(
    stack: Stack, prism: Prism, engine: Engine, tmp_path: Path, disk: Path
) -> None:
    with running(product="element", seed=2) as element:
        branch = {
            "endpoint": element.url,
            "username": element.username,
            "password": element.password,
            "caBundle": str(element.ca_file),
        }
        (stack.folder / "Pulumi.test.yaml").write_text(
            json.dumps({"config": {"ahv:connections": json.dumps({"branch": branch})}})
        )
        stack.program(BOTH)
        ended = stack.up()
        assert ended.code == 0, ended.text
        one, other = only(prism), only(element)
        assert one["extId"] != other["extId"]
        assert [(each["name"], each["sizeBytes"]) for each in (one, other)] == [("golden", disk.stat().st_size)] * 2
        assert stack.preview("--refresh", "--expect-no-changes").code == 0
        ended = stack.destroy()
        assert ended.code == 0, ended.text
        assert images(prism) == images(element) == []


@pytest.mark.parametrize("operation", ["v2_create_image", "v08_upload_image"])
def test_a_run_that_was_killed_is_finished_by_the_next_and_leaves_one_image(
    stack: Stack, prism: Prism, disk: Path, operation: str
) -> None:
    prism.control.latency("*", 3)
    stack.program('Image("golden", source={"path": "disk.img"})')
    process = stack.start("up", "--yes", "--skip-preview")
    wait_until(lambda: prism.control.counts().get(operation))
    kill_group(process)
    stack.unlock()
    prism.control.latency("*", 0.05)
    ended = stack.up()
    assert ended.code == 0, ended.text
    assert only(prism)["name"] == "golden"
    assert prism.control.entities("element-images") == []
    assert stack.preview("--refresh", "--expect-no-changes").code == 0
