"""A rollout that fails goes back to what stood, although its template file or its template is another one by now."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from golden import Forge

SECRET = "correct-horse-battery"
TEXT = "#cloud-config\nwrite_files:\n  - {path: /etc/who, content: {{ who() | yaml }}}\n"
MACRO = "{% macro who() %}GENERATION {{ name }} {{ token }}{% endmacro %}"


@pytest.fixture
def write(tmp_path: Path) -> Any:
    """Writes a generation of the template file, whose words stand in the file that it includes."""

    def written(generation: str) -> dict[str, Any]:
        path = tmp_path / "user-data.yaml"
        path.write_text("#cloud-config\n{% from 'macros.j2' import who with context %}\n" + TEXT.partition("\n")[2])
        (tmp_path / "macros.j2").write_text(MACRO.replace("GENERATION", generation))
        return {"templateFile": str(path), "secrets": {"token": SECRET}}

    return written


@pytest.fixture
def desk(desk: Any, write: Any) -> Any:
    """A pool of four from a template file, that goes back when a member fails."""
    rollout = {"batchSize": 2, "maxUnavailable": 2, "onFailure": "rollBack"}
    desk.up(size=4, payload=write("first"), rollout=rollout, memberVariables=None)
    assert desk.state["ready"] is True
    return desk


def break_once(prism: Any) -> None:
    """The first batch comes to stand, the second does not."""
    prism.control.fault(
        "task-failure", operation="kVmTemplateDeployVm", count=1, skip=2, code="VMM-1", message="No room."
    )


def words(desk: Any) -> list[str]:
    return [desk.guest(name)["applied"]["files"]["/etc/who"].split()[0] for name in desk.machines()]


def test_it_goes_back_to_a_template_file_that_has_changed(desk: Any, prism: Any, write: Any) -> None:
    break_once(prism)
    desk.up(payload=write("second"))
    assert "the rollout was taken back" in desk.state["failures"][-1]
    assert words(desk) == ["first"] * 4


def test_the_next_try_can_go_back_too_and_to_the_same_place(desk: Any, prism: Any, forge: Forge, write: Any) -> None:
    break_once(prism)
    desk.up(payload=write("second"))
    other = forge.template("other")
    break_once(prism)
    desk.up(template=other.uuid, payload=write("third"))
    assert "the rollout was taken back" in desk.state["failures"][-1]
    assert words(desk) == ["first"] * 4
    assert desk.up()["ready"] is True
    assert words(desk) == ["third"] * 4


def test_a_whole_pool_remembers_nothing_but_its_inputs(desk: Any, prism: Any, write: Any) -> None:
    assert desk.state["fallback"] == {}
    break_once(prism)
    desk.up(payload=write("second"))
    assert desk.state["fallback"]["payload"]["templateTexts"]["macros.j2"].count("first") == 1
    desk.refresh()
    assert desk.state["fallback"] != {}
    desk.up()
    assert desk.state["ready"] is True
    assert desk.state["fallback"] == {}


def test_a_template_file_that_is_gone_is_no_trouble_for_a_pool_that_is_destroyed(desk: Any, tmp_path: Path) -> None:
    (tmp_path / "user-data.yaml").unlink()
    desk.refresh()
    desk.destroy()
    assert desk.machines() == []


def test_a_change_that_changes_no_member_is_none(desk: Any, tmp_path: Path) -> None:
    before = desk.inputs
    with (tmp_path / "macros.j2").open("a") as file:
        file.write("{# a remark #}")
    desk.up()
    assert desk.inputs == before


def test_a_template_file_under_another_name_is_read_from_there(desk: Any, tmp_path: Path) -> None:
    uuids = desk.uuids()
    (tmp_path / "user-data.yaml").rename(tmp_path / "agents.yaml")
    desk.up(payload={**desk.bag["payload"], "templateFile": str(tmp_path / "agents.yaml")})
    assert desk.uuids() == uuids
    assert desk.up(size=5)["ready"] is True
    assert words(desk) == ["first"] * 5


def test_the_texts_hold_no_secret_that_is_not_written_in_the_file(desk: Any) -> None:
    assert SECRET not in json.dumps(desk.inputs["payload"]["templateTexts"])
