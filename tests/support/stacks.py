"""A program, a stack and an engine: what a user has on his desk, in a temporary folder."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import requests

from pulumi_ahv.cli.engines import Engine, environment
from pulumi_ahv.simulator.server import Prism

STACK = "test"
PROJECT = "name: shop\nruntime: python\n"


@dataclass
class Ended:
    """How a command ended."""

    code: int
    text: str

    @property
    def errors(self) -> set[str]:
        """What went wrong, each message once: an engine may show it in a row and again below."""
        found = (line for line in self.text.splitlines() if "AhvError: " in line)
        return {line.split("AhvError: ", 1)[1].strip() for line in found}


@dataclass
class Stack:
    """One program on one engine, with a state of its own."""

    engine: Engine
    folder: Path
    environ: dict[str, str]
    config: dict[str, str] = field(default_factory=dict)

    def program(self, text: str) -> None:
        """Write the program."""
        (self.folder / "__main__.py").write_text(f"import pulumi\nfrom pulumi_ahv import Image\n{text}\n")

    def up(self, *words: str) -> Ended:
        return self.call("up", "--yes", "--skip-preview", *words)

    def preview(self, *words: str) -> Ended:
        return self.call("preview", *words)

    def refresh(self) -> Ended:
        return self.call("refresh", "--yes", "--skip-preview")

    def destroy(self) -> Ended:
        return self.call("destroy", "--yes", "--skip-preview")

    def outputs(self) -> dict[str, Any]:
        """Outputs of the stack, out of its state."""
        return next(iter(self.resources("pulumi:pulumi:Stack")), {}).get("outputs", {})

    def resources(self, kind: str) -> list[dict[str, Any]]:
        """Resources of a type, as they stand in the state."""
        held = self.state()["deployment"].get("resources") or []
        return [resource for resource in held if resource["type"] == kind]

    def images(self) -> list[dict[str, Any]]:
        return self.resources("pulumi-python:dynamic/ahv:Image")

    def state(self) -> dict[str, Any]:
        ended = subprocess.run(
            [*self.engine.command, "stack", "export", "--stack", STACK]
            if self.engine.prepare
            else [*self.engine.command, "export", "--stack", STACK],
            cwd=self.folder,
            env=self.environ,
            capture_output=True,
            text=True,
            check=True,
        )
        told: dict[str, Any] = json.loads(ended.stdout[ended.stdout.index("{") :])
        return told

    def call(self, *words: str) -> Ended:
        process = self.start(*words)
        text, _ = process.communicate(timeout=120)
        return Ended(process.returncode, text)

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start a command in a process group of its own."""
        settings = [word for key, value in self.config.items() for word in ("--config", f"{key}={value}")]
        takes = words[0] in ("up", "preview")
        return subprocess.Popen(
            [*self.engine.command, *words, "--stack", STACK, *(settings if takes else ())],
            cwd=self.folder,
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def unlock(self) -> None:
        """Break the lock that a killed engine left."""
        if self.engine.prepare:
            subprocess.run(
                [*self.engine.command, "cancel", "--yes", "--stack", STACK],
                cwd=self.folder,
                env=self.environ,
                capture_output=True,
                check=True,
            )


def environ_for(prism: Prism, home: Path) -> dict[str, str]:
    plain = {key: value for key, value in os.environ.items() if not key.startswith(("NUTANIX_", "PULUMI_", "AWS_"))}
    return {
        **environment(home, plain),
        "XDG_CACHE_HOME": str(home / "cache"),
        "NUTANIX_ENDPOINT": prism.url,
        "NUTANIX_USERNAME": prism.username,
        "NUTANIX_PASSWORD": prism.password,
        "NUTANIX_CA_BUNDLE": str(prism.ca_file),
    }


def write_disk(path: Path, text: bytes, size: int = 1 << 20) -> None:
    """Write a raw disk: an MBR without partitions, and a text in the second sector."""
    sector = bytearray(512)
    sector[510:] = b"\x55\xaa"
    with path.open("wb") as file:
        file.write(sector)
        file.write(text)
        file.truncate(size)


def wait_until(condition: Callable[[], object], seconds: float = 30) -> None:
    """Look at other processes until something is so."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to that in time"
        time.sleep(0.02)  # processes of their own, on the real time


def kill_group(process: subprocess.Popen[str]) -> None:
    """kill -9 a command with everything it started in its group."""
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def provider_pids(stack: Stack) -> list[int]:
    """The provider processes of a stack: those with its state folder in their environment."""
    mine = stack.environ["PULUMI_BACKEND_URL"].encode()
    found = subprocess.run(
        ["pgrep", "-f", "pulumi.dynamic"], capture_output=True, text=True, check=False
    ).stdout.split()
    return [int(pid) for pid in found if _environ_of(int(pid), mine)]


def _environ_of(pid: int, part: bytes) -> bool:
    try:
        return part in Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return False


class Colleague:
    """Somebody else who works in the same Prism, with its API and nothing of ours."""

    def __init__(self, prism: Prism) -> None:
        self._prism = prism
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.auth = (prism.username, prism.password)
        self._session.verify = str(prism.ca_file)

    def change(self, uuid: str, **changes: Any) -> None:
        """Read an image, change it, put it back; wait until it is so."""
        url = f"{self._prism.url}/api/vmm/v4.0/content/images/{uuid}"
        read = self._session.get(url, timeout=10)
        self._done(
            self._session.put(
                url,
                json={**read.json()["data"], **changes},
                headers={"If-Match": read.headers["ETag"], "NTNX-Request-Id": str(uuid4())},
                timeout=10,
            )
        )

    def delete(self, uuid: str) -> None:
        """Delete an image."""
        url = f"{self._prism.url}/api/vmm/v4.0/content/images/{uuid}"
        etag = self._session.get(url, timeout=10).headers["ETag"]
        headers = {"If-Match": etag, "NTNX-Request-Id": str(uuid4())}
        self._done(self._session.delete(url, headers=headers, timeout=10))

    def _done(self, answer: requests.Response) -> None:
        answer.raise_for_status()
        task = quote(answer.json()["data"]["extId"], safe="")
        url = f"{self._prism.url}/api/prism/v4.0/config/tasks/{task}"
        wait_until(lambda: self._session.get(url, timeout=10).json()["data"]["status"] == "SUCCEEDED")
