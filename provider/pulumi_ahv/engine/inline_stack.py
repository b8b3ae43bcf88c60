"""A stack whose program and providers are objects of this process: a life cycle takes milliseconds.

    stack = InlineStack(providers={"test": TestProvider})
    stack.up(program)
    assert stack.outputs["url"] == "http://..."

The steps are those of the gRPC path: the same planner, the same messages, called directly. Programs of one process run
one at a time, because the SDK keeps what it knows of a run in globals; a dynamic provider needs nothing but its class.
"""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pulumi.runtime.proto import provider_pb2

from pulumi_ahv.engine.deployment import Deployment, Options, Setting
from pulumi_ahv.engine.display import Summary
from pulumi_ahv.engine.events import Observer
from pulumi_ahv.engine.host import DYNAMIC
from pulumi_ahv.engine.inline import ObjectPlugin
from pulumi_ahv.engine.probing import Killed, Lifeline, Probe, ProbedPlugin, ProbedStore, unmoved
from pulumi_ahv.engine.program import InlineProgram
from pulumi_ahv.engine.provider import Provider, greet
from pulumi_ahv.engine.random_standin import RandomStandIn
from pulumi_ahv.engine.records import Record, Snapshot
from pulumi_ahv.engine.serving import StackConfig
from pulumi_ahv.engine.stack import Messages, Result, outputs_of
from pulumi_ahv.engine.store import MemoryStore, Store
from pulumi_ahv.engine.urns import STACK_TYPE
from pulumi_ahv.engine.values import Bag
from pulumi_ahv.kernel.clock import Clock, SystemClock
from pulumi_ahv.kernel.errors import ConfigError

Servicers = Mapping[str, Callable[[], object]]


class InlineHost:
    """Makes providers from servicer factories, by package. Dynamic resources and ``random`` need no factory."""

    def __init__(self, servicers: Servicers, lifeline: Lifeline) -> None:
        self._servicers = {"random": RandomStandIn, DYNAMIC: dynamic_servicer, **servicers}
        self._lifeline = lifeline

    def start(self, package: str, version: str) -> Provider:
        """Make a provider."""
        del version
        factory = self._servicers.get(package)
        if factory is None:
            raise ConfigError(f"Starting the provider of package {package!r}", said="the test gave none for it")
        plugin = ProbedPlugin(ObjectPlugin(factory()), package, self._lifeline)
        return greet(plugin, provider_pb2.ProviderHandshakeRequest(configure_with_urn=True, invoke_with_preview=True))

    def serve_at(self, address: Callable[[], str]) -> None:
        """Nobody listens: everything is called directly."""

    def cancel(self) -> None:
        """A run in one process is not interrupted."""

    def close(self) -> None:
        """The servicers belong to the test."""


@dataclass
class InlineStack:
    """A stack for tests. ``providers`` are servicer factories by package; state is in memory if no store is given."""

    providers: Servicers = field(default_factory=dict)
    project: str = "project"
    name: str = "test"
    config: StackConfig = field(default_factory=StackConfig)
    store: Store = field(default_factory=MemoryStore)
    probe: Probe = unmoved
    clock: Clock = field(default_factory=SystemClock)
    observers: Sequence[Observer] = ()
    directory: Path = Path()

    def up(self, program: Callable[[], Any], **options: Any) -> Result:
        """Make the stack what the program wants. ``options`` are those of ``Options``."""
        return self._run(options, lambda run: run.update(InlineProgram(program)))

    def preview(self, program: Callable[[], Any], **options: Any) -> Result:
        """Say what ``up`` would do."""
        return self.up(program, preview=True, **options)

    def refresh(self, **options: Any) -> Result:
        """Make the state what exists."""
        return self._run(options, Deployment.refresh)

    def destroy(self, **options: Any) -> Result:
        """Delete everything."""
        return self._run(options, Deployment.destroy)

    @property
    def resources(self) -> list[Record]:
        """What the state holds, without the stack and providers."""
        skipped = (STACK_TYPE, "pulumi:providers:")
        return [record for record in self.store.load().resources if not record.type.startswith(skipped)]

    @property
    def outputs(self) -> Bag:
        """The stack's outputs, secrets in clear."""
        return outputs_of(self.store.load())

    def _run(self, options: dict[str, Any], action: Callable[[Deployment], bool]) -> Result:
        lifeline = Lifeline(self.probe)
        summary, messages = Summary(), Messages()
        observers = [*self.observers, summary, messages]
        host = InlineHost(self.providers, lifeline)
        setting = Setting(self.project, self.name, host, self.config, self.clock, observers, self.directory)
        base = self.store.load() if self.store.exists() else Snapshot()
        run = Deployment(setting, base, Options(**options), save=ProbedStore(self.store, lifeline).save)
        summary.refreshing = action is Deployment.refresh
        ok = action(run)
        if lifeline.cut:
            raise Killed
        return Result(ok, summary, run.journal.snapshot(), messages.errors)


def dynamic_servicer() -> object:
    """The SDK's own servicer of dynamic resources, with caches of its own.

    Its module starts a server as soon as it is imported, so its source is run without that last call.
    """
    spec = importlib.util.find_spec("pulumi.dynamic.__main__")
    if spec is None or spec.origin is None:
        raise ConfigError("Starting the provider of dynamic resources", said="pulumi.dynamic is not installed")
    tree = ast.parse(Path(spec.origin).read_text(encoding="utf-8"), spec.origin)
    tree.body = [node for node in tree.body if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call))]
    namespace: dict[str, Any] = {"__name__": "pulumi.dynamic.__inline__"}
    exec(compile(tree, spec.origin, "exec"), namespace)  # noqa: S102 - the installed SDK's own code
    servicer: object = namespace["DynamicResourceProviderServicer"]()
    return servicer
