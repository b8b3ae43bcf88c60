"""Running the program: in a process of its own, or as a function of this one.

A program ends by itself once its registrations are answered; one that does not, although the run has failed, is
interrupted after a few seconds. One that sits idle for minutes, without a call open and without a step running, is
taken to hang (an exception inside the SDK's own set-up of a resource does that, engine facts 2.4) and ended with an
error.
"""

from __future__ import annotations

import asyncio
import contextvars
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, ClassVar, Final, Protocol

import pulumi
from pulumi import runtime
from pulumi.runtime import settings as sdk_settings

from pulumi_ahv.engine import program_main
from pulumi_ahv.engine.host import end
from pulumi_ahv.engine.reaper import Reaper
from pulumi_ahv.engine.runners import ORGANIZATION, PythonRunner, RunInfo, Runner
from pulumi_ahv.engine.services import Direct, EngineService, Monitor

_TICK: Final = 0.2


@dataclass(frozen=True)
class Services:
    """What a program speaks to, and how it learns that the run is over."""

    monitor: Monitor
    engine: EngineService
    stopped: Callable[[], bool]
    idle_for: Callable[[], float]
    say: Callable[[str, str], None]
    address: Callable[[], str]


class Program(Protocol):
    """Something that registers resources."""

    @property
    def reported(self) -> frozenset[int]:
        """Exit codes that come after an error which the program has already told the engine."""
        ...

    def run(self, info: RunInfo, services: Services) -> int:
        """Run it to its end; the exit code as Pulumi's own runner gives it."""
        ...


@dataclass
class ProcessProgram:
    """An unmodified program in a directory."""

    directory: Path
    reaper: Reaper
    runner: Runner = field(default_factory=lambda: PythonRunner(sys.executable))
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    grace: float = 5.0
    idle_limit: float = 300.0

    @property
    def reported(self) -> frozenset[int]:
        """Those of its runner."""
        return self.runner.reported

    def run(self, info: RunInfo, services: Services) -> int:
        """Start it, pass its lines on, wait for its end."""
        process = self._start(info, services.address())
        self.reaper.watch(process.pid)
        readers = [
            threading.Thread(target=_pass_on, args=(stream, services.say), daemon=True)
            for stream in (process.stdout, process.stderr)
            if stream is not None
        ]
        ended = threading.Event()

        def wait() -> None:
            process.wait()
            ended.set()

        for thread in (*readers, threading.Thread(target=wait, daemon=True)):
            thread.start()
        hung = self._watch(process, ended, services)
        for reader in readers:
            reader.join(2)
        self.reaper.forget(process.pid)
        if hung:
            services.say(
                "error", f"the program was ended: it had nothing to do for {self.idle_limit:.0f} s and did not end"
            )
        return process.returncode

    def _start(self, info: RunInfo, address: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.runner.command(info, address, self.directory),
            cwd=self.directory,
            env={
                **self.environ,
                **self.runner.environ,
                "PULUMI_CONFIG": json.dumps(info.config.values),
                "PULUMI_CONFIG_SECRET_KEYS": json.dumps(sorted(info.config.secret_keys)),
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        )

    def _watch(self, process: subprocess.Popen[str], ended: threading.Event, services: Services) -> bool:
        """Wait for the end; True if the program had to be ended because it hung."""
        ticks = 0
        while not ended.wait(_TICK):
            ticks = ticks + 1 if services.stopped() else 0
            if ticks * _TICK >= self.grace:
                end(process, grace=self.grace)
            elif services.idle_for() > self.idle_limit:
                end(process, grace=self.grace)
                return True
        return False


@dataclass
class InlineProgram:
    """A function, plain or async, that registers resources in this process. One at a time."""

    function: Callable[[], Any]
    reported: ClassVar[frozenset[int]] = PythonRunner.reported

    def run(self, info: RunInfo, services: Services) -> int:
        """Run it in a context and an event loop of its own."""
        return contextvars.copy_context().run(self._run, info, services)

    def _run(self, info: RunInfo, services: Services) -> int:
        sdk_settings.ROOT.set(None)
        settings = runtime.Settings(
            project=info.project,
            stack=info.stack,
            monitor=Direct(services.monitor),
            engine=Direct(services.engine),
            parallel=info.parallel,
            dry_run=info.preview,
            organization=ORGANIZATION,
        )
        runtime.configure(settings)
        runtime.set_all_config(dict(info.config.values), sorted(info.config.secret_keys))
        loop = asyncio.new_event_loop()
        loop.set_exception_handler(_ignore)
        executor = ThreadPoolExecutor(max_workers=max(info.parallel, 1) * 4)
        loop.set_default_executor(executor)
        try:
            loop.run_until_complete(runtime.run_in_stack(self.function))
        except pulumi.RunError as error:
            pulumi.log.error(str(error))
            return 1
        except SystemExit as exit_:
            return exit_.code if isinstance(exit_.code, int) else int(exit_.code is not None)
        except Exception as error:  # noqa: BLE001 - whatever a user's program raises
            pulumi.log.error(f"Program failed with an unhandled exception:\n{type(error).__name__}: {error}")
            return program_main.EXCEPTION
        else:
            return 0
        finally:
            _finish(loop)
            executor.shutdown(wait=True)
            loop.close()


def _ignore(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """A failed run leaves futures that nobody looks at; what went wrong has been reported where it did."""
    del loop, context


def _finish(loop: asyncio.AbstractEventLoop) -> None:
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    if tasks:
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))


def _pass_on(stream: IO[str], say: Callable[[str, str], None]) -> None:
    with stream:
        for line in stream:
            say("info", line.rstrip("\n"))
