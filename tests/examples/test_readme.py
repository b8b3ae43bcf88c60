"""What README.md promises: its program runs as it stands, and its links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from stacks import write_disk

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
PAGES = sorted(path.relative_to(ROOT) for path in [ROOT / "README.md", *ROOT.glob("docs/**/*.md")])


def block(language: str) -> str:
    """The first block of code of a language."""
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)[0]


def test_the_first_program_makes_ten_machines_on_an_embedded_prism(
    ahv_stack: Any, ahv_site: Any, tmp_path: Path
) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: first\nruntime: python\n")
    (tmp_path / "__main__.py").write_text(block("python"))
    (tmp_path / "user-data.yaml").write_text(block("yaml"))
    write_disk(tmp_path / "golden.qcow2", b"formats are told by content, not by name")
    ahv_stack.up(tmp_path)
    names = [f"agent-{number:03}" for number in range(1, 11)]
    assert sorted(ahv_stack.outputs["addresses"]) == names
    guests = {vm["name"]: ahv_site.control.guest(vm["extId"]) for vm in ahv_site.control.entities("vms")}
    assert {name: guest["hostname"] for name, guest in guests.items()} == {name: name for name in names}


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_link_to_a_file_leads_to_one(page: Path) -> None:
    text = (ROOT / page).read_text()
    targets = [target.split("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in target]
    missing = [target for target in targets if target and not (ROOT / page.parent / target).exists()]
    assert missing == []
