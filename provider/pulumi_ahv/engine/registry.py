"""Providers as resources of the stack: which are running, under which reference, with which configuration.

A provider instance is a resource of type ``pulumi:providers:PACKAGE`` whose inputs are its configuration. The planner
treats it like any other; this module gives its check, diff, create, update and delete their meaning: CheckConfig,
DiffConfig, Configure, and the end of the process. An instance that was checked but not yet configured waits under its
URN alone.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Sequence

from pulumi_ahv.engine import urns
from pulumi_ahv.engine.diffing import Difference, same
from pulumi_ahv.engine.host import Host
from pulumi_ahv.engine.marking import plain
from pulumi_ahv.engine.provider import Checked, Outcome, Provider, Subject
from pulumi_ahv.engine.records import Record
from pulumi_ahv.engine.values import UNKNOWN_ID, Bag

_INTERNAL = "__internal"


class Registry:
    """Serves provider resources, and hands out the providers behind them by reference."""

    def __init__(self, host: Host, *, new_id: Callable[[], str] = lambda: str(uuid.uuid4())) -> None:
        self._host = host
        self._new_id = new_id
        self._running: dict[str, Provider] = {}
        self._waiting: dict[str, Provider] = {}
        self._inputs: dict[str, Bag] = {}
        self._lock = threading.RLock()

    def find(self, reference: str) -> Provider | None:
        """The running provider of that reference, if there is one."""
        with self._lock:
            return self._running.get(reference)

    def inputs_of(self, reference: str) -> Bag | None:
        """The configuration of a running provider."""
        with self._lock:
            return self._inputs.get(reference)

    def ensure(self, record: Record) -> Provider:
        """The provider of a resource of the state, started and configured from there if need be."""
        reference = urns.join_reference(record.urn, record.id)
        with self._lock:
            if reference not in self._running:
                self._running[reference] = self._configured(
                    self._load(record.urn, record.inputs), Subject(record.urn, record.id), record.inputs
                )
            return self._running[reference]

    def keep(self, record: Record, old_inputs: Bag) -> None:
        """Go on with an unchanged provider: the instance that was checked is configured, with the old inputs."""
        reference = urns.join_reference(record.urn, record.id)
        with self._lock:
            waiting = self._waiting.pop(record.urn, None)
            if reference in self._running:
                if waiting is not None:
                    waiting.close()
                return
            provider = waiting or self._load(record.urn, old_inputs)
            self._running[reference] = self._configured(provider, Subject(record.urn, record.id), old_inputs)

    def check(self, subject: Subject, olds: Bag, news: Bag, seed: bytes) -> Checked:
        """Start a provider and let it check its configuration."""
        del seed
        with self._lock:
            provider = self._load(subject.urn, news)
            if (before := self._waiting.pop(subject.urn, None)) is not None:
                before.close()
            self._waiting[subject.urn] = provider
        answer = provider.check_config(subject, _config(olds), _config(news))
        inputs = dict(answer.inputs)
        inputs.update({key: news[key] for key in (_INTERNAL, "version") if key in news})
        return Checked(inputs, answer.failures)

    def diff(self, subject: Subject, olds: tuple[Bag, Bag], news: Bag, ignored: Sequence[str]) -> Difference:
        """Ask the provider what a new configuration means for its resources."""
        del ignored
        with self._lock:
            reference = urns.join_reference(subject.urn, subject.id)
            provider = self._waiting.get(subject.urn) or self._running[reference]
        answer = provider.diff_config(subject, (_config(olds[0]), olds[1]), _config(news))
        if answer.changes is None:
            changed = not same(plain(olds[1]), plain(_config(news)))
            return Difference(changed, answer.keys, answer.replace_keys, answer.detailed, answer.delete_before_replace)
        return answer

    def create(self, subject: Subject, inputs: Bag, *, timeout: float, preview: bool) -> Outcome:
        """Configure the instance that was checked, under a new id."""
        del timeout
        id_ = UNKNOWN_ID if preview else self._new_id()
        return self._adopt(Subject(subject.urn, id_), inputs)

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
        """Configure the instance that was checked, in place of the old one."""
        del olds, ignored, timeout, preview
        return self._adopt(subject, news)

    def read(self, subject: Subject, inputs: Bag | None, state: Bag | None, *, timeout: float = 0) -> Outcome:
        """Provider resources are not read."""
        del inputs, state, timeout
        raise ValueError(f"provider resources may not be read: {subject.urn}")

    def delete(self, subject: Subject, inputs: Bag, outputs: Bag, *, timeout: float) -> None:
        """End the instance."""
        del inputs, outputs, timeout
        with self._lock:
            provider = self._running.pop(urns.join_reference(subject.urn, subject.id), None)
        if provider is not None:
            provider.close()

    def _adopt(self, subject: Subject, inputs: Bag) -> Outcome:
        with self._lock:
            provider = self._waiting.pop(subject.urn, None) or self._load(subject.urn, inputs)
            self._running[urns.join_reference(subject.urn, subject.id)] = self._configured(provider, subject, inputs)
        return Outcome(subject.id, _config(inputs))

    def _load(self, urn: str, inputs: Bag) -> Provider:
        version = plain(inputs.get("version", ""))
        return self._host.start(urns.package_of(urns.type_of(urn)), version if isinstance(version, str) else "")

    def _configured(self, provider: Provider, subject: Subject, inputs: Bag) -> Provider:
        self._inputs[urns.join_reference(subject.urn, subject.id)] = _config(inputs)
        provider.configure(subject, _config(inputs))
        return provider


def _config(inputs: Bag) -> Bag:
    return {key: value for key, value in inputs.items() if key != _INTERNAL}
