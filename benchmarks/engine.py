"""Life cycles of three resources on the embedded engine: in one process, in processes, and on the real pulumi.

    python benchmarks/engine.py [--cycles 1000] [--rounds 5]

A cycle is up, up without changes, update, destroy. Prints a table in Markdown. The provider is the one of the
conformance tests; in processes, every engine runs the same program with the same plugin, one round after the other in
turn. The real engine takes part if ``pulumi`` is on PATH.
"""

from __future__ import annotations

import argparse
import importlib
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pulumi

from pulumi_ahv.engine.inline_stack import InlineStack
from pulumi_ahv.engine.stack import Result

CONFORMANCE = Path(__file__).parent.parent / "tests" / "engine" / "conformance"
PROGRAM = 'a = Res("a", note="{note}")\nb = Res("b", note=a.uid, pw=secret("hidden"))\nRes("c", note=b.uid)\n'
STEPS = ("up", "up, no changes", "update", "destroy")


class Stopwatch:
    """Seconds of every step, and of every whole cycle."""

    def __init__(self) -> None:
        self.steps: dict[str, list[float]] = {step: [] for step in STEPS}

    def cycle(self, *actions: Callable[[], None]) -> None:
        """Time the steps of a cycle."""
        for step, action in zip(STEPS, actions, strict=True):
            started = time.perf_counter()
            action()
            self.steps[step].append(time.perf_counter() - started)

    def row(self, name: str, *, scale: float = 1, digits: int = 1) -> str:
        """The median of each step, then median and 95th percentile of the whole cycle."""
        whole = sorted(map(sum, zip(*self.steps.values(), strict=True)))
        p95 = whole[min(len(whole) - 1, int(len(whole) * 0.95))]
        figures = [*map(statistics.median, self.steps.values()), statistics.median(whole), p95]
        return f"| {name} | {len(whole)} | " + " | ".join(f"{figure * scale:.{digits}f}" for figure in figures) + " |"


def in_process(cycles: int, directory: Path) -> Stopwatch:
    """Program and provider as objects of this process, the state in memory."""
    os.environ["ACTOR_DIR"] = str(directory)
    (directory / "behaviour.json").write_text("{}")
    actor, stage = importlib.import_module("actor"), importlib.import_module("stage")

    def program(note: str) -> Callable[[], None]:
        def run() -> None:
            a = stage.Res("a", note=note)
            b = stage.Res("b", note=a.uid, pw=pulumi.Output.secret("hidden"))
            stage.Res("c", note=b.uid)

        return run

    def perform(action: Callable[..., Result], *arguments: Callable[[], None], changes: bool) -> None:
        result = action(*arguments)
        if not result.ok or bool(result.summary.changes) is not changes:
            raise SystemExit(f"a run did not do what it should: {result.errors}")

    watch = Stopwatch()
    for _ in range(cycles):
        stack = InlineStack({"actor": actor.Actor})
        watch.cycle(
            partial(perform, stack.up, program("1"), changes=True),
            partial(perform, stack.up, program("1"), changes=False),
            partial(perform, stack.up, program("2"), changes=True),
            partial(perform, stack.destroy, changes=True),
        )
        (directory / "calls.jsonl").unlink()
    return watch


def in_processes(rounds: int, directory: Path) -> dict[str, Stopwatch]:
    """Commands, one round of each engine after the other; without previews."""
    running = importlib.import_module("running")
    commands = {"`ahv local`": [str(Path(sys.executable).with_name("ahv")), "local"]}
    if shutil.which("pulumi"):
        commands["`pulumi`"] = ["pulumi"]
    stages = {name: running.Stage(directory / name.strip("`")) for name in commands}
    engines = {
        name: running.CommandEngine(stages[name], command, real=command == ["pulumi"])
        for name, command in commands.items()
    }

    def perform(name: str, command: str, note: str, *flags: str) -> None:
        stages[name].environ["PROGRAM"] = PROGRAM.format(note=note)
        engines[name].run([command, "--stack", "dev", "--yes", "--skip-preview", *flags]).check_returncode()

    watches = {name: Stopwatch() for name in commands}
    for _ in range(rounds):
        for name, watch in watches.items():
            watch.cycle(
                partial(perform, name, "up", "1"),
                partial(perform, name, "up", "1", "--expect-no-changes"),
                partial(perform, name, "up", "2"),
                partial(perform, name, "destroy", "2"),
            )
    return watches


def main() -> None:
    """Measure, then print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cycles", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    sys.path.insert(0, str(CONFORMANCE))
    with tempfile.TemporaryDirectory() as directory:
        inline = in_process(arguments.cycles, Path(directory))
        others = in_processes(arguments.rounds, Path(directory))
    head = f"cycles | {' | '.join(STEPS)} | whole cycle | p95"
    rows = [f"| medians | {head} |", "| --- " * 8 + "|", inline.row("in one process, ms", scale=1000)]
    rows += [watch.row(f"{name}, s", digits=2) for name, watch in others.items()]
    sys.stdout.write("\n".join(rows) + "\n")


if __name__ == "__main__":
    main()
