"""The two services that a program and its providers speak to: ResourceMonitor and Engine.

One set of methods, named like the protocol's, serves programs over gRPC (``server``) and inline programs by direct
call. The features announced here decide what the SDK sends. Some are announced only to be refused by name: the SDK
would ask for a newer pulumi command instead. A failed registration is answered with UNAVAILABLE, which makes the SDK
end the program at once (engine facts, 2.4).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, provider_pb2
from pulumi.runtime.proto import resource_pb2 as wire

from pulumi_ahv.engine import urns
from pulumi_ahv.engine.assets import with_hashes
from pulumi_ahv.engine.execution import Execution, Stopped
from pulumi_ahv.engine.failures import ProviderFailure
from pulumi_ahv.engine.goals import NotSupported, ProviderChoice, read_goal, read_read_goal
from pulumi_ahv.engine.inline import InlineError
from pulumi_ahv.engine.journal import Journal
from pulumi_ahv.engine.marking import has_unknown, plain_bag
from pulumi_ahv.engine.probing import Killed
from pulumi_ahv.engine.provider import Provider
from pulumi_ahv.engine.registering import Registered, Registrar
from pulumi_ahv.engine.serving import Serving
from pulumi_ahv.engine.tracker import Tracker
from pulumi_ahv.engine.values import Bag, from_struct, to_struct
from pulumi_ahv.kernel.errors import AhvError

SHUTTING_DOWN: Final = "Resource monitor has terminated, shutting down"
_FEATURES: Final[dict[str, Any]] = {"secrets": 0, "resourceReferences": 1, "aliasSpecs": 3, "deletedWith": 5}
_REFUSED_FEATURES: Final[dict[str, Any]] = {
    "replacementTrigger": 4,
    "replaceWith": 6,
    "transforms": 7,
    "invokeTransforms": 8,
    "parameterization": 9,
    "resourceHooks": 10,
    "errorHooks": 11,
}
_RESULTS: Final[dict[str, Any]] = {"success": 0, "failed": 1, "skipped": 2}
_SEVERITIES: Final = {1: "info", 2: "warning", 3: "error"}


class Activity:
    """Counts open calls, so that a program that hangs can be told from one that waits for us."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._lock = threading.Condition()
        self._open = 0
        self._last = now()

    @contextmanager
    def call(self) -> Iterator[None]:
        """A call is open."""
        with self._lock:
            self._open += 1
        try:
            yield
        finally:
            with self._lock:
                self._open -= 1
                self._last = self._now()
                self._lock.notify_all()

    def settle(self) -> None:
        """Wait until no call is open: a program may end before its last ones are answered."""
        with self._lock:
            self._lock.wait_for(lambda: self._open == 0)

    def idle_for(self) -> float:
        """Seconds since the last call ended; 0 while one is open."""
        with self._lock:
            return 0.0 if self._open else self._now() - self._last


