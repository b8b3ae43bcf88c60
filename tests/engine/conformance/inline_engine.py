"""Plays scenarios on the embedded engine, everything in this process."""

from __future__ import annotations

import json
import os
from typing import Any

import stage as vocabulary
from actor import Actor
from running import Stage, state_of
from scenarios import Scenario, Step

from pulumi_ahv.engine.inline_stack import InlineStack
from pulumi_ahv.engine.serving import StackConfig


class InlineEngine:
    """The embedded engine with program and providers as objects."""

    def __init__(self, stage: Stage, scenario: Scenario) -> None:
        self._stage = stage
        os.environ["ACTOR_DIR"] = str(stage.directory)
        self._stack = InlineStack(
            {"actor": Actor},
            project="proj",
            name="dev",
            config=StackConfig(dict(scenario.config)),
            directory=stage.program,
        )

    def play(self, step: Step) -> dict[str, Any]:
        self._stage.tell(step.behaviour)
        names = {name: getattr(vocabulary, name) for name in vocabulary.__all__}
        options = {"refresh": "--refresh" in step.flags, "continue_on_error": "--continue-on-error" in step.flags}

        def program() -> None:
            exec(compile(step.program, "program", "exec"), dict(names))

        if step.command in ("up", "preview"):
            result = self._stack.up(program, preview=step.command == "preview", **options)
        else:
            result = getattr(self._stack, step.command)(**options)
        unexpected = "--expect-no-changes" in step.flags and result.summary.changes
        deployment = getattr(self._stack.store, "deployment", None) or {}
        return {
            "rc": 1 if not result.ok else 7 if unexpected else 0,
            "summary": [line.strip() for line in result.summary.lines(preview=step.command == "preview")],
            "calls": self._stage.calls(),
            "state": state_of(json.loads(json.dumps(deployment))),
            "text": "\n".join(result.errors),
        }
