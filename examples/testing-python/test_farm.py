"""A test of your own program: run it on the embedded engine, and look at what exists in the embedded Prism.

pytest test_farm.py
"""

from pathlib import Path

import pytest
from farm import farm


@pytest.fixture
def disks(tmp_path: Path) -> Path:
    """Two small disks with an MBR."""
    for name in ("linux", "windows"):
        (tmp_path / f"{name}.img").write_bytes(bytes(510) + b"\x55\xaa" + name.encode().ljust(1 << 20, b"\0"))
    return tmp_path


def test_every_disk_becomes_an_image(ahv_stack, ahv_site, disks) -> None:
    ahv_stack.up(lambda: farm(disks))
    held = {image["name"]: image["extId"] for image in ahv_site.control.entities("images")}
    assert set(held) == {"linux", "windows"}
    assert ahv_stack.outputs["images"] == held


def test_a_disk_that_is_taken_away_takes_its_image_along(ahv_stack, ahv_site, disks) -> None:
    ahv_stack.up(lambda: farm(disks))
    (disks / "windows.img").unlink()
    ahv_stack.up(lambda: farm(disks))
    assert [image["name"] for image in ahv_site.control.entities("images")] == ["linux"]


def test_what_prism_refuses_is_told(ahv_stack, ahv_site, disks) -> None:
    ahv_site.control.fault("task-failure", operation="create_image", message="No space left on container.")
    result = ahv_stack.up(lambda: farm(disks), expect_failure=True)
    assert "No space left on container." in "".join(result.errors)
