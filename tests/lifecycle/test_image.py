"""The life of an image on a whole stack: program, engine, provider process, HTTPS, Prism."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from stacks import Colleague, Stack, write_disk

from pulumi_ahv.resources.mark import Mark, without_mark
from pulumi_ahv.simulator.server import Prism

PROGRAM = """
image = Image(
    "golden",
    description="Our base.",
    source={"path": "disk.img"},
    categories=["Environment:Testing"],
    clusters=["berlin"],
)
pulumi.export("uuid", image.uuid)
pulumi.export("size_bytes", image.size_bytes)
"""


def images(prism: Prism) -> list[dict[str, Any]]:
    return prism.control.entities("images")


def only(prism: Prism) -> dict[str, Any]:
    found = images(prism)
    assert len(found) == 1, found
    return found[0]


@pytest.fixture
def created(stack: Stack, disk: Path) -> Stack:
    stack.program(PROGRAM)
    ended = stack.up()
    assert ended.code == 0, ended.text
    return stack


def test_an_image_is_made_as_the_program_says(created: Stack, prism: Prism, disk: Path) -> None:
    image = only(prism)
    assert image["name"] == "golden"
    assert image["type"] == "DISK_IMAGE"
    assert image["sizeBytes"] == disk.stat().st_size
    assert without_mark(image["description"]) == "Our base."
    assert created.outputs() == {"uuid": image["extId"], "size_bytes": disk.stat().st_size}


def test_an_image_carries_the_mark_of_its_owner(created: Stack, prism: Prism) -> None:
    mark = Mark.read(only(prism)["description"])
    assert mark
    assert (mark.owner, mark.kind) == ("shop/test/golden", "image")


def test_the_second_up_changes_nothing_and_uploads_nothing(created: Stack, prism: Prism) -> None:
    prism.control.clear_journal()
    ended = created.up("--expect-no-changes")
    assert ended.code == 0, ended.text
    assert prism.control.journal() == []


def test_nothing_that_was_uploaded_is_left_in_objects(created: Stack, prism: Prism) -> None:
    assert prism.control.about()["entities"].get("objects", 0) == 0


def test_a_change_made_in_prism_shows_and_is_repaired(created: Stack, prism: Prism) -> None:
    Colleague(prism).change(only(prism)["extId"], name="other")
    drift = created.preview("--refresh", "--diff", "--expect-no-changes")
    assert drift.code == 7, drift.text
    assert 'name: "other" => "golden"' in drift.text
    assert only(prism)["name"] == "other", "a preview changes nothing"
    repaired = created.up("--refresh")
    assert repaired.code == 0, repaired.text
    assert only(prism)["name"] == "golden"
    assert created.preview("--refresh", "--expect-no-changes").code == 0


def test_a_category_that_was_taken_away_shows_and_is_repaired(created: Stack, prism: Prism) -> None:
    Colleague(prism).change(only(prism)["extId"], categoryExtIds=[])
    assert created.preview("--refresh", "--expect-no-changes").code == 7
    assert created.up("--refresh").code == 0
    assert len(only(prism)["categoryExtIds"]) == 1


def test_a_mark_that_was_wiped_off_is_put_back(created: Stack, prism: Prism) -> None:
    Colleague(prism).change(only(prism)["extId"], description="Our base.")
    assert created.preview("--refresh", "--expect-no-changes").code == 7
    assert created.up("--refresh").code == 0
    assert Mark.read(only(prism)["description"])


def test_a_property_that_the_program_does_not_set_is_not_compared(stack: Stack, prism: Prism, disk: Path) -> None:
    stack.program('Image("golden", source={"path": "disk.img"})')
    assert stack.up().code == 0
    mark = Mark.read(only(prism)["description"])
    assert mark
    Colleague(prism).change(only(prism)["extId"], description=mark.write("A note of a colleague."))
    assert stack.preview("--refresh", "--expect-no-changes").code == 0


def test_name_and_description_change_in_place(created: Stack, prism: Prism) -> None:
    before = only(prism)
    created.program(PROGRAM.replace('"Our base."', '"Our new base."').replace('"golden",', '"golden", name="silver",'))
    ended = created.up()
    assert ended.code == 0, ended.text
    after = only(prism)
    assert (after["extId"], after["name"]) == (before["extId"], "silver")
    assert without_mark(after["description"]) == "Our new base."


def test_a_property_taken_out_of_the_program_is_taken_away(created: Stack, prism: Prism) -> None:
    created.program(PROGRAM.replace('categories=["Environment:Testing"],', "").replace('description="Our base.",', ""))
    assert created.up().code == 0
    image = only(prism)
    assert image.get("categoryExtIds", []) == []
    assert without_mark(image["description"]) == ""


def test_new_content_is_a_new_image_before_the_old_one_goes(created: Stack, prism: Prism, disk: Path) -> None:
    before = only(prism)
    write_disk(disk, b"version 2", size=2 << 20)
    prism.control.clear_journal()
    ended = created.up()
    assert ended.code == 0, ended.text
    after = only(prism)
    assert after["extId"] != before["extId"]
    assert after["sizeBytes"] == 2 << 20
    done = [
        entry["operation"]
        for entry in prism.control.journal()
        if entry["operation"] in ("create_image", "delete_image_by_id")
    ]
    assert done == ["create_image", "delete_image_by_id"]


def test_the_same_content_at_another_place_is_the_same_image(created: Stack, prism: Prism, disk: Path) -> None:
    before = only(prism)
    disk.rename(disk.with_name("moved.img"))
    created.program(PROGRAM.replace("disk.img", "moved.img"))
    assert created.up().code == 0
    assert only(prism)["extId"] == before["extId"]


def test_an_image_that_vanished_is_made_anew(created: Stack, prism: Prism) -> None:
    before = only(prism)
    Colleague(prism).delete(only(prism)["extId"])
    shown = created.preview("--refresh", "--expect-no-changes")
    assert shown.code == 7, shown.text
    assert created.up("--refresh").code == 0
    assert only(prism)["extId"] != before["extId"]


def test_destroying_what_has_vanished_already_succeeds(created: Stack, prism: Prism) -> None:
    Colleague(prism).delete(only(prism)["extId"])
    ended = created.destroy()
    assert ended.code == 0, ended.text
    assert created.images() == []


def test_destroy_leaves_nothing(created: Stack, prism: Prism) -> None:
    ended = created.destroy()
    assert ended.code == 0, ended.text
    assert images(prism) == []


def test_unknown_inputs_are_previewed_as_unknown(stack: Stack, prism: Prism, disk: Path) -> None:
    stack.program(
        """
