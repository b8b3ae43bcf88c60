"""``ahv local``: options, texts and exit codes."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pulumi_ahv.cli.local import BANNER, app

PROGRAM = """
import pulumi, sys
from dynamics import Dyn
config = pulumi.Config()
a = Dyn("a", size=config.require("size"), pw=config.get_secret("pw") or "none")
print("hello from the program")
pulumi.export("uid", a.uid)
pulumi.export("pw", a.pw)
"""


class Ahv:
    """The command in a project directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def __call__(self, *arguments: str, code: int = 0, text: str = "") -> str:
        result = CliRunner().invoke(app, [*arguments, "--cwd", str(self.directory)], input=text)
        assert result.exit_code == code, result.output
        return result.output


@pytest.fixture
def ahv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ahv:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "p")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent / "conformance"))
    (tmp_path / "Pulumi.yaml").write_text("name: proj\nruntime: python\nconfig:\n  size: {default: '1'}\n")
    (tmp_path / "__main__.py").write_text(PROGRAM)
    return Ahv(tmp_path)


def test_a_life_cycle_reads_like_pulumis(ahv: Ahv) -> None:
    planned = ahv("preview")
    assert planned.splitlines()[0] == BANNER
    assert " +  pulumi-python:dynamic:Resource a create" in planned
    assert "    uid: [unknown]" in planned
    assert "    + 2 to create" in planned

    made = ahv("up", "--skip-preview", "--secret-config", "pw=hunter2")
    assert "    hello from the program" in made
    assert '    uid: "a-uid"' in made
    assert "    pw : [secret]" in made
    assert "    + 2 created" in made
    assert "hunter2" not in made

    changed = ahv("up", "--yes", "--diff", "--config", "size=2", "--secret-config", "pw=hunter2")
    assert '~ size: "1" => "2"' in changed
    assert "    ~ 1 updated" in changed
    assert "hunter2" not in changed

    kept = ahv("refresh", "--yes", "--skip-preview", "--expect-no-changes")
    assert "    2 unchanged" in kept
    assert "    - 2 deleted" in ahv("destroy", "--yes", "--skip-preview")


def test_changes_where_none_are_expected_exit_with_seven(ahv: Ahv) -> None:
    assert "no changes were expected" in ahv("preview", "--expect-no-changes", code=7)


@pytest.mark.parametrize("command", ["refresh", "destroy", "export"])
def test_a_stack_that_does_not_exist_exits_with_six(ahv: Ahv, command: str) -> None:
    sure = [] if command == "export" else ["--yes"]

    assert "no stack named 'dev' found" in ahv(command, *sure, code=6)


@pytest.mark.parametrize(("command", "code"), [("up", 2), ("refresh", 1), ("destroy", 1)])
def test_a_question_that_nobody_can_answer_is_an_error(ahv: Ahv, command: str, code: int) -> None:
    assert "--yes or --skip-preview" in ahv(command, code=code)


def test_a_failing_program_exits_with_one(ahv: Ahv) -> None:
    (ahv.directory / "__main__.py").write_text("raise ValueError('oops')\n")

    assert "ValueError: oops" in ahv("up", "--yes", "--skip-preview", code=1)


def test_a_missing_passphrase_is_explained(ahv: Ahv, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE")

    assert "PULUMI_CONFIG_PASSPHRASE" in ahv("up", "--yes", "--skip-preview", code=1)


def test_a_directory_without_a_project_is_explained(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    assert "no Pulumi.yaml" in Ahv(tmp_path / "empty")("preview", code=1)


def test_a_plan_can_be_read_by_machines(ahv: Ahv) -> None:
    text = ahv("preview", "--json", "--secret-config", "pw=hunter2")

    plan = json.loads(text[text.index("{") :])
    assert plan["changeSummary"] == {"create": 2}
    assert [step["op"] for step in plan["steps"]] == ["create", "create"]
    assert plan["steps"][1]["newState"]["inputs"]["pw"] == "[secret]"
    assert plan["config"] == {"proj:size": "1", "proj:pw": "[secret]"}


def test_a_state_moves_from_one_stack_to_another_place(ahv: Ahv, tmp_path: Path) -> None:
    ahv("up", "--skip-preview", "--secret-config", "pw=hunter2")
    hidden = ahv("export")
    shown = ahv("export", "--show-secrets", "--file", str(tmp_path / "state.json"))
    assert "hunter2" not in hidden + shown
    assert "hunter2" in (tmp_path / "state.json").read_text()

    elsewhere = ["--state-dir", str(tmp_path / "elsewhere")]
    ahv("import", "--file", str(tmp_path / "state.json"), *elsewhere)
    after = ahv("preview", "--expect-no-changes", "--secret-config", "pw=hunter2", *elsewhere)

    assert "    2 unchanged" in after


def test_a_state_of_another_stack_is_not_imported(ahv: Ahv) -> None:
    ahv("up", "--skip-preview")
    text = ahv("export")

    said = ahv("import", "--stack", "prod", code=1, text=text[text.index("{") :])

    assert "belongs to stack dev" in said


def test_help_does_not_load_the_engine() -> None:
    code = "import sys; from pulumi_ahv.cli.local import app\nassert not {'grpc', 'pulumi'} & sys.modules.keys()"

    assert _python(code) == 0


def _python(code: str) -> Any:
    import subprocess

    return subprocess.run([sys.executable, "-c", code], check=False).returncode
