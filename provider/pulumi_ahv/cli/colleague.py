"""Somebody else at the same Prism, for the demo: he lists images and renames one in Prism's own words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol
from uuid import uuid4

if TYPE_CHECKING:
    from pulumi_ahv.simulator.server import Prism

CENTRAL = "/api/vmm/v4.0/content/images"
ELEMENT = "/api/nutanix/v2.0/images"


class Colleague(Protocol):
    """What he does."""

    def images(self) -> list[dict[str, Any]]:
        """Every image that Prism holds."""
        ...

    def rename(self, name: str) -> None:
        """Give the first image another name."""
        ...


class AtCentral:
    """At a Prism Central: reads the image, changes its name, puts the whole back under its ETag."""

    def __init__(self, prism: Prism) -> None:
        self._prism = prism

    def images(self) -> list[dict[str, Any]]:
        """Every image that Prism holds."""
        return list(ask(self._prism, "GET", CENTRAL)[0].get("data", []))

    def rename(self, name: str) -> None:
        """Give the first image another name."""
        path = f"{CENTRAL}/{self.images()[0]['extId']}"
        told, etag = ask(self._prism, "GET", path)
        ask(self._prism, "PUT", path, {**told["data"], "name": name}, {"If-Match": etag})


class AtElement:
    """At a Prism Element: sends the new name, and nothing else."""

    def __init__(self, prism: Prism) -> None:
        self._prism = prism

    def images(self) -> list[dict[str, Any]]:
        """Every image that Prism holds."""
        return list(ask(self._prism, "GET", ELEMENT)[0]["entities"])

    def rename(self, name: str) -> None:
        """Give the first image another name."""
        ask(self._prism, "PUT", f"{ELEMENT}/{self.images()[0]['uuid']}", {"name": name})


def ask(
    prism: Prism, method: str, path: str, body: dict[str, Any] | None = None, headers: dict[str, str] | None = None
) -> tuple[dict[str, Any], str]:
    """Make one call as the administrator: the answer, and its ETag where it has one."""
    import requests

    with requests.Session() as session:
        session.auth, session.trust_env = (prism.username, prism.password), False
        session.verify = str(prism.ca_file)
        every = {"NTNX-Request-Id": str(uuid4()), **(headers or {})}
        answer = session.request(method, prism.url + path, json=body, headers=every, timeout=30)
    answer.raise_for_status()
    told: dict[str, Any] = answer.json()
    return told, answer.headers.get("ETag", "")
