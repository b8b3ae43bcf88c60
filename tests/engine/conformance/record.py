"""Records what the real engine does in every scenario: ``python record.py [NAME ... | --missing]``, with ``pulumi`` on PATH.

The recordings are test data: a machine without pulumi checks the embedded engine against them.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from running import CommandEngine, Stage, play
from scenarios import SCENARIOS, Scenario

RECORDINGS = Path(__file__).parent / "recordings"


def path_of(scenario: Scenario) -> Path:
    return RECORDINGS / (scenario.name.replace(",", "").replace(" ", "-") + ".json")


def record(scenario: Scenario, version: str) -> None:
    with tempfile.TemporaryDirectory() as directory:
        stage = Stage(Path(directory) / "stage")
        engine = CommandEngine(stage, ["pulumi"], real=True)
        stage.config_file(scenario.config)
        steps = play(scenario, engine)
    for step in steps:
        del step["text"]
    content = {"engine": f"pulumi {version}", "date": datetime.now(UTC).date().isoformat(), "steps": steps}
    path_of(scenario).write_text(json.dumps(content, indent=None, separators=(",", ":"), sort_keys=True) + "\n")


def main(names: list[str]) -> int:
    if shutil.which("pulumi") is None:
        sys.stderr.write("there is no pulumi on PATH\n")
        return 1
    version = subprocess.run(["pulumi", "version"], capture_output=True, text=True, check=True).stdout.strip()
    RECORDINGS.mkdir(exist_ok=True)
    for scenario in SCENARIOS:
        wanted = not path_of(scenario).exists() if names == ["--missing"] else not names or scenario.name in names
        if wanted:
            record(scenario, version)
            sys.stderr.write(f"{scenario.name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
