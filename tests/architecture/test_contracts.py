"""The shape of the code, as the design draws it."""

import subprocess
import sys
from pathlib import Path
from statistics import median

TOP = Path(__file__).parents[2]
SOURCES = sorted((TOP / "provider").rglob("*.py"))


def test_imports_point_the_way_the_design_says() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    found = subprocess.run([lint, "--no-cache"], cwd=TOP, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout


def test_modules_are_small() -> None:
    sizes = {path: len(path.read_text("utf-8").splitlines()) for path in SOURCES}
    assert [str(path) for path, size in sizes.items() if size > 500] == []
    assert median(sizes.values()) <= 150


def test_no_module_has_a_name_that_says_nothing() -> None:
    empty = {"utils", "helpers", "common", "manager", "base", "misc"}
    assert [str(path) for path in SOURCES if path.stem in empty] == []


def test_no_file_names_a_registry_or_a_folder_of_somebodys_machine() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=TOP, capture_output=True, text=True, check=True).stdout.split()
    bad = (
        "index" + "-url",
        "/si" + "mple/",
        "/wo" + "rk/main",
        "/fa" + "rm/",
        "pythonho" + "sted",
        "deb.deb" + "ian.org",
    )
    texts = {name: (TOP / name).read_text("utf-8", errors="ignore") for name in tracked if (TOP / name).is_file()}
    said = {name: text.replace("--no-emit-index" + "-url", "") for name, text in texts.items()}
    assert [(name, word) for name, text in said.items() for word in bad if word in text] == []
