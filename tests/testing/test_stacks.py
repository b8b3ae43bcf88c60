"""The fixtures that users get for tests of their own programs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pytest

from pulumi_ahv import Image
from pulumi_ahv.simulator.server import Prism
from pulumi_ahv.testing.stacks import ProgramFailed, TestStack


@pytest.fixture
def program(tmp_path: Path) -> Callable[[], Any]:
    disk = tmp_path / "disk.img"
    disk.write_bytes(bytes(510) + b"\x55\xaa" + bytes(1 << 20))

    def golden() -> None:
        image = Image("golden", source={"path": str(disk)}, name=pulumi.Config().get("name"))
        pulumi.export("image", image.id)

    return golden


def test_a_program_makes_what_it_says(ahv_stack: TestStack, ahv_site: Prism, program: Callable[[], Any]) -> None:
    ahv_stack.up(program)
    (image,) = ahv_site.control.entities("images")
    assert image["name"] == "golden"
    assert ahv_stack.outputs == {"image": image["extId"]}
    ahv_stack.destroy()
    assert ahv_site.control.entities("images") == []


def test_a_second_run_changes_nothing(ahv_stack: TestStack, ahv_site: Prism, program: Callable[[], Any]) -> None:
    ahv_stack.up(program)
    ahv_site.control.clear_journal()
    ahv_stack.up(program)
    assert ahv_site.control.journal() == []


def test_config_of_the_project_reaches_the_program(
    ahv_stack: TestStack, ahv_site: Prism, program: Callable[[], Any]
) -> None:
    ahv_stack.config["name"] = "silver"
    ahv_stack.up(program)
    assert [image["name"] for image in ahv_site.control.entities("images")] == ["silver"]


def test_a_run_that_fails_fails_the_test_with_what_the_user_would_read(ahv_stack: TestStack) -> None:
    def wrong() -> None:
        Image("golden", source={"path": "nowhere.img"})

    with pytest.raises(ProgramFailed, match=r"source\.path: 'nowhere\.img' does not exist"):
        ahv_stack.up(wrong)
    assert "does not exist" in "".join(ahv_stack.up(wrong, expect_failure=True).errors)


def test_a_run_that_should_fail_and_does_not_fails_the_test(ahv_stack: TestStack, program: Callable[[], Any]) -> None:
    with pytest.raises(ProgramFailed, match="the run succeeded"):
        ahv_stack.up(program, expect_failure=True)


def test_a_provider_that_cannot_be_run_here_is_named(ahv_stack: TestStack) -> None:
    def foreign() -> None:
        pulumi.CustomResource("aws:s3/bucket:Bucket", "bucket", {})

    with pytest.raises(ProgramFailed, match="aws"):
        ahv_stack.up(foreign)


def test_a_folder_runs_as_it_is(ahv_stack: TestStack, ahv_site: Prism, tmp_path: Path) -> None:
    folder = tmp_path / "program"
    folder.mkdir()
    (folder / "disk.img").write_bytes(bytes(510) + b"\x55\xaa" + bytes(1 << 20))
    (folder / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (folder / "__main__.py").write_text(
        "import pulumi\nfrom pulumi_ahv import Image\n"
        "image = Image('golden', name=pulumi.Config().require('name'), source={'path': 'disk.img'})\n"
        "pulumi.export('image', image.id)\n"
    )
    ahv_stack.config["name"] = "silver"
    ahv_stack.up(folder)
    (image,) = ahv_site.control.entities("images")
    assert (image["name"], ahv_stack.outputs) == ("silver", {"image": image["extId"]})
    ahv_stack.destroy()
    assert ahv_site.control.entities("images") == []