first = Image("first", source={"path": "disk.img"})
second = Image("second", name=first.uuid.apply(lambda uuid: "copy-of-" + uuid), source={"path": "disk.img"})
"""
    )
    shown = stack.preview("--diff")
    assert shown.code == 0, shown.text
    assert "[unknown]" in shown.text
    assert images(prism) == []
    ended = stack.up()
    assert ended.code == 0, ended.text
    names = {image["name"] for image in images(prism)}
    assert any(name.startswith("copy-of-") for name in names)


def test_no_credential_reaches_the_state_or_the_screen(created: Stack, prism: Prism) -> None:
    shown = created.preview("--refresh", "--diff").text
    state = str(created.state())
    for secret in (prism.password, prism.api_key):
        assert secret not in state
        assert secret not in shown


def test_a_stranger_of_the_same_name_is_an_error_that_names_it(created: Stack, prism: Prism) -> None:
    strange = only(prism)
    created.program('Image("other", name="golden", source={"path": "disk.img"})')
    ended = created.up()
    assert ended.code == 1
    (line,) = ended.errors
    assert f"already has an image named 'golden' that is not ours ({strange['extId']})" in line
    assert "onNameConflict" in line


def test_a_stranger_is_adopted_on_demand(stack: Stack, prism: Prism, disk: Path) -> None:
    stack.program(PROGRAM)
    assert stack.up().code == 0
    strange = only(prism)
    Colleague(prism).change(only(prism)["extId"], description="Made by hand.")
    stack.program('Image("other", name="golden", source={"path": "disk.img"}, on_name_conflict="adopt")')
    ended = stack.up()
    assert ended.code == 0, ended.text
    adopted = only(prism)
    assert adopted["extId"] == strange["extId"], "the old resource saw that the image is no longer its own"
    mark = Mark.read(adopted["description"])
    assert mark
    assert mark.owner == "shop/test/other"
