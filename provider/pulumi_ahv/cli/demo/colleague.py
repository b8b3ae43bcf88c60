"""Somebody else at the same Prism, for the demo: renames an image or pulls a machine's cord, in Prism's own words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol
from uuid import uuid4

if TYPE_CHECKING:
    from pulumi_ahv.simulator.server import Prism

IMAGES = "/api/vmm/v4.0/content/images"
VMS = "/api/vmm/v4.0/ahv/config/vms"
ELEMENT = "/api/nutanix/v2.0"


class Colleague(Protocol):
    """What he does."""

    def rename_image(self, name: str) -> None:
        """Give the first image another name."""
        ...

    def switch_off(self, machine: str) -> None:
        """Pull the cord of the machine of that name."""
        ...


def colleague_at(prism: Prism, product: str) -> Colleague:
    """Somebody who works at a Prism Central, or at a Prism Element."""
    return AtElement(prism) if product == "element" else AtCentral(prism)


class AtCentral:
    """At a Prism Central: what he changes goes under the ETag of what he has read."""

    def __init__(self, prism: Prism) -> None:
        self._prism = prism

    def rename_image(self, name: str) -> None:
        """Give the first image another name."""
        path = f"{IMAGES}/{ask(self._prism, 'GET', IMAGES)[0]['data'][0]['extId']}"
        told, etag = ask(self._prism, "GET", path)
        ask(self._prism, "PUT", path, {**told["data"], "name": name}, {"If-Match": etag})

    def switch_off(self, machine: str) -> None:
        """Pull the cord of the machine of that name."""
        every = ask(self._prism, "GET", VMS)[0]["data"]
        path = f"{VMS}/{next(vm['extId'] for vm in every if vm['name'] == machine)}"
        _, etag = ask(self._prism, "GET", path)
        ask(self._prism, "POST", f"{path}/$actions/power-off", None, {"If-Match": etag})


class AtElement:
    """At a Prism Element: sends what is to change, and nothing else."""

    def __init__(self, prism: Prism) -> None:
        self._prism = prism

    def rename_image(self, name: str) -> None:
        """Give the first image another name."""
        uuid = ask(self._prism, "GET", f"{ELEMENT}/images")[0]["entities"][0]["uuid"]
        ask(self._prism, "PUT", f"{ELEMENT}/images/{uuid}", {"name": name})

    def switch_off(self, machine: str) -> None:
        """Pull the cord of the machine of that name."""
        every = ask(self._prism, "GET", f"{ELEMENT}/vms")[0]["entities"]
        uuid = next(vm["uuid"] for vm in every if vm["name"] == machine)
        ask(self._prism, "POST", f"{ELEMENT}/vms/{uuid}/set_power_state", {"transition": "OFF"})


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
