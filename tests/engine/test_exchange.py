"""States travel between the embedded engine and the real one, in both directions."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

PROGRAM = """
p = Prov("p", region="1", pw=secret("s"))
c = Comp("c")
a = Res("a", name="a", pw=secret("hidden"), n={"k": [1, 2.5, True, None]}, opts=Opts(parent=c, provider=p))
b = Dyn("b", note=a.uid, vm=a, opts=Opts(depends_on=[c], protect=True))
c.done(uid=a.uid)
export("b", b.uid)
export("pw", a.pw)
"""


@pytest.fixture
def engines(tmp_path: Path) -> tuple[Any, Any]:
    import sys

    from running import CommandEngine, Stage

    if shutil.which("pulumi") is None:
        pytest.skip("there is no pulumi on PATH")
    stages = [Stage(tmp_path / name) for name in ("mine", "theirs")]
    command = [sys.executable, "-c", "from pulumi_ahv.cli.local import app; app()"]
    mine = CommandEngine(stages[0], command, real=False)
    theirs = CommandEngine(stages[1], ["pulumi"], real=True)
    for stage in stages:
        stage.environ["PROGRAM"] = PROGRAM
    return mine, theirs


def _ok(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.pulumi
def test_pulumi_takes_over_a_state_of_ours(engines: tuple[Any, Any], tmp_path: Path) -> None:
    mine, theirs = engines
    _ok(mine.run(["up", "--skip-preview"]))
    file = str(tmp_path / "state.json")
    _ok(mine.run(["export", "--file", file]))

    _ok(theirs.run(["stack", "import", "--stack", "dev", "--file", file]))
    text = _ok(theirs.run(["preview", "--stack", "dev", "--expect-no-changes"]))

    assert "5 unchanged" in text


@pytest.mark.pulumi
def test_we_take_over_a_state_of_pulumis(engines: tuple[Any, Any], tmp_path: Path) -> None:
    mine, theirs = engines
    _ok(theirs.run(["up", "--yes", "--skip-preview", "--stack", "dev"]))
    file = str(tmp_path / "state.json")
    _ok(theirs.run(["stack", "export", "--stack", "dev", "--file", file]))

    _ok(mine.run(["import", "--file", file]))
    text = _ok(mine.run(["preview", "--expect-no-changes"]))

    assert "5 unchanged" in text


@pytest.mark.pulumi
def test_pulumi_works_in_our_state_directory(engines: tuple[Any, Any]) -> None:
    mine, theirs = engines
    _ok(mine.run(["up", "--skip-preview"]))
    theirs._stage.environ["PULUMI_BACKEND_URL"] = f"file://{mine._stage.program / '.ahv-local'}"

    exported = json.loads(_ok(theirs.run(["stack", "export", "--stack", "dev"])))
    listed = json.loads(_ok(theirs.run(["stack", "ls", "--json"])))

    assert [entry["name"] for entry in listed] == ["dev"]
    assert len(exported["deployment"]["resources"]) == 6
