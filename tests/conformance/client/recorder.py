"""Listens at the lowest point of an SDK's client: what goes out, and every raw answer before the SDK reads it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

from walker import Finding, Walker

_PATH = re.compile(r"/api/(?P<namespace>\w+)/v4\.(?P<minor>\d+)/")


@dataclass
class Recorder:
    """Walks the answers to all calls of all clients and says so to ``tell``, one event each.

    ``skipped`` are headers that are taken off before a request goes out: the SDK cannot leave them out itself.
    """

    tell: Callable[..., None]
    skipped: set[str] = field(default_factory=set)
    walkers: dict[str, Walker] = field(default_factory=dict)
    _sizes: dict[str, int] = field(default_factory=dict)

    def listen(self, client: Any, namespace: str) -> None:
        """Hook a client in."""
        self.walkers[namespace] = Walker(namespace)
        expected = [""]
        call, request = client._call_api, client.rest_client.pool_manager.request

        def called(*args: Any, **named: Any) -> Any:
            expected[0] = named.get("response_type") or ""
            return call(*args, **named)

        def requested(method: str, url: str, **named: Any) -> Any:
            headers = {name: text for name, text in named.pop("headers").items() if name not in self.skipped}
            response = request(method, url, headers=headers, **named)
            partial = "$select" in dict(named.get("fields") or ())
            self._answered(method, url, response, answer=expected[0], partial=partial)
            return response

        client._call_api = called
        client.rest_client.pool_manager.request = requested

    @contextmanager
    def without(self, header: str) -> Iterator[None]:
        """Leave a header out while the block lasts."""
        self.skipped.add(header)
        try:
            yield
        finally:
            self.skipped.discard(header)

    def _answered(self, method: str, url: str, response: Any, *, answer: str, partial: bool) -> None:
        path = "/" + url.split("/", 3)[3].partition("?")[0]
        call = {"method": method, "path": path, "status": response.status, "answer": answer}
        found = _PATH.match(path)
        is_json = response.headers.get("Content-Type", "").startswith("application/json")
        if found is None or not is_json or not response.data:
            self.tell("call", **call, walked=False, findings=[])
            return
        body, minor = json.loads(response.data), int(found["minor"])
        walker = self.walkers[found["namespace"]]
        findings = walker.body(answer, body, minor=minor, status=response.status, partial=partial)
        self.tell("call", **call, walked=True, findings=_plain(findings))
        self._keep(answer, found["namespace"], minor, response.status, body)

    def _keep(self, answer: str, namespace: str, minor: int, status: int, body: Any) -> None:
        """Hand on the largest body of each kind of answer: the faults are planted in them."""
        size, key = len(json.dumps(body)), f"{answer} {status >= 400}"
        if size > self._sizes.get(key, 0):
            self._sizes[key] = size
            self.tell("body", answer=answer, namespace=namespace, minor=minor, status=status, body=body)


def _plain(findings: list[Finding]) -> list[dict[str, str]]:
    return [asdict(finding) for finding in findings]
