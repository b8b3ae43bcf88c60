"""Which provider serves a resource: the one it names, or the default one of its package, made when first needed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi_ahv.engine import urns
from pulumi_ahv.engine.execution import Stopped
from pulumi_ahv.engine.goals import Goal, ProviderChoice
from pulumi_ahv.engine.host import DYNAMIC
from pulumi_ahv.engine.provider import Provider, Subject
from pulumi_ahv.engine.records import Record
from pulumi_ahv.engine.registry import Registry
from pulumi_ahv.engine.values import Bag, SecretValue
from pulumi_ahv.kernel.errors import AhvError


@dataclass
class StackConfig:
    """The configuration of a stack, keys with their namespaces, secrets in clear."""

    values: dict[str, str] = field(default_factory=dict)
    secret_keys: frozenset[str] = frozenset()

    def for_package(self, package: str) -> Bag:
        """What concerns one package; dynamic resources get everything, under full keys."""
        prefix = "" if package == DYNAMIC else f"{package}:"
        return {
            key.removeprefix(prefix): SecretValue(value) if key in self.secret_keys else value
            for key, value in sorted(self.values.items())
            if key.startswith(prefix)
        }


class Serving:
    """Finds providers for one run. The registrar sets ``register``: it makes default providers like the rest."""

    def __init__(self, registry: Registry, config: StackConfig, olds: Callable[[], Mapping[str, Record]]) -> None:
        self._registry = registry
        self._config = config
        self._olds = olds
        self._defaults: dict[tuple[str, str, str], str] = {}
        self._lock = threading.Lock()
        self.register: Callable[[Goal], Any]

    def reference_for(self, choice: ProviderChoice, type_: str) -> str:
        """The reference of the provider for a resource of that type; empty for providers themselves."""
        if urns.is_provider(type_):
            return ""
        if choice.reference:
            return choice.reference
        package = urns.package_of(type_)
        key = (package, choice.version, choice.download_url)
        with self._lock:
            if key not in self._defaults:
                self._defaults[key] = self._make_default(package, choice)
            return self._defaults[key]

    def provider_for(self, type_: str, reference: str) -> Provider | Registry:
        """The provider behind a reference, running."""
        if urns.is_provider(type_):
            return self._registry
        provider = self._registry.find(reference)
        if provider is None:
            raise AhvError(f"Looking for provider '{reference}'", said="unknown provider")
        return provider

    def provider_of(self, record: Record) -> Provider | Registry:
        """The provider of a resource of the state, started from there if it is not running."""
        if urns.is_provider(record.type):
            return self._registry
        provider = self._registry.find(record.provider)
        if provider is not None:
            return provider
        urn, id_ = urns.split_reference(record.provider)
        known = self._olds().get(urn)
        if known is None or known.id != id_:
            raise AhvError(
                f"Looking for provider '{record.provider}'", said=f"{record.urn} needs it, but it is not in the state"
            )
        return self._registry.ensure(known)

    def ensure(self, records: Iterable[Record]) -> None:
        """Start every provider that these resources name, whether or not it will be called."""
        for record in records:
            if record.provider:
                self.provider_of(record)

    def provider_changed(self, old: Record, new: Record, aliased: Mapping[str, str]) -> bool:
        """Whether another provider serves the resource now, and that one says that this means replacement."""
        if old.provider == new.provider:
            return False
        if not old.provider or not new.provider:
            return True
        before, now = urns.split_reference(old.provider)[0], urns.split_reference(new.provider)[0]
        if aliased.get(before) == now:
            return False
        provider = self._registry.find(new.provider)
        old_record, inputs = self._olds().get(before), self._registry.inputs_of(new.provider)
        if provider is None or old_record is None or inputs is None:
            raise AhvError(f"Comparing the providers of {new.urn}", said=f"{before} or {now} is not known")
        olds = {key: value for key, value in old_record.inputs.items() if key != "__internal"}
        return provider.diff_config(Subject(now), (olds, old_record.outputs), inputs).replaces

    def _make_default(self, package: str, choice: ProviderChoice) -> str:
        inputs: Bag = self._config.for_package(package)
        name = "default"
        if choice.version:
            name += "_" + "".join(letter if letter.isalnum() else "_" for letter in choice.version)
            inputs |= {"version": choice.version, "__internal": {}}
        if choice.download_url:
            url = choice.download_url.split("://")[-1]
            name += "_" + "".join(letter if letter.isalnum() else "_" for letter in url)
            inputs["__internal"] = {"pluginDownloadURL": choice.download_url}
        answer = self.register(Goal(urns.PROVIDER_PREFIX + package, name, custom=True, inputs=inputs))
        if answer.result != "success":
            raise Stopped
        return urns.join_reference(answer.record.urn, answer.record.id)
