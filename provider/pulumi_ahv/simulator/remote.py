"""The controls of a running site, called over HTTP: works on one in this process and on ``ahv sim`` alike."""

from __future__ import annotations

import http.client
import json
import ssl
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from pulumi_ahv.simulator.kinds import FaultKind


class ControlError(Exception):
    """The site refused a control; the message is its own."""


class Control:
    """Everything under ``/_sim/`` of one site."""

    def __init__(self, url: str, ca_file: Path) -> None:
        parts = urlsplit(url)
        self._host = parts.hostname or "127.0.0.1"
        self._port = parts.port or 443
        self._context = ssl.create_default_context(cafile=str(ca_file))

    def about(self) -> dict[str, Any]:
        """What the site is, its time, and how many entities of each kind it holds."""
        return dict(self._call("GET", ""))

    def reset(self, *, bare: bool = False) -> None:
        """Forget everything, rules and journal too, and build the default inventory anew, or none if ``bare``."""
        self._call("POST", "reset", {"bare": bare})

    def add(self, **kinds: list[dict[str, Any]]) -> dict[str, list[str]]:
        """Add ``clusters``, ``storageContainers``, ``categories``, ``subnets`` or ``files``; answers ids by kind."""
        return dict(self._call("POST", "inventory", kinds))

    def now(self) -> float:
        """The site's time in seconds since the epoch."""
        return float(self._call("GET", "clock")["now"])

    def freeze(self) -> None:
        """Stop the site's clock: from here it moves by ``advance`` only."""
        self._call("POST", "clock", {"manual": True})

    def release(self) -> None:
        """Let the site's clock run on."""
        self._call("POST", "clock", {"manual": False})

    def advance(self, seconds: float) -> None:
        """Move the site's clock on; what becomes due happens in order."""
        self._call("POST", "clock", {"advance": seconds})

    def latency(self, operation: str, seconds: float) -> None:
        """Set how long a kind of task takes; ``*`` is all of them. Kinds are listed by ``latencies``."""
        self._call("POST", "latencies", {operation: seconds})

    def latencies(self) -> dict[str, Any]:
        """Seconds by kind of task: the usual ones and those that were set."""
        return dict(self._call("GET", "latencies"))

    def fault(self, kind: FaultKind, **rule: Any) -> str:
        """Add a fault rule and answer its id; the fields are those of ``injection.Rule``."""
        return str(self._call("POST", "faults", {"kind": kind, **rule})["id"])

    def faults(self) -> list[dict[str, Any]]:
        """All rules with how often each has hit."""
        return list(self._call("GET", "faults"))

    def clear_faults(self, rule_id: str = "") -> None:
        """Drop one rule, or all."""
        self._call("DELETE", f"faults/{rule_id}" if rule_id else "faults")

    def journal(self, operation: str = "", *, since: int = 0) -> list[dict[str, Any]]:
        """The requests that were made, oldest first."""
        return list(self._call("GET", "journal?" + urlencode({"operation": operation, "since": since})))

    def counts(self) -> dict[str, int]:
        """How often each operation was called."""
        return dict(self._call("GET", "journal/counts"))

    def clear_journal(self) -> None:
        """Forget the requests so far."""
        self._call("DELETE", "journal")

    def save(self, snapshot: str) -> None:
        """Keep a copy of the site's state under a name."""
        self._call("PUT", f"snapshots/{snapshot}")

    def load(self, snapshot: str) -> None:
        """Put the state back that was kept under a name."""
        self._call("POST", f"snapshots/{snapshot}")

    def entities(self, kind: str) -> list[dict[str, Any]]:
        """The bodies of all entities of a kind, as the site holds them."""
        return list(self._call("GET", f"entities/{kind}"))

    def entity(self, kind: str, ext_id: str) -> dict[str, Any]:
        """One entity with its hidden values and its revision."""
        return dict(self._call("GET", f"entities/{kind}/{quote(ext_id)}"))

    def guest(self, vm: str) -> dict[str, Any]:
        """What the pretend guest of a VM is, found, and did."""
        return dict(self._call("GET", f"guests/{vm}"))

    def guest_rule(self, match: str, **rule: Any) -> None:
        """Let the guests of VMs of these names (``*`` and ``?``) do badly.

        Fields: ``hangs``, ``ignoresShutdown``, ``noAddress`` (true or false), ``bootSeconds``.
        """
        self._call("POST", "guests", {"match": match, **rule})

    def clear_guest_rules(self) -> None:
        """Let all guests do well again, from their next boot."""
        self._call("DELETE", "guests")

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        connection = http.client.HTTPSConnection(self._host, self._port, timeout=30, context=self._context)
        try:
            connection.request(method, f"/_sim/{path}", body=json.dumps(body) if body is not None else None)
            response = connection.getresponse()
            answer = json.loads(response.read())
        finally:
            connection.close()
        if response.status != 200:
            raise ControlError(answer["error"])
        return answer
