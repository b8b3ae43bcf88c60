"""Provider plugins as processes: finding, starting and ending them.

A plugin is an executable ``pulumi-resource-NAME`` on PATH or in Pulumi's plugin cache; ``pulumi-python``, which serves
all dynamic resources, is the SDK's own ``python -u -m pulumi.dynamic``. It gets the engine's address as its last
argument and prints the port it listens on as its first line. Each runs in a session of its own, so that an interrupt of
the terminal reaches the engine first; the reaper ends them all if the engine dies.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final, Protocol

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from pulumi_ahv.engine.inline import ObjectPlugin
from pulumi_ahv.engine.provider import Plugin, Provider, greet
from pulumi_ahv.engine.random_standin import RandomStandIn
from pulumi_ahv.engine.reaper import Reaper
from pulumi_ahv.kernel.errors import ConfigError

DYNAMIC: Final = "pulumi-python"
_LIMITS: Final = [("grpc.max_receive_message_length", 400 << 20), ("grpc.max_send_message_length", 400 << 20)]


class Host(Protocol):
    """Where providers come from."""

    def start(self, package: str, version: str) -> Provider:
        """Start a provider of that package."""
        ...

    def serve_at(self, address: Callable[[], str]) -> None:
        """Learn where the engine listens; ask only if a provider needs to know."""
        ...

    def cancel(self) -> None:
        """Ask every provider to give up what it is doing."""
        ...

    def close(self) -> None:
        """End everything that was started."""
        ...


@dataclass
class Surroundings:
    """What plugin processes are started with."""

    directory: Path
    python: str = sys.executable
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    report: Callable[[str, str], None] = lambda package, line: None  # noqa: ARG005 - lines go nowhere by default


class ProcessHost:
    """Starts one process per provider instance."""

    def __init__(self, surroundings: Surroundings, *, reaper: Reaper) -> None:
        self._surroundings = surroundings
        self._reaper = reaper
        self._plugins: list[Plugin] = []
        self._lock = threading.Lock()
        self._address: Callable[[], str] = str

    def serve_at(self, address: Callable[[], str]) -> None:
        """Learn where the engine listens."""
        self._address = address

    def start(self, package: str, version: str) -> Provider:
        """Start a provider; ConfigError if its plugin is not found or does not come up."""
        command = self._command(package, version)
        plugin: Plugin
        if command is not None:
            plugin = self._spawn(package, command)
        elif package == "random":
            plugin = ObjectPlugin(RandomStandIn())
        else:
            raise ConfigError(
                f"Starting the provider of package {package!r}",
                said=f"no resource plugin 'pulumi-resource-{package}' found on your $PATH",
                advice="The embedded engine downloads nothing: install the plugin, or use the pulumi command.",
            )
        with self._lock:
            self._plugins.append(plugin)
        directory = str(Path(command[0]).parent) if command else ""
        request = provider_pb2.ProviderHandshakeRequest(
            engine_address=self._address(),
            root_directory=directory,
            program_directory=directory,
            configure_with_urn=True,
            invoke_with_preview=True,
        )
        return greet(plugin, request)

    def close(self) -> None:
        """End every plugin."""
        with self._lock:
            plugins, self._plugins = self._plugins, []
        threads = [threading.Thread(target=plugin.close) for plugin in plugins]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def cancel(self) -> None:
        """Ask every plugin to give up what it is doing."""
        with self._lock:
            plugins = list(self._plugins)
        for plugin in plugins:
            _cancel(plugin)

    def _command(self, package: str, version: str) -> list[str] | None:
        if package == DYNAMIC:
            return [self._surroundings.python, "-u", "-m", "pulumi.dynamic"]
        name = f"pulumi-resource-{package}"
        environ = self._surroundings.environ
        beside = os.pathsep.join([environ.get("PATH", ""), str(Path(self._surroundings.python).parent)])
        if found := shutil.which(name, path=beside):
            return [found]
        home = Path(environ.get("PULUMI_HOME") or Path.home() / ".pulumi")
        wanted = f"resource-{package}-v{version}" if version else f"resource-{package}-v*"
        cached = [path / name for path in (home / "plugins").glob(wanted) if (path / name).is_file()]
        return [str(max(cached, key=_version_of))] if cached else None

    def _spawn(self, package: str, command: list[str]) -> ProcessPlugin:
        process = subprocess.Popen(
            [*command, self._address()],
            cwd=self._surroundings.directory,
            env=dict(self._surroundings.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self._reaper.watch(process.pid)

        def report(line: str) -> None:
            self._surroundings.report(package, line)

        return ProcessPlugin.connect(package, process, report, self._reaper)


class ProcessPlugin:
    """A plugin in a process of its own."""

    def __init__(self, process: subprocess.Popen[str], port: int, reaper: Reaper) -> None:
        self._process = process
        self._reaper = reaper
        self._channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=_LIMITS)
        self._stub: Any = provider_pb2_grpc.ResourceProviderStub(self._channel)
        self._closing = threading.Lock()

    @classmethod
    def connect(
        cls, package: str, process: subprocess.Popen[str], report: Callable[[str], None], reaper: Reaper
    ) -> ProcessPlugin:
        """Read the port, then pass on every further line."""
        assert process.stdout is not None  # noqa: S101 - asked for in Popen
        assert process.stderr is not None  # noqa: S101 - likewise
        tail: list[str] = []

        def pass_on(stream: IO[str]) -> None:
            with stream:
                for line in stream:
                    tail[:] = [*tail[-20:], line.rstrip()]
                    report(line.rstrip("\n"))

        errors = threading.Thread(target=pass_on, args=(process.stderr,), daemon=True)
        errors.start()
        first = process.stdout.readline()
        if not first.strip().isdigit():
            process.kill()
            process.wait()
            errors.join(2)
            process.stdout.close()
            raise ConfigError(
                f"Starting the provider of package {package!r}",
                said=f"it printed {first.strip()!r} where its port belongs: " + "\n".join(tail),
            )
        threading.Thread(target=pass_on, args=(process.stdout,), daemon=True).start()
        return cls(process, int(first), reaper)

    def call(self, method: str, request: Any) -> Any:
        """Call one method, waiting for the answer as long as it takes."""
        return getattr(self._stub, method)(request)

    def close(self) -> None:
        """Cancel, interrupt, then kill after five seconds. Closing twice is closing once."""
        with self._closing:
            if self._process.returncode is not None:
                return
            if self._process.poll() is None:
                _cancel(self)
            self._channel.close()
            end(self._process, grace=5)
            self._reaper.forget(self._process.pid)


def end(process: subprocess.Popen[str], *, grace: float) -> None:
    """Interrupt a process group, and kill it if it is still there after ``grace`` seconds."""
    for sign in (signal.SIGINT, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, sign)
        try:
            process.wait(grace)
        except subprocess.TimeoutExpired:
            continue
        return


def _cancel(plugin: Plugin) -> None:
    try:
        plugin.call("Cancel", empty_pb2.Empty())
    except grpc.RpcError:
        return  # it need not know the method, and it may be gone


def _version_of(path: Path) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", path.parent.name.rpartition("-v")[2])[:3])
