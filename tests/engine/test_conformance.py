"""The embedded engine does what the real one does: against recordings, and against the real one itself."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

CONFORMANCE = Path(__file__).parent / "conformance"
NAMES = [path.stem for path in sorted((CONFORMANCE / "recordings").glob("*.json"))]
IN_PROCESSES = ["dynamic-replacement-delete-first", "secrets-and-wiring", "create-fails", "program-raises"]


def _scenario(name: str) -> Any:
    from record import path_of
    from scenarios import SCENARIOS

    return next(scenario for scenario in SCENARIOS if path_of(scenario).stem == name)


def _recorded(name: str) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = json.loads((CONFORMANCE / "recordings" / f"{name}.json").read_text())["steps"]
    return steps


def _local(stage: Any) -> Any:
    from running import CommandEngine

    command = [sys.executable, "-c", "from pulumi_ahv.cli.local import app; app()"]
    return CommandEngine(stage, command, real=False)


def test_every_scenario_has_a_recording() -> None:
    from record import path_of
    from scenarios import SCENARIOS

    assert {path_of(scenario).stem for scenario in SCENARIOS} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_engine_in_one_process_agrees_with_the_recording(name: str, tmp_path: Path, monkeypatch: Any) -> None:
    from comparing import differences, disorder
    from inline_engine import InlineEngine
    from running import Stage, play

    scenario = _scenario(name)
    monkeypatch.setenv("ACTOR_DIR", str(tmp_path / "stage"))
    stage = Stage(tmp_path / "stage")

    mine = play(scenario, InlineEngine(stage, scenario))

    recorded = _recorded(name)
    assert list(differences(mine, recorded, scenario.loose)) == []
    assert set(disorder(mine)) <= set(disorder(recorded))


@pytest.mark.parametrize("name", IN_PROCESSES)
def test_engine_with_processes_agrees_with_the_recording(name: str, tmp_path: Path) -> None:
    from comparing import differences
    from running import Stage, play

    scenario = _scenario(name)
    stage = Stage(tmp_path / "stage")
    engine = _local(stage)
    stage.config_file(scenario.config)

    assert list(differences(play(scenario, engine), _recorded(name), scenario.loose)) == []


@pytest.mark.pulumi
@pytest.mark.parametrize("name", NAMES)
def test_recording_is_what_pulumi_does(name: str, tmp_path: Path) -> None:
    from comparing import differences
    from running import CommandEngine, Stage, play

    if shutil.which("pulumi") is None:
        pytest.skip("there is no pulumi on PATH")
    scenario = _scenario(name)
    stage = Stage(tmp_path / "stage")
    engine = CommandEngine(stage, ["pulumi"], real=True)
    stage.config_file(scenario.config)

    assert list(differences(_recorded(name), play(scenario, engine), scenario.loose)) == []
