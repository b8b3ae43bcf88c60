"""``ahv demo``, as ``make demo`` calls it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def demo(*words: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pulumi_ahv.cli", "demo", *words]
    wide = {**os.environ, "COLUMNS": "200"}
    return subprocess.run(command, cwd=cwd, env=wide, capture_output=True, text=True, timeout=175, check=False)


@pytest.mark.parametrize("product", ["central", "element"])
def test_the_life_of_an_image_is_told_to_its_end(product: str) -> None:
    told = demo("image", "--engine", "embedded", "--product", product)
    assert told.returncode == 0, told.stdout + told.stderr
    assert "| `name` | `renamed-by-a-colleague` | `golden-" in told.stdout
    assert "(exit code 7)" in told.stdout
    assert "Prism holds 0 vms, 0 templates, 0 snapshots, 0 images, 0 objects." in told.stdout


@pytest.mark.slow
@pytest.mark.parametrize("product", ["central", "element"])
@pytest.mark.parametrize("engine", ["embedded", pytest.param("pulumi", marks=pytest.mark.pulumi)])
def test_the_life_of_a_pool_is_told_to_its_end(engine: str, product: str) -> None:
    told = demo("--engine", engine, "--product", product)
    assert told.returncode == 0, told.stdout + told.stderr
    assert "| `agent-003` | `power` | `off` | `on` |" in told.stdout
    assert "agents: recreate 8 in 2 batches" in told.stdout
    assert "Prism holds 0 vms, 0 templates, 0 snapshots, 0 images, 0 objects." in told.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [(("tour",), "pool, image"), (("--product", "cloud"), "neither central nor element"), (("--engine", "x"), "'x'")],
)
def test_what_there_is_not_is_refused(words: tuple[str, ...], said: str) -> None:
    told = demo(*words)
    assert told.returncode == 2
    assert said in told.stderr


def test_outside_of_the_repository_it_says_where_to_run(tmp_path: Path) -> None:
    assert "run this from the repository" in demo(cwd=tmp_path).stderr