class Monitor:
    """ResourceMonitor: what a program asks the engine for. Raises InlineError, which is a grpc.RpcError."""

    def __init__(
        self,
        *,
        registrar: Registrar,
        serving: Serving,
        tracker: Tracker,
        execution: Execution,
        journal: Journal,
        preview: bool,
        activity: Activity,
        directory: Path,
    ) -> None:
        self._directory = directory
        self._registrar = registrar
        self._serving = serving
        self._tracker = tracker
        self._execution = execution
        self._journal = journal
        self._preview = preview
        self._activity = activity
        self.stack_outputs: Bag | None = None

    def get_deployment_info(self, request: empty_pb2.Empty) -> wire.DeploymentInfo:
        """Say what the engine can do."""
        del request
        return wire.DeploymentInfo(supportedFeatures=[*_FEATURES.values(), *_REFUSED_FEATURES.values()])

    def supports_feature(self, request: wire.SupportsFeatureRequest) -> wire.SupportsFeatureResponse:
        """The same, asked one by one, by older SDKs."""
        return wire.SupportsFeatureResponse(hasSupport=request.id in _FEATURES or request.id in _REFUSED_FEATURES)

    def register_resource(self, request: wire.RegisterResourceRequest) -> wire.RegisterResourceResponse:
        """Bring a resource about."""
        with self._answering(request.name):
            goal = read_goal(request)
            goal = replace(goal, inputs=with_hashes(goal.inputs, self._directory))
            answer = self._registrar.register(goal)
        record = answer.record
        response = wire.RegisterResourceResponse(urn=record.urn, result=_RESULTS[answer.result])
        if answer.result == "success":
            response.id = record.id
            response.object.CopyFrom(to_struct(record.outputs))
        elif not request.supportsResultReporting:
            raise _unavailable()
        return response

    def read_resource(self, request: wire.ReadResourceRequest) -> wire.ReadResourceResponse:
        """Look up a resource that somebody else manages."""
        with self._answering(request.name):
            answer: Registered = self._registrar.read(read_read_goal(request))
        if answer.result != "success":
            raise _unavailable()
        record = answer.record
        return wire.ReadResourceResponse(urn=record.urn, id=record.id, properties=to_struct(record.outputs))

    def register_resource_outputs(self, request: wire.RegisterResourceOutputsRequest) -> empty_pb2.Empty:
        """Store the outputs of a component; those of the stack wait for the end of the run."""
        outputs = from_struct(request.outputs)
        with self._answering(request.urn):
            self._execution.check()
            if urns.type_of(request.urn) == urns.STACK_TYPE:
                self.stack_outputs = outputs
                return empty_pb2.Empty()
            record = self._tracker.news.get(request.urn)
            if record is None:
                raise AhvError(f"Completing {request.urn}", said="its registration is not pending")
            record.outputs = outputs
            self._execution.show_outputs(record, self._tracker.olds.get(record.urn))
            self._journal.touch()
        return empty_pb2.Empty()

    def invoke(self, request: wire.ResourceInvokeRequest) -> wire.ResourceInvokeResponse:
        """Call a function of a provider."""
        with self._answering(request.tok):
            if request.tok.startswith("pulumi:pulumi:"):
                raise NotSupported(f"calls of {request.tok}")
            if request.packageRef:
                raise NotSupported("parameterized packages")
            choice = ProviderChoice(request.provider, request.version, request.pluginDownloadURL)
            reference = self._serving.reference_for(choice, request.tok)
            provider = self._serving.provider_for(request.tok, reference)
            arguments = from_struct(request.args)
            if has_unknown(arguments):
                return wire.ResourceInvokeResponse(unknown=True)
            if not isinstance(provider, Provider):
                raise AhvError(f"Calling {request.tok}", said="providers have no functions")
            answer, failures = provider.invoke(request.tok, plain_bag(arguments), preview=self._preview)
        response = wire.ResourceInvokeResponse(
            failures=[provider_pb2.CheckFailure(property=key, reason=reason) for key, reason in failures]
        )
        getattr(response, "return").CopyFrom(to_struct(answer))
        return response

    def signal_and_wait_for_shutdown(self, request: empty_pb2.Empty) -> empty_pb2.Empty:
        """The program has nothing more to say. It may end; only delete hooks would need it later."""
        del request
        return empty_pb2.Empty()

    @contextmanager
    def _answering(self, what: str) -> Iterator[None]:
        with self._activity.call():
            try:
                yield
            except Stopped as stopped:
                raise _unavailable() from stopped
            except (NotSupported, ValueError, OSError, AhvError) as error:
                self._execution.fail("", f"{what}: {error}")
                raise _unavailable() from error
            except ProviderFailure as failure:
                raise InlineError(failure.code, str(failure)) from failure
            except Killed as killed:
                self._execution.cancel()
                raise _unavailable() from killed


class EngineService:
    """Engine: where programs and providers send what they have to say."""

    def __init__(self, execution: Execution, activity: Activity) -> None:
        self._execution = execution
        self._activity = activity
        self._root = ""

    def log(self, request: engine_pb2.LogRequest) -> empty_pb2.Empty:
        """Pass a line on. Debug lines, of which the SDK sends many, are dropped."""
        severity = _SEVERITIES.get(request.severity)
        echo = severity == "error" and SHUTTING_DOWN in request.message and self._execution.stopped
        if severity is not None and not echo:
            with self._activity.call():
                self._execution.report(severity, request.urn, request.message)
        return empty_pb2.Empty()

    def get_root_resource(self, request: engine_pb2.GetRootResourceRequest) -> engine_pb2.GetRootResourceResponse:
        """The stack's URN, as the program has told it."""
        del request
        return engine_pb2.GetRootResourceResponse(urn=self._root)

    def set_root_resource(self, request: engine_pb2.SetRootResourceRequest) -> engine_pb2.SetRootResourceResponse:
        """Remember the stack's URN."""
        self._root = request.urn
        return engine_pb2.SetRootResourceResponse()

    def require_pulumi_version(
        self, request: engine_pb2.RequirePulumiVersionRequest
    ) -> engine_pb2.RequirePulumiVersionResponse:
        """Any version will do: this engine has none of Pulumi's."""
        del request
        return engine_pb2.RequirePulumiVersionResponse()


def _unavailable() -> InlineError:
    return InlineError(grpc.StatusCode.UNAVAILABLE, SHUTTING_DOWN)


class Direct:
    """A service by the protocol's names: ``RegisterResource`` is its ``register_resource``."""

    def __init__(self, service: object) -> None:
        self._service = service

    def __getattr__(self, name: str) -> Any:
        """Find a method; what is left out on purpose answers like an engine that does not know it."""
        if not name[:1].isupper():
            raise AttributeError(name)
        snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")
        function = getattr(self._service, snake, None)
        if function is not None:
            return function

        def unimplemented(request: object) -> None:
            del request
            raise InlineError(
                grpc.StatusCode.UNIMPLEMENTED, f"not supported by the embedded engine: {name}; use the pulumi command"
            )

        return unimplemented
