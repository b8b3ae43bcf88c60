"""A site as a user of the SDKs drives it: clients, models by full name, waiting for tasks, the site's clock."""

from __future__ import annotations

import http.client
import importlib
import json
import logging
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from recorder import Recorder

NAMESPACES = ("vmm", "prism", "clustermgmt", "networking", "dataprotection", "volumes")
_ENDED = {"SUCCEEDED", "FAILED", "CANCELED"}


class Unexpected(Exception):
    """The site did not do what a Prism does."""


def expect(actual: Any, wanted: Any) -> None:
    """Stop the life cycle unless what was read back is what was asked for."""
    if actual != wanted:
        raise Unexpected(f"expected {wanted!r}, got {actual!r}")


class Site:
    """One site and the six clients of one generation.

    ``ask`` is what the test told the driver: ``url``, ``ca``, ``username``, ``password``, ``generation``, ``release``,
    ``downloads``, a folder, and ``images``, the addresses of a disk and a disc on a web server of this machine.
    """

    def __init__(self, ask: dict[str, Any], tell: Callable[..., None]) -> None:
        self.ask = ask
        self.tell = tell
        self.recorder = Recorder(tell)
        self.packages = {name: importlib.import_module(f"ntnx_{name}_py_client") for name in NAMESPACES}
        self.clients = {name: self._client(package) for name, package in self.packages.items()}
        for name, client in self.clients.items():
            self.recorder.listen(client, name)
        self.cluster = self.subnet = self.container = self.category = self.image = self.disc = ""

    @property
    def is_first(self) -> bool:
        """Whether the client is of the first generation: it knows nothing that came after v4.0."""
        return bool(self.ask["generation"] == "4.0")

    def _client(self, package: Any) -> Any:
        configuration = package.Configuration()
        parts = urlsplit(self.ask["url"])
        configuration.host, configuration.port = parts.hostname, parts.port
        configuration.username, configuration.password = self.ask["username"], self.ask["password"]
        configuration.root_ca_certificate_file = self.ask["ca"]
        configuration.download_directory = self.ask["downloads"]
        for logger in configuration.logger.values():
            logger.setLevel(logging.CRITICAL)
        return package.ApiClient(configuration=configuration)

    def api(self, namespace: str, name: str) -> Any:
        """One of a package's API classes, such as ``VmApi``."""
        return getattr(self.packages[namespace], name)(api_client=self.clients[namespace])

    def new(self, kind: str, **values: Any) -> Any:
        """A model by its full name; the values go through the SDK's own checks."""
        namespace = kind.partition(".")[0]
        owner = namespace if namespace in NAMESPACES else "vmm"
        return self.new_in(owner, kind, **values)

    def new_in(self, owner: str, kind: str, **values: Any) -> Any:
        """A model as the package of another namespace knows it."""
        module = importlib.import_module(f"ntnx_{owner}_py_client.models.{kind}")
        model = getattr(module, kind.rpartition(".")[2])()
        for name, value in values.items():
            if not hasattr(model, name):
                raise AttributeError(f"{kind} has no {name}")
            setattr(model, name, value)
        return model

    def etag(self, answer: Any) -> dict[str, str]:
        """The keyword that sends an answer's ETag along."""
        return {"if_match": self.clients["vmm"].get_etag(answer)}

    def done(self, answer: Any, rel: str = "") -> str:
        """Wait for the task of an answer; the id of what it made, by its rel."""
        task = self.ended(answer)
        if task.status != "SUCCEEDED":
            raise Unexpected(f"{task.operation}: {task.error_messages}")
        named = [each.ext_id for each in task.entities_affected or () if each.rel == rel]
        if rel and not named:
            raise Unexpected(f"{task.operation} names no {rel}: {task.entities_affected}")
        return named[-1] if named else ""

    def ended(self, answer: Any) -> Any:
        """The task of an answer when it has ended; the site's clock is moved on for it."""
        tasks = self.api("prism", "TasksApi")
        for _ in range(120):
            task = tasks.get_task_by_id(answer.data.ext_id).data
            if task.status in _ENDED:
                return task
            self.advance(5)
        raise Unexpected(f"task {task.ext_id} did not end: {task.status}")

    @contextmanager
    def refused(self, namespace: str, status: int, word: str = "") -> Iterator[None]:
        """Expect the call in the block to be refused with a status and a word in its body."""
        error_class = importlib.import_module(f"ntnx_{namespace}_py_client.rest").ApiException
        try:
            yield
        except error_class as error:
            if error.status != status or word not in str(error.body):
                raise Unexpected(f"expected {status} {word}, got {error.status} {error.body}") from error
            self.tell("refused", status=status, word=word)
        else:
            raise Unexpected(f"expected {status} {word}, the call went through")

    def advance(self, seconds: float) -> None:
        """Move the site's clock on."""
        parts = urlsplit(self.ask["url"])
        context = ssl.create_default_context(cafile=self.ask["ca"])
        connection = http.client.HTTPSConnection(parts.hostname or "", parts.port, timeout=30, context=context)
        connection.request("POST", "/_sim/clock", body=json.dumps({"advance": seconds}))
        connection.getresponse().read()
        connection.close()
