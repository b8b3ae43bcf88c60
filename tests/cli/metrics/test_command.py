"""``ahv metrics`` on a whole stack, and on files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from lxml import etree
from stacks import STACK, Stack

AHV = (sys.executable, "-m", "pulumi_ahv.cli")
METRICS = {"seconds": 8, "members": {"a": {"clone": 1}}}


def metrics(*words: str, **where: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*AHV, "metrics", *words], capture_output=True, text=True, timeout=120, check=False, **where)


def test_a_stack_is_read_and_drawn(stack: Stack, tmp_path: Path) -> None:
    engine = "pulumi" if stack.engine.prepare else "embedded"
    picture = tmp_path / "pool.svg"
    words = ("--stack", STACK, "--engine", engine, "--svg", str(picture))
    found = metrics(*words, cwd=stack.folder, env=stack.environ)
    assert found.returncode == 0, found.stderr
    assert found.stdout.startswith("agents: 2 members in ")
    assert "agent-002" in etree.tostring(etree.parse(picture), encoding="unicode")


def test_outputs_are_read_from_standard_input() -> None:
    found = metrics("--from", "-", input=json.dumps({"agents": METRICS, "desktops": METRICS}))
    assert [line.split(":")[0] for line in found.stdout.splitlines()] == ["agents", "desktops"]


def test_one_of_several_pools_has_to_be_named_to_be_drawn(tmp_path: Path) -> None:
    (tmp_path / "outputs.json").write_text(json.dumps({"agents": METRICS, "desktops": METRICS}))
    words = ("--from", str(tmp_path / "outputs.json"), "--svg", str(tmp_path / "pool.svg"))
    assert "--pool" in metrics(*words).stderr
    assert "there is no pool" in metrics(*words, "--pool", "nobody").stderr
    assert metrics(*words, "--pool", "agents").returncode == 0
    assert (tmp_path / "pool.svg").exists()


def test_a_file_without_metrics_is_refused(tmp_path: Path) -> None:
    (tmp_path / "outputs.json").write_text("{}")
    found = metrics("--from", str(tmp_path / "outputs.json"))
    assert found.returncode == 2
    assert "there are no metrics" in found.stderr
