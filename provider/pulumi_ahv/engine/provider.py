"""One configured provider plugin, spoken to in plain bags.

Owns the translation between bags and Pulumi's ResourceProvider protocol: what is marked, what is flattened, what an
answer without an id means. How the plugin came to life is the business of ``host``; which provider serves which
resource, of ``registry``. A plugin is anything with the protocol's methods: a gRPC stub or an object in this process.

Which side takes marks off and who puts them back is described in the engine facts, 4.4; a provider that answered the
handshake is taken to support previews, one that did not says so in its answer to Configure.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import grpc
from pulumi.runtime.proto import provider_pb2 as wire

from pulumi_ahv.engine import urns
from pulumi_ahv.engine.assets import completed
from pulumi_ahv.engine.diffing import Difference, PropertyDiff
from pulumi_ahv.engine.failures import InitFailed, ProviderFailure, read_failure
from pulumi_ahv.engine.marking import has_unknown, plain, plain_bag, remark
from pulumi_ahv.engine.values import UNKNOWN_ID, Bag, Dialect, from_struct, to_struct

_CHANGES: Final = {wire.DiffResponse.DIFF_NONE: False, wire.DiffResponse.DIFF_SOME: True}
_KINDS: Final = {0: "add", 1: "add", 2: "delete", 3: "delete", 4: "update", 5: "update"}


class Plugin(Protocol):
    """A running provider: ``call("Check", request)`` answers or raises grpc.RpcError."""

    def call(self, method: str, request: Any) -> Any:
        """Call one method of the ResourceProvider protocol."""
        ...

    def close(self) -> None:
        """End it."""
        ...


@dataclass(frozen=True)
class Subject:
    """Which resource a call is about."""

    urn: str
    id: str = ""

    @property
    def named(self) -> dict[str, Any]:
        """URN, name and type, as every request carries them."""
        return {"urn": self.urn, "name": urns.name_of(self.urn), "type": urns.type_of(self.urn)}


@dataclass(frozen=True)
class Checked:
    """The answer to Check: inputs with defaults, and what is wrong with them as (property, reason)."""

    inputs: Bag
    failures: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Outcome:
    """The answer to Create, Update or Read. ``init_errors`` say that the object exists but is not well."""

    id: str = ""
    outputs: Bag | None = None
    inputs: Bag | None = None
    init_errors: Sequence[str] = ()
    refresh_before_update: bool = False


@dataclass
class Abilities:
    """What the plugin negotiated."""

    secrets: bool = False
    references: bool = False
    preview: bool = False
    handshaken: bool = field(default=False)


class Provider:
    """A provider instance. Not usable before ``configure``, except for ``check_config`` and ``diff_config``."""

    def __init__(self, plugin: Plugin, abilities: Abilities) -> None:
        self._plugin = plugin
        self._abilities = abilities
        self._failure: ProviderFailure | None = None
        self.configured = False
        self.known = True

    def check_config(self, subject: Subject, olds: Bag, news: Bag) -> Checked:
        """Ask whether a configuration is right; the answer is ``news`` if the plugin does not say."""
        request = wire.CheckRequest(**subject.named, olds=_bare(olds), news=_bare(news))
        try:
            answer = self._call("CheckConfig", request)
        except ProviderFailure as failure:
            if failure.unimplemented:
                return Checked(news)
            raise
        return Checked(remark(from_struct(answer.inputs), news), _failures(answer))

    def diff_config(self, subject: Subject, olds: tuple[Bag, Bag], news: Bag) -> Difference:
        """Ask what a new configuration means for what exists; ``olds`` are inputs and outputs."""
        request = wire.DiffRequest(**subject.named, old_inputs=_bare(olds[0]), olds=_bare(olds[1]), news=_bare(news))
        try:
            return _difference(self._call("DiffConfig", request))
        except ProviderFailure as failure:
            if failure.unimplemented:
                return Difference(None)
            raise

    def configure(self, subject: Subject, inputs: Bag) -> None:
        """Hand over the configuration. A failure is kept and raised by the first call that needs the provider."""
        self.configured = True
        if has_unknown(inputs):
            self.known = False
            return
        package = urns.package_of(urns.type_of(subject.urn))
        variables = {f"{package}:config:{key}": _variable(value) for key, value in inputs.items() if key != "version"}
        request = wire.ConfigureRequest(
            **subject.named,
            id=subject.id,
            variables=variables,
            args=to_struct(inputs),
            acceptSecrets=True,
            acceptResources=True,
            sends_old_inputs=True,
            sends_old_inputs_to_delete=True,
        )
        try:
            answer = self._call("Configure", request)
        except ProviderFailure as failure:
            self._failure = failure
            return
        if not self._abilities.handshaken:
            self._abilities = Abilities(answer.acceptSecrets, answer.acceptResources, answer.supportsPreview)

    def check(self, subject: Subject, olds: Bag, news: Bag, seed: bytes) -> Checked:
        """Ask for complete inputs."""
        self._ready()
        if not self.known:
            return Checked(news)
        request = wire.CheckRequest(**subject.named, olds=self._out(olds), news=self._out(news), randomSeed=seed)
        answer = self._call("Check", request)
        return Checked(self._in(answer.inputs, news), _failures(answer))

    def diff(self, subject: Subject, olds: tuple[Bag, Bag], news: Bag, ignored: Sequence[str]) -> Difference:
        """Ask what changes; ``olds`` are the old inputs and outputs."""
        self._ready()
        if not self.known:
            return Difference(changes=True)
        request = wire.DiffRequest(
            **subject.named,
            id=subject.id,
            old_inputs=self._brief(olds[0]),
            olds=self._brief(olds[1]),
            news=self._brief(news),
            ignoreChanges=ignored,
        )
        return _difference(self._call("Diff", request))

    def create(self, subject: Subject, inputs: Bag, *, timeout: float, preview: bool) -> Outcome:
        """Make the object, or say what it would look like."""
        self._ready()
        if preview and not self.known:
            return Outcome(outputs={})
        if preview and not self._abilities.preview:
            return Outcome(outputs=inputs)
        request = wire.CreateRequest(**subject.named, properties=self._out(inputs), timeout=timeout, preview=preview)
        return self._made("Create", request, inputs)

    def update(
        self,
        subject: Subject,
        olds: tuple[Bag, Bag],
        news: Bag,
        *,
        ignored: Sequence[str],
        timeout: float,
        preview: bool,
    ) -> Outcome:
        """Change the object in place; ``olds`` are the old inputs and outputs."""
        self._ready()
        if preview and not self.known:
            return Outcome(subject.id, {})
        if preview and not self._abilities.preview:
            return Outcome(subject.id, news)
        request = wire.UpdateRequest(
            **subject.named,
            id=subject.id,
            old_inputs=self._brief(olds[0]),
            olds=self._brief(olds[1]),
            news=self._out(news),
            ignoreChanges=ignored,
            timeout=timeout,
            preview=preview,
        )
        return self._made("Update", request, news)

    def read(self, subject: Subject, inputs: Bag | None, state: Bag | None, *, timeout: float = 0) -> Outcome:
        """Look the object up. Without ``outputs`` in the answer it does not exist."""
        self._ready()
        if not self.known:
            return Outcome(subject.id, {}, {})
        request = wire.ReadRequest(**subject.named, id=subject.id, timeout=timeout)
        if inputs is not None:
            request.inputs.CopyFrom(self._brief(inputs))
        if state is not None:
            request.properties.CopyFrom(self._brief(state))
        errors: Sequence[str] = ()
        try:
            answer = self._call("Read", request)
        except InitFailed as failed:
            answer, errors = failed.answer, failed.reasons
        if not answer.id:
            return Outcome()
        outputs = self._in(answer.properties, state or {}) if answer.HasField("properties") else None
        found = self._in(answer.inputs, inputs or {}) if answer.HasField("inputs") else None
        return Outcome(
            answer.id,
            completed(outputs, inputs or {}),
            completed(found, inputs or {}),
            errors,
            answer.refresh_before_update,
        )

    def delete(self, subject: Subject, inputs: Bag, outputs: Bag, *, timeout: float) -> None:
        """Remove the object."""
        self._ready()
        request = wire.DeleteRequest(
            **subject.named,
            id=subject.id,
            properties=self._brief(outputs),
            old_inputs=self._brief(inputs),
            timeout=timeout,
        )
        self._call("Delete", request)

    def invoke(self, token: str, arguments: Bag, *, preview: bool) -> tuple[Bag, Sequence[tuple[str, str]]]:
        """Call a function: its answer, and what is wrong with its arguments."""
        self._ready()
        if not self.known:
            return {}, ()
        request = wire.InvokeRequest(tok=token, args=self._out(arguments), preview=preview)
        answer = self._call("Invoke", request)
        return from_struct(getattr(answer, "return")), _failures(answer)

    def close(self) -> None:
        """End the plugin."""
        self._plugin.close()

    def _ready(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _made(self, method: str, request: Any, inputs: Bag) -> Outcome:
        errors: Sequence[str] = ()
        try:
            answer = self._call(method, request)
        except InitFailed as failed:
            answer, errors = failed.answer, failed.reasons
        outputs = self._in(answer.properties, inputs)
        return Outcome(getattr(answer, "id", ""), outputs, None, errors, answer.refresh_before_update)

    def _out(self, bag: Bag) -> Any:
        return to_struct(bag, Dialect(self._abilities.secrets, self._abilities.references))

    def _brief(self, bag: Bag) -> Any:
        return to_struct(bag, Dialect(self._abilities.secrets, self._abilities.references, contents=False))

    def _in(self, struct: Any, source: Bag) -> Bag:
        bag = from_struct(struct)
        return bag if self._abilities.secrets else remark(bag, source)

    def _call(self, method: str, request: Any) -> Any:
        try:
            return self._plugin.call(method, request)
        except grpc.RpcError as error:
            raise read_failure(error) from error


def greet(plugin: Plugin, request: wire.ProviderHandshakeRequest) -> Provider:
    """Shake hands with a plugin; one that does not know how is asked again at Configure."""
    abilities = Abilities()
    try:
        answer = plugin.call("Handshake", request)
        abilities = Abilities(answer.accept_secrets, answer.accept_resources, preview=True, handshaken=True)
    except grpc.RpcError as error:
        failure = read_failure(error)
        if not failure.unimplemented:
            raise failure from error
    return Provider(plugin, abilities)


def _bare(bag: Bag) -> Any:
    return to_struct(plain_bag(bag), Dialect(references=False))


def _variable(value: Any) -> str:
    bare = plain(value)
    return bare if isinstance(bare, str) else json.dumps(bare, separators=(",", ":"))


def _failures(answer: Any) -> list[tuple[str, str]]:
    return [(failure.property, failure.reason) for failure in answer.failures]


def _difference(answer: wire.DiffResponse) -> Difference:
    detailed = {
        path: PropertyDiff(_KINDS[item.kind], replaces=item.kind % 2 == 1, input=item.inputDiff)
        for path, item in answer.detailedDiff.items()
    }
    return Difference(
        _CHANGES.get(answer.changes),
        tuple(answer.diffs),
        tuple(answer.replaces),
        detailed,
        answer.deleteBeforeReplace,
    )


def known_id(id_: str) -> bool:
    """Whether an id is one, and not the sign for a value that a preview cannot know."""
    return id_ not in ("", UNKNOWN_ID)
