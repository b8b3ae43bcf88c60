"""A stack that can be previewed, brought up, refreshed and destroyed: the engine's front door.

``LocalStack`` is what the command line drives: a project on disk, programs and providers in processes, state in a file.
Tests drive ``inline_stack``, where program and providers are objects of this process.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pulumi_ahv.engine.deployment import Deployment, Options, Setting
from pulumi_ahv.engine.display import Summary
from pulumi_ahv.engine.events import Observer
from pulumi_ahv.engine.host import DYNAMIC, ProcessHost, Surroundings
from pulumi_ahv.engine.marking import plain_bag
from pulumi_ahv.engine.passphrase import passphrase_from
from pulumi_ahv.engine.program import ProcessProgram, Program
from pulumi_ahv.engine.project import Project, read_stack_file, stack_config
from pulumi_ahv.engine.reaper import Reaper
from pulumi_ahv.engine.records import Snapshot
from pulumi_ahv.engine.runners import runner_for
from pulumi_ahv.engine.serving import StackConfig
from pulumi_ahv.engine.steps import Step
from pulumi_ahv.engine.store import FileStore
from pulumi_ahv.engine.urns import STACK_TYPE
from pulumi_ahv.engine.values import Bag
from pulumi_ahv.kernel.clock import Clock, SystemClock


@dataclass
class Result:
    """What a run came to."""

    ok: bool
    summary: Summary
    snapshot: Snapshot
    errors: list[str] = field(default_factory=list)

    @property
    def outputs(self) -> Bag:
        """The stack's outputs after the run, secrets in clear."""
        return outputs_of(self.snapshot)


def outputs_of(snapshot: Snapshot) -> Bag:
    """The outputs of the stack in a state, secrets in clear."""
    records = [record for record in snapshot.resources if record.type == STACK_TYPE]
    return plain_bag(records[0].outputs) if records else {}


class Messages:
    """Keeps what went wrong in a run: an observer."""

    def __init__(self) -> None:
        self.errors: list[str] = []

    def begun(self, step: Step) -> None:
        """Nothing is wrong yet."""

    def ended(self, step: Step, error: str | None) -> None:
        """Keep the error of a step."""
        if error is not None:
            self.errors.append(f"{step.urn}: {error}")

    def outputs(self, urn: str, olds: Bag, news: Bag) -> None:
        """Outputs are no errors."""

    def message(self, severity: str, urn: str, text: str) -> None:
        """Keep an error."""
        if severity == "error":
            self.errors.append(f"{urn}: {text}" if urn else text)


@dataclass
class LocalStack:
    """A stack of a project on disk."""

    project: Project
    name: str
    state_directory: Path
    plain_config: Mapping[str, str] = field(default_factory=dict)
    secret_config: Mapping[str, str] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    clock: Clock = field(default_factory=SystemClock)
    on_start: Callable[[Deployment], None] = lambda deployment: None  # noqa: ARG005 - nobody needs to know by default

    def __post_init__(self) -> None:
        self._file = read_stack_file(self.project, self.name)
        self.store = FileStore(
            self.state_directory,
            self.project.name,
            self.name,
            passphrase=lambda: passphrase_from(self.environ),
            salt=self._file.salt,
            clock=self.clock,
        )
        self._python = str(self.project.python or sys.executable)

    @property
    def directory(self) -> Path:
        """Where program and providers run."""
        return self.project.folder

    def config(self) -> StackConfig:
        """The configuration of the stack, with what was given besides."""
        return stack_config(
            self.project, self._file, self.store.cipher, plain=self.plain_config, secret=self.secret_config
        )

    def up(self, options: Options, observers: Sequence[Observer] = ()) -> Result:
        """Make the stack what the program wants; with ``options.preview``, only say what that would be."""
        return self._run(options, observers, Summary(), lambda run, reaper: run.update(self._program(reaper)))

    def refresh(self, options: Options, observers: Sequence[Observer] = ()) -> Result:
        """Make the state what exists."""
        return self._run(options, observers, Summary(refreshing=True), lambda run, _: run.refresh())

    def destroy(self, options: Options, observers: Sequence[Observer] = ()) -> Result:
        """Delete everything."""
        return self._run(options, observers, Summary(), lambda run, _: run.destroy())

    def _run(
        self,
        options: Options,
        observers: Sequence[Observer],
        summary: Summary,
        action: Callable[[Deployment, Reaper], bool],
    ) -> Result:
        reaper = Reaper()
        messages = Messages()
        hints: list[Deployment] = []

        def report(package: str, line: str) -> None:
            if package == DYNAMIC and line.strip():
                hints[0].execution.report("info", "", line)

        with self._held(options):
            config = self.config()
            surroundings = Surroundings(self.directory, self._python, self._environment(config), report)
            host = ProcessHost(surroundings, reaper=reaper)
            watching = [*observers, summary, messages]
            setting = Setting(self.project.name, self.name, host, config, self.clock, watching, self.directory)
            try:
                run = Deployment(setting, self.store.load(), options, save=self.store.save)
                hints.append(run)
                self.on_start(run)
                ok = action(run, reaper)
                return Result(ok, summary, run.journal.snapshot(), messages.errors)
            finally:
                reaper.close()

    @contextmanager
    def _held(self, options: Options) -> Iterator[None]:
        """Hold the stack for as long as it is changed; a missing passphrase is better said before that."""
        if options.preview:
            yield
            return
        with self.store.locked():
            self.store.cipher()
            yield

    def _environment(self, config: StackConfig) -> dict[str, str]:
        return {
            **self.environ,
            "PULUMI_PROJECT": self.project.name,
            "PULUMI_CONFIG": json.dumps(config.values),
        }

    def _program(self, reaper: Reaper) -> Program:
        runner = runner_for(self.project, self._python, self.environ)
        return ProcessProgram(self.directory, reaper, runner, self.environ)
